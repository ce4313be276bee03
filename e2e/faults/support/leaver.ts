import { randomUUID } from 'node:crypto'
import { Seat } from '../../../chaos/seat.ts'
import { CHIP_CENTS } from '../../../chaos/selections.ts'
import type { Testimony, ToldBet } from '../../../chaos/testimony.ts'
import { Visitor } from '../../../chaos/visitor.ts'
import { until } from '../../support/until.ts'

const PURSE_CENTS = 100_000
const SEATED_WITHIN_MS = 20_000
const ROUND_WITHIN_MS = 60_000
const IGNORE = () => undefined

/** A player who asks, and is gone for good before he is answered: nobody ever asks again in his name. */
export class Leaver {
  readonly #visitor: Visitor
  readonly #seat: Seat
  readonly #tableId: string
  readonly #testimony: Testimony

  private constructor(visitor: Visitor, seat: Seat, tableId: string, testimony: Testimony) {
    this.#visitor = visitor
    this.#seat = seat
    this.#tableId = tableId
    this.#testimony = testimony
  }

  /** `testimony` learns of all his bets, so that the judge knows who placed them. */
  static async sit(url: string, tableId: string, testimony: Testimony): Promise<Leaver> {
    const visitor = new Visitor(url)
    await visitor.signUp('Se Va', PURSE_CENTS)
    let shown = false
    const state = () => {
      shown = true
    }
    const quiet = { public: IGNORE, private: IGNORE, dropped: IGNORE, back: IGNORE, left: IGNORE }
    const sits = async () => {
      const ticket = await visitor.ticket(tableId)
      return Seat.take(url, tableId, ticket, { ...quiet, state })
    }
    const seat = await until('he sits', () => sits().catch(() => null), SEATED_WITHIN_MS)
    await until('he sees the table', () => shown, SEATED_WITHIN_MS)
    return new Leaver(visitor, seat, tableId, testimony)
  }

  /** The next round that opens while he looks on. */
  async freshRound(): Promise<string> {
    const { roundId: present } = this.#seat.state
    const opens = () => {
      const { roundId, phase } = this.#seat.state
      return roundId !== present && phase === 'open' ? roundId : null
    }
    return until('a round opens before his eyes', opens, ROUND_WITHIN_MS)
  }

  /** Bets, and is told that the bet is accepted. */
  async betAccepted(roundId: string): Promise<string> {
    const bet = this.#newBet(roundId)
    const { answers } = await this.#seat.request('bet', bet.message)
    const [answer] = answers
    if (answer?.status !== 'accepted') throw new Error(`the bet was ${answer?.status}: ${answer?.code}`)
    this.#testimony.accepted(bet.betId)
    return bet.betId
  }

  /** Bets, and waits for no answer. */
  bet(roundId: string): string {
    const bet = this.#newBet(roundId)
    this.#seat.request('bet', bet.message).catch(IGNORE)
    return bet.betId
  }

  /** Asks for a bet back, and waits for no answer. */
  withdraw(roundId: string, betId: string): void {
    const bet = this.#testimony.bets.get(betId)
    if (bet !== undefined) bet.withdrawn = true
    this.#seat.request('withdraw', { roundId, betIds: [betId] }).catch(IGNORE)
  }

  leave(): void {
    this.#seat.leave()
  }

  #newBet(roundId: string) {
    const [betId, selection, stakeCents] = [randomUUID(), { kind: 'red' }, CHIP_CENTS]
    const { playerId } = this.#visitor
    const of = { betId, playerId, tableId: this.#tableId, roundId, selection, stakeCents }
    // What became of it is looked up in the books.
    const told: ToldBet = { ...of, told: 'looked-up', withdrawn: false }
    this.#testimony.bets.set(betId, told)
    return { betId, message: { roundId, bets: [{ betId, selection, stakeCents }] } }
  }
}
