import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** Where Debian's package `postgresql-15` keeps its programs. */
export const POSTGRES_BIN = '/usr/lib/postgresql/15/bin'
const START_LIMIT_MS = 30_000

export type ThrowAwayPostgres = {
  /** `postgres://` address of a database that may be filled and dropped at will. */
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

export function postgresInstalled(): boolean {
  return existsSync(join(POSTGRES_BIN, 'postgres'))
}

/**
 * Starts a PostgreSQL 15 with its default settings in a temporary folder, on a free port of the loopback address, and
 * throws all of it away on `stop`. As root it runs as the user `postgres`, since the server refuses root.
 * Errors: rejects when Debian's `postgresql-15` is not installed or the server does not start.
 */
export async function startPostgres(wanted: { readonly port?: number } = {}): Promise<ThrowAwayPostgres> {
  if (!postgresInstalled()) throw new Error(`no PostgreSQL in ${POSTGRES_BIN}: install Debian's postgresql-15`)
  const folder = mkdtempSync(join(tmpdir(), 'crupier-postgres-'))
  const owner = serverUser()
  if (owner !== null) chownSync(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  const asOwner = { ...(owner ?? {}), cwd: folder }
  const made = spawnSync(
    join(POSTGRES_BIN, 'initdb'),
    ['-D', data, '-U', 'crupier', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8'],
    { ...asOwner, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = wanted.port ?? (await freePort())
  const settings = ['-c', `port=${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`]
  const server = spawn(join(POSTGRES_BIN, 'postgres'), ['-D', data, ...settings], { ...asOwner, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const stopAtExit = (): void => void server.kill('SIGQUIT')
  process.once('exit', stopAtExit)
  const stop = async (): Promise<void> => {
    process.off('exit', stopAtExit)
    // SIGINT is the fast shutdown: sessions are ended, nothing is waited for.
    server.kill('SIGINT')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `postgres://crupier@127.0.0.1:${port}/postgres`
  try {
    await answers(url, () => server.exitCode !== null)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, port, stop }
}

function serverUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string): number => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

async function answers(url: string, gone: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + START_LIMIT_MS
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch (cause) {
      if (gone() || performance.now() > giveUpAt) throw new Error('the throw-away PostgreSQL did not start', { cause })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
