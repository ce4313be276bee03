import type { Draw, NewBet, Opening, Phase } from '../engine/round/types.ts'
import type { Ended } from '../server/ledger/books.ts'
import { whyUnfit } from './auditor-limits.ts'
import { type OwnDraw, ownDigest, ownDraw, type SeriesSecret } from './own-fairness.ts'
import { type OwnRules, ownPayout, sameBet } from './own-roulette.ts'
import type { Posting, Testimony } from './testimony.ts'

type Of<W extends Testimony['what']> = Extract<Testimony, { what: W }>
export type OwnStake = {
  readonly roundId: string
  readonly bet: NewBet
  state: 'reserved' | 'refused' | 'released'
  /** The money was taken at some time, whatever became of it. */
  readonly wasReserved: boolean
}
type OwnRound = {
  readonly opening: Opening
  /** What the committed seed says, worked out before anybody bets. */
  readonly committed: OwnDraw
  readonly stakes: OwnStake[]
  digest: string | null
  draw: Draw | null
  ended: 'settled' | 'void' | null
  endedAtMs: number
}

/** Clocks of different owners may differ by this much; see `world.ts`. */
export const CLOCKS_APART_MS = 100

/**
 * A second model of the casino, written apart from the engine: it hears what was asked and answered, works out by its
 * own arithmetic what every balance, digest, outcome and payout must be, and complains of whatever differs. Rules:
 * RULES.md.
 */
export class Auditor {
  readonly complaints: string[] = []
  readonly #secretOf: (seriesId: string) => SeriesSecret
  readonly #clocksApartMs: number
  readonly #balances = new Map<string, number>()
  readonly #epochs = new Map<string, number>()
  readonly #ownerOfEpoch = new Map<string, number>()
  readonly #rounds = new Map<string, OwnRound>()
  readonly #latest = new Map<string, OwnRound>()
  readonly #stakes = new Map<string, OwnStake>()
  readonly #betsAsked = new Map<string, Of<'bet-asked'>[]>()
  readonly #mayLeave = new Set<string>()
  readonly #voidsAsked = new Set<string>()

  constructor(secretOf: (seriesId: string) => SeriesSecret, clocksApartMs = CLOCKS_APART_MS) {
    this.#secretOf = secretOf
    this.#clocksApartMs = clocksApartMs
  }

  hear(seen: Testimony): void {
    switch (seen.what) {
      case 'granted':
        this.#move(seen.playerId, seen.cents)
        this.#balanceIs(seen.playerId, seen.balanceCents)
        break
      case 'balance':
        this.#balanceIs(seen.playerId, seen.cents)
        break
      case 'raised':
        this.#raised(seen)
        break
      case 'bet-asked':
        this.#betsAsked.set(seen.bet.betId, [...(this.#betsAsked.get(seen.bet.betId) ?? []), seen])
        break
      case 'withdrawal-asked':
        this.#withdrawalAsked(seen)
        break
      case 'void-asked':
      case 'draw-failed':
        this.#voidsAsked.add(seen.roundId)
        break
      case 'shown':
        this.#shown(seen)
        break
      case 'told':
        this.#told(seen)
        break
      case 'paid':
        this.#paid(seen)
        break
      default:
        if (this.#mayPost(seen)) this.#posted(seen)
    }
  }

  /** The bets whose stakes the books hold in a round that has not ended. */
  heldBets(roundId: string): string[] {
    const round = this.#rounds.get(roundId)
    return round === undefined || round.ended !== null ? [] : held(round).map(({ bet }) => bet.betId)
  }

  /** The last look: what the books hold must be what the auditor expects, to the cent. */
  close(books: { balanceOf(playerId: string): number | null }): void {
    for (const [playerId, cents] of this.#balances) {
      this.#expect(books.balanceOf(playerId) === cents, `SIM-1: ${playerId} should have ${cents}`)
      this.#expect(cents >= 0, `SIM-1: ${playerId} is below zero`)
    }
    for (const { opening, ended } of this.#rounds.values())
      this.#expect(ended !== null, `SIM-9: ${opening.roundId} never ended`)
  }

  #raised({ owner, tableId, epoch }: Of<'raised'>): void {
    this.#expect(epoch > (this.#epochs.get(tableId) ?? 0), `SIM-5: epoch ${epoch} of ${tableId} was not raised`)
    this.#epochs.set(tableId, epoch)
    this.#ownerOfEpoch.set(`${tableId} ${epoch}`, owner)
  }

  #withdrawalAsked({ betId, playerId, roundId, atMs }: Of<'withdrawal-asked'>): void {
    const round = this.#rounds.get(roundId)
    if (round !== undefined && atMs < round.opening.closesAtMs) this.#mayLeave.add(`${roundId} ${betId} ${playerId}`)
  }

