import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { type RedisTarget, readRedisUrl } from './redis-url.ts'

/**
 * Redis did not answer in time, is not connected, or refused: nothing is known about what was asked. The message names
 * no password and carries nothing of the command (FOV-2).
 */
export class RedisOutOfReach extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RedisOutOfReach'
  }
}

export type RedisConnectionOptions = {
  /** Told of lost connections and refused log-ins, at most once a second. */
  readonly onError: (error: RedisOutOfReach) => void
  /** Longest time that a call takes, in milliseconds; 250 if not given. */
  readonly limitMs?: number
}

/** Keys first, as many as the script was defined with, then arguments. */
export type RedisScript = (...words: readonly (string | number)[]) => Promise<unknown>

const LIMIT_MS = 250
/** More calls than this at once are not sent: a queue behind a stalled Redis is of no use to anybody. */
const MOST_CALLS = 4_096
const QUIET_MS = 1_000
const SENTINEL_RETRY_MS = 50
const LONGEST_RETRY_MS = 250
const CLUSTER_RETRY_MS = 50
const CLUSTER_ATTEMPTS = 3
/** A socket that owes an answer for so many time limits is given up, and a new one is made. */
const SILENT_LIMITS = 2

/** What the library says in the words of its options. */
const PLAIN_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^All sentinels are unreachable(?!.*Last error)/, 'the Sentinels name a master that cannot be reached'],
  [/enableOfflineQueue/, 'there is no connection to Redis'],
  [/maxRetriesPerRequest|Connection is closed|connection close/, 'the connection to Redis was lost'],
]

/**
 * One connection to Redis that never makes anybody wait: a call is answered within its limit or rejects (FOV-1), calls
 * are not queued while there is no connection, and nothing is sent twice to a server that lost it. It reconnects for
 * ever. Errors of every call: `RedisOutOfReach`.
 */
export class RedisConnection {
  readonly #client: Redis | Cluster
  readonly #limitMs: number
  readonly #passwords: readonly string[]
  readonly #onError: RedisConnectionOptions['onError']
  #underWay = 0
  #closed = false
  #quietUntilMs = 0
  #unsaid = 0

  constructor(target: RedisTarget, { onError, limitMs = LIMIT_MS }: RedisConnectionOptions) {
    this.#limitMs = limitMs
    this.#onError = onError
    this.#passwords = target.password === null ? [] : [target.password, encodeURIComponent(target.password)]
    this.#client = clientOf(target, limitMs)
    this.#client.on('error', (error: Error) => this.#tell(error))
    this.#client.on('node error', (error: Error) => this.#tell(error))
    // The library gives up for good when a connection is torn down while its address is still being asked for.
    this.#client.on('end', () => setTimeout(() => this.#revive(), SENTINEL_RETRY_MS))
  }

  get connected(): boolean {
    return this.#client.status === 'ready'
  }

  /** Waits for the connection; false when there is none after `withinMs`. */
  whenConnected(withinMs: number): Promise<boolean> {
    if (this.connected) return Promise.resolve(true)
    return new Promise((resolve) => {
      const client = this.#client
      const done = (): void => {
        clearTimeout(late)
        client.off('ready', done)
        resolve(this.connected)
      }
      const late = setTimeout(done, withinMs)
      client.on('ready', done)
    })
  }

