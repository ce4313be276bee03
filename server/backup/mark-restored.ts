import { type Kysely, sql } from 'kysely'
import { assert } from '../../engine/assert.ts'
import { readCheckpoint } from '../../engine/fairness/checkpoint.ts'
import { toHex } from '../../engine/fairness/hex.ts'
import type { FormerLog, LogRestored } from '../../engine/fairness/transcript.ts'
import { due } from '../../engine/round/due.ts'
import { rebuild } from '../../engine/round/rebuild.ts'
import { step } from '../../engine/round/step.ts'
import { AuditLog } from '../audit/audit-log.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'
import type { Database } from '../database/open.ts'
import { appendEntry } from '../fairness/log-entries.ts'
import { logName, restoredKey } from '../fairness/log-name.ts'
import { LogSigner, logSecretFrom } from '../fairness/log-signer.ts'
import { MerkleLog } from '../fairness/merkle-log.ts'
import { latestRoundWithin } from '../ledger/facts.ts'
import type { HighWater } from './high-water.ts'
import { LEAP, unmarked } from './restorations.ts'

export type MarkRestoredOptions = {
  readonly database: Database
  /** Everything that is known of how far the house had come: the latest mark of every archive. */
  readonly waters: readonly HighWater[]
  readonly host: string
  readonly secretsKey: Uint8Array
  readonly actor: string
  readonly nowMs: () => number
}

/** A round that was open at the position to which the books went back. */
export type OpenRound = {
  readonly roundId: string
  /** Its bets are closed now, as the books hold them; it ends by the seed that was committed before they were made. */
  readonly bets: number
  readonly stakeCents: number
}
export type MarkReport = {
  readonly logName: string
  readonly leastEpoch: number
  readonly leastSeriesNo: number
  readonly restoredSize: number
  readonly formers: readonly FormerLog[]
  /** Entries of the former log that are known to be lost; more may be, up to a minute's. */
  readonly entriesLost: number
  readonly openRounds: readonly OpenRound[]
}

/**
 * Makes a restored database fit to be opened: every table's epoch is above all that were ever seen, series begin anew
 * above all that were ever seen, the log goes on under a name of its own, and bets of open rounds are closed (BAK-9,
 * BAK-10). May be repeated after it was interrupted; once it is done it does nothing more.
 * Errors: rejects when nothing waits for a mark, or when the books are not those of the marks.
 */
export async function markRestored(options: MarkRestoredOptions): Promise<MarkReport> {
  const { database, waters, host, secretsKey, nowMs } = options
  const waiting = await unmarked(database.kysely)
  const restoration = waiting.at(-1)
  if (restoration === undefined) throw new Error('this database does not wait for a mark')
  const former = await logName(database.kysely, host)
  const signer = new LogSigner(former, logSecretFrom(secretsKey))
  const log = new MerkleLog(database.kysely, signer)
  const key = restoredKey(restoration.id)
  const standing = await log.find(key)
  const numbers = await leastNumbers(database.kysely, waters)
  const entry = standing
    ? (JSON.parse(standing.body) as LogRestored)
    : await appendEntry<LogRestored>(log, key, await entryOf(log, signer, options, numbers.leastSeriesNo))
  assert(entry.name.startsWith(`${host}/`), 'BAK-9: the log is marked for the house that it is of')
  const openRounds = await database.kysely.transaction().execute(async (tx) => {
    await sql`select id from restoration order by id for update`.execute(tx)
    const marks = (await unmarked(tx)).map(({ id }) => ({
      restoration_id: id,
      at_ms: nowMs(),
      actor: options.actor,
      log_suffix: `${entry.name.slice(host.length + 1)}${id === restoration.id ? '' : `-${id}`}`,
      least_epoch: numbers.leastEpoch,
      least_series_no: entry.leastSeriesNo,
    }))
    await tx.insertInto('restoration_mark').values(marks).execute()
    await raise(tx, waters, numbers)
    const closed = await closeOpenRounds(tx, nowMs())
    const detail = { logName: entry.name, restoredSize: entry.restoredSize, ...numbers, openRounds: closed }
    const audit = new AuditLog(database, nowMs)
    await audit.record({ actor: options.actor, action: 'house.restored', target: '', detail }, tx)
    return closed
  })
  const lost = entry.formers.filter(({ name }) => name === former).map(({ size }) => size - entry.restoredSize)
  const { name, restoredSize, leastSeriesNo, formers } = entry
  const { leastEpoch } = numbers
  return {
    logName: name,
    leastEpoch,
    leastSeriesNo,
    restoredSize,
    formers,
    entriesLost: Math.max(0, ...lost),
    openRounds,
  }
}

type Numbers = { readonly leastEpoch: number; readonly leastSeriesNo: number; readonly leastIncarnation: number }