  /** False when the books refused the posting, and so nothing has changed. */
  #mayPost(seen: Extract<Testimony, Posting>): boolean {
    const { tableId, epoch, owner, roundId, answer } = seen
    const current = this.#epochs.get(tableId)
    if (answer === 'fenced' || (typeof answer === 'object' && 'fate' in answer && answer.fate === 'fenced')) {
      this.#expect(epoch !== current, `SIM-5: the rightful owner of ${tableId} was fenced out`)
      return false
    }
    this.#expect(epoch === current, `SIM-5: ${seen.what} of ${roundId} by epoch ${epoch}, and ${current} stands`)
    const rightful = this.#ownerOfEpoch.get(`${tableId} ${epoch}`)
    this.#expect(rightful === owner, `SIM-5: epoch ${epoch} is of owner ${rightful}, not of ${owner}`)
    return true
  }

  #posted(seen: Extract<Testimony, Posting>): void {
    const round = this.#rounds.get(seen.roundId)
    if (seen.what === 'opened') this.#opened(seen)
    else if (round === undefined) this.#complain(`SIM-4: ${seen.what} of ${seen.roundId}, which was never opened`)
    else if (seen.what === 'reserved') this.#reserved(seen, round)
    else if (seen.what === 'released') this.#released(seen, round)
    else if (seen.what === 'closed') this.#closed(seen, round)
    else if (seen.what === 'drawn') this.#drawn(seen, round)
    else if (seen.what === 'settled') this.#settled(seen, round)
    else this.#voided(seen, round)
  }

  #opened({ opening, tableId }: Of<'opened'>): void {
    if (this.#rounds.has(opening.roundId)) return
    const before = this.#latest.get(tableId)
    const committed = ownDraw(this.#secretOf(opening.seriesId), opening)
    this.#expect(committed.commitment === opening.commitment, `SIM-3: ${opening.roundId} commits to another seed`)
    if (before !== undefined) {
      const { ended, endedAtMs, opening: last } = before
      const restedAtMs = endedAtMs + last.terms.pace.restMs - this.#clocksApartMs
      const follows = last.seriesId === opening.seriesId ? opening.roundNo === last.roundNo + 1 : opening.roundNo === 0
      this.#expect(ended !== null, `SIM-2: ${opening.roundId} opened before the last round ended`)
      this.#expect(opening.openedAtMs >= restedAtMs, `SIM-10: ${opening.roundId} opened while the result still stood`)
      this.#expect(follows, `SIM-3: ${opening.roundId} does not follow ${last.roundId}`)
    }
    const round = { opening, committed, stakes: [], digest: null, draw: null, ended: null, endedAtMs: 0 }
    this.#rounds.set(opening.roundId, round)
    this.#latest.set(tableId, round)
  }

  #reserved({ bet, answer, roundId }: Of<'reserved'>, round: OwnRound): void {
    const known = this.#stakes.get(bet.betId)
    const same = known !== undefined && known.roundId === roundId && sameBet(known.bet, bet)
    if (known === undefined) {
      const broke = (this.#balances.get(bet.playerId) ?? 0) < bet.stakeCents
      this.#expect(broke || answer.refusal !== 'insufficient-funds', `SIM-1: ${bet.playerId} can pay ${bet.betId}`)
      this.#keep(round, bet, answer.fate === 'reserved' ? this.#take(round, bet) : 'refused')
    } else if (answer.fate === 'reserved')
      this.#expect(same && known.state === 'reserved', `SIM-2: ${bet.betId} was ${known.state} and is taken again`)
    else this.#expect(!same || known.state !== 'reserved', `SIM-2: ${bet.betId} was taken and is refused now`)
  }

  /** The stake leaves the player's account; everything that must be true of an accepted bet is asked here. */
  #take(round: OwnRound, bet: NewBet): 'reserved' {
    const { roundId, closesAtMs, terms } = round.opening
    const rules = terms.rules as OwnRules
    const asked = this.#betsAsked.get(bet.betId) ?? []
    const inTime = asked.some((ask) => ask.roundId === roundId && ask.atMs < closesAtMs && sameBet(ask.bet, bet))
    this.#expect(inTime, `SIM-8: ${bet.betId} was taken, and nobody asked for it before the close`)
    this.#expect(round.digest === null && round.ended === null, `SIM-7: ${bet.betId} was taken after the close`)
    const held = round.stakes.filter(({ state }) => state === 'reserved').map((stake) => stake.bet)
    const unfit = whyUnfit(rules, terms.limits, held, bet)
    this.#expect(unfit === null, `SIM-6: ${bet.betId} of ${bet.playerId}: ${unfit}`)
    this.#move(bet.playerId, -bet.stakeCents)
    this.#expect((this.#balances.get(bet.playerId) ?? -1) >= 0, `SIM-1: ${bet.playerId} is below zero`)
    return 'reserved'
  }

  #keep(round: OwnRound, bet: NewBet, state: OwnStake['state']): void {
    const stake = { roundId: round.opening.roundId, bet, state, wasReserved: state === 'reserved' }
    this.#stakes.set(bet.betId, stake)
    round.stakes.push(stake)
  }

  #released({ bet, answer, roundId }: Of<'released'>, round: OwnRound): void {
    const known = this.#stakes.get(bet.betId)
    if (known === undefined) this.#keep(round, bet, 'released')
    else if (known.roundId === roundId && sameBet(known.bet, bet) && known.state === 'reserved') {
      if (answer.fate === 'reserved')
        this.#expect(round.digest !== null || round.ended !== null, `SIM-2: ${bet.betId} was kept from its player`)
      else {
        const wanted = this.#mayLeave.has(`${roundId} ${bet.betId} ${bet.playerId}`) || this.#voidsAsked.has(roundId)
        this.#expect(wanted, `SIM-11: ${bet.betId} went back, and its player had not asked for it in time`)
        this.#expect(round.digest === null && round.ended === null, `SIM-7: ${bet.betId} went back after the close`)
        this.#giveBack(known)
      }
    }
  }

  #giveBack(stake: OwnStake): void {
    stake.state = 'released'
    this.#move(stake.bet.playerId, stake.bet.stakeCents)
  }

  #closed({ betDigest, answer, roundId }: Of<'closed'>, round: OwnRound): void {
    if (round.ended !== null) return
    if (round.digest === null) round.digest = ownDigest(held(round).map(({ bet }) => bet))
    this.#expect(answer === round.digest, `SIM-7: the digest of ${roundId} is not that of its accepted bets`)
    this.#expect(betDigest === answer, `SIM-7: an owner closed ${roundId} with other bets than the books hold`)
  }

  #drawn({ answer, roundId }: Of<'drawn'>, round: OwnRound): void {
    if (answer === 'void') this.#expect(round.ended === 'void', `SIM-3: ${roundId} is not void`)
    if (answer === 'void' || answer === 'fenced') return
    this.#expect(round.digest !== null, `SIM-7: ${roundId} was drawn before its bets were fixed`)
    this.#expect(round.ended !== 'void', `SIM-2: ${roundId} was drawn after it was void`)
    this.#isCommitted(round, answer)
    round.draw ??= answer
  }

  #settled({ answer, payouts, roundId }: Of<'settled'>, round: OwnRound): void {
    if (answer === 'fenced') return
    const { draw } = round
    if (draw === null || round.ended === 'void') {
      this.#complain(`SIM-2: ${roundId} was paid, and it is ${round.ended ?? 'not drawn'}`)
      return
    }
    const owed = held(round).map(({ bet }) => ({ bet, cents: this.#owed(round, bet, draw) }))
    const asked = new Map(payouts.map(({ betId, playerId, cents }) => [`${betId} ${playerId}`, cents]))
    for (const { bet, cents } of owed)
      this.#expect((asked.get(`${bet.betId} ${bet.playerId}`) ?? 0) === cents, `SIM-1: ${bet.betId} is owed ${cents}`)
    const winners = owed.filter(({ cents }) => cents > 0).length
    this.#expect(payouts.length === winners && asked.size === winners, `SIM-2: ${roundId} pays others than its winners`)
    if (round.ended === null) for (const { bet, cents } of owed) this.#move(bet.playerId, cents)
    this.#end(round, 'settled', answer)
  }

  #owed(round: OwnRound, bet: NewBet, draw: Draw): number {
    return ownPayout(round.opening.terms.rules as OwnRules, bet.selection, bet.stakeCents, draw.outcome)
  }

  #voided({ answer, draw, roundId }: Of<'voided'>, round: OwnRound): void {
    if (answer === 'fenced') return
    if ('drawn' in answer) {
      this.#expect(same(round.draw, answer.drawn), `SIM-3: ${roundId} is said to be drawn otherwise than it is`)
      return
    }
    this.#expect(this.#voidsAsked.has(roundId), `SIM-2: nobody ordered ${roundId} to be void`)
    if (round.ended !== 'void') {
      this.#expect(round.draw === null && round.ended === null, `SIM-2: ${roundId} was drawn, and is void all the same`)
      this.#isCommitted(round, draw)
      for (const stake of held(round)) this.#giveBack(stake)
      round.draw = draw
    }
    this.#end(round, 'void', answer)
  }

  #end(round: OwnRound, how: 'settled' | 'void', { atMs, balances }: Ended): void {
    if (round.ended === null) round.endedAtMs = atMs
    round.ended = how
    this.#expect(atMs === round.endedAtMs, `SIM-2: ${round.opening.roundId} ended twice`)
    for (const [playerId, cents] of balances) this.#balanceIs(playerId, cents)
  }

  #isCommitted({ opening, committed: { outcome, seedHex } }: OwnRound, draw: Draw): void {
    const [drawn, owed] = [draw.outcome, outcome].map((each) => JSON.stringify(each))
    const what = `SIM-3: ${opening.roundId} shows ${drawn}, and ${owed} was committed`
    this.#expect(same(draw, { outcome, seedHex }), what)
  }

  #shown({ roundId, phase, betDigest, draw, ended }: Of<'shown'>): void {
    const round = this.#rounds.get(roundId)
    if (round === undefined) {
      this.#complain(`SIM-4: ${roundId} was shown before it was durable`)
      return
    }
    if (betDigest !== null) this.#expect(betDigest === round.digest, `SIM-4: ${roundId} shows a digest of its own`)
    if (draw !== null) this.#expect(same(draw, round.draw), `SIM-4: ${roundId} shows a draw that is not durable`)
    const needsDraw: readonly Phase[] = ['drawn', 'settled']
    this.#expect(!needsDraw.includes(phase) || round.draw !== null, `SIM-4: ${roundId} is shown as ${phase}`)
    if (ended) this.#expect(phase === round.ended, `SIM-4: ${roundId} is shown as ${phase}, and is ${round.ended}`)
  }

  #told({ roundId, betId, status, asked }: Of<'told'>): void {
    const stake = this.#stakes.get(betId)
    if (status === 'accepted') {
      const taken = stake?.roundId === roundId && stake.wasReserved && sameBet(stake.bet, asked ?? stake.bet)
      this.#expect(taken, `SIM-4: a player was told of ${betId}, and the books know nothing of it`)
    } else if (status === 'dead') {
      const gone = stake !== undefined && (stake.roundId !== roundId || stake.state !== 'reserved')
      this.#expect(gone, `SIM-4: a player was told that ${betId} is off the table, and the house has his stake`)
    }
  }

  #paid({ roundId, playerId, stakedCents, paidCents }: Of<'paid'>): void {
    const round = this.#rounds.get(roundId)
    const draw = round?.draw ?? null
    if (round === undefined || draw === null) {
      this.#complain(`SIM-4: ${roundId} is paid without a draw`)
      return
    }
    const own = held(round).filter(({ bet }) => bet.playerId === playerId)
    const staked = own.reduce((sum, { bet }) => sum + bet.stakeCents, 0)
    const paid = own.reduce((sum, { bet }) => sum + this.#owed(round, bet, draw), 0)
    this.#expect(
      staked === stakedCents && paid === paidCents,
      `SIM-4: ${playerId} is told a wrong result of ${roundId}`,
    )
  }

  #balanceIs(playerId: string, cents: number | null): void {
    const own = this.#balances.get(playerId)
    this.#expect(
      own === undefined || own === cents,
      `SIM-1: ${playerId} has ${cents} in the books, and should have ${own}`,
    )
  }

  #move(playerId: string, cents: number): void {
    this.#balances.set(playerId, (this.#balances.get(playerId) ?? 0) + cents)
  }

  #complain(complaint: string): void {
    this.complaints.push(complaint)
  }

  #expect(isSo: boolean, complaint: string): void {
    if (!isSo) this.#complain(complaint)
  }
}

function held({ stakes }: OwnRound): OwnStake[] {
  return stakes.filter(({ state }) => state === 'reserved')
}

function same(a: Draw | null, b: Draw | null): boolean {
  return a?.seedHex === b?.seedHex && JSON.stringify(a?.outcome) === JSON.stringify(b?.outcome)
}