  /** A Lua script under a name of its own, sent whole once per connection and by its digest from then on. */
  script(name: string, numberOfKeys: number, lua: string): RedisScript {
    this.#client.defineCommand(name, { numberOfKeys, lua })
    const run = Reflect.get(this.#client, name) as (...words: readonly (string | number)[]) => Promise<unknown>
    return (...words) => this.#limited(() => run.call(this.#client, ...words))
  }

  command(name: string, ...words: readonly (string | number)[]): Promise<unknown> {
    return this.#limited(() => this.#client.call(name, ...words))
  }

  /** Ends the connection for good. Calls under way reject. */
  close(): void {
    this.#closed = true
    this.#client.disconnect()
  }

  #limited(send: () => Promise<unknown>): Promise<unknown> {
    if (this.#closed) return Promise.reject(new RedisOutOfReach('the connection to Redis was closed'))
    if (this.#underWay >= MOST_CALLS) return Promise.reject(new RedisOutOfReach('too many calls to Redis at once'))
    this.#underWay++
    return new Promise((resolve, reject) => {
      const tooLate = (): void => reject(new RedisOutOfReach(`Redis did not answer within ${this.#limitMs} ms`))
      // One look at the sockets first: where this process itself stalled, the answer has been there all the while.
      const late = setTimeout(() => setImmediate(tooLate), this.#limitMs)
      send()
        .then(resolve, (error: unknown) => reject(this.#cleaned(error)))
        .finally(() => clearTimeout(late))
    }).finally(() => this.#underWay--)
  }

  #revive(): void {
    // It rejects when it is connecting already, and tells of failures by the event.
    if (!this.#closed) this.#client.connect().catch(() => {})
  }

  #tell(error: unknown): void {
    const nowMs = performance.now()
    if (this.#closed) return
    if (nowMs < this.#quietUntilMs) {
      this.#unsaid++
      return
    }
    this.#quietUntilMs = nowMs + QUIET_MS
    this.#onError(this.#cleaned(error, this.#unsaid === 0 ? '' : ` (and ${this.#unsaid} errors before it)`))
    this.#unsaid = 0
  }

  /** An error of the library carries the command, which for a log-in is the password; only its words are passed on. */
  #cleaned(error: unknown, more = ''): RedisOutOfReach {
    const { message, code } = error as { message?: string; code?: string }
    const words = message || code || String(error)
    const known = PLAIN_WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? words
    return new RedisOutOfReach(
      `${this.#passwords.reduce((text, password) => text.replaceAll(password, '***'), known)}${more}`,
    )
  }
}

/** Begins to connect, and answers at once. Errors: throws when the address cannot be read. */
export function connectRedis(url: string, options: RedisConnectionOptions): RedisConnection {
  return new RedisConnection(readRedisUrl(url), options)
}

function clientOf(target: RedisTarget, limitMs: number): Redis | Cluster {
  const common = commonOptions(target, limitMs)
  if (target.kind === 'cluster') return new Cluster([...target.nodes], clusterOptions(common, limitMs))
  if (target.kind === 'single')
    return new Redis({
      ...common,
      ...target.address,
      db: target.database,
      ...(target.tls ? { tls: {} } : {}),
    })
  return new Redis({
    ...common,
    sentinels: target.sentinels.map((address) => ({ ...address })),
    name: target.master,
    ...(target.password === null ? {} : { sentinelPassword: target.password }),
    sentinelCommandTimeout: limitMs,
    sentinelRetryStrategy: () => SENTINEL_RETRY_MS,
    retryStrategy: () => SENTINEL_RETRY_MS,
  })
}

function commonOptions({ username, password }: RedisTarget, limitMs: number) {
  return {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    connectionName: 'crupier',
    disableClientInfo: true, // Redis 7.0 does not know CLIENT SETINFO
    enableOfflineQueue: false,
    // A lost call rejects at once, and is never sent again behind the back of the caller.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: 2 * limitMs,
    disconnectTimeout: limitMs,
    socketTimeout: SILENT_LIMITS * limitMs,
    maxLoadingRetryTime: limitMs,
    retryStrategy: (times) => Math.min(times * SENTINEL_RETRY_MS, LONGEST_RETRY_MS),
    // A server that became a replica under us.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions
}

/** A call that finds its node gone is tried again within its time limit, so that one lost socket costs nothing. */
function clusterOptions(common: ReturnType<typeof commonOptions>, limitMs: number) {
  const { retryStrategy: _, enableOfflineQueue: __, ...redisOptions } = common
  return {
    redisOptions,
    enableOfflineQueue: false,
    clusterRetryStrategy: (times) => Math.min(times * CLUSTER_RETRY_MS, LONGEST_RETRY_MS),
    maxRedirections: CLUSTER_ATTEMPTS,
    retryDelayOnFailover: CLUSTER_RETRY_MS,
    retryDelayOnClusterDown: CLUSTER_RETRY_MS,
    retryDelayOnTryAgain: CLUSTER_RETRY_MS,
    slotsRefreshTimeout: 2 * limitMs,
  } satisfies ClusterOptions
}
