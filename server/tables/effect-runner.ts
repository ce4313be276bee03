import { setMaxListeners } from 'node:events'
import { isBrokenInvariant } from '../../engine/assert.ts'
import type { Effect } from '../../engine/round/types.ts'
import type { EffectAnswer, Ended, Stalled } from '../../rooms/ports.ts'

/** `fenced`: the books refuse this epoch. `gone`: nothing more will come of it (the table is closed). */
export type Outcome = EffectAnswer | 'fenced' | 'gone'
type Ending = Outcome | 'suspended'

/** Performs one effect once. Rejects when the outcome is unknown; it is then asked again under the same id. */
export type Perform = (effect: Exclude<Effect, { type: 'wakeAt' }>, signal: AbortSignal) => Promise<Outcome>

export type RunnerOptions = {
  readonly perform: Perform
  readonly nowMs: () => number
  /** A clock that nobody sets; the process's own if not given. */
  readonly steadyMs?: (() => number) | undefined
  readonly failed: (effect: Effect, attempts: number, error: unknown) => void
}

const FIRST_RETRY_MS = 25
const SLOWEST_RETRY_MS = 1_000
/** An effect that was tried so often, or for so long, without an answer has stalled. */
const TRIES_BEFORE_STALL = 3
const STALLS_AFTER_MS = 2_000
/** A timer is never trusted for longer than this, so that a clock that jumps is noticed. */
const LONGEST_SLEEP_MS = 1_000

/** How long to wait before attempt `attempts + 1`: doubling, up to a second. */
export function retryDelayMs(attempts: number): number {
  return Math.min(SLOWEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1))
}

/**
 * Runs what a table's round is due, each effect once at a time. What fails is tried again under the same id for as long
 * as the lease lasts: an answer that nobody heard is asked for again, and the books make that harmless.
 */
export class EffectRunner {
  readonly #options: RunnerOptions
  readonly #running = new Set<string>()
  readonly #stalled = new Set<string>()
  readonly #abort = new AbortController()

  constructor(options: RunnerOptions) {
    this.#options = options
    setMaxListeners(0, this.#abort.signal) // one for each waiting effect, and their number is bounded by the round
  }

  get runningCount(): number {
    return this.#running.size
  }

  /** `stalled` is told true when the first effect has stalled, and false once every one that had is answered. */
  start(
    effects: readonly Effect[],
    answer: (answer: EffectAnswer) => void,
    ended: Ended,
    stalled: Stalled = () => undefined,
  ): void {
    for (const effect of effects) {
      if (this.#running.has(effect.id) || this.#abort.signal.aborted) continue
      this.#running.add(effect.id)
      void this.#run(effect, () => this.#stall(effect, stalled)).then((outcome) => {
        this.#running.delete(effect.id)
        const lastStalled = this.#stalled.delete(effect.id) && this.#stalled.size === 0
        if (this.#abort.signal.aborted) return
        if (lastStalled) stalled(false)
        if (outcome === 'gone') return
        if (outcome === 'fenced') ended('lost')
        else if (outcome === 'suspended') ended('suspended')
        else answer(outcome)
      })
    }
  }

  /** Ends every timer and retry; answers still on their way are dropped. */
  stop(): void {
    this.#abort.abort()
  }

  #stall(effect: Effect, stalled: Stalled): void {
    if (this.#abort.signal.aborted || this.#stalled.has(effect.id)) return
    this.#stalled.add(effect.id)
    if (this.#stalled.size === 1) stalled(true)
  }

  async #run(effect: Effect, stall: () => void): Promise<Ending> {
    if (effect.type === 'wakeAt') return this.#wakeAt(effect)
    // The next round may wait for a person to resume the table; only its failures tell that something is wrong.
    const timer = effect.type === 'openNext' ? undefined : setTimeout(stall, STALLS_AFTER_MS)
    try {
      return await this.#untilAnswered(effect, stall)
    } finally {
      clearTimeout(timer)
    }
  }

  async #untilAnswered(effect: Exclude<Effect, { type: 'wakeAt' }>, stall: () => void): Promise<Ending> {
    for (let attempts = 1; !this.#abort.signal.aborted; attempts++) {
      try {
        return await this.#options.perform(effect, this.#abort.signal)
      } catch (error) {
        this.#options.failed(effect, attempts, error)
        // Not paying beats paying wrong: what broke here is looked at by people, not tried again.
        if (isBrokenInvariant(error)) return 'suspended'
        if (attempts >= TRIES_BEFORE_STALL) stall()
        await sleep(retryDelayMs(attempts), this.#abort.signal)
      }
    }
    return 'gone'
  }

  /**
   * Wakes when the wall clock says so, and after the longest time it may take when that clock was set back meanwhile or
   * is behind that of the node which opened the round (O8).
   */
  async #wakeAt({ atMs, withinMs }: Extract<Effect, { type: 'wakeAt' }>): Promise<Outcome> {
    const { nowMs, steadyMs = () => performance.now() } = this.#options
    const latestMs = steadyMs() + withinMs
    const leftMs = (): number => Math.min(atMs - nowMs(), latestMs - steadyMs())
    for (let left = leftMs(); left > 0 && !this.#abort.signal.aborted; left = leftMs())
      await sleep(Math.min(left, LONGEST_SLEEP_MS), this.#abort.signal)
    return { event: { type: 'clockReached', atMs: Math.max(nowMs(), atMs) }, balances: new Map() }
  }
}

/** Resolves after `ms`, or at once when the signal is given; never rejects. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
