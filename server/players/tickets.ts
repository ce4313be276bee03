import { createHash } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../database/open.ts'

export type TicketHolder = { readonly playerId: string; readonly name: string; readonly tableId: string }

const TICKET_BYTES = 32
export const TICKET_MS = 30_000
const TICKET_TEXT = /^[A-Za-z0-9_-]{43}$/
const DATABASE_MS = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`

/**
 * Single-use tickets to join a table: 256 random bits, kept as their SHA-256 only, good for 30 seconds at one table
 * (PLY-5 to PLY-8). They travel in an address, so they must be worthless once seen. A ticket may be spent at another
 * node than the one that gave it out, so their time is that of the one clock which all nodes share.
 */
export class Tickets {
  readonly #database: Database
  readonly #nowMs: (() => number) | undefined
  readonly #randomBytes: (count: number) => Uint8Array
  /** The expiry of the next ticket that comes with a sweep. */
  #sweepFromMs = 0

  /** `randomBytes` is the draw pool's in production. */
  constructor(options: {
    readonly database: Database
    /** The database's own clock if not given. */
    readonly nowMs?: () => number
    readonly randomBytes: (count: number) => Uint8Array
  }) {
    this.#database = options.database
    this.#nowMs = options.nowMs
    this.#randomBytes = options.randomBytes
  }

  async issue(playerId: string, name: string, tableId: string): Promise<{ ticket: string; expiresAtMs: number }> {
    const ticket = Buffer.from(this.#randomBytes(TICKET_BYTES)).toString('base64url')
    const { expires_at_ms } = await this.#database.kysely
      .insertInto('table_ticket')
      .values({
        hash: hashOf(ticket),
        player_id: playerId,
        name,
        table_id: tableId,
        expires_at_ms: sql<number>`${this.#now()} + ${TICKET_MS}::bigint`,
      })
      .returning('expires_at_ms')
      .executeTakeFirstOrThrow()
    if (expires_at_ms >= this.#sweepFromMs) {
      this.#sweepFromMs = expires_at_ms + TICKET_MS
      await this.sweep()
    }
    return { ticket, expiresAtMs: expires_at_ms }
  }

  /**
   * Who holds the ticket, and for which table; null when it is unknown, used or expired. It is used up in every case.
   */
  async spend(ticket: string): Promise<TicketHolder | null> {
    if (!TICKET_TEXT.test(ticket)) return null
    const spent = await this.#database.kysely
      .deleteFrom('table_ticket')
      .where('hash', '=', hashOf(ticket))
      .returning(['player_id', 'name', 'table_id', sql<boolean>`expires_at_ms > ${this.#now()}`.as('good')])
      .executeTakeFirst()
    if (spent === undefined || !spent.good) return null
    return { playerId: spent.player_id, name: spent.name, tableId: spent.table_id }
  }

  /** Forgets expired tickets; answers how many there were. */
  async sweep(): Promise<number> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom('table_ticket')
      .where('expires_at_ms', '<=', this.#now())
      .executeTakeFirst()
    return Number(numDeletedRows)
  }

  #now(): RawBuilder<number> {
    return this.#nowMs === undefined ? DATABASE_MS : sql<number>`${this.#nowMs()}::bigint`
  }
}

function hashOf(ticket: string): Buffer {
  return createHash('sha256').update(ticket).digest()
}
