/** Answers of this many questions are remembered; the oldest go first. */
const MOST_GIVEN = 20_000

/**
 * Gives a client one seat for one question, however often another node has to ask it: the ticket that it comes with is
 * spent by the first one, whose answer may be slow, or get lost on the way (FOV-101).
 */
export class GivenSeats<Answer> {
  readonly #given = new Map<string, { readonly answer: Promise<Answer>; readonly atMs: number }>()
  readonly #options: { readonly keptMs: number; readonly steadyMs: () => number }

  /** An answer is remembered for `keptMs`, counted from its question. */
  constructor(options: { readonly keptMs: number; readonly steadyMs: () => number }) {
    this.#options = options
  }

  /** The answer that this question got before, or gets now. One that `isFinal` denies is asked for anew. */
  give(askId: string, make: () => Promise<Answer>, isFinal: (answer: Answer) => boolean): Promise<Answer> {
    const { keptMs, steadyMs } = this.#options
    for (const [oldest, { atMs }] of this.#given) {
      if (this.#given.size < MOST_GIVEN && steadyMs() - atMs <= keptMs) break
      this.#given.delete(oldest)
    }
    const known = this.#given.get(askId)
    if (known !== undefined) return known.answer
    const answer = make()
    this.#given.set(askId, { answer, atMs: steadyMs() })
    const forget = (): void => void this.#given.delete(askId)
    answer.then((made) => isFinal(made) || forget(), forget)
    return answer
  }
}
