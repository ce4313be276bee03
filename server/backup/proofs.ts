import { sql } from 'kysely'
import { assert } from '../../engine/assert.ts'
import { type Checkpoint, readCheckpoint } from '../../engine/fairness/checkpoint.ts'
import { sameBytes } from '../../engine/fairness/merkle.ts'
import { AuditLog } from '../audit/audit-log.ts'
import type { Database } from '../database/open.ts'
import { LogSigner, logSecretFrom } from '../fairness/log-signer.ts'
import { MerkleLog } from '../fairness/merkle-log.ts'
import { audit } from '../ledger/audit.ts'
import { type HighWater, highWaterWithin, type Marked } from './high-water.ts'
import { lsnOf } from './lsn.ts'
import { extendRounds, looseEntries, NO_ROUNDS, type RoundsMark } from './rounds-chain.ts'

/** One thing that was looked at; `detail` says what was found, in words. */
export type Check = { readonly check: string; readonly ok: boolean; readonly detail: string }

/** The live books at one instant, for holding restored ones against. */
export type LiveFacts = {
  readonly water: HighWater
  /** Digests of the posted entries that no ended round accounts for, by key. */
  readonly loose: ReadonlyMap<string, string>
}

type Keys = { readonly host: string; readonly secretsKey: Uint8Array; readonly nowMs: () => number }

export async function readLive(live: Database, keys: Keys): Promise<LiveFacts> {
  return live.kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (db) => {
      const { water } = await highWaterWithin(db, keys)
      return { water, loose: await looseEntries(db, water.log.size) }
    })
}

export type ProofOptions = {
  readonly restored: Database
  /** Up to where it was recovered. */
  readonly lsn: string
  /** The marks that the archive of the backup keeps. */
  readonly marks: readonly HighWater[]
  /** Null when the live house cannot be asked. */
  readonly live: { readonly database: Database; readonly before: LiveFacts } | null
  readonly keys: Keys
}

/** Holds a restored database against itself, the marks that were kept elsewhere, and the live house (BAK-11). */
export async function prove(options: ProofOptions): Promise<Check[]> {
  const { restored, marks, live, keys } = options
  const read = await readRestored(restored, keys)
  if (typeof read === 'string') return [{ check: 'restored books can be read', ok: false, detail: read }]
  const { water, differing } = read
  const own = marks.filter(({ log }) => log.name === water.log.name)
  const within = own.filter(({ log }) => log.size <= water.log.size)
  const checks = [
    await looked('ledger balances', () => balance(restored)),
    await looked('log is whole', () => logWhole(restored, water)),
    await looked('log has the marked roots', () => roots(restored, water.log.name, within, keys)),
    await looked('rounds are as marked', () => roundsMarked(restored, within)),
    await looked('rounds agree with the log', async () => [
      differing.length === 0,
      counted(differing, 'round differs'),
    ]),
    await looked('audit record is as marked', () => auditMarked(restored, own, keys)),
    await looked('everything marked is there', async () => everythingThere(water, own, lsnOf(options.lsn))),
  ]
  if (live === null) return checks
  return [
    ...checks,
    await looked('rounds are those of the live house', () => sameRounds(restored, live.database, water.log.size)),
    await looked('nothing is lost', () => nothingLost(restored, options.lsn, live.before)),
    await looked('nothing was added', () => nothingAdded(restored, live.database, water.log.size)),
  ]
}

/** Whoever changed the log's stored root, or cut the log off within its tree, is found out before anything else. */
function readRestored(restored: Database, keys: Keys): Promise<Marked | string> {
  return restored.kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((db) => highWaterWithin(db, keys))
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
}

