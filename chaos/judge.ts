import { canonicalJson } from '../engine/fairness/encoding.ts'
import type { Json } from '../engine/game.ts'
import { toCents } from '../engine/money.ts'
import type { Opening } from '../engine/round/types.ts'
import { ownDigest } from '../simulation/own-fairness.ts'
import { type OwnRules, ownPayout } from '../simulation/own-roulette.ts'
import type { BookedEntry, BookedRound, BookFacts } from './books.ts'
import { FACTS, type Fact, type Testimony, type ToldBet } from './testimony.ts'

export type Findings = {
  readonly accepted: number
  readonly lost: number
  readonly doubled: number
  readonly changed: number
  readonly stuck: number
  /** What was found, in words, each once. */
  readonly problems: readonly string[]
}

/** All that the books hold of one bet. */
type Booked = { stake: BookedEntry | null; readonly releases: BookedEntry[]; readonly payouts: BookedEntry[] }
type Kind = 'lost' | 'doubled' | 'changed' | 'stuck'

const ROUND_FACTS: Readonly<Record<Fact, (round: BookedRound) => string | null>> = {
  commitment: ({ opening }) => (JSON.parse(opening) as Opening).commitment,
  betDigest: ({ betDigest }) => betDigest,
  outcome: ({ outcome }) => (outcome === null ? null : canonicalJson(JSON.parse(outcome) as Json)),
  seedHex: ({ seedHex }) => seedHex,
  how: ({ how }) => how,
}

/**
 * Holds what the players were told against what the books say, with payouts and digests worked out by the auditor's
 * own arithmetic (CHA-4 to CHA-7). Each bet and each round counts once in each figure.
 */
