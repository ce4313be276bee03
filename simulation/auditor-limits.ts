import type { Limits, NewBet } from '../engine/round/types.ts'
import { type OwnRules, ownChips, ownKind } from './own-roulette.ts'

/** Why the table should not have taken this bet on top of those it holds, in words; null when it may. */
export function whyUnfit(rules: OwnRules, limits: Limits, held: readonly NewBet[], bet: NewBet): string | null {
  const range = limits.perBet[ownKind(rules, bet.selection)]
  if (range === undefined) return 'a kind that the table does not offer'
  if (!Number.isSafeInteger(bet.stakeCents) || bet.stakeCents <= 0) return 'a stake that is no money'
  if (bet.stakeCents % ownChips(rules, bet.selection).length !== 0) return 'a stake that its chips do not divide'
  if (bet.stakeCents < range.minCents) return 'below the minimum'
  if (bet.stakeCents > range.maxCents) return 'above the maximum of its kind'
  for (const [place, { kind, cents }] of onPlaces(rules, [bet]))
    if (cents < (limits.perBet[kind]?.minCents ?? 0)) return `only ${cents} cents on ${place}`
  const own = [...held.filter(({ playerId }) => playerId === bet.playerId), bet]
  if (total(own) > limits.perPlayerCents) return 'more than a player may have at stake'
  if (total(held) + bet.stakeCents > limits.perTableCents) return 'more than the table may hold'
  for (const [place, { kind, cents }] of onPlaces(rules, own)) {
    const most = limits.perBet[kind]
    if (most === undefined) return `chips on ${place}, which is not offered`
    if (cents > most.maxCents) return `${cents} cents on ${place}`
  }
  return null
}

function onPlaces(rules: OwnRules, bets: readonly NewBet[]): Map<string, { kind: string; cents: number }> {
  const places = new Map<string, { kind: string; cents: number }>()
  for (const { selection, stakeCents } of bets) {
    const chips = ownChips(rules, selection)
    for (const { place, kind } of chips)
      places.set(place, { kind, cents: (places.get(place)?.cents ?? 0) + stakeCents / chips.length })
  }
  return places
}

function total(bets: readonly NewBet[]): number {
  return bets.reduce((sum, { stakeCents }) => sum + stakeCents, 0)
}