/** A look that cannot be finished is a difference like any other. */
export async function looked(
  check: string,
  look: () => Promise<readonly [ok: boolean, detail: string]>,
): Promise<Check> {
  try {
    const [ok, detail] = await look()
    return { check, ok, detail }
  } catch (error) {
    return { check, ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

type Found = readonly [ok: boolean, detail: string]

async function balance(restored: Database): Promise<Found> {
  const found = await audit(restored.pool)
  const ok = found.linesSumCents === 0 && found.accountsOff === 0 && found.negativePlayers === 0
  const held = `players hold ${found.playersCents} cents, open rounds ${found.escrowCents}`
  return [ok, `lines sum to ${found.linesSumCents}, ${found.accountsOff} accounts off; ${held}`]
}

async function logWhole(restored: Database, { log }: HighWater): Promise<Found> {
  // Reading the log needs no key.
  const wrong = await new MerkleLog(restored.kysely, new LogSigner('reader', new Uint8Array(32))).audit()
  return wrong === null ? [true, `${log.size} entries`] : [false, `entry ${wrong.index} does not fit its tree`]
}

async function roots(restored: Database, name: string, marks: readonly HighWater[], keys: Keys): Promise<Found> {
  const signer = new LogSigner(name, logSecretFrom(keys.secretsKey))
  const log = new MerkleLog(restored.kysely, signer)
  const bySize = new Map(marks.map(({ log: marked }) => [marked.size, marked.checkpoint]))
  for (const [size, note] of bySize) {
    const checkpoint: Checkpoint | null = readCheckpoint(note, signer.key)
    assert(checkpoint?.size === size, `BAK-6: the checkpoint of ${size} entries is signed by this house`)
    if (!sameBytes(await log.rootAt(size), checkpoint.root)) return [false, `another root at ${size} entries`]
  }
  return [true, `${bySize.size} checkpoints`]
}

async function roundsMarked(restored: Database, marks: readonly HighWater[]): Promise<Found> {
  const bySize = new Map(marks.map(({ rounds }) => [rounds.logSize, rounds]))
  let at = NO_ROUNDS
  for (const marked of [...bySize.values()].toSorted((a, b) => a.logSize - b.logSize)) {
    at = (await extendRounds(restored.kysely, at, marked.logSize)).mark
    if (!sameMark(at, marked)) return [false, difference(at, marked)]
  }
  return [true, `${bySize.size} marks, ${inWords(at)}`]
}

async function sameRounds(restored: Database, live: Database, logSize: number): Promise<Found> {
  const { mark: here } = await extendRounds(restored.kysely, NO_ROUNDS, logSize)
  const { mark: there } = await extendRounds(live.kysely, NO_ROUNDS, logSize)
  return sameMark(here, there) ? [true, inWords(here)] : [false, difference(here, there)]
}

async function auditMarked(restored: Database, marks: readonly HighWater[], { nowMs }: Keys): Promise<Found> {
  const verdict = await new AuditLog(restored, nowMs).verify()
  if (!verdict.ok) return [false, `entry ${verdict.seq} is ${verdict.why}`]
  const heads = new Map(marks.map(({ audit: head }) => [head.seq, head.hash]))
  const seqs = [...heads.keys()].filter((seq) => seq > 0 && seq <= verdict.head.seq)
  const { rows } = await sql<{ seq: number; hash: string }>`
    select seq, encode(hash, 'hex') as hash from audit_entry where seq = any(${seqs}::bigint[])`.execute(
    restored.kysely,
  )
  const other = rows.find(({ seq, hash }) => heads.get(seq) !== hash)
  if (other !== undefined) return [false, `entry ${other.seq} is not the one that was marked`]
  return [true, `${verdict.entries} entries, ${rows.length} marked heads`]
}

/** What was marked at a position that was recovered must have come back. */
async function everythingThere(water: HighWater, marks: readonly HighWater[], lsn: bigint): Promise<Found> {
  const reached = marks.filter((mark) => lsnOf(mark.lsn) <= lsn)
  for (const mark of reached) {
    const at = `the mark of ${new Date(mark.atMs).toISOString()}`
    if (water.log.size < mark.log.size) return [false, `${water.log.size} log entries, ${mark.log.size} in ${at}`]
    if (water.audit.seq < mark.audit.seq) return [false, `${water.audit.seq} audit entries, ${mark.audit.seq} in ${at}`]
    for (const [tableId, { epoch, seriesNo }] of Object.entries(mark.tables)) {
      const here = water.tables[tableId] ?? { epoch: 0, seriesNo: 0 }
      if (here.epoch < epoch || here.seriesNo < seriesNo) return [false, `table ${tableId} is behind ${at}`]
    }
  }
  return [true, `${reached.length} of ${marks.length} marks lie before the position`]
}

async function nothingLost(restored: Database, lsn: string, { water, loose }: LiveFacts): Promise<Found> {
  if (lsnOf(lsn) < lsnOf(water.lsn)) return [false, `recovered to ${lsn}, the live house was at ${water.lsn}`]
  const { mark } = await extendRounds(restored.kysely, NO_ROUNDS, water.log.size)
  if (!sameMark(mark, water.rounds)) return [false, difference(mark, water.rounds)]
  const here = await looseEntries(restored.kysely, water.log.size)
  const missing = [...loose].filter(([key, digest]) => here.get(key) !== digest).map(([key]) => key)
  return [missing.length === 0, counted(missing, 'entry of the journal is missing', loose.size)]
}

async function nothingAdded(restored: Database, live: Database, logSize: number): Promise<Found> {
  const here = await looseEntries(restored.kysely, logSize)
  const there = await looseEntries(live.kysely, logSize)
  const added = [...here].filter(([key, digest]) => there.get(key) !== digest).map(([key]) => key)
  return [added.length === 0, counted(added, 'entry of the journal is not in the live books', here.size)]
}

function sameMark(a: RoundsMark, b: RoundsMark): boolean {
  return (Object.keys(a) as (keyof RoundsMark)[]).every((name) => a[name] === b[name])
}

function difference(here: RoundsMark, there: RoundsMark): string {
  const names = (Object.keys(here) as (keyof RoundsMark)[]).filter((name) => here[name] !== there[name])
  return `at ${there.logSize} entries: ${names.map((name) => `${name} ${here[name]}, not ${there[name]}`).join('; ')}`
}

function inWords({ rounds, entries, handleCents, paidCents }: RoundsMark): string {
  return `${rounds} rounds, ${entries} entries, ${handleCents} cents staked and ${paidCents} paid`
}

function counted(found: readonly string[], what: string, of: number | null = null): string {
  const total = of === null ? '' : ` of ${of}`
  return found.length === 0 ? `none${total}: ${what}` : `${found.length}${total}: ${what}, such as ${found[0]}`
}
