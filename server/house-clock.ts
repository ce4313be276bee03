/** Less than this is within what two looks at one clock differ by; time is not set for it. */
const LEAST_STEP_MS = 20

/**
 * The time of the house on this node: that of the clock which all nodes share, the database's, carried on between two
 * looks by one that nobody sets. A wall clock that is set while the house runs, or was wrong from the start, changes
 * nothing that players, other nodes or the books are told (O8, FOV-77).
 */
export class HouseClock {
  readonly #steadyMs: () => number
  /** Of the steady clock. */
  #aheadMs: number

  /** `nowMs` is the wall clock, believed until the shared one is heard of. */
  constructor(steadyMs: () => number, nowMs: () => number) {
    this.#steadyMs = steadyMs
    this.#aheadMs = nowMs() - steadyMs()
  }

  /** Whole milliseconds since 1970. */
  readonly nowMs = (): number => Math.round(this.#steadyMs() + this.#aheadMs)

  /** The shared clock said `sharedMs` at some time in the `tookMs` before now. */
  correct(sharedMs: number, tookMs: number): void {
    const aheadMs = sharedMs + tookMs / 2 - this.#steadyMs()
    if (Math.abs(aheadMs - this.#aheadMs) > Math.max(LEAST_STEP_MS, tookMs)) this.#aheadMs = aheadMs
  }
}
