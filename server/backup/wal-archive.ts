import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type pg from 'pg'
import { lsnOf, segmentName, segmentOf } from './lsn.ts'
import { type Archive, type Base, namesIn, syncFolder } from './place.ts'
import { begin, ended, type Reach, STREAM_NAME } from './programs.ts'

const pack = promisify(gzip)
const unpack = promisify(gunzip)

const MOST_LOOKS = 3_600
/** What the server says when it no longer has what would come next, or never had what came last. */
const GAP = new RegExp(
  [
    'requested WAL segment \\S+ has already been removed',
    'requested starting point .* is ahead of the WAL flush position',
    "requested starting point .* is not in this server's history",
    "requested timeline \\d+ is not in this server's history",
    'exceeded the maximum reserved size',
  ].join('|'),
)

/**
 * Streams WAL into the archive until the signal, each record flushed there as it comes (BAK-2). `gap`: the archive
 * cannot go on. Errors: rejects when the stream ended for another reason, such as the server's end.
 */
export async function receiveWal(options: {
  readonly archive: Archive
  readonly reach: Reach
  readonly bin: string
  readonly slot: string
  readonly signal: AbortSignal
}): Promise<'stopped' | 'gap'> {
  const { archive, reach, bin, slot, signal } = options
  const where = ['--directory', archive.walDir, '--dbname', reach.dbname, '--slot', slot]
  const how = ['--synchronous', '--status-interval=1', '--no-loop', '--no-password']
  const { code, said } = await ended(begin(join(bin, 'pg_receivewal'), [...where, ...how], { env: reach.env }), signal)
  if (signal.aborted) return 'stopped'
  if (GAP.test(said)) return 'gap'
  throw new Error(`pg_receivewal ended (${code}): ${said.trim()}`)
}

/** The slot keeps WAL on the server until it is in the archive. Does nothing when it is there. */
export async function ensureSlot(pool: pg.Pool, slot: string): Promise<void> {
  await pool.query(
    `select pg_create_physical_replication_slot($1, true)
     where not exists (select from pg_replication_slots where slot_name = $1)`,
    [slot],
  )
}

/** A slot that begins now. Errors: rejects while somebody streams from the old one. */
export async function renewSlot(pool: pg.Pool, slot: string): Promise<void> {
  await pool.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [slot])
  await ensureSlot(pool, slot)
}

/**
 * Errors: rejects when the server counts this stream as one of its standbys: commits would then wait for the second
 * place, or worse, no longer for the true standby.
 */
export async function assertNoStandby(pool: pg.Pool): Promise<void> {
  // The view of the streams tells this only to a role that may read everybody's.
  const { rows } = await pool.query<{ names: string }>(`select current_setting('synchronous_standby_names') as names`)
  const names = rows[0]?.names ?? ''
  if (names.includes('*') || names.includes(STREAM_NAME))
    throw new Error(`the backup counts as a standby: synchronous_standby_names is ${names}, name the true standbys`)
}

/** Where the server is, and up to where the archive has everything; null while there is no slot that keeps it. */
export async function positions(pool: pg.Pool, slot: string): Promise<{ live: bigint; safe: bigint | null }> {
  const { rows } = await pool.query<{ live: string; safe: string | null }>(
    `select pg_current_wal_flush_lsn()::text as live, (
      select restart_lsn::text from pg_replication_slots where slot_name = $1 and wal_status <> 'lost' and active
    ) as safe`,
    [slot],
  )
  const { live = '0/0', safe = null } = rows[0] ?? {}
  return { live: lsnOf(live), safe: safe === null ? null : lsnOf(safe) }
}

/**
 * Whether the archive's WAL begins only after the base has ended, as when it was taken while nobody streamed: what was
 * committed in between can never be replayed upon it (BAK-16). False while there is no WAL: no other base would help.
 */
export async function leavesGap({ archive, timeline, endLsn, segmentBytes }: Base): Promise<boolean> {
  const end = segmentName(timeline, lsnOf(endLsn), segmentBytes).slice(8)
  const segments = (await namesIn(archive.walDir)).map(segmentOf)
  const places = segments.flatMap((segment) => (segment === null ? [] : [segment.place]))
  return places.length > 0 && places.every((place) => place > end)
}

/** Compresses every segment that is complete; what was packed is read back before the original goes. */
export async function packSegments(archive: Archive): Promise<number> {
  let packed = 0
  for (const file of await namesIn(archive.walDir)) {
    if (segmentOf(file)?.kind !== 'whole') continue
    const path = join(archive.walDir, file)
    const raw = await readFile(path)
    const small = await pack(raw)
    await writeFile(`${path}.new`, small, { mode: 0o600, flush: true })
    if (!(await unpack(await readFile(`${path}.new`))).equals(raw)) throw new Error(`${file} was not packed as it is`)
    await rename(`${path}.new`, `${path}.gz`)
    await syncFolder(archive.walDir)
    await rm(path)
    packed += 1
  }
  return packed
}

/** Tells since when the archive lags, from looks at both positions (BAK-2). */
export class WalAge {
  readonly #looks: { atMs: number; live: bigint }[] = []
  #safeAtMs: number | null = null

  looked(atMs: number, live: bigint, safe: bigint | null): void {
    this.#looks.push({ atMs, live })
    const later = this.#looks.findIndex((look) => safe === null || look.live > safe)
    const passed = this.#looks.splice(0, later === -1 ? this.#looks.length : later)
    this.#safeAtMs = passed.at(-1)?.atMs ?? this.#safeAtMs
    if (this.#looks.length <= MOST_LOOKS) return
    // A day without an archive is remembered more coarsely, not at more length.
    const kept = this.#looks.filter((_, i) => i % 2 === 0)
    this.#looks.splice(0, this.#looks.length, ...kept)
  }

  /** Everything that was committed up to then is in the second place; null when that was never seen. */
  get safeAtMs(): number | null {
    return this.#safeAtMs
  }
}
