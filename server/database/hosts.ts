import pg from 'pg'

export type Host = {
  readonly host: string
  readonly port: number
  /** The whole address with this host alone. */
  readonly url: string
}

/** What a server says of itself. A promotion begins a new timeline, so of two writable servers the higher one counts. */
export type Standing = { readonly writable: boolean; readonly timeline: number }

/** One server, asked now and then over a connection of its own. */
export interface Lookout {
  readonly host: Host
  /** Errors: rejects when it does not answer in time. */
  ask(): Promise<Standing>
  close(): void
}

/** A connection that has been let in; `cut` ends it at once. */
export type Admitted = { cut(): void }

export const CONNECT_LIMIT_MS = 1_000
const LOOK_EVERY_MS = 1_000
const DEFAULT_PORT = 5432

const STANDING = `select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' as writable,
  case when pg_is_in_recovery() then 0
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end as timeline`

/**
 * The servers of `postgres://user:password@host:port,host:port/database?…`, in their order; a port that is left out is
 * 5432. Empty when the address names fewer than two: that is for `pg` to read. Errors: throws on a name that is none.
 */
export function readHosts(databaseUrl: string): readonly Host[] {
  const [, scheme = '', credentials = '', names = '', rest = ''] =
    /^([a-z]+:\/\/)((?:[^/?#]*@)?)([^/?#]*)(.*)$/s.exec(databaseUrl) ?? []
  if (!names.includes(',')) return []
  return names.split(',').map((name) => {
    const { hostname = '', port = '' } = URL.parse(`postgres://${name}`) ?? {}
    if (hostname === '') throw new Error(`DATABASE_URL names a host that is none: ${JSON.stringify(name)}`)
    return {
      host: decodeURIComponent(hostname.replace(/^\[(.+)\]$/, '$1')),
      port: Number(port || DEFAULT_PORT),
      url: `${scheme}${credentials}${name}${rest}`,
    }
  })
}

/**
 * Which of several servers is the one to write to. Each is asked every second, and at once when the last good one is in
 * doubt. Once a connection or an answer has shown a newer timeline, every connection to an older one is cut before
 * anything else is heard: a former primary that wakes up is neither written to nor read.
 */
export class Hosts {
  readonly #lookouts: readonly Lookout[]
  readonly #admitted = new Map<Admitted, number>()
  #current: Host | null = null
  #timeline = 0
  #looking: Promise<Host> | null = null
  readonly #timer: ReturnType<typeof setInterval>

  constructor(lookouts: readonly Lookout[]) {
    this.#lookouts = lookouts
    this.#timer = setInterval(() => void this.#look().catch(() => {}), LOOK_EVERY_MS)
    this.#timer.unref()
  }

  /** Errors: rejects when none of the servers accepts writes now. */
  async writable(): Promise<Host> {
    return this.#current ?? this.#look()
  }

  /** A connection to this server has failed: all of them are asked before the next one is made. */
  doubt(host: string, port: number): void {
    if (this.#current?.host !== host || this.#current.port !== port) return
    this.#current = null
    this.#look().catch(() => {})
  }

  /** Lets a new connection in. Errors: throws when its server takes no writes, or is a former primary. */
  admit(connection: Admitted, host: Host, { writable, timeline }: Standing): void {
    if (!writable || timeline < this.#timeline)
      throw new Error(`${host.host}:${host.port} ${writable ? 'is a former primary' : 'accepts no writes'}`)
    this.#adopt(host, timeline)
    this.#admitted.set(connection, timeline)
  }

  ended(connection: Admitted): void {
    this.#admitted.delete(connection)
  }

  close(): void {
    clearInterval(this.#timer)
    for (const lookout of this.#lookouts) lookout.close()
  }

  #adopt(host: Host, timeline: number): void {
    if (timeline > this.#timeline) {
      this.#timeline = timeline
      this.#current = host
      for (const [connection, since] of [...this.#admitted]) if (since < timeline) connection.cut()
    }
    this.#current ??= host
  }

  #look(): Promise<Host> {
    this.#looking ??= this.#askAll().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  /** The first good answer is enough, except at the beginning, when nothing is known that it could be held against. */
  #askAll(): Promise<Host> {
    const waitForAll = this.#timeline === 0
    return new Promise((resolve, reject) => {
      const found: { readonly host: Host; readonly timeline: number }[] = []
      const heard = async (lookout: Lookout): Promise<void> => {
        const { host } = lookout
        const { writable, timeline } = await lookout.ask().catch(() => ({ writable: false, timeline: 0 }))
        if (writable && timeline >= this.#timeline) found.push({ host, timeline })
        else if (this.#current === host) this.#current = null
        const best = found.toSorted((a, b) => b.timeline - a.timeline)[0]
        if (waitForAll || best === undefined) return
        this.#adopt(best.host, best.timeline)
        resolve(this.#current ?? best.host)
      }
      void Promise.all(this.#lookouts.map(heard)).then(() => {
        const best = found.toSorted((a, b) => b.timeline - a.timeline)[0]
        if (best === undefined) return reject(new Error('no server of DATABASE_URL accepts writes'))
        this.#adopt(best.host, best.timeline)
        resolve(this.#current ?? best.host)
      })
    })
  }
}

/** Asks one server over a connection that it keeps; what does not answer within a second is connected to anew. */
export class HostLookout implements Lookout {
  readonly host: Host
  #client: pg.Client | null = null
  #asking: Promise<Standing> | null = null
  #closed = false

  constructor(host: Host) {
    this.host = host
  }

  ask(): Promise<Standing> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  close(): void {
    this.#closed = true
    this.#drop()
  }

  async #ask(): Promise<Standing> {
    try {
      return await standingOf(this.#client ?? (await this.#connect()))
    } catch (error) {
      this.#drop()
      throw error
    }
  }

  async #connect(): Promise<pg.Client> {
    if (this.#closed) throw new Error('the database is closed')
    const client = new pg.Client({
      connectionString: this.host.url,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      query_timeout: CONNECT_LIMIT_MS,
      keepAlive: true,
      application_name: 'crupier-lookout',
    })
    client.on('error', () => this.#drop())
    this.#client = client
    await client.connect()
    return client
  }

  #drop(): void {
    const client = this.#client
    this.#client = null
    if (client !== null) cutOff(client)
  }
}

/** A class of clients for a pool, each of which connects to whichever of the servers accepts writes just then. */
export function clientOf(hosts: Hosts): typeof pg.Client {
  return class WritableClient extends pg.Client implements Admitted {
    constructor(config?: string | pg.ClientConfig) {
      super(config)
      this.on('error', () => {})
      this.once('end', () => hosts.ended(this))
    }

    override connect(): Promise<pg.Client>
    override connect(callback: ((err: Error) => void) | ((err: null, c: pg.Client) => void)): void
    override connect(
      callback?: ((err: Error) => void) | ((err: null, c: pg.Client) => void),
    ): Promise<pg.Client> | undefined {
      const connecting = this.#connect()
      if (callback === undefined) return connecting
      const tell = callback as (error: Error | null, client?: pg.Client) => void
      connecting.then(
        () => tell(null, this),
        (error: Error) => tell(error),
      )
      return undefined
    }

    cut(): void {
      this.connection.stream.destroy()
    }

    async #connect(): Promise<pg.Client> {
      const host = await hosts.writable()
      // The pool may have given up meanwhile, and a socket that was destroyed would connect again.
      if (this.connection.stream.destroyed) throw new Error('no server accepted writes in time')
      this.host = host.host
      this.port = host.port
      const late = setTimeout(() => this.cut(), CONNECT_LIMIT_MS)
      try {
        await super.connect()
        const standing = await standingOf(this)
        if (this.connection.stream.destroyed) throw new Error('the connection ended as it began')
        hosts.admit(this, host, standing)
        return this
      } catch (error) {
        hosts.doubt(host.host, host.port)
        cutOff(this)
        throw error
      } finally {
        clearTimeout(late)
      }
    }
  }
}

async function standingOf(client: pg.Client): Promise<Standing> {
  const { rows } = await client.query<Standing>(STANDING)
  const [standing] = rows
  if (standing === undefined) throw new Error('the server does not say what it is')
  return standing
}

/** Ends a connection without a wait for its server, which may never answer. */
function cutOff(client: pg.Client): void {
  void client.end()
  client.connection.stream.destroy()
}
