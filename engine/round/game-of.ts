import { assert } from '../assert.ts'
import type { Game } from '../game.ts'
import { gameById } from '../games.ts'
import type { Terms } from './types.ts'

/** The game of a round's terms. Errors: throws on a game this version does not have; such a table is never opened. */
export function gameOf({ gameId }: Pick<Terms, 'gameId'>): Game {
  const game = gameById(gameId)
  assert(game !== null, `the house has the game ${gameId}`)
  return game
}
