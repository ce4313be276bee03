import type { DrawSource, Game } from '../game.ts'
import { betKinds, offeredBet, parts, readSelection } from './bets.ts'
import { payoutCents, type RouletteOutcome } from './payouts.ts'
import { POCKETS, type Pocket } from './pockets.ts'
import { returns } from './returns.ts'
import { type RouletteRules, readRules } from './rules.ts'
import type { RouletteSelection } from './selections.ts'

/** Roulette on one zero, with or without la partage, and on two. Rules: RULES.md beside this file. */
export const roulette: Game<RouletteRules, RouletteSelection, RouletteOutcome> = {
  id: 'roulette',
  rulesVersion: 1,
  readRules,
  readSelection,
  betKinds,
  betKind: (rules, selection) => offeredBet(rules, selection).kind,
  parts,
  drawOutcome,
  payoutCents,
  returns,
}

/** One uniform choice among the pockets of the table's wheel, and nothing else (ROU-4). */
function drawOutcome(rules: RouletteRules, source: DrawSource): RouletteOutcome {
  const pockets = POCKETS[rules.wheel]
  return { pocket: pockets[source.below(pockets.length)] as Pocket }
}