/** Above everything that the books hold and everything that was marked, by a leap that no minute could bridge. */
async function leastNumbers(db: Kysely<DatabaseSchema>, waters: readonly HighWater[]): Promise<Numbers> {
  const { rows } = await sql<{ epoch: number; series_no: number; incarnation: number }>`select
    (select coalesce(max(epoch), 0) from table_fence) as epoch,
    greatest((select coalesce(max(series_no), 0) from series),
      (select coalesce(max(least_series_no), 0) from restoration_mark)) as series_no,
    (select last_value from cluster_incarnation) as incarnation`.execute(db)
  const seen = waters.flatMap(({ tables }) => Object.values(tables))
  const [held] = rows
  return {
    leastEpoch: Math.max(held?.epoch ?? 0, ...seen.map(({ epoch }) => epoch)) + LEAP,
    leastSeriesNo: Math.max(held?.series_no ?? 0, ...seen.map(({ seriesNo }) => seriesNo)) + LEAP,
    leastIncarnation: Math.max(held?.incarnation ?? 0, ...waters.map(({ incarnation }) => incarnation)) + LEAP,
  }
}

async function entryOf(
  log: MerkleLog,
  signer: LogSigner,
  { waters, host, nowMs }: MarkRestoredOptions,
  leastSeriesNo: number,
): Promise<LogRestored> {
  const { size, note } = await log.checkpoint()
  const atMs = nowMs()
  for (const water of waters) {
    if (water.log.name === signer.key.name) await assertSameLog(log, signer, water, size)
  }
  const newest = new Map<string, FormerLog>([[signer.key.name, { name: signer.key.name, size, checkpoint: note }]])
  for (const { log: known } of waters) {
    if ((newest.get(known.name)?.size ?? -1) < known.size) newest.set(known.name, known)
  }
  return {
    type: 'log-restored',
    name: `${host}/restored-${new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '')}`,
    restoredSize: size,
    restoredRootHex: rootOf(note, signer),
    formers: [...newest.values()],
    leastSeriesNo,
    atMs,
  }
}

/** Errors: throws when the restored log is not the beginning of the one that was marked, or the other way round. */
async function assertSameLog(
  log: MerkleLog,
  signer: LogSigner,
  { log: marked }: HighWater,
  size: number,
): Promise<void> {
  if (marked.size > size) return // what is missing cannot be compared; the entry names it
  const same = toHex(await log.rootAt(marked.size)) === rootOf(marked.checkpoint, signer)
  if (!same) throw new Error(`the restored log is not the one whose ${marked.size} entries were marked: stop and look`)
}

function rootOf(note: string, signer: LogSigner): string {
  const checkpoint = readCheckpoint(note, signer.key)
  assert(checkpoint !== null, 'BAK-6: a checkpoint is signed by the house')
  return toHex(checkpoint.root)
}

async function raise(db: Kysely<DatabaseSchema>, waters: readonly HighWater[], numbers: Numbers): Promise<void> {
  // A table that was made in the lost time keeps its place among the fences, should one of its name be made again.
  const known = new Set(waters.flatMap(({ tables }) => Object.keys(tables)))
  const fenced = await db.selectFrom('table_fence').select('table_id').execute()
  for (const { table_id } of fenced) known.delete(table_id)
  for (const tableId of known) await sql`select ledger_raise_epoch(${tableId})`.execute(db)
  await sql`update table_fence set epoch = ${numbers.leastEpoch}`.execute(db)
  await sql`select setval('cluster_incarnation', ${numbers.leastIncarnation})`.execute(db)
}

/**
 * Closes the bets of every round that had not ended. Its outcome may have been told in the lost time, so not one more
 * bet may enter it; and it is not to be drawn anew, so it ends by its own seed as soon as its table opens.
 */
async function closeOpenRounds(db: Kysely<DatabaseSchema>, nowMs: number): Promise<OpenRound[]> {
  const { rows } = await sql<{ table_id: string; epoch: number }>`select f.table_id, f.epoch from table_fence f
    join round r on r.table_id = f.table_id and r.ended_at_ms is null order by f.table_id`.execute(db)
  const closed: OpenRound[] = []
  for (const { table_id: tableId, epoch } of rows) {
    const facts = await latestRoundWithin(db, tableId)
    assert(facts !== null && facts.ended === null, 'BAK-10: the open round is the latest')
    const open = rebuild(null, facts)
    const past = step(open, { type: 'clockReached', atMs: Math.max(nowMs, facts.opening.closesAtMs) })
    const close = due(past.ok ? past.round : open).find((effect) => effect.type === 'close')
    const { roundId } = facts.opening
    if (close !== undefined)
      await sql`select * from ledger_close_round(${tableId}, ${epoch}, ${roundId}, ${close.betDigest})`.execute(db)
    const held = facts.stakes.filter(({ fate }) => fate === 'reserved')
    closed.push({ roundId, bets: held.length, stakeCents: held.reduce((sum, { bet }) => sum + bet.stakeCents, 0) })
  }
  return closed
}
