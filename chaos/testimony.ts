import { canonicalJson } from '../engine/fairness/encoding.ts'
import type { Json } from '../engine/game.ts'
import type { PrivateEvent, PublicEvent, SharedTable } from '../rooms/protocol.ts'

/** A bet as its player knows it. */
export type ToldBet = {
  readonly betId: string
  readonly playerId: string
  readonly tableId: string
  readonly roundId: string
  readonly selection: Json
  readonly stakeCents: number
  /** The answer so far: `asked` is none, `looked-up` was learned from the statements after the round. */
  told: 'asked' | 'accepted' | 'refused' | 'looked-up'
  withdrawn: boolean
}
export type ToldResult = Extract<PrivateEvent, { type: 'result' }> & { readonly playerId: string }

/** What of a round is told to everybody, and must be one thing for ever. */
export const FACTS = ['commitment', 'betDigest', 'outcome', 'seedHex', 'how'] as const
export type Fact = (typeof FACTS)[number]

/** Everything that the clients were told, whoever told it and whenever. */
export class Testimony {
  readonly bets = new Map<string, ToldBet>()
  readonly results: ToldResult[] = []
  readonly #rounds = new Map<string, ReadonlyMap<Fact, Set<string>>>()

  /** By round: each fact with every version of it that was shown. */
  get rounds(): ReadonlyMap<string, ReadonlyMap<Fact, ReadonlySet<string>>> {
    return this.#rounds
  }

  public(event: PublicEvent): void {
    const { roundId } = event
    if (event.type === 'opened') this.#shown(roundId, 'commitment', event.commitment)
    if (event.type === 'closed') this.#shown(roundId, 'betDigest', event.betDigest)
    if (event.type === 'settled' || event.type === 'void') this.#shown(roundId, 'how', event.type)
    if (event.type !== 'drawn') return
    this.#shown(roundId, 'outcome', canonicalJson(event.outcome))
    this.#shown(roundId, 'seedHex', event.seedHex)
  }

  private(playerId: string, event: PrivateEvent): void {
    if (event.type === 'result') this.results.push({ ...event, playerId })
    if (event.type === 'bet' && event.bet.status === 'accepted') this.accepted(event.bet.betId)
  }

  accepted(betId: string): void {
    const bet = this.bets.get(betId)
    if (bet !== undefined) bet.told = 'accepted'
  }

  /** The shared state as a client has it after a patch. */
  state({ roundId, phase, commitment, betDigest, outcome, seedHex }: SharedTable): void {
    if (roundId === '') return
    this.#shown(roundId, 'commitment', commitment)
    if (betDigest !== '') this.#shown(roundId, 'betDigest', betDigest)
    if (outcome !== '') this.#shown(roundId, 'outcome', canonicalJson(JSON.parse(outcome)))
    if (seedHex !== '') this.#shown(roundId, 'seedHex', seedHex)
    if (phase === 'settled' || phase === 'void') this.#shown(roundId, 'how', phase)
  }

  #shown(roundId: string, fact: Fact, value: string): void {
    const round = this.#rounds.get(roundId) ?? new Map(FACTS.map((name) => [name, new Set<string>()]))
    this.#rounds.set(roundId, round)
    round.get(fact)?.add(value)
  }
}
