import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import type { Database } from '../database/open.ts'
import { LedgerBooks } from '../ledger/ledger-books.ts'
import { sleep } from '../tables/effect-runner.ts'
import { privateFolder } from './base-backup.ts'
import { allMarks, type HighWater, latestMarks } from './high-water.ts'
import { MarkSigner } from './keys.ts'
import { markRestored } from './mark-restored.ts'
import { type Place, writeWhole } from './place.ts'
import { serverOwner } from './programs.ts'
import { type Check, type LiveFacts, looked, prove, readLive } from './proofs.ts'
import { assertMarked, NotMarked } from './restorations.ts'
import { type Restored, restore, type Step } from './restore.ts'
import type { BackupSettings } from './settings.ts'
import { positions } from './wal-archive.ts'

export type DrillOptions = {
  readonly settings: BackupSettings
  readonly place: Place
  /** The live house; null when it cannot be asked, and the marks are all there is. */
  readonly live: { readonly books: Database; readonly replication: Database } | null
  readonly nowMs: () => number
  readonly told?: (step: string) => void
  readonly signal?: AbortSignal
}

export type DrillReport = {
  readonly format: 'crupier-drill-1'
  readonly atMs: number
  readonly ok: boolean
  readonly base: string | null
  readonly baseBytes: number | null
  readonly restoredTo: { readonly lsn: string; readonly lastCommitAtMs: number | null } | null
  /** From a commit in the live house until it was in the second place; null when that was not measured. */
  readonly rpoMs: number | null
  /** Without what a loss cannot be measured, and what to do; null when it was, or nobody asked. */
  readonly missing: string | null
  readonly rpoLimitMs: number
  /** From the order to a database that is proved, marked and could be opened. */
  readonly rtoMs: number
  readonly rtoLimitMs: number
  readonly steps: readonly Step[]
  readonly checks: readonly Check[]
}

const LOOK_MS = 20
const LOSS = 'loss is within its objective'
/** A stream that broke is there again within this time; a house without one is told so, instead of a long wait. */
const STREAM_WITHIN_MS = 3_000

/**
 * Restores the newest backup to a throw-away server, proves it, marks it, and throws it away (O5, O6). Every difference
 * is in the report; it never rejects for one.
 */
export async function drill(options: DrillOptions): Promise<DrillReport> {
  const { settings, place, live, nowMs, told = () => {}, signal } = options
  const atMs = nowMs()
  const { rpoMs: rpoLimitMs, rtoMs: rtoLimitMs, host, secretsKey } = settings
  const keys = { host, secretsKey, nowMs }
  told('read the live house')
  const before = live === null ? null : await readLive(live.books, keys)
  told('measure what could be lost')
  const measured = live === null ? NOT_ASKED : await measureRpo(live.replication.pool, settings.slot, rpoLimitMs)
  const { rpoMs, missing } = measured
  const startedMs = performance.now()
  const target = await privateFolder(settings.scratchDir, 'crupier-drill-', serverOwner())
  const checks: Check[] = []
  let restored: Restored | null = null
  try {
    const came = await looked('a server was restored', async () => {
      const { pgBin } = settings
      const wanted = { place, secretsKey, target, pgBin, durable: false, nowMs, told, ...(signal && { signal }) }
      restored = await restore(wanted)
      return [true, `${restored.base.name} to ${restored.lsn}, ${restored.seriesOpened} sealed series open`]
    })
    checks.push(came)
    if (restored !== null) checks.push(...(await proveAll(options, restored, before)))
  } finally {
    await (restored as Restored | null)?.stop()
    await rm(target, { recursive: true, force: true })
  }
  const rtoMs = Math.round(performance.now() - startedMs)
  if (live !== null) checks.push(within(LOSS, rpoMs, rpoLimitMs, missing))
  checks.push(within('time is within its objective', rtoMs, rtoLimitMs))
  const done = restored as Restored | null
  const ok = checks.every((check) => check.ok)
  const base = done?.base ?? null
  return {
    format: 'crupier-drill-1',
    atMs,
    ok,
    base: base?.name ?? null,
    baseBytes: base?.files.reduce((sum, { bytes }) => sum + bytes, 0) ?? null,
    restoredTo: done && { lsn: done.lsn, lastCommitAtMs: done.lastCommitAtMs },
    rpoMs,
    missing,
    rpoLimitMs,
    rtoMs,
    rtoLimitMs,
    steps: done?.steps ?? [],
    checks,
  }
}

async function proveAll(options: DrillOptions, restored: Restored, before: LiveFacts | null): Promise<Check[]> {
  const { settings, live, nowMs, told = () => {} } = options
  const { host, secretsKey } = settings
  const signer = new MarkSigner(secretsKey)
  told('prove the books')
  const marks: HighWater[] = []
  const signed = await looked('marks are signed', async () => {
    marks.push(...(await allMarks(restored.base.archive, signer)))
    return [true, `${marks.length} marks`]
  })
  const asked = live === null || before === null ? null : { database: live.books, before }
  const keys = { host, secretsKey, nowMs }
  const books = await prove({ restored: restored.database, lsn: restored.lsn, marks, live: asked, keys })
  told('mark it as restored')
  const rehearsed = await looked('it opens only when marked', () => rehearse(options, restored.database, signer))
  return [signed, ...books, rehearsed]
}

