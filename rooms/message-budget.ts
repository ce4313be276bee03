/** How many messages a connection may send: `perSecond` in the long run, `burst` at once. */
export type Budget = { readonly perSecond: number; readonly burst: number }

/** A token bucket; one for each connection. */
export class MessageBudget {
  readonly #budget: Budget
  #tokens: number
  #filledAtMs: number

  constructor(budget: Budget, nowMs: number) {
    this.#budget = budget
    this.#tokens = budget.burst
    this.#filledAtMs = nowMs
  }

  /**
   * `spend`: within the budget. `refuse`: beyond it, to be answered `too-fast`. `close`: so far beyond it (one more
   * burst) that even answering would serve the flood.
   */
  take(nowMs: number): 'spend' | 'refuse' | 'close' {
    const { perSecond, burst } = this.#budget
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs)
    this.#filledAtMs = nowMs
    this.#tokens = Math.min(burst, this.#tokens + (elapsedMs * perSecond) / 1000) - 1
    if (this.#tokens >= 0) return 'spend'
    return this.#tokens >= -burst ? 'refuse' : 'close'
  }
}
