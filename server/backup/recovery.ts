import { spawn } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { chown, copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import pg from 'pg'
import { lsnOf, segmentName, segmentOf } from './lsn.ts'
import { type Archive, type Base, namesIn } from './place.ts'
import type { Owner } from './programs.ts'

/** Within the data folder, so that the server finds it by a path that needs no quotes. */
const STAGE = 'crupier_wal'
const RECOVERY_LIMIT_MS = 6 * 3_600_000
const LOOK_MS = 100
const MOST_SAID = 16_384

/**
 * Copies the WAL from the base's beginning on into the data folder, unpacked, as it is at this moment; the last one as
 * far as it goes. Answers how many bytes.
 */
export async function stageWal(base: Base, target: string, owner: Owner | null): Promise<number> {
  const stage = join(target, STAGE)
  await mkdir(stage, { mode: 0o700 })
  const { archive } = base
  const first = segmentName(base.timeline, lsnOf(base.startLsn), base.segmentBytes).slice(8)
  const files = await namesIn(archive.walDir)
  const segments = files.map(segmentOf).filter((segment) => segment !== null && segment.place >= first)
  const names = [...new Set(segments.flatMap((segment) => (segment === null ? [] : [segment.name])))]
  for (const name of names) await stageSegment(archive, name, join(stage, name))
  const histories = files.filter((file) => file.endsWith('.history'))
  for (const name of histories) await copyFile(join(archive.walDir, name), join(stage, name))
  if (owner !== null) {
    for (const path of [stage, ...[...names, ...histories].map((name) => join(stage, name))]) {
      await chown(path, owner.uid, owner.gid)
    }
  }
  return names.length * base.segmentBytes
}

/** A segment may be packed, or be finished, while it is looked for; then it is found at the second look. */
async function stageSegment({ walDir }: Archive, name: string, to: string): Promise<void> {
  const from = join(walDir, name)
  const copies = [
    () => copyFile(from, to),
    () => pipeline(createReadStream(`${from}.gz`), createGunzip(), createWriteStream(to, { mode: 0o600 })),
    () => copyFile(`${from}.partial`, to),
  ]
  for (const copy of [...copies, ...copies]) {
    try {
      return await copy()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new Error(`the segment ${name} went away while it was copied`)
}

export type RunningServer = {
  /** Reaches it by its socket, which only its owner and root may open. */
  readonly url: string
  stop(): Promise<void>
}

export type RecoveryOptions = {
  readonly base: Base
  readonly target: string
  /** A private folder for the socket and what steers the server; it must have a short path. */
  readonly runDir: string
  readonly bin: string
  readonly owner: Owner | null
  readonly toTimeMs: number | null
  /** False for a throw-away server, which need not survive a loss of power. */
  readonly durable: boolean
  readonly signal?: AbortSignal
}

/**
 * Starts a server on the unpacked base and lets it replay the staged WAL, to its end or to the time. Resolves when it
 * takes writes; nobody but its owner reaches it, whatever the settings in the folder say.
 * Errors: rejects with the server's own words when it does not get there.
 */
export async function recover(options: RecoveryOptions): Promise<RunningServer> {
  const { base, target, runDir, bin, owner, signal } = options
  await steer(options)
  const settings = Object.entries(settingsOf(options)).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(join(bin, 'postgres'), ['-D', target, ...settings], {
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(owner ?? {}),
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MOST_SAID)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stopAtExit = (): void => void child.kill('SIGQUIT')
  process.once('exit', stopAtExit)
  const stop = async (): Promise<void> => {
    process.off('exit', stopAtExit)
    child.kill('SIGINT')
    await ended
  }
  const name = encodeURIComponent
  const url = `postgres://${name(base.role)}@/${name(base.database)}?host=${name(runDir)}&port=5432`
  try {
    await answers(url, () => child.exitCode !== null || child.signalCode !== null, signal)
  } catch (error) {
    await stop()
    throw new Error(`the restored server did not come up: ${lastWords(said)}`, { cause: error })
  }
  await rm(join(target, STAGE), { recursive: true, force: true })
  return { url, stop }
}

/** What the folder itself says of addresses, standbys, archives and passwords is of the server that it was. */
function settingsOf({ runDir, toTimeMs, durable }: RecoveryOptions): Record<string, string> {
  return {
    config_file: join(runDir, 'postgresql.conf'),
    hba_file: join(runDir, 'pg_hba.conf'),
    ident_file: join(runDir, 'pg_ident.conf'),
    listen_addresses: '',
    unix_socket_directories: runDir,
    port: '5432',
    hot_standby: 'off',
    ssl: 'off',
    archive_mode: 'off',
    logging_collector: 'off',
    primary_conninfo: '',
    primary_slot_name: '',
    synchronous_standby_names: '',
    shared_preload_libraries: '',
    restore_command: `cp ${STAGE}/%f %p`,
    recovery_target_timeline: 'latest',
    recovery_target_action: 'promote',
    ...(toTimeMs === null ? {} : { recovery_target_time: new Date(toTimeMs).toISOString().replace('Z', '+00') }),
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  }
}

async function steer({ target, runDir, owner }: RecoveryOptions): Promise<void> {
  const files = {
    [join(runDir, 'postgresql.conf')]: '',
    [join(runDir, 'pg_ident.conf')]: '',
    [join(runDir, 'pg_hba.conf')]: 'local all all trust\n',
    [join(target, 'recovery.signal')]: '',
  }
  for (const [path, text] of Object.entries(files)) {
    await writeFile(path, text, { mode: 0o600 })
    if (owner !== null) await chown(path, owner.uid, owner.gid)
  }
}

async function answers(url: string, gone: () => boolean, signal: AbortSignal | undefined): Promise<void> {
  const giveUpAtMs = performance.now() + RECOVERY_LIMIT_MS
  for (;;) {
    signal?.throwIfAborted()
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query<{ done: boolean }>('select not pg_is_in_recovery() as done')
      if (rows[0]?.done === true) return
    } catch (cause) {
      if (gone()) throw new Error('the server has ended', { cause })
    } finally {
      await client.end().catch(() => {})
    }
    if (performance.now() > giveUpAtMs) throw new Error('the recovery took too long')
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => /FATAL|PANIC|ERROR|HINT|DETAIL/.test(line))
  return (lines.length > 0 ? lines : said.split('\n')).slice(-5).join(' ').slice(-1_000)
}
