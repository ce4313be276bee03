import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { canonicalJson } from '../../engine/fairness/encoding.ts'
import type { Json } from '../../engine/game.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'
import type { Database } from '../database/open.ts'
import { logName } from '../fairness/log-name.ts'
import { LogSigner, logSecretFrom } from '../fairness/log-signer.ts'
import { MerkleLog } from '../fairness/merkle-log.ts'
import type { MarkSigner } from './keys.ts'
import { type Archive, addLine, namesIn, type Place, readOrNull, writeWhole } from './place.ts'
import { extendRounds, NO_ROUNDS, type RoundsMark } from './rounds-chain.ts'

/**
 * How far the house had come: what no restored database may go behind unnoticed, and no later life may use again. All
 * of it is of one instant, and of transactions whose WAL ends at `lsn` or before.
 */
export type HighWater = {
  readonly format: 'crupier-high-water-1'
  readonly atMs: number
  readonly systemId: string
  readonly lsn: string
  /** `checkpoint` is the signed note that was, or could have been, published. */
  readonly log: { readonly name: string; readonly size: number; readonly checkpoint: string }
  readonly audit: { readonly seq: number; readonly hash: string }
  readonly rounds: RoundsMark
  /** By table; 0 for what it never had. */
  readonly tables: { readonly [tableId: string]: { readonly epoch: number; readonly seriesNo: number } }
  /** Of the latest life of a node. */
  readonly incarnation: number
}

export type MarkOptions = {
  readonly host: string
  readonly secretsKey: Uint8Array
  /** How far the chain of rounds was known already; from the beginning unless told. */
  readonly known?: RoundsMark | null
  readonly nowMs: () => number
}
export type Marked = { readonly water: HighWater; readonly differing: readonly string[] }

/** Reads how far the house has come, in one snapshot. */
export async function readHighWater(database: Database, options: MarkOptions): Promise<Marked> {
  return database.kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((db) => highWaterWithin(db, options))
}

export async function highWaterWithin(db: Kysely<DatabaseSchema>, options: MarkOptions): Promise<Marked> {
  const name = await logName(db, options.host)
  const log = new MerkleLog(db, new LogSigner(name, logSecretFrom(options.secretsKey)))
  const { size, note } = await log.checkpoint()
  const known = options.known ?? NO_ROUNDS
  const { mark: rounds, differing } = await extendRounds(db, known.logSize <= size ? known : NO_ROUNDS, size)
  const head = await db
    .selectFrom('audit_entry')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  const numbers = await sql<{ table_id: string; epoch: number; series_no: number }>`
    select coalesce(f.table_id, s.table_id) as table_id, coalesce(f.epoch, 0) as epoch,
      coalesce(s.series_no, 0) as series_no
    from table_fence f
    full join (select table_id, max(series_no) as series_no from series group by table_id) s using (table_id)`.execute(
    db,
  )
  const tables = numbers.rows.map((row) => [row.table_id, { epoch: row.epoch, seriesNo: row.series_no }] as const)
  // Asked last: everything that the snapshot shows was committed at this position or before.
  const position = await sql<{ lsn: string; system_id: string; incarnation: number }>`
    select pg_current_wal_insert_lsn()::text as lsn, (select last_value from cluster_incarnation) as incarnation,
      (select system_identifier::text from pg_control_system()) as system_id`.execute(db)
  const { lsn = '', system_id: systemId = '', incarnation = 0 } = position.rows[0] ?? {}
  const water: HighWater = {
    format: 'crupier-high-water-1',
    atMs: options.nowMs(),
    systemId,
    lsn,
    log: { name, size, checkpoint: note },
    audit: { seq: head?.seq ?? 0, hash: head?.hash.toString('hex') ?? '00'.repeat(32) },
    rounds,
    tables: Object.fromEntries(tables),
    incarnation,
  }
  return { water, differing }
}

const LATEST = 'latest.json'

/** One line of a file of marks: the canonical JSON and the signature over it. */
export function signedLine(water: HighWater, signer: MarkSigner): string {
  const text = canonicalJson(water as unknown as Json)
  return JSON.stringify({ water: JSON.parse(text), signature: signer.sign(text) })
}

/** Errors: throws when the line was not signed under this SECRETS_KEY, or was changed since. */
export function readLine(line: string, signer: MarkSigner, where: string): HighWater {
  try {
    const { water, signature } = JSON.parse(line) as { water: HighWater; signature: string }
    if (water.format === 'crupier-high-water-1' && signer.holds(canonicalJson(water as unknown as Json), signature))
      return water
  } catch (cause) {
    throw new Error(`${where} cannot be read`, { cause })
  }
  throw new Error(`${where} was changed, or signed under another SECRETS_KEY`)
}

/** Keeps a mark in the archive: added to the day's file, and as the latest. */
export async function keepMark(archive: Archive, water: HighWater, signer: MarkSigner): Promise<void> {
  const line = signedLine(water, signer)
  await addLine(join(archive.marksDir, `${new Date(water.atMs).toISOString().slice(0, 10)}.jsonl`), line)
  await writeWhole(join(archive.marksDir, LATEST), `${line}\n`)
}

/** The latest mark of the archive; null when it has none. Errors: as `readLine`. */
export async function latestMark(archive: Archive, signer: MarkSigner): Promise<HighWater | null> {
  const path = join(archive.marksDir, LATEST)
  const text = await readOrNull(path)
  return text === null ? null : readLine(text.trim(), signer, path)
}

/** The latest mark of every archive, also of those whose backups are gone. Errors: as `readLine`. */
export async function latestMarks(place: Place, signer: MarkSigner): Promise<HighWater[]> {
  const marks = await Promise.all((await place.archives()).map((archive) => latestMark(archive, signer)))
  return marks.filter((mark) => mark !== null)
}

/** Every mark that the archive still keeps, oldest first. Errors: as `readLine`. */
export async function allMarks(archive: Archive, signer: MarkSigner): Promise<HighWater[]> {
  const marks: HighWater[] = []
  for (const name of await namesIn(archive.marksDir)) {
    if (!name.endsWith('.jsonl')) continue
    const path = join(archive.marksDir, name)
    const lines = ((await readOrNull(path)) ?? '').split('\n')
    // A line that was being written when the power went has no end, and was never told to be kept.
    const whole = lines.slice(0, -1)
    for (const [i, line] of whole.entries()) marks.push(readLine(line, signer, `${path} line ${i + 1}`))
  }
  return marks
}
