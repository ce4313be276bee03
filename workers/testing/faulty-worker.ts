import { appendFileSync, readFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { DrawRequest, NewSeriesRequest } from '../series.ts'
import { type DrawWorkerData, workerTasks } from '../worker-tasks.ts'

/**
 * The real worker, wrapped so that tests can break it. The table's id says how a task breaks and for how many attempts
 * ("throws-2-a", "exits-1-b", "starves-1-c", "hangs-1-d"); the file named in the environment counts the attempts, since
 * a dead worker remembers nothing.
 */
const real = workerTasks(workerData as DrawWorkerData)
const ATTEMPTS = process.env.FAULTY_WORKER_LOG ?? ''

export const { ready, fill, commitment, verifyRound } = real
export const newSeries = (request: NewSeriesRequest) => breaking(request.tableId, () => real.newSeries(request))
export const draw = (request: DrawRequest) => breaking(request.tableId, () => real.draw(request))

function breaking<T>(tableId: string, work: () => T): T {
  const [, how, times] = /^(throws|exits|starves|hangs)-(\d+)-/.exec(tableId) ?? []
  if (how === undefined) return work()
  appendFileSync(ATTEMPTS, `${tableId}\n`)
  const attempts = readFileSync(ATTEMPTS, 'utf8')
    .split('\n')
    .filter((line) => line === tableId).length
  if (attempts > Number(times)) return work()
  if (how === 'throws') throw new Error('broken on purpose')
  if (how === 'exits') process.exit(3)
  if (how === 'starves') starve()
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function starve(): never {
  const kept: number[][] = []
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, at) => at + kept.length))
}
