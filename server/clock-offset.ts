/** Further than this from the database's clock, and somebody must look at the time service (O8). */
export const OFFSET_ALERT_MS = 100
const LOOK_MS = 10_000
/** An answer that took longer tells too little about the moment at which it was given. */
const SLOWEST_ANSWER_MS = 80

export type ClockOffsetOptions = {
  /** The database's clock, in milliseconds since 1970. */
  readonly databaseMs: () => Promise<number>
  readonly nowMs: () => number
  readonly steadyMs: () => number
  /** This node's clock against the database's, in milliseconds; positive when it is ahead. Told after every look. */
  readonly measured: (offsetMs: number) => void
  /** What the database's clock said, and how long that took in all; told of every answer. */
  readonly heard: (databaseMs: number, tookMs: number) => void
}

/** Holds the clock of this node against the one clock that all nodes share, that of the database. */
export class ClockOffset {
  readonly #options: ClockOffsetOptions
  #timer: NodeJS.Timeout | null = null

  constructor(options: ClockOffsetOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), LOOK_MS).unref()
    void this.look()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  /** One measurement; a database that does not answer, or answers slowly, tells nothing. */
  async look(): Promise<void> {
    const { databaseMs, nowMs, steadyMs, measured, heard } = this.#options
    const askedAtMs = steadyMs()
    const there = await databaseMs().catch(() => null)
    const tookMs = steadyMs() - askedAtMs
    if (there === null) return
    heard(there, tookMs)
    if (tookMs > SLOWEST_ANSWER_MS) return
    // The answer was given about half-way (as NTP has it, RFC 5905, section 8).
    measured(nowMs() - tookMs / 2 - there)
  }
}
