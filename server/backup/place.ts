import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * One unbroken run of WAL with the base backups that lead into it. A new one begins when the server no longer has what
 * would come next, and after every restore, since two futures of one position must never lie in one folder (BAK-12).
 */
export type ArchiveMeta = {
  readonly format: 'crupier-archive-1'
  readonly number: number
  /** Of the PostgreSQL cluster, so that two of them never share a place. */
  readonly systemId: string
  /** Tells one life of the house's log from another; empty before the first restore. */
  readonly logSuffix: string
  readonly startedAtMs: number
}
export type Archive = ArchiveMeta & {
  readonly dir: string
  readonly walDir: string
  readonly baseDir: string
  readonly marksDir: string
}

/** What a base backup says of itself; beside it lie PostgreSQL's own `backup_manifest` and its files, packed. */
export type BaseManifest = {
  readonly format: 'crupier-base-1'
  readonly name: string
  /** By the server's clock. */
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly systemId: string
  readonly serverVersion: string
  readonly timeline: number
  readonly startLsn: string
  readonly endLsn: string
  /** Of a file of the WAL. */
  readonly segmentBytes: number
  readonly database: string
  readonly role: string
  /** Which SECRETS_KEY opens the sealed secrets of this backup; the key itself is kept elsewhere. */
  readonly keyId: string
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
}
export type Base = BaseManifest & { readonly archive: Archive; readonly dir: string }

export const BASE_MANIFEST = 'crupier-base.json'
const ARCHIVE_META = 'archive.json'

/** The folder that holds everything: `archives/<number>/{base,wal,marks}` and `drills/`. */
export class Place {
  readonly dir: string

  constructor(dir: string) {
    this.dir = dir
  }

  get drillsDir(): string {
    return join(this.dir, 'drills')
  }

  /** In the order in which they were begun. */
  async archives(): Promise<Archive[]> {
    const names = await namesIn(join(this.dir, 'archives'))
    const found = await Promise.all(
      names
        .filter((name) => /^\d{4,}$/.test(name))
        .map(async (name) => {
          const text = await readOrNull(join(this.dir, 'archives', name, ARCHIVE_META))
          return text === null ? null : this.#archive(JSON.parse(text) as ArchiveMeta)
        }),
    )
    return found.filter((archive) => archive !== null).toSorted((a, b) => a.number - b.number)
  }

  /**
   * The archive that goes on; begun when there is none for this server and log. Errors: rejects when the place belongs
   * to another PostgreSQL cluster.
   */
  async current(server: { readonly systemId: string; readonly logSuffix: string }, nowMs: number): Promise<Archive> {
    const newest = (await this.archives()).at(-1)
    if (newest !== undefined && newest.systemId !== server.systemId)
      throw new Error(`${this.dir} holds backups of another PostgreSQL cluster: give this one a folder of its own`)
    if (newest !== undefined && newest.logSuffix === server.logSuffix) return newest
    return this.begin(server, nowMs)
  }

  async begin(server: { readonly systemId: string; readonly logSuffix: string }, nowMs: number): Promise<Archive> {
    const number = ((await this.archives()).at(-1)?.number ?? 0) + 1
    const archive = this.#archive({ format: 'crupier-archive-1', number, ...server, startedAtMs: nowMs })
    for (const dir of [archive.walDir, archive.baseDir, archive.marksDir]) {
      await mkdir(dir, { recursive: true, mode: 0o700 })
    }
    const { dir: _dir, walDir: _wal, baseDir: _base, marksDir: _marks, ...meta } = archive
    await writeWhole(join(archive.dir, ARCHIVE_META), `${JSON.stringify(meta)}\n`)
    return archive
  }

  /** Every base backup that is whole, oldest first. */
  async bases(): Promise<Base[]> {
    const found: Base[] = []
    for (const archive of await this.archives()) {
      for (const name of await namesIn(archive.baseDir)) {
        if (name.startsWith('.')) continue
        const dir = join(archive.baseDir, name)
        const text = await readOrNull(join(dir, BASE_MANIFEST))
        if (text !== null) found.push({ ...(JSON.parse(text) as BaseManifest), archive, dir })
      }
    }
    return found.toSorted((a, b) => a.archive.number - b.archive.number || a.endedAtMs - b.endedAtMs)
  }

  #archive(meta: ArchiveMeta): Archive {
    const dir = join(this.dir, 'archives', String(meta.number).padStart(4, '0'))
    return { ...meta, dir, walDir: join(dir, 'wal'), baseDir: join(dir, 'base'), marksDir: join(dir, 'marks') }
  }
}

/** Names in a folder, in order; none when it is not there. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).toSorted()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The file has all of the text, durably, or is as it was before. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  await syncFolder(join(path, '..'))
}

/** Adds a line, durably. */
export async function addLine(path: string, line: string): Promise<void> {
  const file = await open(path, 'a', 0o600)
  try {
    await file.writeFile(`${line}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes names that were added or changed in a folder durable. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
