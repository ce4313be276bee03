import { sql } from 'kysely'
import { z } from 'zod'
import type { Json } from '../../engine/game.ts'
import type { Database } from '../database/open.ts'

export const MAX_FAVOURITES = 12
export const MAX_FAVOURITE_BETS = 64
const MAX_SELECTION_CHARACTERS = 400

const bet = z.strictObject({
  selection: z.json().refine((value) => JSON.stringify(value).length <= MAX_SELECTION_CHARACTERS),
  stakeCents: z.int().positive().max(1_000_000_000),
})
const favourite = z.strictObject({
  name: z.string().trim().min(1).max(40),
  gameId: z.string().min(1).max(40),
  bets: z.array(bet).min(1).max(MAX_FAVOURITE_BETS),
})

/**
 * What a player may keep: at most 12 favourites of at most 64 bets. Stakes and selections are judged when they are
 * bet.
 */
export const favouriteList = z.array(favourite).max(MAX_FAVOURITES)
export type Favourite = {
  readonly name: string
  readonly gameId: string
  readonly bets: readonly { readonly selection: Json; readonly stakeCents: number }[]
}

/**
 * Bets that a player likes to place together. They are shown and sent by the player's own page; nothing is staked
 * here.
 */
export class Favourites {
  readonly #database: Database
  readonly #nowMs: () => number
  readonly #hasGame: (gameId: string) => boolean

  constructor(options: {
    readonly database: Database
    readonly nowMs: () => number
    readonly hasGame: (gameId: string) => boolean
  }) {
    this.#database = options.database
    this.#nowMs = options.nowMs
    this.#hasGame = options.hasGame
  }

  async of(playerId: string): Promise<readonly Favourite[]> {
    const row = await this.#database.kysely
      .selectFrom('player_favourites')
      .select('favourites')
      .where('player_id', '=', playerId)
      .executeTakeFirst()
    return (row?.favourites as readonly Favourite[] | undefined) ?? []
  }

  /** Replaces the player's list, which `favouriteList` has read. */
  async keep(playerId: string, favourites: readonly Favourite[]): Promise<'kept' | 'unknown-game'> {
    if (!favourites.every(({ gameId }) => this.#hasGame(gameId))) return 'unknown-game'
    const kept = { favourites: sql`${JSON.stringify(favourites)}::jsonb`, updated_at_ms: this.#nowMs() }
    await this.#database.kysely
      .insertInto('player_favourites')
      .values({ player_id: playerId, ...kept })
      .onConflict((row) => row.column('player_id').doUpdateSet(kept))
      .execute()
    return 'kept'
  }
}
