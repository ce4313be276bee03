import { randomBytes } from 'node:crypto'
import { workerData } from 'node:worker_threads'
import { type DrawWorkerData, workerTasks } from '../worker-tasks.ts'

/** The real worker on entropy that turns bad as soon as a series for the table "spoil" is asked for. */
let good = process.env.UNHEALTHY_FROM_START !== '1'
const source = (bytes: number) => (good ? randomBytes(bytes) : new Uint8Array(bytes))
const limits = { bytes: 16 * 1024 * 1024, requests: 1, ageMs: 60_000 }
const real = workerTasks(workerData as DrawWorkerData, { source, limits })

export const { ready, fill, commitment, draw, verifyRound } = real
export const newSeries = (request: Parameters<typeof real.newSeries>[0]) => {
  if (request.tableId === 'spoil') good = false
  return real.newSeries(request)
}
