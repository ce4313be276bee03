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

/** Reading a log needs no key. */
const READER = new LogSigner('reader', new Uint8Array(32))

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
  const { restored, marks, live, keys, lsn } = options
  const read = await readRestored(options).catch((error: unknown) => String(error))
  if (typeof read === 'string') return [{ check: 'restored books can be read', ok: false, detail: read }]
  const { water, differing, roundsAt } = read
  const own = marks.filter(({ log }) => log.name === water.log.name)
  const within = own.filter(({ log }) => log.size <= water.log.size)
  const checks = [
    await looked('ledger balances', () => balance(restored)),
    await looked('log is whole', () => logWhole(restored, water)),
    await looked('log has the marked roots', () => roots(restored, water.log.name, within, keys)),
    await looked('rounds are as marked', async () => roundsMarked(roundsAt, within)),
    await looked('rounds agree with the log', async () => [
      differing.length === 0,
      counted(differing, { one: 'round differs from it', many: 'rounds differ from it' }),
    ]),
    await looked('audit record is as marked', () => auditMarked(restored, own, keys)),
    await looked('everything marked is there', async () => everythingThere(water, own, lsnOf(lsn))),
  ]
  if (live === null) return checks
  return [
    ...checks,
    await looked('rounds are those of the live house', () => sameRounds(water, live)),
    await looked('nothing is lost', () => nothingLost(restored, roundsAt, lsn, live.before)),
    await looked('nothing was added', () => nothingAdded(restored, live.database, water.log.size)),
  ]
}

type RoundsAt = ReadonlyMap<number, RoundsMark>

/**
 * Reads the restored books once, with the chain at every size that is asked for. Errors: rejects when they cannot be
 * read: whoever changed the log's stored root, or cut the log off within its tree, is found out here.
 */
async function readRestored(options: ProofOptions): Promise<Marked & { readonly roundsAt: RoundsAt }> {
  const { restored, marks, live, keys } = options
  const db = restored.kysely // nobody else is there, so no snapshot is needed
  const size = await new MerkleLog(db, READER).size()
  const asked = [...marks.map(({ log }) => log.size), live?.before.water.log.size ?? 0, size]
  const roundsAt = new Map<number, RoundsMark>()
  const differing: string[] = []
  let at = NO_ROUNDS
  for (const wanted of [...new Set(asked)].filter((one) => one <= size).toSorted((a, b) => a - b)) {
    const further = await extendRounds(db, at, wanted)
    at = further.mark
    differing.push(...further.differing)
    roundsAt.set(wanted, at)
  }
  return { ...(await highWaterWithin(db, { ...keys, known: at })), differing, roundsAt }
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
  const wrong = await new MerkleLog(restored.kysely, READER).audit()
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

function roundsMarked(roundsAt: RoundsAt, marks: readonly HighWater[]): Found {
  const sizes = new Map(marks.map(({ rounds }) => [rounds.logSize, rounds]))
  for (const [size, marked] of sizes) {
    const here = roundsAt.get(size) ?? NO_ROUNDS
    if (!sameMark(here, marked)) return [false, difference(here, marked)]
  }
  return [true, `${sizes.size} marks`]
}

async function sameRounds(
  { rounds }: HighWater,
  { database, before }: NonNullable<ProofOptions['live']>,
): Promise<Found> {
  const known = before.water.rounds.logSize <= rounds.logSize ? before.water.rounds : NO_ROUNDS
  const { mark: there } = await extendRounds(database.kysely, known, rounds.logSize)
  return sameMark(rounds, there) ? [true, inWords(rounds)] : [false, difference(rounds, there)]
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

async function nothingLost(
  restored: Database,
  roundsAt: RoundsAt,
  lsn: string,
  { water, loose }: LiveFacts,
): Promise<Found> {
  if (lsnOf(lsn) < lsnOf(water.lsn)) return [false, `recovered to ${lsn}, the live house was at ${water.lsn}`]
  const rounds = roundsAt.get(water.log.size) ?? NO_ROUNDS
  if (!sameMark(rounds, water.rounds)) return [false, difference(rounds, water.rounds)]
  const here = await looseEntries(restored.kysely, water.log.size)
  const missing = [...loose].filter(([key, digest]) => here.get(key) !== digest).map(([key]) => key)
  return [missing.length === 0, counted(missing, MISSING, loose.size)]
}

async function nothingAdded(restored: Database, live: Database, logSize: number): Promise<Found> {
  const here = await looseEntries(restored.kysely, logSize)
  const there = await looseEntries(live.kysely, logSize)
  const added = [...here].filter(([key, digest]) => there.get(key) !== digest).map(([key]) => key)
  return [added.length === 0, counted(added, ADDED, here.size)]
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

type Phrase = { readonly one: string; readonly many: string }
const MISSING: Phrase = { one: 'entry of the journal is missing', many: 'entries of the journal are missing' }
const ADDED: Phrase = {
  one: 'entry of the journal is not in the live books',
  many: 'entries of the journal are not in the live books',
}

/** `none of 12 entries …`, `no round …`, `2 of 12 entries …, such as …`. */
function counted(found: readonly string[], { one, many }: Phrase, of: number | null = null): string {
  if (found.length === 0) return of === null ? `no ${one}` : `none of ${of} ${many}`
  const total = of === null ? '' : ` of ${of}`
  return `${found.length}${total} ${found.length === 1 && of === null ? one : many}, such as ${found[0]}`
}
