import { parentPort } from 'node:worker_threads'
import { Generator, GeneratorFailure, type GeneratorOptions, RESEED_LIMITS, type Reseed } from './generator.ts'
import { PoolError } from './pool-error.ts'
import { Sealer, type SealKey } from './seal.ts'
import { type CommitmentRequest, type DrawRequest, type NewSeriesRequest, SeriesWork } from './series.ts'
import type { Answer } from './task-pool.ts'
import { type StoredRound, verifyRound } from './verify-round.ts'

export type DrawWorkerData = { readonly sealKeys: readonly SealKey[] }

/** What a worker says without being asked. */
export type WorkerNews =
  | { readonly type: 'reseeded'; readonly reseed: Reseed }
  | { readonly type: 'failed'; readonly fault: string }

const SECRET_BYTES = 32

/**
 * The tasks of one draw worker. Once its generator has failed, everything that needs fresh randomness is refused as
 * `unhealthy`; rounds whose secret exists already can still be drawn, so that they finish. Source: rules DRW-4, DRW-9.
 */
export function workerTasks({ sealKeys }: DrawWorkerData, options?: Partial<GeneratorOptions>) {
  const work = new SeriesWork(new Sealer(sealKeys))
  const generator = generatorOf(options)
  return {
    /** Resolves when the generator has passed its start-up test. */
    ready: () => answered(() => generator().reseedIfDue()),
    fill: (words: Uint32Array) => answered(() => generator().fill(words)),
    newSeries: (request: NewSeriesRequest) => answered(() => work.newSeries(request, generator().secret(SECRET_BYTES))),
    commitment: (request: CommitmentRequest) => answered(() => work.commitment(request)),
    draw: (request: DrawRequest) => answered(() => work.draw(request)),
    verifyRound: (round: StoredRound) => answered(() => verifyRound(round)),
  }
}

/** Makes the generator at the first use: a failed start-up test is then an answer, not a worker that cannot load. */
function generatorOf(options: Partial<GeneratorOptions> = {}): () => Generator {
  let made: Generator | null = null
  let failed: GeneratorFailure | null = null
  return () => {
    if (failed !== null) throw failed
    if (made !== null) return made
    try {
      const limits = options.limits ?? RESEED_LIMITS
      const generator = new Generator({
        label: 'draw-worker',
        limits,
        onReseed: (reseed) => tell({ type: 'reseeded', reseed }),
        onFailure: (fault) => tell({ type: 'failed', fault }),
        ...options,
      })
      setInterval(() => answered(() => generator.reseedIfDue()), limits.ageMs).unref()
      made = generator
      return generator
    } catch (error) {
      if (error instanceof GeneratorFailure) {
        failed = error
        tell({ type: 'failed', fault: error.fault })
      }
      throw error
    }
  }
}

function tell(news: WorkerNews): void {
  parentPort?.postMessage(news)
}

/** Refusals become answers; anything else is a crash of the task, and the pool tries again. */
function answered<T>(work: () => T): Answer<T> {
  try {
    return { ok: true, value: work() }
  } catch (error) {
    if (error instanceof PoolError) return { ok: false, code: error.code, message: error.message }
    if (error instanceof GeneratorFailure) return { ok: false, code: 'unhealthy', message: error.message }
    throw error
  }
}
