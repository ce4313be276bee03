export type Rate = { readonly perSecond: number; readonly burst: number }

/**
 * A budget of requests for each key: `burst` at once, `perSecond` in the long run. At most `maxKeys` keys are
 * remembered; the one unused for longest is forgotten first, and starts again with a full budget.
 */
export class TokenBuckets {
  readonly #rate: Rate
  readonly #nowMs: () => number
  readonly #maxKeys: number
  /** In the order of last use. */
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  constructor(rate: Rate, nowMs: () => number, maxKeys = 50_000) {
    this.#rate = rate
    this.#nowMs = nowMs
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#buckets.size
  }

  /** True when the key may go on; then one request of its budget is used. */
  take(key: string): boolean {
    const nowMs = this.#nowMs()
    const bucket = this.#buckets.get(key) ?? { tokens: this.#rate.burst, atMs: nowMs }
    // A clock that was set back must not take budget away.
    const earned = (Math.max(0, nowMs - bucket.atMs) / 1000) * this.#rate.perSecond
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + earned)
    bucket.atMs = nowMs
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > this.#maxKeys) this.#forgetOldest()
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }

  #forgetOldest(): void {
    const oldest = this.#buckets.keys().next()
    if (!oldest.done) this.#buckets.delete(oldest.value)
  }
}
