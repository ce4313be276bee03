import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chown, mkdir, mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { type Archive, BASE_MANIFEST, type Base, type BaseManifest, namesIn, syncFolder, writeWhole } from './place.ts'
import { type Owner, type Reach, run } from './programs.ts'

export type BaseOptions = {
  readonly archive: Archive
  /** Any connection to the live server, for its clock. */
  readonly pool: pg.Pool
  readonly reach: Reach
  readonly bin: string
  readonly owner: Owner | null
  readonly scratchDir: string
  readonly keyId: string
  /** `spread` takes minutes and spares the disks; `fast` begins at once. */
  readonly checkpoint: 'fast' | 'spread'
  readonly signal?: AbortSignal
}

const INCOMING = '.incoming-'
const BASE_FILES = ['base.tar.gz', 'pg_wal.tar.gz'] as const

/**
 * Takes a base backup: compressed, then unpacked elsewhere and checked by `pg_verifybackup`, and only then given its
 * name (BAK-1). Errors: rejects when any step fails; nothing of it stays.
 */
export async function takeBase(options: BaseOptions): Promise<Base> {
  const { archive, pool, reach, bin, checkpoint, signal } = options
  const server = await about(pool)
  const name = new Date(server.nowMs).toISOString().replace(/[-:.]/g, '')
  for (const left of await namesIn(archive.baseDir)) {
    if (left.startsWith('.')) await rm(join(archive.baseDir, left), { recursive: true, force: true })
  }
  const incoming = join(archive.baseDir, `${INCOMING}${name}`)
  await mkdir(incoming, { mode: 0o700 })
  try {
    const format = ['--format=tar', '--gzip', '--wal-method=stream', '--manifest-checksums=SHA256', '--no-password']
    await run(
      join(bin, 'pg_basebackup'),
      [
        '--dbname',
        reach.dbname,
        '--pgdata',
        incoming,
        `--checkpoint=${checkpoint}`,
        `--label=crupier ${name}`,
        ...format,
      ],
      { env: reach.env, ...(signal && { signal }) },
    )
    await verifyWhole(incoming, options)
    const range = await walRange(join(incoming, 'backup_manifest'))
    const { nowMs: endedAtMs } = await about(pool)
    const manifest: BaseManifest = {
      format: 'crupier-base-1',
      name,
      startedAtMs: server.nowMs,
      endedAtMs,
      systemId: server.systemId,
      serverVersion: server.version,
      ...range,
      segmentBytes: server.segmentBytes,
      database: server.database,
      role: server.role,
      keyId: options.keyId,
      files: await sums(incoming),
    }
    await writeWhole(join(incoming, BASE_MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`)
    const dir = join(archive.baseDir, name)
    await rename(incoming, dir)
    await syncFolder(archive.baseDir)
    return { ...manifest, archive, dir }
  } catch (error) {
    await rm(incoming, { recursive: true, force: true })
    throw error
  }
}

/** Errors: rejects with the first file of the backup that is missing or not what it was. */
export async function checkFiles(base: Base): Promise<void> {
  for (const { name, bytes, sha256 } of base.files) {
    const path = join(base.dir, name)
    const found = await stat(path).catch(() => null)
    if (found?.size !== bytes || (await sha256Of(path)) !== sha256)
      throw new Error(`${name} of the backup ${base.name} was changed or cut off`)
  }
}

/** Unpacks a backup into an empty folder that `owner` may write to, and holds it against PostgreSQL's own manifest. */
export async function unpackBase(
  dir: string,
  target: string,
  { bin, owner, signal }: Pick<BaseOptions, 'bin' | 'owner' | 'signal'>,
): Promise<void> {
  for (const [file, folder] of [
    ['base.tar.gz', target],
    ['pg_wal.tar.gz', join(target, 'pg_wal')],
  ] as const) {
    const packed = await open(join(dir, file), 'r')
    try {
      await run('tar', ['-xzf', '-', '-C', folder], { owner, cwd: '/', stdin: packed.fd, ...(signal && { signal }) })
    } finally {
      await packed.close()
    }
  }
  // The owner may not be allowed to read the place.
  const manifest = join(target, 'backup_manifest')
  const copy = await open(manifest, 'w', 0o600)
  try {
    await copy.writeFile(await readFile(join(dir, 'backup_manifest')))
    if (owner !== null) await copy.chown(owner.uid, owner.gid)
  } finally {
    await copy.close()
  }
  await run(join(bin, 'pg_verifybackup'), ['--exit-on-error', '--quiet', target], {
    owner,
    cwd: '/',
    ...(signal && { signal }),
  })
}

async function verifyWhole(dir: string, options: BaseOptions): Promise<void> {
  const strange = (await namesIn(dir)).filter((name) => !['backup_manifest', ...BASE_FILES].includes(name))
  if (strange.length > 0) throw new Error(`the server has tablespaces, which are not backed up: ${strange.join(', ')}`)
  const scratch = await privateFolder(options.scratchDir, 'crupier-verify-', options.owner)
  try {
    await unpackBase(dir, scratch, options)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** A fresh folder that only `owner` and root may enter. */
export async function privateFolder(parent: string, prefix: string, owner: Owner | null): Promise<string> {
  const folder = await mkdtemp(join(parent, prefix))
  if (owner !== null) await chown(folder, owner.uid, owner.gid)
  return folder
}

type WalRange = Pick<BaseManifest, 'timeline' | 'startLsn' | 'endLsn'>

async function walRange(path: string): Promise<WalRange> {
  const manifest = JSON.parse(await readFile(path, 'utf8')) as {
    'WAL-Ranges': { Timeline: number; 'Start-LSN': string; 'End-LSN': string }[]
  }
  const range = manifest['WAL-Ranges'][0]
  if (range === undefined) throw new Error('the backup does not say which WAL it needs')
  return { timeline: range.Timeline, startLsn: range['Start-LSN'], endLsn: range['End-LSN'] }
}

async function sums(dir: string): Promise<BaseManifest['files']> {
  return Promise.all(
    ['backup_manifest', ...BASE_FILES].map(async (name) => {
      const path = join(dir, name)
      return { name, bytes: (await stat(path)).size, sha256: await sha256Of(path) }
    }),
  )
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

export type About = {
  readonly nowMs: number
  readonly systemId: string
  readonly version: string
  readonly major: number
  readonly segmentBytes: number
  readonly database: string
  readonly role: string
}

/** What the server says of itself. */
export async function about(pool: pg.Pool): Promise<About> {
  const { rows } = await pool.query<Omit<About, 'major'>>(`select
    (extract(epoch from clock_timestamp()) * 1000)::bigint as "nowMs",
    (select system_identifier::text from pg_control_system()) as "systemId",
    current_setting('server_version_num') as version,
    pg_size_bytes(current_setting('wal_segment_size')) as "segmentBytes",
    current_database() as database, current_user::text as role`)
  const row = rows[0]
  if (row === undefined) throw new Error('the server says nothing of itself')
  return { ...row, major: Math.floor(Number(row.version) / 10_000) }
}