export class Judge {
  readonly #told: Testimony
  readonly #books: BookFacts
  readonly #bets = new Map<string, Booked>()
  readonly #byRound = new Map<string, BookedEntry[]>()
  readonly #found: Record<Kind, Map<string, string>> = {
    lost: new Map(),
    doubled: new Map(),
    changed: new Map(),
    stuck: new Map(),
  }

  constructor(told: Testimony, books: BookFacts) {
    this.#told = told
    this.#books = books
    for (const entry of books.entries) this.#file(entry)
  }

  judge(): Findings {
    for (const bet of this.#told.bets.values()) this.#judgeBet(bet)
    for (const [betId, booked] of this.#bets) this.#judgeMoney(betId, booked)
    for (const roundId of this.#told.rounds.keys()) this.#judgeShown(roundId)
    for (const round of this.#books.rounds.values()) this.#judgeRound(round)
    this.#judgeResults()
    const { lost, doubled, changed, stuck } = this.#found
    return {
      accepted: [...this.#told.bets.values()].filter(({ told }) => told === 'accepted').length,
      lost: lost.size,
      doubled: doubled.size,
      changed: changed.size,
      stuck: stuck.size,
      problems: Object.entries(this.#found).flatMap(([kind, of]) => [...of.values()].map((why) => `${kind}: ${why}`)),
    }
  }

  #file(entry: BookedEntry): void {
    if (entry.kind === 'grant') return
    const booked = this.#bets.get(entry.ref) ?? { stake: null, releases: [], payouts: [] }
    this.#bets.set(entry.ref, booked)
    if (entry.kind === 'release') booked.releases.push(entry)
    else if (entry.kind === 'payout') booked.payouts.push(entry)
    else {
      if (booked.stake !== null) this.#add('doubled', entry.ref, `bet ${entry.ref} was staked twice`)
      booked.stake = entry
    }
    if (entry.roundId === null) return
    const ofRound = this.#byRound.get(entry.roundId) ?? []
    this.#byRound.set(entry.roundId, ofRound)
    ofRound.push(entry)
  }

  #add(kind: Kind, id: string, why: string): void {
    if (!this.#found[kind].has(id)) this.#found[kind].set(id, why)
  }

  /** What the player was told of his bet. */
  #judgeBet(bet: ToldBet): void {
    const { betId, told } = bet
    const say = (why: string) => `bet ${betId} in ${bet.roundId}, told ${told}: ${why}`
    if (told === 'asked') return void this.#add('stuck', betId, say('nobody knows what became of it'))
    const { stake = null, releases = [] } = this.#bets.get(betId) ?? {}
    if (told === 'refused') {
      if (stake?.outcome === 'posted' && releases.length === 0) this.#add('lost', betId, say('its stake was taken'))
      return
    }
    if (told !== 'accepted') return
    if (stake?.outcome !== 'posted') return void this.#add('lost', betId, say('the books have no stake of it'))
    const same =
      stake.cents === bet.stakeCents &&
      stake.playerId === bet.playerId &&
      stake.roundId === bet.roundId &&
      canonicalJson(JSON.parse(stake.content ?? 'null') as Json) === canonicalJson(bet.selection)
    if (!same) this.#add('lost', betId, say('the books have another bet under this id'))
  }

  /** What became of a stake's money, whoever was told of it. */
  #judgeMoney(betId: string, { stake, releases, payouts }: Booked): void {
    const bet = this.#told.bets.get(betId)
    const double = (why: string) => this.#add('doubled', betId, `bet ${betId}: ${why}`)
    const lose = (why: string) => this.#add('lost', betId, `bet ${betId} in ${stake?.roundId}: ${why}`)
    if (bet === undefined && stake?.outcome === 'posted') double('no player placed it')
    if (payouts.length > 1 || releases.length > 1) double('money went to its player more than once')
    if (payouts.length > 0 && releases.length > 0) double('it was both paid and given back')
    if (stake === null || stake.outcome !== 'posted') {
      if (payouts.length + releases.length > 0) double('money went to its player without a stake')
      return
    }
    const round = this.#books.rounds.get(stake.roundId ?? '')
    if (round === undefined) return void lose('there is no such round')
    if (round.how === 'void' && releases.length === 0) lose('the round is void and the stake was not given back')
    if (round.how !== 'settled') return
    if (releases.length > 0) {
      if (bet !== undefined && !bet.withdrawn) lose('the stake was given back, and nobody had asked for it')
      return
    }
    const due = payoutOf(round, stake)
    const paid = payouts.reduce((sum, { cents }) => sum + cents, 0)
    if (paid < due) lose(`${paid} of ${due} cents were paid`)
    if (paid > due) double(`${paid} cents were paid for ${due}`)
  }

  /** Everybody was shown the same, and the books say so too. */
  #judgeShown(roundId: string): void {
    const round = this.#books.rounds.get(roundId)
    const change = (why: string) => this.#add('changed', roundId, `round ${roundId}: ${why}`)
    if (round === undefined) return void change('it was shown, and the books do not know it')
    for (const fact of FACTS) {
      const shown = this.#told.rounds.get(roundId)?.get(fact) ?? new Set()
      const booked = ROUND_FACTS[fact](round)
      const others = [...shown].filter((value) => value !== booked)
      if (others.length > 0) change(`${fact} was shown as ${[...shown].join(' and ')}, the books say ${booked}`)
    }
  }

  #judgeRound(round: BookedRound): void {
    const { roundId, how, betDigest } = round
    const entries = this.#byRound.get(roundId) ?? []
    const released = new Set(entries.filter(({ kind }) => kind === 'release').map(({ ref }) => ref))
    const held = entries.filter(({ kind, outcome, ref }) => {
      return kind === 'stake' && outcome === 'posted' && (how === 'void' || !released.has(ref))
    })
    if (how === null && held.length > 0)
      this.#add('stuck', roundId, `round ${roundId} has ${held.length} bets and never ended`)
    if (how !== 'settled' || betDigest === null) return
    const made = ownDigest(
      held.map(({ ref, playerId, content, cents }) => ({
        betId: ref,
        playerId,
        selection: JSON.parse(content ?? 'null') as Json,
        stakeCents: toCents(cents),
      })),
    )
    if (made !== betDigest) this.#add('changed', roundId, `round ${roundId}: its bets make the digest ${made}`)
  }

  /** What each player was told of a round that ended for him. */
  #judgeResults(): void {
    for (const { playerId, roundId, stakedCents, paidCents } of this.#told.results) {
      const own = (this.#byRound.get(roundId) ?? []).filter((entry) => entry.playerId === playerId)
      const sum = (...kinds: BookedEntry['kind'][]) =>
        own.reduce((cents, entry) => cents + (kinds.includes(entry.kind) ? entry.cents : 0), 0)
      const posted = own.filter(({ kind, outcome }) => kind === 'stake' && outcome === 'posted')
      const staked = posted.reduce((cents, entry) => cents + entry.cents, 0) - sum('release')
      const paid = sum('payout')
      const why = `a player was told ${paidCents} for ${stakedCents}, the books say ${paid} for ${staked}`
      if (staked !== stakedCents || paid !== paidCents)
        this.#add('changed', `${roundId} ${playerId}`, `round ${roundId}: ${why}`)
    }
  }
}

function payoutOf({ opening, outcome }: BookedRound, stake: BookedEntry): number {
  const { rules } = (JSON.parse(opening) as Opening).terms
  const ownRules = rules as unknown as OwnRules
  return ownPayout(ownRules, JSON.parse(stake.content ?? 'null') as Json, stake.cents, JSON.parse(outcome ?? 'null'))
}
