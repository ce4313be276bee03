import pg from 'pg'

export type Host = {
  readonly host: string
  readonly port: number
  /** The whole address with this host alone. */
  readonly url: string
}

/** What a server says of itself. A promotion begins a new timeline, so of two that are writable the higher counts. */
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
/** While no server is known that accepts writes; otherwise every fifth time only. */
const LOOK_EVERY_MS = 200
const CALM_TURNS = 5
const SILENT = { writable: false, timeline: 0 } as const
const DEFAULT_PORT = 5432

const STANDING = `select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' as writable,
  case when pg_is_in_recovery() then 0
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end as timeline`

/**
 * The servers of `postgres://user:password@host:port,host:port/database?…`, in their order; without a port it is 5432.
 * Empty when the address names fewer than two: that is for `pg` to read. Errors: throws on a name that is none.
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
  #turn = 0
  readonly #timer: ReturnType<typeof setInterval>

  constructor(lookouts: readonly Lookout[]) {
    this.#lookouts = lookouts
    this.#timer = setInterval(() => {
      if (this.#current === null || ++this.#turn % CALM_TURNS === 0) this.#find().catch(() => {})
    }, LOOK_EVERY_MS)
    this.#timer.unref()
  }

  /** Errors: rejects when none of the servers accepts writes now. */
  async writable(): Promise<Host> {
    return this.#current ?? this.#find()
  }

  /** A connection to this server has failed: all of them are asked before the next one is made. */
  doubt(host: string, port: number): void {
    if (this.#current?.host !== host || this.#current.port !== port) return
    this.#current = null
    this.#find().catch(() => {})
  }

  /** Lets a new connection in. Errors: throws when its server takes no writes, or is a former primary. */
  admit(connection: Admitted, host: Host, standing: Standing): void {
    if (!this.#judge(host, standing))
      throw new Error(`${host.host}:${host.port} ${standing.writable ? 'is a former primary' : 'accepts no writes'}`)
    this.#admitted.set(connection, standing.timeline)
  }

  ended(connection: Admitted): void {
    this.#admitted.delete(connection)
  }

  close(): void {
    clearInterval(this.#timer)
    for (const lookout of this.#lookouts) lookout.close()
  }

  /** The first good answer is enough, except at the beginning, when nothing is known that it could be held against. */
  async #find(): Promise<Host> {
    const asked = this.#lookouts.map(async (lookout) => {
      const standing = await lookout.ask().catch(() => SILENT)
      return { host: lookout.host, standing }
    })
    if (this.#timeline === 0) {
      const answers = await Promise.all(asked)
      answers.sort((a, b) => b.standing.timeline - a.standing.timeline)
      for (const { host, standing } of answers) this.#judge(host, standing)
    } else {
      const good = asked.map(async (answer) => {
        const { host, standing } = await answer
        if (!this.#judge(host, standing)) throw new Error('not this one')
      })
      await Promise.any(good).catch(() => {})
    }
    if (this.#current === null) throw new Error('no server of DATABASE_URL accepts writes')
    return this.#current
  }

  /** Takes note of what a server says of itself. Answers whether it may be written to. */
  #judge(host: Host, { writable, timeline }: Standing): boolean {
    if (!writable || timeline < this.#timeline) {
      if (this.#current === host) this.#current = null
      return false
    }
    if (timeline > this.#timeline) {
      this.#timeline = timeline
      this.#current = host
      for (const [connection, since] of [...this.#admitted]) if (since < timeline) connection.cut()
    }
    this.#current ??= host
    return true
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
