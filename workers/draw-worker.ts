import { workerData } from 'node:worker_threads'
import { type DrawWorkerData, workerTasks } from './worker-tasks.ts'

/** The file that the pool's threads run; see `worker-tasks.ts`. */
export const { ready, fill, newSeries, commitment, draw, verifyRound } = workerTasks(workerData as DrawWorkerData)
