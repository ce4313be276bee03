import { assert } from '../assert.ts'
import type { BetReturn } from '../game.ts'
import { type Ratio, ratio, ratioText, toCents } from '../money.ts'
import { allSelections, offeredBet } from './bets.ts'
import { payoutCents } from './payouts.ts'
import { POCKETS } from './pockets.ts'
import { type RouletteRules, variantOf } from './rules.ts'
import type { RouletteSelection } from './selections.ts'

/** The exact return of every bet under these rules, from the payouts themselves over every pocket (ROU-16). */
export function returns(rules: RouletteRules): BetReturn[] {
  const byName = new Map<string, BetReturn>()
  for (const selection of allSelections(rules)) {
    const { name } = offeredBet(rules, selection)
    const found = { bet: name, variant: variantOf(rules), ...enumerate(rules, selection) }
    const known = byName.get(name) ?? found
    assert(sameOdds(found, known), `ROU-16: every ${name} returns the same, ${JSON.stringify(selection)} too`)
    byName.set(name, known)
  }
  return [...byName.values()]
}

/** What one bet returns on average, and how often it pays anything, exactly; the stake is even (ROU-10). */
export function enumerate(
  rules: RouletteRules,
  selection: RouletteSelection,
): { readonly return: Ratio; readonly hitRate: Ratio } {
  const pockets = POCKETS[rules.wheel]
  const stakeCents = toCents(2 * offeredBet(rules, selection).chipCount)
  let paidCents = 0
  let hits = 0
  for (const pocket of pockets) {
    const cents = payoutCents(rules, selection, stakeCents, { pocket })
    paidCents += cents
    if (cents > 0) hits += 1
  }
  const spins = BigInt(pockets.length)
  return { return: ratio(BigInt(paidCents), spins * BigInt(stakeCents)), hitRate: ratio(BigInt(hits), spins) }
}

function sameOdds(a: BetReturn, b: BetReturn): boolean {
  return ratioText(a.return) === ratioText(b.return) && ratioText(a.hitRate) === ratioText(b.hitRate)
}
