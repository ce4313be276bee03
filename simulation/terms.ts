import { type Cents, toCents } from '../engine/money.ts'
import type { Limits, Range, Terms } from '../engine/round/types.ts'
import type { Dice } from './dice.ts'

const RULES = [
  { wheel: 'single-zero', laPartage: false },
  { wheel: 'single-zero', laPartage: true },
  { wheel: 'double-zero', laPartage: false },
] as const

/**
 * Tight on purpose: a few bets reach every maximum, so that limits are met in every world. Cents, minimum and maximum.
 */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  straight: [100, 600],
  split: [100, 900],
  street: [100, 1_200],
  trio: [100, 1_200],
  corner: [100, 1_500],
  'first-four': [100, 1_500],
  basket: [200, 1_500],
  line: [100, 2_000],
  dozen: [200, 2_500],
  column: [200, 2_500],
  'even-chance': [200, 3_000],
  voisins: [1_800, 5_400],
  tiers: [1_200, 3_600],
  orphelins: [1_000, 3_000],
  'jeu-zero': [800, 2_400],
  neighbours: [500, 2_200],
  finale: [600, 2_000],
}

/** The terms of one table; a kind of bet is left out now and then. */
export function termsOf(dice: Dice): Terms {
  const perBet: Record<string, Range> = {}
  for (const [kind, [minCents, maxCents]] of Object.entries(RANGES))
    if (!dice.chance(0.06)) perBet[kind] = { minCents: toCents(minCents), maxCents: toCents(maxCents) }
  const limits: Limits = { perBet, perPlayerCents: thousands(dice, 2, 5), perTableCents: thousands(dice, 4, 12) }
  const pace = { bettingMs: 10_000, restMs: 5_000 }
  return { gameId: 'roulette', rulesVersion: 1, rules: dice.pick(RULES), limits, pace, currency: 'PEN' }
}

function thousands(dice: Dice, from: number, to: number): Cents {
  return toCents(dice.between(from, to) * 1_000)
}
