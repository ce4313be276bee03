import { assert } from '../engine/assert.ts'
import { Generator, GeneratorFailure, type Reseed } from './generator.ts'
import { PoolError } from './pool-error.ts'
import { SlabRing } from './ring.ts'
import { sealKey } from './seal.ts'
import type { Commitment, CommitmentRequest, DrawRequest, DrawResult, NewSeries, NewSeriesRequest } from './series.ts'
import { TaskPool } from './task-pool.ts'
import type { RoundVerdict, StoredRound } from './verify-round.ts'
import type { DrawWorkerData, WorkerNews } from './worker-tasks.ts'

export type DrawPoolEvent =
  | { readonly event: 'reseeded'; readonly reseed: Reseed }
  | { readonly event: 'refill-failed'; readonly reason: string }
  | { readonly event: 'unhealthy'; readonly fault: string }

export type DrawPoolOptions = {
  /** 32 bytes; seals the secrets of new series. */
  readonly sealKey: Uint8Array
  /** Keys that may still open what they sealed before the key was changed. */
  readonly olderSealKeys?: readonly Uint8Array[]
  readonly threads?: number
  /** Slabs of 64 KiB; half of them waiting is the low watermark. */
  readonly slabs?: number
  /** Most requests under way at once; the next is refused as `busy`. */
  readonly maxUnderWay?: number
  readonly taskMs?: number
  readonly maxHeapMb?: number
  /** Told of every reseed, failed refill and failed health test; for the log and for incidents. */
  readonly onEvent?: (event: DrawPoolEvent) => void
  /** The workers' file; tests wrap the real one to break it. */
  readonly workerFile?: URL
}

/** Plain numbers for the metrics; the last seven only grow. */
export type DrawPoolCounters = {
  readonly healthy: boolean
  readonly slabsReady: number
  readonly slabsFilling: number
  readonly tasksUnderWay: number
  readonly wordsTaken: number
  readonly fallbacks: number
  readonly refills: number
  readonly refillFailures: number
  readonly workerDeaths: number
  readonly reseeds: number
  readonly tasks: number
}

const DEFAULTS = {
  threads: 2,
  slabs: 12,
  maxUnderWay: 4096,
  taskMs: 30_000,
  maxHeapMb: 128,
  onEvent: () => {},
  olderSealKeys: [],
  workerFile: new URL('./draw-worker.ts', import.meta.url),
}
const ATTEMPTS = 3
const FIRST_RETRY_MS = 50
const LONGEST_RETRY_MS = 5000

/**
 * The only source of a game's randomness: threads that hold the generators and the series' secrets, and a ring of
 * ready-made words that the main thread takes from without waiting. Lifetime: `start` once, then `stop`.
 * Errors: takes throw and tasks reject with `PoolError`. After a failed health test nothing random is given
 * (`unhealthy`) until a new pool is started, while `commitment`, `draw` and `verifyRound` go on, so that open rounds
 * can finish (G8).
 * Source: RULES.md.
 */
export class DrawPool {
  readonly #onEvent: (event: DrawPoolEvent) => void
  readonly #tasks: TaskPool
  readonly #ring: SlabRing
  #phase: 'new' | 'running' | 'stopped' = 'new'
  #healthy = true
  #retry: NodeJS.Timeout | null = null
  #failuresRunning = 0
  #counts = { refills: 0, refillFailures: 0, reseeds: 0, tasks: 0 }

