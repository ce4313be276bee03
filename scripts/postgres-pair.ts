import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, openFolder, PostgresServer } from './postgres.ts'

const NAMES = ['one', 'two'] as const
/** Beside what is default: how soon a standby comes back, and how much log is kept for it meanwhile. */
const SETTINGS = ['wal_keep_size=256MB', 'wal_retrieve_retry_interval=200ms', 'max_wal_senders=5']
/** True on a primary whose standby confirms every commit. */
const IN_STEP = `select 1 from pg_stat_replication where sync_state in ('sync', 'quorum') and state = 'streaming'`

export type PostgresPairOptions = {
  /** Where the data are kept, and found again by the next start; without it they are temporary. */
  readonly folder?: string
  readonly ports?: readonly [number, number]
  /** Further settings of both servers, `name=value`. */
  readonly settings?: readonly string[]
  /** For a program that catches Ctrl-C and wants to stop the pair last. */
  readonly detached?: boolean
}

export type PostgresPair = {
  /** Of the database on both servers, `postgres://…@host:port,host:port/…`, for DATABASE_URL. */
  readonly url: string
  /** Of the database on each server, in the order of `url`, whatever their roles are. */
  readonly urls: readonly [string, string]
  readonly ports: readonly [number, number]
  readonly primaryUrl: string
  readonly standbyUrl: string
  /** `kill -9` of the primary's first process; the others of its processes die by themselves. */
  killPrimary(): Promise<void>
  /** Starts a killed primary again, which is still the primary. Errors: rejects when the other one was promoted. */
  restartPrimary(): Promise<void>
  /**
   * Makes the standby the primary; resolves when it accepts writes, which then wait for no standby until `rejoin`. The
   * former primary should be dead or paused; a living one goes on, but can commit nothing that anybody is told of.
   */
  promoteStandby(): Promise<void>
  /** Replaces the other server, whatever it was, by a fresh synchronous standby of the primary. */
  rejoin(): Promise<void>
  /** Stops every process of a server where it stands; `resume` lets all go on that are paused. */
  pause(which?: 'primary' | 'standby'): void
  resume(): void
  /** Ends both; temporary data are thrown away. */
  stop(): Promise<void>
}

/**
 * Two PostgreSQL 15 servers on this machine: a primary, and a standby that confirms every commit before it is answered,
 * so that no acknowledged commit is lost with the primary.
 * Errors: rejects when Debian's `postgresql-15` is not installed or a server does not start.
 */
export async function startPostgresPair(options: PostgresPairOptions = {}): Promise<PostgresPair> {
  const folder = openFolder(options.folder ?? null)
  const settings = [...SETTINGS, ...(options.settings ?? [])]
  const ports = options.ports ?? [await freePort(), await freePort()]
  const servers = [
    new PostgresServer(folder, NAMES[0], ports[0], settings, options.detached),
    new PostgresServer(folder, NAMES[1], ports[1], settings, options.detached),
  ] as const
  const pair = new Pair(folder, servers, options.folder === undefined ? 'throw away' : 'keep')
  try {
    await pair.start()
  } catch (error) {
    await pair.stop()
    throw error
  }
  return pair
}

class Pair implements PostgresPair {
  readonly #folder: string
  readonly #servers: readonly [PostgresServer, PostgresServer]
  readonly #fate: 'keep' | 'throw away'
  #primary: PostgresServer
  #standby: PostgresServer
  /** The standby was promoted, and the former primary is not yet its standby. */
  #widowed = false

  constructor(folder: string, servers: readonly [PostgresServer, PostgresServer], fate: 'keep' | 'throw away') {
    this.#folder = folder
    this.#servers = servers
    this.#fate = fate
    ;[this.#primary, this.#standby] = servers
  }

  get url(): string {
    const [one, two] = this.#servers
    return one.url.replace(`:${one.port}/`, `:${one.port},127.0.0.1:${two.port}/`)
  }

  get urls(): readonly [string, string] {
    return [this.#servers[0].url, this.#servers[1].url]
  }

  get ports(): readonly [number, number] {
    return [this.#servers[0].port, this.#servers[1].port]
  }

  get primaryUrl(): string {
    return this.#primary.url
  }

  get standbyUrl(): string {
    return this.#standby.url
  }

  async start(): Promise<void> {
    const [one, two] = this.#servers
    if (isStandby(one) && hasData(two) && !isStandby(two)) [this.#primary, this.#standby] = [two, one]
    if (!hasData(this.#primary)) await this.#primary.init(this.#fate)
    await this.#primary.start()
    // Of two that were both primaries last, the second of them by timeline counts; the other is made anew.
    if (hasData(this.#standby) && !isStandby(this.#standby)) await this.#chooseByTimeline()
    if (!hasData(this.#standby)) await this.rejoin()
    else {
      await this.#standby.start(this.#primary)
      await this.#becomeSynchronous()
    }
  }

  async killPrimary(): Promise<void> {
    await this.#primary.kill()
  }

  async restartPrimary(): Promise<void> {
    if (this.#widowed) throw new Error('the other server was promoted: rejoin() makes this one its standby')
    await this.#primary.start()
    await this.#primary.until(IN_STEP)
  }

  async promoteStandby(): Promise<void> {
    // A query that waited for it could be cancelled, for being in the way of what is still replayed.
    await this.#standby.ask('select pg_promote(false)')
    await this.#standby.until('select 1 where not pg_is_in_recovery()')
    ;[this.#primary, this.#standby] = [this.#standby, this.#primary]
    this.#widowed = true
  }

  async rejoin(): Promise<void> {
    if (this.#standby.running) await this.#standby.kill()
    // While nobody follows, and so that the copy does not inherit it, commits wait for nobody.
    await this.#require('')
    await this.#standby.copy(this.#primary, this.#fate)
    await this.#standby.start(this.#primary)
    await this.#becomeSynchronous()
    this.#widowed = false
  }

  pause(which: 'primary' | 'standby' = 'primary'): void {
    if (which === 'primary') this.#primary.pause()
    else this.#standby.pause()
  }

  resume(): void {
    for (const server of this.#servers) server.resume()
  }

  async stop(): Promise<void> {
    this.resume()
    await this.#standby.stop()
    await this.#primary.stop()
    if (this.#fate === 'throw away') rmSync(this.#folder, { recursive: true, force: true })
  }

  async #becomeSynchronous(): Promise<void> {
    await this.#primary.until(`select 1 from pg_stat_replication where state = 'streaming'`)
    // By name: a backup that streams from the primary must never vouch for a commit.
    await this.#require(NAMES.join(', '))
    await this.#primary.until(IN_STEP)
  }

  /** Which standbys every commit waits for. */
  async #require(standbys: string): Promise<void> {
    await this.#primary.ask(`alter system set synchronous_standby_names = '${standbys}'`)
    await this.#primary.ask('select pg_reload_conf()')
  }

  async #chooseByTimeline(): Promise<void> {
    await this.#standby.start()
    const ask = `select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline`
    const [mine] = await this.#primary.ask<{ timeline: string }>(ask)
    const [other] = await this.#standby.ask<{ timeline: string }>(ask)
    if ((mine?.timeline ?? '') < (other?.timeline ?? ''))
      [this.#primary, this.#standby] = [this.#standby, this.#primary]
    await this.#standby.stop()
    rmSync(this.#standby.data, { recursive: true, force: true })
  }
}

function hasData(server: PostgresServer): boolean {
  return existsSync(join(server.data, 'PG_VERSION'))
}

function isStandby(server: PostgresServer): boolean {
  return existsSync(join(server.data, 'standby.signal'))
}
