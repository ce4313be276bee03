import { assert } from '../assert.ts'
import type { BetPart } from '../game.ts'
import { type Cents, sumCents, toCents } from '../money.ts'
import { parts, positionNamed } from './bets.ts'
import type { FeltKind } from './layout.ts'
import { POCKETS, type Pocket } from './pockets.ts'
import type { RouletteRules } from './rules.ts'
import type { RouletteSelection } from './selections.ts'

/** Where the ball rests. */
export type RouletteOutcome = { readonly pocket: Pocket }

/** Credited in all for a winning stake of one, the stake included: 36 is "35 to 1". Source: RULES.md ROU-8. */
export const PAYS_FOR_ONE: Readonly<Record<FeltKind, number>> = {
  straight: 36,
  split: 18,
  street: 12,
  trio: 12,
  corner: 9,
  'first-four': 9,
  basket: 7,
  line: 6,
  dozen: 3,
  column: 3,
  'even-chance': 2,
}

/**
 * Total credited for one bet once the ball rests, stake included; 0 when it loses. A compound bet is paid chip by chip.
 * Errors: throws on a selection, a stake or a pocket that this table does not have; the round has refused those before.
 * Source: RULES.md ROU-8 to ROU-10, ROU-14.
 */
export function payoutCents(
  rules: RouletteRules,
  selection: RouletteSelection,
  stakeCents: Cents,
  { pocket }: RouletteOutcome,
): Cents {
  assert(POCKETS[rules.wheel].includes(pocket), `ROU-3: the wheel has the pocket ${pocket}`)
  const chips = parts(rules, selection, stakeCents)
  assert(chips !== null, `ROU-14: a stake of ${stakeCents} is playable`)
  return sumCents(chips.map((part) => partPayoutCents(rules, part, pocket)))
}

function partPayoutCents(rules: RouletteRules, part: BetPart, pocket: Pocket): Cents {
  const { kind, covers } = positionNamed(rules.wheel, part.position)
  if (covers.has(pocket)) return toCents(part.stakeCents * PAYS_FOR_ONE[kind])
  // ROU-10: a cent that cannot be shared is the player's.
  if (rules.laPartage && kind === 'even-chance' && pocket === 0) return toCents(Math.ceil(part.stakeCents / 2))
  return toCents(0)
}
