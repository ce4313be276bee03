import { assert } from '../assert.ts'
import type { Game } from '../game.ts'
import { gameById } from '../games.ts'
import type { Terms } from './types.ts'

/**
 * The game of a round's terms. Errors: throws on a game, or a version of its rules, that this program does not have.
 */
export function gameOf({ gameId, rulesVersion }: Pick<Terms, 'gameId' | 'rulesVersion'>): Game {
  const game = gameById(gameId)
  assert(game !== null, `the house has the game ${gameId}`)
  // G16: a running round is never paid by other rules than those it opened under.
  assert(game.rulesVersion === rulesVersion, `RND-10: ${gameId} has the rules of version ${rulesVersion}`)
  return game
}
