import { chown, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { sql } from 'kysely'
import { fromHex } from '../../engine/fairness/hex.ts'
import { leafHash, verifyInclusion } from '../../engine/fairness/merkle.ts'
import { DrawPool } from '../../workers/draw-pool.ts'
import { migrate } from '../database/migrate.ts'
import { type Database, openDatabase } from '../database/open.ts'
import { checkFiles, privateFolder, unpackBase } from './base-backup.ts'
import { keyIdOf, seriesKey } from './keys.ts'
import { type Base, namesIn, type Place } from './place.ts'
import { programsOf, serverOwner } from './programs.ts'
import { recover, stageWal } from './recovery.ts'
import { declareRestored } from './restorations.ts'

export type RestoreOptions = {
  readonly place: Place
  readonly secretsKey: Uint8Array
  /** An empty folder, or one that is made. */
  readonly target: string
  /** By name; the newest that fits unless told. */
  readonly base?: string | null
  /** Null: as far as the archive goes. */
  readonly toTimeMs?: number | null
  readonly pgBin: string | null
  /** False for a throw-away copy. */
  readonly durable: boolean
  readonly nowMs: () => number
  readonly told?: (step: string) => void
  readonly signal?: AbortSignal
}

export type Step = { readonly step: string; readonly ms: number }
export type Restored = {
  readonly base: Base
  /** The restored books, on a server that nobody else reaches. */
  readonly database: Database
  readonly restorationId: number
  readonly lsn: string
  readonly lastCommitAtMs: number | null
  readonly seriesOpened: number
  readonly steps: readonly Step[]
  /** Ends the server in an orderly way; the folder stays. */
  stop(): Promise<void>
}

/** Of each table's series the newest are opened, to see that the key is theirs. */
const SERIES_OPENED = 3

/**
 * Restores a backup into an empty folder: files checked, unpacked, recovered, held against the key, and written down as
 * restored, so that no house opens on it before it is marked (BAK-7, BAK-8). The server is left running.
 * Errors: rejects when any step fails; the folder is then not to be used.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { place, secretsKey, target, pgBin, durable, nowMs, signal, told = () => {} } = options
  const toTimeMs = options.toTimeMs ?? null
  const steps: Step[] = []
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    told(step)
    const startedMs = performance.now()
    const answer = await work()
    steps.push({ step, ms: Math.round(performance.now() - startedMs) })
    return answer
  }
  const base = chooseBase(await place.bases(), options.base ?? null, toTimeMs)
  if (base.keyId !== keyIdOf(secretsKey)) throw new Error(wrongKey(base.keyId, keyIdOf(secretsKey)))
  const owner = serverOwner()
  const bin = programsOf(Math.floor(Number(base.serverVersion) / 10_000), pgBin)
  await mkdir(target, { recursive: true, mode: 0o700 })
  if ((await namesIn(target)).length > 0)
    throw new Error(`${target} is not empty: a backup is restored beside, not over`)
  if (owner !== null) await chown(target, owner.uid, owner.gid)
  await timed('check the files', () => checkFiles(base))
  await timed('unpack and verify', () => unpackBase(base.dir, target, { bin, owner, ...(signal && { signal }) }))
  await timed('copy the WAL', () => stageWal(base, target, owner))
  const runDir = await privateFolder(tmpdir(), 'crupier-pg-', owner)
  const clean = (): Promise<void> => rm(runDir, { recursive: true, force: true })
  const server = await timed('recover', () =>
    recover({ base, target, runDir, bin, owner, toTimeMs, durable, ...(signal && { signal }) }),
  ).catch(async (error: unknown) => {
    await clean()
    throw error
  })
  const database = await openDatabase({ databaseUrl: server.url, poolSize: 4, onConnectionLost: () => {} })
  const stop = async (): Promise<void> => {
    await database.close()
    await server.stop()
    await clean()
  }
  try {
    const position = await positionOf(database)
    await timed('migrate', () => migrate(database))
    const source = { archive: base.archive.number, base: base.name, ...position }
    const restorationId = await declareRestored(database.kysely, source, nowMs())
    const seriesOpened = await timed('open the seals', () => openSeals(database, secretsKey))
    return { base, database, restorationId, ...position, seriesOpened, steps, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Errors: throws when there is none that fits, and says what there is. */
export function chooseBase(bases: readonly Base[], name: string | null, toTimeMs: number | null): Base {
  const fitting = bases.filter(
    (base) => (name === null || base.name === name) && (toTimeMs === null || base.endedAtMs <= toTimeMs),
  )
  const chosen = fitting.at(-1)
  if (chosen !== undefined) return chosen
  const known = bases.map((base) => `${base.name} (whole at ${new Date(base.endedAtMs).toISOString()})`)
  throw new Error(`no such base backup; there ${known.length === 0 ? 'is none' : `are ${known.join(', ')}`}`)
}

function wrongKey(wanted: string, given: string): string {
  return (
    `SECRETS_KEY is not the key of this backup: it has the id ${given}, the backup wants ${wanted}. Without the ` +
    'right key open rounds cannot end and no transcript can be made; look for the exported keys of that time'
  )
}

async function positionOf(database: Database): Promise<{ lsn: string; lastCommitAtMs: number | null }> {
  const { rows } = await sql<{ lsn: string; at_ms: number | null }>`select pg_last_wal_replay_lsn()::text as lsn,
    (extract(epoch from pg_last_xact_replay_timestamp()) * 1000)::bigint as at_ms`.execute(database.kysely)
  return { lsn: rows[0]?.lsn ?? '0/0', lastCommitAtMs: rows[0]?.at_ms ?? null }
}

/** Errors: rejects when a sealed secret does not open under the key, or is not what its root commits to (BAK-7). */
async function openSeals(database: Database, secretsKey: Uint8Array): Promise<number> {
  const { rows } = await sql<{
    table_id: string
    series_id: string
    rounds: number
    sealed_secret: string
    root_hex: string
  }>`
    select * from (
      select s.*, row_number() over (partition by table_id order by series_no desc) as age from series s
    ) newest where age <= ${SERIES_OPENED}`.execute(database.kysely)
  if (rows.length === 0) return 0
  const pool = new DrawPool({ sealKey: seriesKey(secretsKey) })
  await pool.start()
  try {
    for (const row of rows) {
      const { table_id: tableId, series_id: seriesId, rounds, sealed_secret: sealedSecret } = row
      const asked = { tableId, seriesId, roundNo: 0, rounds, sealedSecret }
      const { commitment, path } = await pool.commitment(asked).catch((cause: unknown) => {
        throw new Error(`SECRETS_KEY does not open the secret of series ${seriesId}`, { cause })
      })
      const leaf = leafHash(fromHex(commitment))
      if (!verifyInclusion(0, rounds, leaf, path.map(fromHex), fromHex(row.root_hex)))
        throw new Error(`the secret of series ${seriesId} is not the one that its root commits to`)
    }
    return rows.length
  } finally {
    await pool.stop()
  }
}
