import { createHash } from 'node:crypto'
import type { Database } from '../database/open.ts'

export type TicketHolder = { readonly playerId: string; readonly name: string; readonly tableId: string }

const TICKET_BYTES = 32
export const TICKET_MS = 30_000
const TICKET_TEXT = /^[A-Za-z0-9_-]{43}$/

/**
 * Single-use tickets to join a table: 256 random bits, kept as their SHA-256 only, good for 30 seconds at one table
 * (PLY-5 to PLY-8). They travel in an address, so they must be worthless once seen.
 */
export class Tickets {
  readonly #database: Database
  readonly #nowMs: () => number
  readonly #randomBytes: (count: number) => Uint8Array
  #sweepAtMs = 0

  /** `randomBytes` is the draw pool's in production. */
  constructor(options: {
    readonly database: Database
    readonly nowMs: () => number
    readonly randomBytes: (count: number) => Uint8Array
  }) {
    this.#database = options.database
    this.#nowMs = options.nowMs
    this.#randomBytes = options.randomBytes
  }

  async issue(playerId: string, name: string, tableId: string): Promise<{ ticket: string; expiresAtMs: number }> {
    const nowMs = this.#nowMs()
    if (nowMs >= this.#sweepAtMs) {
      this.#sweepAtMs = nowMs + TICKET_MS
      await this.sweep()
    }
    const ticket = Buffer.from(this.#randomBytes(TICKET_BYTES)).toString('base64url')
    const expiresAtMs = nowMs + TICKET_MS
    await this.#database.kysely
      .insertInto('table_ticket')
      .values({ hash: hashOf(ticket), player_id: playerId, name, table_id: tableId, expires_at_ms: expiresAtMs })
      .execute()
    return { ticket, expiresAtMs }
  }

  /**
   * Who holds the ticket, and for which table; null when it is unknown, used or expired. It is used up in every case.
   */
  async spend(ticket: string): Promise<TicketHolder | null> {
    if (!TICKET_TEXT.test(ticket)) return null
    const spent = await this.#database.kysely
      .deleteFrom('table_ticket')
      .where('hash', '=', hashOf(ticket))
      .returning(['player_id', 'name', 'table_id', 'expires_at_ms'])
      .executeTakeFirst()
    if (spent === undefined || spent.expires_at_ms <= this.#nowMs()) return null
    return { playerId: spent.player_id, name: spent.name, tableId: spent.table_id }
  }

  /** Forgets expired tickets; answers how many there were. */
  async sweep(): Promise<number> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom('table_ticket')
      .where('expires_at_ms', '<=', this.#nowMs())
      .executeTakeFirst()
    return Number(numDeletedRows)
  }
}

function hashOf(ticket: string): Buffer {
  return createHash('sha256').update(ticket).digest()
}
