import { type Cents, toCents } from '../../engine/money.ts'
import type { Database } from '../database/open.ts'
import type { Books } from '../ledger/books.ts'

/** S/ 10,000.00 */
export const MOST_PER_GRANT_CENTS = toCents(1_000_000)
const DAY_MS = 86_400_000

export type PlayMoneyAnswer =
  | { readonly balanceCents: Cents }
  | 'play-money-off'
  | 'grant-too-large'
  | 'daily-limit'
  | 'grant-id-taken'
  | 'unknown-account'

/**
 * Play money, in development mode only, through the ledger (PLY-9 to PLY-11). What a player asked for is written down
 * before the books are asked, so that a lost reply is asked again with the same id and counts once against the day.
 */
export class PlayMoney {
  readonly on: boolean
  readonly #database: Database
  readonly #books: Pick<Books, 'grant'>
  readonly #nowMs: () => number
  readonly #dailyCents: number

  constructor(options: {
    readonly on: boolean
    readonly database: Database
    readonly books: Pick<Books, 'grant'>
    readonly nowMs: () => number
    readonly dailyCents: number
  }) {
    this.on = options.on
    this.#database = options.database
    this.#books = options.books
    this.#nowMs = options.nowMs
    this.#dailyCents = options.dailyCents
  }

  /** `id` is a UUID made by the asker, `cents` a positive safe integer. */
  async grant(id: string, playerId: string, cents: Cents): Promise<PlayMoneyAnswer> {
    if (!this.on) return 'play-money-off'
    if (cents > MOST_PER_GRANT_CENTS) return 'grant-too-large'
    const noted = await this.#note(id, playerId, cents)
    if (noted !== 'noted') return noted
    return this.#books.grant(id, playerId, cents, 'play money')
  }

  #note(
    id: string,
    playerId: string,
    cents: Cents,
  ): Promise<'noted' | 'grant-id-taken' | 'daily-limit' | 'unknown-account'> {
    const nowMs = this.#nowMs()
    return this.#database.kysely.transaction().execute(async (tx) => {
      // The player's row is the lock: two requests at once cannot both find room under the day's limit.
      const player = await tx
        .selectFrom('player')
        .select('id')
        .where('id', '=', playerId)
        .forNoKeyUpdate()
        .executeTakeFirst()
      if (player === undefined) return 'unknown-account'
      const earlier = await tx.selectFrom('play_money_grant').selectAll().where('id', '=', id).executeTakeFirst()
      if (earlier !== undefined) {
        return earlier.player_id === playerId && earlier.cents === cents ? 'noted' : 'grant-id-taken'
      }
      const { taken } = await tx
        .selectFrom('play_money_grant')
        .select(({ fn }) => fn.sum<string | null>('cents').as('taken'))
        .where('player_id', '=', playerId)
        .where('asked_at_ms', '>', nowMs - DAY_MS)
        .executeTakeFirstOrThrow()
      if (Number(taken ?? 0) + cents > this.#dailyCents) return 'daily-limit'
      const inserted = await tx
        .insertInto('play_money_grant')
        .values({ id, player_id: playerId, cents, asked_at_ms: nowMs })
        .onConflict((row) => row.doNothing())
        .executeTakeFirst()
      // Only another player, who asked with the same id at the same time, can have come between.
      if (inserted.numInsertedOrUpdatedRows === 0n) return 'grant-id-taken'
      return 'noted'
    })
  }
}