  constructor(given: DrawPoolOptions) {
    const options = { ...DEFAULTS, ...given }
    this.#onEvent = options.onEvent
    const workerData: DrawWorkerData = { sealKeys: [options.sealKey, ...options.olderSealKeys].map(sealKey) }
    this.#tasks = new TaskPool({
      file: options.workerFile,
      threads: options.threads,
      workerData,
      niceIncrement: 0,
      maxUnderWay: options.maxUnderWay,
      taskMs: options.taskMs,
      attempts: ATTEMPTS,
      maxHeapMb: options.maxHeapMb,
      onMessage: (news) => this.#hear(news as WorkerNews),
    })
    this.#ring = new SlabRing({
      slabs: options.slabs,
      lowWatermark: Math.floor(options.slabs / 2),
      refill: (words) => this.#refill(words),
      fillNow: (words) => this.#fillNow(words),
    })
  }

  /** Resolves once a worker's generator has passed its start-up test. Errors: `unhealthy`, `worker-failed`. */
  async start(): Promise<void> {
    assert(this.#phase === 'new', 'DRW-9: a draw pool is started once')
    this.#phase = 'running'
    this.#tasks.start()
    try {
      await this.#tasks.run('ready', null)
    } catch (error) {
      await this.stop()
      throw error
    }
    if (this.#healthy) this.#ring.open()
  }

  /** Ends the workers and forgets every ready word. Requests under way reject as `stopped`. */
  async stop(): Promise<void> {
    this.#phase = 'stopped'
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    this.#ring.close(this.#healthy ? 'stopped' : 'unhealthy')
    await this.#tasks.stop()
  }

  /** A whole number in [0, n), for 1 <= n <= 2^21, every one equally likely. */
  below(n: number): number {
    return this.#ring.below(n)
  }

  /** At most 1 MiB. */
  bytes(count: number): Uint8Array {
    return this.#ring.bytes(count)
  }

  /** The numbers 0..n-1 in a uniformly random order, for n up to 65,536. */
  permutation(n: number): number[] {
    return this.#ring.permutation(n)
  }

  /** A new secret, sealed, and the hex root of the commitments of all its rounds. */
  async newSeries({ tableId, seriesId, rounds }: NewSeriesRequest): Promise<NewSeries> {
    if (!this.#healthy) throw new PoolError('unhealthy', 'no secrets are made')
    return this.#ask('newSeries', { tableId, seriesId, rounds })
  }

  /** One round's commitment and the hashes that lead from it to the series' root, all hex. */
  async commitment(request: CommitmentRequest): Promise<Commitment> {
    const { sealedSecret, tableId, seriesId, roundNo, rounds } = request
    return this.#ask('commitment', { sealedSecret, tableId, seriesId, roundNo, rounds })
  }

  /** What the round's seed decides; the same for the same request, whichever worker or node is asked. */
  async draw(request: DrawRequest): Promise<DrawResult> {
    // Named one by one, so that nothing else the caller holds can reach the draw (G10).
    const { sealedSecret, tableId, seriesId, roundNo, saltHex, gameId, rules } = request
    return this.#ask('draw', { sealedSecret, tableId, seriesId, roundNo, saltHex, gameId, rules })
  }

  async verifyRound(round: StoredRound): Promise<RoundVerdict> {
    return this.#ask('verifyRound', round)
  }

  /** Slabs that are ready to be taken from. */
  depth(): number {
    return this.#ring.counters().slabsReady
  }

  counters(): DrawPoolCounters {
    return {
      healthy: this.#healthy,
      tasksUnderWay: this.#tasks.underWay,
      workerDeaths: this.#tasks.deaths,
      ...this.#ring.counters(),
      ...this.#counts,
    }
  }

  #ask<T>(name: string, request: unknown): Promise<T> {
    this.#counts.tasks++
    return this.#tasks.run<T>(name, request)
  }

  /** Never rejects: an uncaught refill would end the process. */
  async #refill(words: Uint32Array): Promise<boolean> {
    try {
      await this.#tasks.once('fill', words)
      this.#counts.refills++
      this.#failuresRunning = 0
      return true
    } catch (error) {
      if (this.#phase === 'running') this.#refillFailed(error)
      return false
    }
  }

  #refillFailed(error: unknown): void {
    this.#counts.refillFailures++
    this.#onEvent({ event: 'refill-failed', reason: String(error) })
    if (error instanceof PoolError && error.code === 'unhealthy') this.#suspend(error.message)
    this.#failuresRunning++
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failuresRunning, 10))
    this.#retry ??= setTimeout(() => {
      this.#retry = null
      this.#ring.refill()
    }, waitMs).unref()
  }

  /** A generator that lives for one slab, so that no key stays in this heap. */
  #fillNow(words: Uint32Array): void {
    try {
      const onReseed = (reseed: Reseed) => this.#reseeded(reseed)
      new Generator({ label: 'draw-pool-fallback', onReseed }).fill(words)
    } catch (error) {
      if (!(error instanceof GeneratorFailure)) throw error
      this.#suspend(error.fault)
      throw new PoolError('unhealthy', error.fault, { cause: error })
    }
  }

  #hear(news: WorkerNews): void {
    if (news.type === 'reseeded') this.#reseeded(news.reseed)
    else this.#suspend(news.fault)
  }

  #reseeded(reseed: Reseed): void {
    this.#counts.reseeds++
    this.#onEvent({ event: 'reseeded', reseed })
  }

  #suspend(fault: string): void {
    if (!this.#healthy) return
    this.#healthy = false
    this.#ring.close('unhealthy')
    this.#onEvent({ event: 'unhealthy', fault })
  }
}
