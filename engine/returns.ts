import { assert } from './assert.ts'
import type { BetReturn, Game, Json } from './game.ts'
import { type Ratio, ratio } from './money.ts'

/** Least theoretical return that Peru allows a bet: 85 % (G12). */
export const PERU_LEAST_RETURN: Ratio = ratio(85n, 100n)

/** Negative when a is less than b, 0 when they are equal, positive when it is more; exact. */
export function compareRatios(a: Ratio, b: Ratio): number {
  const difference = a.num * b.den - b.num * a.den
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The bet that returns least under these rules. */
export function leastReturn<Rules extends Json>(game: Game<Rules>, rules: Rules): BetReturn {
  const [first, ...others] = game.returns(rules)
  assert(first !== undefined, `the game ${game.id} has bets`)
  return others.reduce((least, bet) => (compareRatios(bet.return, least.return) < 0 ? bet : least), first)
}

/** The bets that return less than a market allows; a table with any of them is refused when it is opened (G12). */
export function betsBelow<Rules extends Json>(game: Game<Rules>, rules: Rules, least: Ratio): BetReturn[] {
  return game.returns(rules).filter((bet) => compareRatios(bet.return, least) < 0)
}
