import { workerData } from 'node:worker_threads'
import { type DrawWorkerData, workerTasks } from '../worker-tasks.ts'

/** The real worker with a short reseed timer, so that a test can see it work while nobody asks. */
const limits = { bytes: Number.POSITIVE_INFINITY, requests: Number.POSITIVE_INFINITY, ageMs: 20 }
export const { ready, fill, newSeries, commitment, draw, verifyRound } = workerTasks(workerData as DrawWorkerData, {
  limits,
})
