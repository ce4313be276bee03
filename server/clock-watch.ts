/** Further than this from the steady clock, between two looks, and somebody has set the wall clock (O8). */
export const JUMP_MS = 100
const LOOK_MS = 1_000

export type ClockWatchOptions = {
  readonly nowMs: () => number
  /** A clock that only runs forward and that nobody can set. */
  readonly steadyMs: () => number
  /** By how much the wall clock moved against the steady one; negative when it was set back. */
  readonly jumped: (ms: number) => void
}

/** Notices when the wall clock is set while the house is open. Slow drift is the time service's to watch. */
export class ClockWatch {
  readonly #options: ClockWatchOptions
  #offsetMs: number
  #timer: NodeJS.Timeout | null = null

  constructor(options: ClockWatchOptions) {
    this.#options = options
    this.#offsetMs = options.nowMs() - options.steadyMs()
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_MS).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  look(): void {
    const offsetMs = this.#options.nowMs() - this.#options.steadyMs()
    const jumpMs = offsetMs - this.#offsetMs
    this.#offsetMs = offsetMs
    if (Math.abs(jumpMs) > JUMP_MS) this.#options.jumped(jumpMs)
  }
}
