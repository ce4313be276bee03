import { toCents } from '../money.ts'
import type { Limits, Range } from '../round/types.ts'
import { allSelections, type BetKind, betKinds, offeredBet, positionNamed } from './bets.ts'
import { PAYS_FOR_ONE } from './payouts.ts'
import type { RouletteRules } from './rules.ts'

/** What one chip may be worth at least, and the most that the house pays on one place, in cents. */
const LEAST_CHIP_CENTS = 100
const MOST_PAID_CENTS = 360_000

/**
 * Limits for a table that was given none: chips of 1.00 and up, and the same most to be won on every place, so that a
 * wider bet allows a larger stake. A compound bet is bounded by its chips. Source: RULES.md ROU-18.
 */
export function defaultLimits(rules: RouletteRules): Limits {
  return {
    perBet: Object.fromEntries(betKinds(rules).map((kind) => [kind, range(rules, kind)])),
    perPlayerCents: toCents(500_000),
    perTableCents: toCents(50_000_000),
  }
}

/** From the fewest chips that a bet of this kind has to the most that its chips allow. */
function range(rules: RouletteRules, kind: BetKind): Range {
  const bets = allSelections(rules)
    .map((selection) => offeredBet(rules, selection))
    .filter((bet) => bet.kind === kind)
  const least = bets.map(({ chipCount }) => chipCount * LEAST_CHIP_CENTS)
  const most = bets.map(({ chips, chipCount }) => chipCount * Math.min(...chips.map((c) => mostChipCents(rules, c))))
  return { minCents: toCents(Math.min(...least)), maxCents: toCents(Math.max(...most)) }
}

/** The dearest chip that its place allows, when `chips` of them lie there. */
function mostChipCents(rules: RouletteRules, { position, chips }: { position: string; chips: number }): number {
  return Math.floor(MOST_PAID_CENTS / PAYS_FOR_ONE[positionNamed(rules.wheel, position).kind] / chips)
}