/** What would come next after a true loss: nobody may open the database, then it is marked, and all numbers are new. */
async function rehearse(
  { settings, place, nowMs }: DrillOptions,
  restored: Database,
  signer: MarkSigner,
): Promise<readonly [boolean, string]> {
  const refused = await assertMarked(restored.kysely).then(
    () => false,
    (error: unknown) => error instanceof NotMarked,
  )
  const books = new LedgerBooks(restored, nowMs)
  const fenced = await books.raiseEpoch('a-table-of-the-drill').then(
    () => false,
    () => true,
  )
  if (!refused || !fenced) return [false, 'a restored database could be opened before it was marked']
  const waters = await latestMarks(place, signer)
  const { host, secretsKey } = settings
  const report = await markRestored({ database: restored, waters, host, secretsKey, actor: 'restore drill', nowMs })
  const seen = waters.flatMap(({ tables }) => Object.values(tables))
  const above =
    seen.every(({ epoch, seriesNo }) => epoch < report.leastEpoch && seriesNo < report.leastSeriesNo) &&
    waters.every(({ log }) => log.name !== report.logName)
  const { leastEpoch, leastSeriesNo, logName, openRounds } = report
  return [
    above,
    `epochs from ${leastEpoch}, series from ${leastSeriesNo}, log ${logName}, ${openRounds.length} open rounds`,
  ]
}

type Measured = { readonly rpoMs: number | null; readonly missing: string | null }
const NOT_ASKED: Measured = { rpoMs: null, missing: null }

/** Commits something small and waits until it is in the second place, at most for the limit. */
async function measureRpo(pool: pg.Pool, slot: string, limitMs: number): Promise<Measured> {
  await pool.query(`select pg_logical_emit_message(true, 'crupier', 'restore drill')`)
  const startedMs = performance.now()
  const { live } = await positions(pool, slot)
  const { signal } = new AbortController()
  let streamed = false
  for (;;) {
    const { safe } = await positions(pool, slot)
    const ms = performance.now() - startedMs
    streamed ||= safe !== null
    if (safe !== null && safe >= live) return { rpoMs: Math.round(ms), missing: null }
    if (!streamed && ms > Math.min(STREAM_WITHIN_MS, limitMs)) return { rpoMs: null, missing: nobodyStreams(slot) }
    if (ms > limitMs) return NOT_ASKED
    await sleep(LOOK_MS, signal)
  }
}

function nobodyStreams(slot: string): string {
  return (
    `no process streams the WAL to the second place (replication slot ${slot}), so whatever came after the base ` +
    'backup would be lost. Start `npm run backup -- --every 24h`, wait for "streaming WAL" in its log, and ' +
    'drill again; `npm run restore-drill -- --without-live` proves what a lone backup holds'
  )
}

function within(check: string, ms: number | null, limitMs: number, missing: string | null = null): Check {
  const limit = `of ${limitMs / 1000} s`
  if (ms === null) return { check, ok: false, detail: missing === null ? `more than all ${limit}` : 'not measured' }
  return { check, ok: ms <= limitMs, detail: `${(ms / 1000).toFixed(2)} s ${limit}` }
}

/** The report as text, for people. */
export function reportText(report: DrillReport): string {
  const { atMs, ok, base, baseBytes, restoredTo, missing, rtoMs, steps, checks } = report
  const time = (ms: number | null): string => (ms === null ? 'not known' : new Date(ms).toISOString())
  const lines = [
    `Restore drill of ${time(atMs)}: ${ok ? 'PASSED' : 'FAILED'}`,
    `  backup        ${base ?? 'none'}${baseBytes === null ? '' : ` (${baseBytes} bytes)`}`,
    `  restored to   ${restoredTo?.lsn ?? 'nothing'}, last commit ${time(restoredTo?.lastCommitAtMs ?? null)}`,
    `  loss (RPO)    ${lossInWords(report)}`,
    `  time (RTO)    ${rtoMs / 1000} s`,
    ...steps.map(({ step, ms }) => `    ${step.padEnd(22)}${(ms / 1000).toFixed(2).padStart(8)} s`),
    ...checks.map(({ check, ok: passed, detail }) =>
      passed ? `  ok   ${check}: ${detail}` : `  FAIL does not hold: ${check} (${detail})`,
    ),
    ...(missing === null ? [] : [`What is missing: ${missing}.`]),
  ]
  return `${lines.join('\n')}\n`
}

function lossInWords({ rpoMs, rpoLimitMs, missing, checks }: DrillReport): string {
  if (rpoMs !== null) return `${rpoMs / 1000} s`
  if (missing !== null) return 'not measured: see below what is missing'
  const asked = checks.some(({ check }) => check === LOSS)
  return asked ? `more than ${rpoLimitMs / 1000} s` : 'not measured, since the live house was not asked'
}

/** Keeps the report in the place, as JSON and as text, and as the latest. */
export async function keepReport(place: Place, report: DrillReport): Promise<string> {
  await mkdir(place.drillsDir, { recursive: true, mode: 0o700 })
  const name = new Date(report.atMs).toISOString().replace(/[-:.]/g, '')
  const json = `${JSON.stringify(report, null, 1)}\n`
  await writeWhole(join(place.drillsDir, `${name}.txt`), reportText(report))
  await writeWhole(join(place.drillsDir, `${name}.json`), json)
  if (report.ok) await writeWhole(join(place.drillsDir, 'last-passed.json'), json)
  await writeWhole(join(place.drillsDir, 'last.json'), json)
  return join(place.drillsDir, `${name}.txt`)
}
