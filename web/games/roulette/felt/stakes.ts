import { toCents } from '../../../../engine/money.ts'
import { offeredBet, parts } from '../../../../engine/roulette/bets.ts'
import { FELT, type Position } from '../../../../engine/roulette/layout.ts'
import { PAYS_FOR_ONE, payoutCents } from '../../../../engine/roulette/payouts.ts'
import type { Pocket } from '../../../../engine/roulette/pockets.ts'
import type { RouletteRules } from '../../../../engine/roulette/rules.ts'
import type { OwnBet, Spots } from '../types.ts'

/** The player's own chips on one place of the felt, in cents; `betIds` in the order of placing, living bets only. */
export type OwnStake = {
  readonly acceptedCents: number
  readonly pendingCents: number
  readonly leavingCents: number
  readonly betIds: readonly string[]
}
const NOTHING: OwnStake = { acceptedCents: 0, pendingCents: 0, leavingCents: 0, betIds: [] }

/** Own chips by place, a compound bet spread over its places (FELT-6). Dead bets are left out. */
export function ownStakes(rules: RouletteRules, bets: readonly OwnBet[]): ReadonlyMap<string, OwnStake> {
  const stakes = new Map<string, OwnStake>()
  for (const bet of bets) {
    if (bet.status === 'dead') continue
    for (const { position, stakeCents } of parts(rules, bet.selection, toCents(bet.stakeCents)) ?? []) {
      const known = stakes.get(position) ?? NOTHING
      const leaving = bet.leaving === true || bet.status === 'releasing'
      const accepted = bet.status === 'accepted' && !leaving
      stakes.set(position, {
        acceptedCents: known.acceptedCents + (accepted ? stakeCents : 0),
        pendingCents: known.pendingCents + (!accepted && !leaving ? stakeCents : 0),
        leavingCents: known.leavingCents + (leaving ? stakeCents : 0),
        betIds: [...known.betIds, bet.betId],
      })
    }
  }
  return stakes
}

/** What the others have on a place: everybody's chips less the own ones that are counted among them. */
export function othersCents(spots: Spots, position: string, own: OwnStake | undefined): number {
  return Math.max(0, (spots.get(position)?.cents ?? 0) - (own?.acceptedCents ?? 0))
}

export type RoundOutcome = {
  /** By place: all credited there, stake included. Places that pay nothing are missing. */
  readonly paid: ReadonlyMap<string, number>
  readonly stakedCents: number
  readonly paidCents: number
  /** True only when more came back than was staked: a loss or an even round is not celebrated (H15). */
  readonly celebrate: boolean
}

/** What the accepted bets brought. A bet whose credit the books have told counts as told, any other by the rules. */
export function outcomeOf(rules: RouletteRules, bets: readonly OwnBet[], pocket: Pocket): RoundOutcome {
  const paid = new Map<string, number>()
  let [stakedCents, paidCents] = [0, 0]
  for (const bet of bets) {
    if (bet.status !== 'accepted') continue
    stakedCents += bet.stakeCents
    const chips = parts(rules, bet.selection, toCents(bet.stakeCents)) ?? []
    let byRules = 0
    for (const { position, stakeCents } of chips) {
      const place = FELT[rules.wheel].get(position)
      if (place === undefined) continue
      const cents = payoutCents(rules, place.selection, stakeCents, { pocket })
      byRules += cents
      if (cents > 0) paid.set(position, (paid.get(position) ?? 0) + cents)
    }
    paidCents += bet.paidCents ?? byRules
  }
  return { paid, stakedCents, paidCents, celebrate: paidCents > stakedCents }
}

/** "35" for a straight: what a winning chip brings besides itself. */
export function oddsOf({ kind }: Position): number {
  return PAYS_FOR_ONE[kind] - 1
}

/** Stake of a bet laid with chips of this worth: one chip on each of its places, or as many as the bet is made of. */
export function stakeOf(rules: RouletteRules, selection: OwnBet['selection'], chipCents: number): number {
  return offeredBet(rules, selection).chipCount * chipCents
}
