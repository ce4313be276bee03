import type { Json } from '../engine/game.ts'
import { toCents } from '../engine/money.ts'
import { allSelections } from '../engine/roulette/bets.ts'
import { readRules } from '../engine/roulette/rules.ts'
import type { NewBet, Opening } from '../engine/round/types.ts'
import type { Dice } from './dice.ts'
import { type OwnRules, ownChips } from './own-roulette.ts'

/** What one player does, and when on the world's clock. */
export type Move =
  | { readonly atMs: number; readonly type: 'bet'; readonly roundId: string; readonly bets: readonly NewBet[] }
  | {
      readonly atMs: number
      readonly type: 'withdraw'
      readonly roundId: string
      readonly playerId: string
      readonly betIds: readonly string[]
    }
  | { readonly atMs: number; readonly type: 'deposit'; readonly playerId: string; readonly cents: number }
  | { readonly atMs: number; readonly type: 'resume'; readonly playerId: string }

/** Ids of this many bets before are used again now and then. */
const RECENT = 30

/** Things that a client may send for a selection and no layout has. */
const NONSENSE: readonly Json[] = [
  null,
  17,
  'red',
  {},
  { kind: 'split', numbers: [1, 36] },
  { kind: 'straight', numbers: [37] },
  { kind: 'neighbours', of: 40, reach: 9 },
  { kind: 'red', numbers: [1] },
]

/** A crowd that plays every kind of bet, changes its mind, repeats itself, steals, and presses at the last instant. */
export class Players {
  readonly ids: readonly string[]
  readonly #dice: Dice
  readonly #placed: NewBet[] = []
  /** Few places, so that players meet on them and reach their maxima. */
  #favourites: readonly Json[] = []

  constructor(dice: Dice, ids: readonly string[]) {
    this.#dice = dice
    this.ids = ids
  }

  /** Everything the crowd will do for one round, from the moment that it hears of it. */
  movesIn(opening: Opening): Move[] {
    const rules = readRules(opening.terms.rules)
    if (rules === null) throw new Error('the table plays roulette')
    const all = allSelections(rules)
    this.#favourites = Array.from({ length: 8 }, () => this.#dice.pick(all))
    return this.ids.flatMap((playerId) => this.#movesOf(playerId, opening, all))
  }

  #movesOf(playerId: string, opening: Opening, all: readonly Json[]): Move[] {
    const dice = this.#dice
    const moves: Move[] = []
    for (let message = dice.upTo(4); message > 0; message--) {
      const bets = Array.from({ length: dice.between(1, 3) }, () => this.#bet(playerId, opening, all))
      const atMs = this.#when(opening)
      moves.push({ atMs, type: 'bet', roundId: opening.roundId, bets })
      for (const bet of bets) moves.push(...this.#secondThoughts(bet, opening, atMs))
    }
    if (dice.chance(0.5)) {
      const cents = dice.between(1, 30) * 100
      moves.push({ atMs: opening.openedAtMs + dice.upTo(14_000), type: 'deposit', playerId, cents })
    }
    if (dice.chance(0.4)) moves.push({ atMs: opening.openedAtMs + dice.upTo(16_000), type: 'resume', playerId })
    return moves
  }

  /** Any time of the betting, often its last instant, sometimes too late. */
  #when({ openedAtMs, closesAtMs }: Opening): number {
    if (this.#dice.chance(0.2)) return closesAtMs + this.#dice.between(-2, 2)
    return openedAtMs + this.#dice.upTo(closesAtMs - openedAtMs + 1_000)
  }

  #bet(playerId: string, opening: Opening, all: readonly Json[]): NewBet {
    const dice = this.#dice
    const selection = dice.chance(0.04) ? dice.pick(NONSENSE) : dice.pick(dice.chance(0.6) ? this.#favourites : all)
    const stakeCents = toCents(this.#stake(opening.terms.rules as OwnRules, selection))
    const earlier = this.#placed.length > 0 && dice.chance(0.06) ? dice.pick(this.#placed.slice(-RECENT)) : null
    const betId = earlier?.betId ?? `${dice.hex(8)}-${dice.hex(4)}-4${dice.hex(3)}-8${dice.hex(3)}-${dice.hex(12)}`
    const bet = { betId, playerId, selection, stakeCents }
    this.#placed.push(bet)
    return bet
  }

  #stake(rules: OwnRules, selection: Json): number {
    const dice = this.#dice
    if (NONSENSE.includes(selection)) return 100
    const chips = ownChips(rules, selection).length
    const chip = dice.pick([50, 100, 100, 100, 200, 200, 300, 500, 1_000])
    if (dice.chance(0.03)) return dice.pick([0, -100, chips * chip + 1, 10_000_000])
    return chips * chip
  }

  /** A bet sent again, a bet of other content under its id, a withdrawal by its player or by another. */
  #secondThoughts(bet: NewBet, { roundId }: Opening, atMs: number): Move[] {
    const dice = this.#dice
    const moves: Move[] = []
    const later = (): number => atMs + dice.upTo(dice.pick([20, 500, 4_000, 12_000]))
    if (dice.chance(0.25)) moves.push({ atMs: later(), type: 'bet', roundId, bets: [this.#said(bet)] })
    if (dice.chance(0.08)) moves.push({ atMs: later(), type: 'bet', roundId, bets: [this.#changed(bet)] })
    if (dice.chance(0.3)) {
      const goneMs = later()
      moves.push({ atMs: goneMs, type: 'withdraw', roundId, playerId: bet.playerId, betIds: [bet.betId] })
      // Somebody else takes the id that has become free, as he thinks.
      const other = { ...bet, playerId: dice.pick(this.ids) }
      if (dice.chance(0.3)) moves.push({ atMs: goneMs + dice.upTo(6_000), type: 'bet', roundId, bets: [other] })
    }
    if (dice.chance(0.06))
      moves.push({ atMs: later(), type: 'withdraw', roundId, playerId: dice.pick(this.ids), betIds: [bet.betId] })
    return moves
  }

  /** The same bet, its numbers perhaps in another order. */
  #said(bet: NewBet): NewBet {
    const { numbers } = (bet.selection ?? {}) as { numbers?: readonly Json[] }
    if (numbers === undefined || this.#dice.chance(0.5)) return bet
    return { ...bet, selection: { ...(bet.selection as { [name: string]: Json }), numbers: numbers.toReversed() } }
  }

  #changed(bet: NewBet): NewBet {
    const dice = this.#dice
    if (dice.chance(0.3)) return { ...bet, stakeCents: toCents(bet.stakeCents * 2) }
    return dice.chance(0.8) ? { ...bet, playerId: dice.pick(this.ids) } : { ...bet, selection: { kind: 'red' } }
  }
}
