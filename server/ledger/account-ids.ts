import type pg from 'pg'
import { posting } from './out-of-reach.ts'

/** More players than a node has at its tables; beyond it the longest known are forgotten, and looked up again. */
const MOST_KNOWN = 100_000

/**
 * The ids of players' accounts. An account is never deleted and its id never changes, so what was read once stays
 * true.
 */
export class AccountIds {
  readonly #pool: pg.Pool
  readonly #known = new Map<string, number>()

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  /** The id of each player's account, in their order; null for a player who has none. */
  async of(playerIds: readonly string[]): Promise<(number | null)[]> {
    const ids = playerIds.map((playerId) => this.#known.get(playerId) ?? null)
    const strangers = playerIds.filter((_, i) => ids[i] === null)
    if (strangers.length === 0) return ids
    const read = await this.#read(strangers)
    return ids.map((id, i) => id ?? read.get(playerIds[i] ?? '') ?? null)
  }

  async #read(playerIds: readonly string[]): Promise<Map<string, number>> {
    const { rows } = await posting(() =>
      this.#pool.query<{ owner: string; id: number }>({
        name: 'ledger_account_ids',
        text: `select owner, id from account where owner = any($1) and kind = 'player'`,
        values: [playerIds],
      }),
    )
    for (const { owner, id } of rows) this.#known.set(owner, id)
    for (const longestKnown of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break
      this.#known.delete(longestKnown)
    }
    return new Map(rows.map(({ owner, id }) => [owner, id]))
  }
}
