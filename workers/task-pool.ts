import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { PoolError, type PoolErrorCode } from './pool-error.ts'

export type TaskPoolOptions = {
  /** The worker's file; its named exports are the tasks. */
  readonly file: URL
  readonly threads: number
  /** Given to every worker as `workerData`. */
  readonly workerData: unknown
  /** How much is taken off the workers' priority, 0 to 19: none for draws, 10 or more for heavy mathematics. */
  readonly niceIncrement: number
  /** Most requests under way at once; the next is refused as `busy`. */
  readonly maxUnderWay: number
  /** A task that takes longer is given up, and its worker with it. */
  readonly taskMs: number
  /** How often a task is asked in all, when its worker throws, exits or runs out of memory. */
  readonly attempts: number
  readonly maxHeapMb: number
  /** What a worker posts of its own accord. */
  readonly onMessage: (message: unknown) => void
}

/** Between the death of a worker and the look whether another is needed. */
const ANOTHER_AFTER_MS = 100

/** What a worker answers: refusals of the request travel as codes, since errors lose their fields on the way. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: PoolErrorCode; readonly message: string }

/**
 * Worker threads of one kind, with limits: how much is under way, how long a task may take, how often it is tried
 * again with the same request. Tasks are idempotent, so trying again is harmless. Lifetime: `start`, then `stop`.
 * Source: rules DRW-9 and DRW-10.
 */
export class TaskPool {
  readonly #options: TaskPoolOptions
  #pool: Piscina | null = null
  #underWay = 0
  #deaths = 0

  constructor(options: TaskPoolOptions) {
    this.#options = options
  }

  start(): void {
    const { file, threads, workerData, niceIncrement, maxHeapMb } = this.#options
    const pool = new Piscina({
      filename: fileURLToPath(file),
      minThreads: threads,
      maxThreads: threads,
      niceIncrement,
      workerData,
      // 'sync' would stop the worker's event loop, and with it the timer that reseeds an idle generator.
      atomics: 'async',
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: 32 },
    })
    // A worker that dies while idle is reported here only; it is counted below, and replaced.
    pool.on('error', () => {})
    pool.on('message', this.#options.onMessage)
    pool.on('workerDestroy', () => {
      if (this.#pool === null) return
      this.#deaths++
      setTimeout(() => this.#startAnother(), ANOTHER_AFTER_MS).unref()
    })
    this.#pool = pool
  }

  /** Ends the workers; whatever was under way rejects as `stopped`. */
  async stop(): Promise<void> {
    const pool = this.#pool
    this.#pool = null
    await pool?.destroy()
  }

  /** Errors: rejects with `PoolError` `busy`, `stopped`, `worker-failed`, or the code that the worker answered. */
  async run<T>(name: string, request: unknown): Promise<T> {
    if (this.#underWay >= this.#options.maxUnderWay) throw new PoolError('busy', 'too many tasks are under way')
    this.#underWay++
    try {
      return await this.#insist<T>(name, request)
    } finally {
      this.#underWay--
    }
  }

  /** One attempt, outside the limit of `run`: for callers that keep a limit of their own. */
  async once<T>(name: string, request: unknown): Promise<T> {
    const pool = this.#pool
    if (pool === null) throw new PoolError('stopped', 'the pool is not running')
    // Not AbortSignal.timeout, which would keep every request in memory until its time is over.
    const giveUp = new AbortController()
    const timer = setTimeout(() => giveUp.abort(), this.#options.taskMs)
    try {
      const answer = (await pool.run(request, { name, signal: giveUp.signal })) as Answer<T>
      if (!answer.ok) throw new PoolError(answer.code, answer.message)
      return answer.value
    } finally {
      clearTimeout(timer)
    }
  }

  get underWay(): number {
    return this.#underWay
  }

  /** Workers that ended without being asked to. */
  get deaths(): number {
    return this.#deaths
  }

  /**
   * Piscina puts no other worker in the place of one that died while it was starting, and whatever is queued then waits
   * for the next task to come along. This one comes along, and is given up before it does anything.
   */
  #startAnother(): void {
    const pool = this.#pool
    if (pool === null || pool.queueSize === 0) return
    const giveUp = new AbortController()
    pool.run(null, { signal: giveUp.signal }).catch(() => {})
    giveUp.abort()
  }

  async #insist<T>(name: string, request: unknown): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once<T>(name, request)
      } catch (cause) {
        if (cause instanceof PoolError) throw cause
        if (this.#pool === null) throw new PoolError('stopped', 'the pool is stopping', { cause })
        if (attempt >= this.#options.attempts) throw new PoolError('worker-failed', name, { cause })
      }
    }
  }
}
