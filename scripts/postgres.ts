import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

/** Where Debian's package `postgresql-15` keeps its programs. */
export const POSTGRES_BIN = '/usr/lib/postgresql/15/bin'
const START_LIMIT_MS = 30_000
/** Processes of a killed server end by themselves; what is left after this is ended too. */
const ORPHANS_END_MS = 5_000
const POLL_MS = 20
const SAID_KEPT = 2_000

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
  const folder = openFolder(null)
  const port = wanted.port ?? (await freePort())
  const server = new PostgresServer(folder, 'data', port, [])
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await server.init('throw away')
    await server.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { url: server.url, port, stop }
}

/** A folder that the server's user may write to: the one given, or a new temporary one. */
export function openFolder(given: string | null): string {
  if (!postgresInstalled()) throw new Error(`no PostgreSQL in ${POSTGRES_BIN}: install Debian's postgresql-15`)
  const folder = given ?? mkdtempSync(join(tmpdir(), 'crupier-postgres-'))
  mkdirSync(folder, { recursive: true })
  const owner = serverUser()
  if (owner !== null) chownSync(folder, owner.uid, owner.gid)
  return folder
}

/** One server on this machine, which may be killed, paused and started again. Its data are in `folder/name`. */
export class PostgresServer {
  readonly data: string
  readonly port: number
  readonly url: string
  readonly #folder: string
  readonly #settings: readonly string[]
  readonly #detached: boolean
  #process: ChildProcess | null = null
  #ended: Promise<void> = Promise.resolve()
  #paused: readonly number[] = []
  /** Its last words. */
  #said = ''
  readonly #stopAtExit = (): void => {
    this.#process?.kill('SIGQUIT')
    this.resume()
  }

  /**
   * `settings` are of the form `name=value`. A detached server hears no Ctrl-C of the terminal: for a program that
   * catches it and wants to stop the server last.
   */
  constructor(folder: string, name: string, port: number, settings: readonly string[], detached = false) {
    this.data = join(folder, name)
    this.port = port
    this.url = `postgres://crupier@127.0.0.1:${port}/postgres`
    this.#folder = folder
    this.#detached = detached
    this.#settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      `cluster_name=${name}`,
      ...settings,
    ]
  }

  get running(): boolean {
    return this.#process !== null
  }

  /** Makes an empty cluster; what is thrown away is not flushed to disk. Errors: rejects with what the program said. */
  async init(fate: 'keep' | 'throw away'): Promise<void> {
    const how = ['--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', ...flushing(fate)]
    await this.#run('initdb', ['-U', 'crupier', ...how, '-D', this.data])
  }

  /** Becomes a standby of another server: whatever was in its folder is replaced by a copy. */
  async copy(primary: PostgresServer, fate: 'keep' | 'throw away'): Promise<void> {
    rmSync(this.data, { recursive: true, force: true })
    // No lasting replication slot is made, so that a standby which never comes back holds no log back.
    const from = ['--host=127.0.0.1', `--port=${primary.port}`, '--username=crupier']
    const how = ['--write-recovery-conf', '--checkpoint=fast', '--wal-method=stream', ...flushing(fate)]
    await this.#run('pg_basebackup', [...from, ...how, '-D', this.data])
  }

  /**
   * Resolves when it answers. A standby is told whom it follows, since ports may be others than last time.
   * Errors: rejects when it does not start, or not within 30 s.
   */
  async start(primary: PostgresServer | null = null): Promise<void> {
    this.#spawn(primary)
    const startedAt = performance.now()
    for (;;) {
      try {
        await this.ask('select 1')
        return
      } catch (cause) {
        const ms = performance.now() - startedAt
        // It refuses to start until the last process of a server that was killed is gone.
        if (ms > (this.running ? START_LIMIT_MS : ORPHANS_END_MS))
          throw new Error(`the PostgreSQL in ${this.data} did not start: ${this.#said}`, { cause })
        await pause(POLL_MS)
        if (!this.running) this.#spawn(primary)
      }
    }
  }

  #spawn(primary: PostgresServer | null): void {
    const follows = primary === null ? [] : [`primary_conninfo=host=127.0.0.1 port=${primary.port} user=crupier`]
    const settings = [...this.#settings, ...follows].flatMap((setting) => ['-c', setting])
    // The kernel ends it with the process that started it, however that one ends.
    const command = ['--pdeathsig', 'KILL', '--', join(POSTGRES_BIN, 'postgres'), '-D', this.data, ...settings]
    const server = spawn('setpriv', command, {
      ...(serverUser() ?? {}),
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: this.#detached,
    })
    server.stderr.on('data', (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(-SAID_KEPT)
    })
    this.#process = server
    this.#ended = new Promise((resolve) => {
      server.once('exit', () => {
        if (this.#process === server) this.#process = null
        process.off('exit', this.#stopAtExit)
        resolve()
      })
    })
    process.once('exit', this.#stopAtExit)
  }

  /** Asks one question over a connection of its own. */
  async ask<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: START_LIMIT_MS })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query<Row>(text, values)).rows
    } finally {
      await client.end()
    }
  }

  /** Resolves once the question is answered with a row. Errors: rejects after 30 s. */
  async until(text: string): Promise<void> {
    const giveUpAt = performance.now() + START_LIMIT_MS
    while ((await this.ask(text)).length === 0) {
      if (performance.now() > giveUpAt) throw new Error(`the PostgreSQL on port ${this.port} never answered: ${text}`)
      await pause(POLL_MS)
    }
  }

  /** `kill -9` of the first process; resolves when all the others have noticed and are gone too. */
  async kill(): Promise<void> {
    const all = this.#pids()
    this.#process?.kill('SIGKILL')
    if (this.#paused.length > 0) signal(all, 'SIGKILL')
    this.#paused = []
    await this.#ended
    const endAt = performance.now() + ORPHANS_END_MS
    while (all.some(isAlive)) {
      if (performance.now() > endAt) signal(all, 'SIGKILL')
      await pause(POLL_MS)
    }
  }

  /** Stops every process of the server where it stands, as a machine that hangs would. */
  pause(): void {
    // The first process goes first, so that it makes no new ones.
    this.#process?.kill('SIGSTOP')
    this.#paused = this.#pids()
    signal(this.#paused, 'SIGSTOP')
  }

  resume(): void {
    signal(this.#paused, 'SIGCONT')
    this.#paused = []
  }

  /** An orderly end within moments: sessions are ended, nothing is waited for. */
  async stop(): Promise<void> {
    this.resume()
    this.#process?.kill('SIGINT')
    await this.#ended
  }

  /** The first process and its children. */
  #pids(): number[] {
    const first = this.#process?.pid
    if (first === undefined) return []
    const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOf(Number(name))?.parent === first)
    return [first, ...children.map(Number)]
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    const options = { ...(serverUser() ?? {}), cwd: this.#folder }
    await promisify(execFile)(join(POSTGRES_BIN, program), args, options)
  }
}

function flushing(fate: 'keep' | 'throw away'): string[] {
  return fate === 'keep' ? [] : ['--no-sync']
}

function serverUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string): number => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It has ended already.
    }
  }
}

/** State and parent of a process, as Linux tells them; null when there is none. */
function statOf(pid: number): { readonly state: string; readonly parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold anything, so what follows is read from the last bracket on.
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state, parent: Number(parent) }
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  const stat = statOf(pid)
  return stat !== null && stat.state !== 'Z'
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export function freePort(): Promise<number> {
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
