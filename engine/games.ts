import type { Game, Json } from './game.ts'
import { publishedReturn } from './roulette/published.ts'
import { roulette } from './roulette/roulette.ts'
import { ROULETTE_VARIANTS } from './roulette/rules.ts'

/** A game as the house lists it, with the rules it is published under and what its bets are published to return. */
export type Listing = {
  readonly game: Game
  readonly variants: Readonly<Record<string, Json>>
  /** The published return of a bet ("36/37"), to hold the enumeration against. */
  readonly publishedReturn: (variant: string, bet: string) => string | null
}

/** Every game of the house: one entry each. */
export const listings: readonly Listing[] = [{ game: roulette, variants: ROULETTE_VARIANTS, publishedReturn }]

export const games: Readonly<Record<string, Game>> = Object.fromEntries(listings.map(({ game }) => [game.id, game]))

/** The game of that id, or null when the house has none. */
export function gameById(id: string): Game | null {
  return Object.hasOwn(games, id) ? (games[id] ?? null) : null
}
