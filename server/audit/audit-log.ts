import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Json } from '../../engine/game.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'
import type { Database } from '../database/open.ts'
import { canonicalJson } from './canonical-json.ts'

/** What was done, or tried: by whom, to what, and everything that tells before from after. */
export type AuditEvent = {
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly detail: Json
}
export type AuditEntry = AuditEvent & { readonly seq: number; readonly atMs: number }
/**
 * The last entry's place and hash: whoever keeps it elsewhere can tell later that nothing before it was changed or cut
 * off.
 */
export type AuditHead = { readonly seq: number; readonly hash: string }
export type AuditVerdict =
  | { readonly ok: true; readonly entries: number; readonly head: AuditHead }
  | { readonly ok: false; readonly seq: number; readonly why: string }

const FIRST_HASH = Buffer.alloc(32)
/** Any constant will do; it only has to be this lock's own. */
const AUDIT_LOCK = 4_831_772_119
const PAGE = 1_000

/**
 * The house's audit record: entries are only ever added, each carries the hash of the one before (AUD-1 to AUD-5).
 * `entry hash = SHA-256("crupier audit 1" 0x00 | previous hash | body)`, the body being canonical JSON.
 */
export class AuditLog {
  readonly #database: Database
  readonly #nowMs: () => number

  constructor(database: Database, nowMs: () => number) {
    this.#database = database
    this.#nowMs = nowMs
  }

  /** Adds one entry. Within a caller's transaction it stands or falls with what it records. */
  async record(event: AuditEvent, within?: Kysely<DatabaseSchema>): Promise<AuditHead> {
    if (within !== undefined) return this.#append(event, within)
    return this.#database.kysely.transaction().execute((tx) => this.#append(event, tx))
  }

  /** The latest entries, newest first. */
  async latest(limit: number): Promise<AuditEntry[]> {
    const rows = await this.#database.kysely
      .selectFrom('audit_entry')
      .select('body')
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute()
    return rows.map(({ body }) => JSON.parse(body) as AuditEntry)
  }

  /**
   * Reads the whole record and recomputes every hash. A `known` head, kept outside the database, also shows whether
   * entries were cut off its end or the record was rewritten as a whole.
   */
  async verify(known: AuditHead | null = null): Promise<AuditVerdict> {
    let head: AuditHead = { seq: 0, hash: FIRST_HASH.toString('hex') }
    for (;;) {
      const rows = await this.#database.kysely
        .selectFrom('audit_entry')
        .selectAll()
        .where('seq', '>', head.seq)
        .orderBy('seq')
        .limit(PAGE)
        .execute()
      for (const row of rows) {
        const why =
          fault(row, head) ?? (known?.seq === row.seq && known.hash !== row.hash.toString('hex') ? 'rewritten' : null)
        if (why !== null) return { ok: false, seq: row.seq, why }
        head = { seq: row.seq, hash: row.hash.toString('hex') }
      }
      if (rows.length < PAGE) break
    }
    if (known !== null && known.seq > head.seq) return { ok: false, seq: head.seq + 1, why: 'cut off' }
    return { ok: true, entries: head.seq, head }
  }

  async #append(event: AuditEvent, tx: Kysely<DatabaseSchema>): Promise<AuditHead> {
    // One writer at a time, so that the numbers have no gaps and each entry follows the last committed one.
    await sql`select pg_advisory_xact_lock(${AUDIT_LOCK})`.execute(tx)
    const last = await tx
      .selectFrom('audit_entry')
      .select(['seq', 'hash'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    const seq = (last?.seq ?? 0) + 1
    const prevHash = last?.hash ?? FIRST_HASH
    const { actor, action, target, detail } = event
    const body = canonicalJson({ seq, atMs: this.#nowMs(), actor, action, target, detail })
    const hash = entryHash(prevHash, body)
    await tx.insertInto('audit_entry').values({ seq, body, prev_hash: prevHash, hash }).execute()
    return { seq, hash: hash.toString('hex') }
  }
}

type Row = { readonly seq: number; readonly body: string; readonly prev_hash: Buffer; readonly hash: Buffer }

function fault(row: Row, head: AuditHead): string | null {
  if (row.seq !== head.seq + 1) return `missing before ${row.seq}`
  if (row.prev_hash.toString('hex') !== head.hash) return 'does not follow the entry before'
  if (!entryHash(row.prev_hash, row.body).equals(row.hash)) return 'altered'
  if ((JSON.parse(row.body) as { seq?: unknown }).seq !== row.seq) return 'out of its place'
  return null
}

function entryHash(previous: Buffer, body: string): Buffer {
  return createHash('sha256').update('crupier audit 1\0').update(previous).update(body, 'utf8').digest()
}
