import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Sweep } from './sweep.ts'

export type SweepOrder = {
  /** Seeds `from`, `from + stride`, …, `count` of them. */
  readonly from: number
  readonly stride: number
  readonly count: number
  readonly rounds: number
  readonly mostFailures: number
  /** Worlds of several nodes instead of one table after another owner; `rounds` is their own then. */
  readonly cluster: boolean
  /** The drill that each of them holds if it can; otherwise the dice of each decide. */
  readonly drill?: string
}

/** A sweep that takes longer than this has met a world that never ends. */
const MOST_MS = 1_800_000

/** Sweeps with the sources under `root`, in a thread of its own: a mutant that hangs or throws hurts nobody else. */
export function sweepInWorker(root: string, order: SweepOrder): Promise<Sweep> {
  return new Promise((resolve) => {
    const worker = new Worker(join(root, 'simulation', 'sweep-worker.ts'), { workerData: order })
    const failed = (why: string): void => {
      const report = { seed: order.from, complaints: [`SIM-9: ${why}`], tally: {} }
      resolve({ seeds: 0, failed: [report], tally: {} })
    }
    const timer = setTimeout(() => {
      failed(`a world has not ended after ${MOST_MS} ms`)
      void worker.terminate()
    }, MOST_MS)
    worker.once('message', (sweep: Sweep) => resolve(sweep))
    worker.once('error', (error) => failed(error instanceof Error ? error.message : String(error)))
    worker.once('exit', () => clearTimeout(timer))
  })
}
