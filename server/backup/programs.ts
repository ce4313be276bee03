import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** How PostgreSQL's own programs reach the server: the password travels in the environment, never in arguments. */
export type Reach = { readonly dbname: string; readonly env: NodeJS.ProcessEnv }

/** How the server calls the streams of the backup. */
export const STREAM_NAME = 'crupier-backup'
const ADDRESS = /^(postgres(?:ql)?:\/\/)(?:([^/?#]*)@)?([^/?#]*)([^?#]*)(?:\?([^#]*))?/s

/** Takes the password out of an address; of several hosts the writable one is meant (BAK-5). */
export function reachOf(url: string): Reach {
  const [, scheme = '', credentials = '', hosts = '', path = '', query = ''] = ADDRESS.exec(url) ?? []
  const [user = '', ...secret] = credentials.split(':')
  const asked = new URLSearchParams(query)
  const password = secret.length > 0 ? decodeURIComponent(secret.join(':')) : asked.get('password')
  asked.delete('password')
  if (hosts.includes(',')) asked.set('target_session_attrs', 'read-write')
  const tail = asked.size > 0 ? `?${asked.toString()}` : ''
  const { PATH = '', HOME = '' } = process.env
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('PG'))
  return {
    dbname: `${scheme}${user === '' ? '' : `${user}@`}${hosts}${path}${tail}`,
    env: {
      ...Object.fromEntries(own),
      PATH,
      HOME,
      LC_ALL: 'C',
      PGAPPNAME: STREAM_NAME,
      PGCONNECT_TIMEOUT: '10',
      ...(password === null ? {} : { PGPASSWORD: password }),
    },
  }
}

/** Whom a server and what belongs to it runs as: root may not run one, so it becomes `postgres`. Null: as ourselves. */
export type Owner = { readonly uid: number; readonly gid: number }

/** Errors: throws as root on a machine that has no user `postgres`. */
export function serverOwner(): Owner | null {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string): number => {
    const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' })
    if (status !== 0) throw new Error('PostgreSQL does not run as root, and there is no user postgres to run it as')
    return Number(stdout)
  }
  return { uid: id('-u'), gid: id('-g') }
}

/**
 * The folder of PostgreSQL's programs of this major version. Errors: throws when they are not there; other versions
 * cannot read the server's files.
 */
export function programsOf(major: number, wanted: string | null): string {
  const folders = wanted === null ? [`/usr/lib/postgresql/${major}/bin`, '/usr/local/bin', '/usr/bin'] : [wanted]
  for (const folder of folders) {
    try {
      accessSync(join(folder, 'pg_basebackup'), constants.X_OK)
    } catch {
      continue
    }
    const { stdout } = spawnSync(join(folder, 'pg_basebackup'), ['--version'], { encoding: 'utf8' })
    if (new RegExp(` ${major}\\.`).test(stdout)) return folder
  }
  throw new Error(`no programs of PostgreSQL ${major} in ${folders.join(', ')}: install them, or set BACKUP_PG_BIN`)
}

export type RunOptions = {
  readonly env?: NodeJS.ProcessEnv
  readonly owner?: Owner | null
  readonly cwd?: string
  readonly signal?: AbortSignal
  /** A file that the program reads as its standard input, already open. */
  readonly stdin?: number
}

const MOST_SAID = 8_192

/** Runs a program to its end. Errors: rejects with what it said when it fails. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  const child = begin(program, args, options)
  const { code, said } = await ended(child, options.signal)
  options.signal?.throwIfAborted()
  if (code !== 0) throw new Error(`${program.split('/').at(-1)} failed: ${said.trim() || `exit ${code}`}`)
}

export function begin(program: string, args: readonly string[], options: RunOptions = {}): ChildProcess {
  const { env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }, owner, cwd, stdin } = options
  return spawn(program, args, {
    env,
    stdio: [stdin ?? 'ignore', 'ignore', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(owner ?? {}),
  })
}

/** Resolves when the program has ended, with the end of what it said; a signal asks it to end. */
export function ended(child: ChildProcess, signal?: AbortSignal): Promise<{ code: number | null; said: string }> {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MOST_SAID)
  })
  const end = (): void => void child.kill('SIGINT')
  if (signal?.aborted) end()
  signal?.addEventListener('abort', end, { once: true })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      signal?.removeEventListener('abort', end)
      resolve({ code, said })
    })
  })
}
