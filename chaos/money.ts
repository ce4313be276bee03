import type { BookFacts } from './books.ts'

export type Purse = {
  readonly name: string
  readonly playerId: string
  /** As the house answers now. */
  readonly balanceCents: number
  /** The sum of all his statements: paid less staked. */
  readonly statedCents: number
  /** The last balance that he was told; null when he never was. */
  readonly believedCents: number | null
}

/** Holds every purse against the books, and the books against themselves (CHA-8). */
export class Money {
  readonly problems: string[] = []
  readonly #books: BookFacts
  readonly #granted = new Map<string, number>()
  /** Every difference, each counted as one cent at least. */
  offCents = 0

  constructor(books: BookFacts) {
    this.#books = books
    for (const { kind, outcome, playerId, cents } of books.entries)
      if (kind === 'grant' && outcome === 'posted')
        this.#granted.set(playerId, (this.#granted.get(playerId) ?? 0) + cents)
    const { linesSumCents, accountsOff, negativePlayers } = books
    if (linesSumCents !== 0) this.#off(`all lines sum to ${linesSumCents}`, linesSumCents)
    if (accountsOff !== 0) this.#off(`${accountsOff} accounts do not have the balance of their lines`, accountsOff)
    if (negativePlayers !== 0) this.#off(`${negativePlayers} players are below zero`, negativePlayers)
  }

  compare({ name, playerId, balanceCents, statedCents, believedCents }: Purse): void {
    const booked = this.#books.balances.get(playerId) ?? 0
    const stated = (this.#granted.get(playerId) ?? 0) + statedCents
    const others = { 'the books have': booked, 'his statements make': stated, 'he believes': believedCents ?? 0 }
    for (const [whose, cents] of Object.entries(others))
      if (cents !== balanceCents) this.#off(`${name} has ${balanceCents}, ${whose} ${cents}`, balanceCents - cents)
  }

  #off(why: string, cents: number): void {
    this.offCents += Math.max(1, Math.abs(cents))
    this.problems.push(`money: ${why}`)
  }
}
