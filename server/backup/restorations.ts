import { type Kysely, sql } from 'kysely'
import type { LogRestored } from '../../engine/fairness/transcript.ts'
import type { Json } from '../../engine/game.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'
import { RESTORED } from '../fairness/log-name.ts'
import { StartRefused } from '../start-refused.ts'
import { latestMark } from './high-water.ts'
import { MarkSigner } from './keys.ts'
import { Place } from './place.ts'

/** The database came out of a backup, and nobody has yet seen to it that nothing of its lost future is used again. */
export class NotMarked extends StartRefused {
  constructor() {
    super(
      'books-not-marked',
      'this database was restored from a backup and is not marked yet: run `npm run restored -- --from <place>` ' +
        'once; docs/runbooks/restore-from-backup.md tells why',
    )
    this.name = 'NotMarked'
  }
}

/** The restorations that have no mark, oldest first. */
export async function unmarked(db: Kysely<DatabaseSchema>): Promise<readonly { readonly id: number }[]> {
  return db
    .selectFrom('restoration as r')
    .select('r.id')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('restoration_mark as m').select('m.at_ms').whereRef('m.restoration_id', '=', 'r.id'))),
    )
    .orderBy('r.id')
    .execute()
}

/** By how much numbers are raised above all that were seen; no minute without a mark could use as many. */
export const LEAP = 1_000

/**
 * Writes down that the books went back to an earlier time, and fences whatever node still runs from before. From here
 * on no fence moves until the database is marked. A backup of a database that was not marked stays so.
 */
export async function declareRestored(db: Kysely<DatabaseSchema>, source: Json, nowMs: number): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const [standing] = await unmarked(tx)
    if (standing !== undefined) return standing.id
    await sql`update table_fence set epoch = epoch + ${LEAP}`.execute(tx)
    const { rows } = await sql<{ id: number }>`insert into restoration (id, at_ms, source)
      select coalesce(max(id), 0) + 1, ${nowMs}, ${JSON.stringify(source)} from restoration returning id`.execute(tx)
    return rows[0]?.id ?? 0
  })
}

/** Errors: `NotMarked` (BAK-8). */
export async function assertMarked(db: Kysely<DatabaseSchema>): Promise<void> {
  if ((await unmarked(db)).length > 0) throw new NotMarked()
}

/** The books have not come as far as they once had: they were restored by other means, or a fail-over lost a part. */
export class BehindMark extends StartRefused {
  constructor(what: string) {
    super(
      'books-behind-mark',
      `${what}: these books went back to an earlier time. Nothing of the lost time may be used again: run ` +
        '`npm run restored -- --from <place> --declare` once; docs/runbooks/restore-from-backup.md tells why',
    )
    this.name = 'BehindMark'
  }
}

/**
 * Holds the books against the latest mark in the second place, where this node can read one (BAK-14). Of a log that the
 * latest restore has put behind it a mark says nothing any more.
 * Errors: `BehindMark`, and when the mark cannot be read.
 */
export async function assertNotBehind(
  db: Kysely<DatabaseSchema>,
  { dir, secretsKey }: { readonly dir: string; readonly secretsKey: Uint8Array },
): Promise<void> {
  const archive = (await new Place(dir).archives()).at(-1)
  const mark = archive && (await latestMark(archive, new MarkSigner(secretsKey)))
  if (!mark) return
  const { rows } = await sql<{ restored: string | null; size: number; seq: number }>`select
    (select body from log_entry
      where key = ${RESTORED} || (select max(restoration_id) from restoration_mark)) as restored,
    (select coalesce(max(index) + 1, 0) from log_entry) as size,
    (select coalesce(max(seq), 0) from audit_entry) as seq`.execute(db)
  const { restored = null, size = 0, seq = 0 } = rows[0] ?? {}
  const formers = restored === null ? [] : (JSON.parse(restored) as LogRestored).formers
  if (formers.some(({ name }) => name === mark.log.name)) return
  if (size < mark.log.size) throw new BehindMark(`the log has ${size} entries and had ${mark.log.size}`)
  if (seq < mark.audit.seq) throw new BehindMark(`the audit record has ${seq} entries and had ${mark.audit.seq}`)
  const fences = await db.selectFrom('table_fence').select(['table_id', 'epoch']).execute()
  const epochs = new Map(fences.map((fence) => [fence.table_id, fence.epoch]))
  for (const [tableId, { epoch }] of Object.entries(mark.tables)) {
    const now = epochs.get(tableId) ?? 0
    if (now < epoch) throw new BehindMark(`table ${tableId} has epoch ${now} and had ${epoch}`)
  }
}
