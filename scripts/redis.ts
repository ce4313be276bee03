import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { until } from '../e2e/support/until.ts'
import { BoundProcess } from './cluster/bound-process.ts'
import { freePort } from './cluster/ports.ts'

/** Where Debian's package `redis-server` keeps its program; with `--sentinel` the same one is a Sentinel. */
export const REDIS_SERVER = '/usr/bin/redis-server'
/** What the Sentinels call the pair that they watch. */
export const SENTINEL_MASTER = 'house'
/**
 * A Sentinel pings a server it has just met after a second. With less patience than that it holds every new master for
 * dead, and goes on failing over from one server to the other.
 */
const DOWN_AFTER_MS = 1_100
const SLOTS = 16_384
const CLUSTER_NODES = 3
const ASK_LIMIT_MS = 1_000
const START_LIMIT_MS = 10_000
const MOST_STARTS = 20

export function redisInstalled(): boolean {
  return existsSync(REDIS_SERVER)
}

type PartSettings = {
  readonly name: string
  readonly port: number
  readonly folder: string
  readonly password?: string | undefined
  readonly sentinel?: boolean
  /** Lines of redis.conf. */
  readonly lines: readonly string[]
}

/** One process of Redis (a server, a Sentinel, a node of a Cluster), which a test may kill, pause and start again. */
export class RedisPart {
  readonly name: string
  readonly port: number
  readonly #settings: PartSettings
  readonly #file: string
  readonly #log: string
  #process: BoundProcess | null = null

  /** Writes its configuration; `restart` starts it. */
  constructor(settings: PartSettings) {
    this.#settings = settings
    this.name = settings.name
    this.port = settings.port
    this.#file = join(settings.folder, 'redis.conf')
    this.#log = join(settings.folder, 'redis.log')
    mkdirSync(settings.folder, { recursive: true })
    const { port, folder, password, lines } = settings
    const common = [`port ${port}`, 'bind 127.0.0.1', `dir "${folder}"`, 'daemonize no']
    if (password !== undefined) common.push(`requirepass "${password}"`)
    writeFileSync(this.#file, `${[...common, ...lines].join('\n')}\n`, { mode: 0o600 })
  }

  /** Null when it does not run. */
  get pid(): number | null {
    return this.#process?.running ? this.#process.pid : null
  }

  /** `kill -9`, also of a paused process. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL', 0)
    this.#process = null
  }

  /** SIGSTOP: its sockets stay open and nothing answers. */
  pause(): void {
    this.#process?.signal('SIGSTOP')
  }

  resume(): void {
    this.#process?.signal('SIGCONT')
  }

  /** Starts it on its port with the files that it left, killing it first if it runs. Resolves when it answers. */
  async restart(): Promise<void> {
    await this.kill()
    let starts = 0
    try {
      await until(
        `${this.name} answers`,
        async () => {
          // It ends at once when a connection of somebody else has its port as its own end for a moment.
          if (!this.#process?.running) {
            if (++starts > MOST_STARTS) throw new Error(`it ended ${MOST_STARTS} times`)
            this.#process = await this.#spawn()
          }
          return (await this.ask('PING').catch(() => null)) === 'PONG'
        },
        START_LIMIT_MS,
      )
    } catch (cause) {
      throw new Error(`${this.name} does not start: ${this.#lastWords()}`, { cause })
    }
  }

  /** Answers one command, asked on a connection of its own. Errors: rejects when it does not answer within a second. */
  async ask(command: string, ...words: readonly (string | number)[]): Promise<unknown> {
    const client = new Redis({
      host: '127.0.0.1',
      port: this.port,
      ...(this.#settings.password === undefined ? {} : { password: this.#settings.password }),
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
      connectTimeout: ASK_LIMIT_MS,
      commandTimeout: ASK_LIMIT_MS,
      disconnectTimeout: ASK_LIMIT_MS,
    })
    client.on('error', () => {}) // the command says it
    try {
      return await client.call(command, ...words)
    } finally {
      client.disconnect()
    }
  }

  #spawn(): Promise<BoundProcess> {
    const { folder, sentinel } = this.#settings
    const command = [REDIS_SERVER, this.#file, ...(sentinel ? ['--sentinel'] : [])]
    return BoundProcess.start(command, { env: {}, cwd: folder, logFile: this.#log })
  }

  #lastWords(): string {
    return readFileSync(this.#log, 'utf8').slice(-500)
  }
}

export type RedisWish = {
  readonly password?: string
  /** Where logs and data lie, kept at `stop`. Default: a temporary folder, which goes. */
  readonly folder?: string
}

export type ThrowAwayRedis = {
  /** What REDIS_URL would say. */
  readonly url: string
  readonly folder: string
  readonly parts: readonly RedisPart[]
  /** Kills every part, also those that are paused. */
  stop(): Promise<void>
}
export type SingleRedis = ThrowAwayRedis & { readonly server: RedisPart }
export type SentinelRedis = ThrowAwayRedis & {
  /** The first is the master at the start. */
  readonly servers: readonly RedisPart[]
  readonly sentinels: readonly RedisPart[]
  /** Which server a Sentinel holds for the master now. */
  master(): Promise<RedisPart>
}

/** A single Redis without persistence on a free port of the loopback address. `settings` are lines of redis.conf. */
export async function startRedis(
  wish: RedisWish & { readonly port?: number; readonly settings?: readonly string[] } = {},
): Promise<SingleRedis> {
  return together(wish, async (group) => {
    const server = await group.start('redis', wish.port, [...memoryOnly(), ...(wish.settings ?? [])])
    return { url: `redis://${credentials(wish)}127.0.0.1:${server.port}`, server }
  })
}

/**
 * A master, its replica and three Sentinels of which two decide. Resolves when the replica is in step and every
 * Sentinel knows of all, so that a fail-over may begin.
 */
export async function startSentinels(
  wish: RedisWish & {
    /** Two servers, then three Sentinels. */
    readonly ports?: readonly number[]
    /** How long a server is silent until a Sentinel holds it for dead; 1,100 if not given. */
    readonly downAfterMs?: number
  } = {},
): Promise<SentinelRedis> {
  return together(wish, async (group) => {
    const auth = wish.password === undefined ? [] : [`masterauth "${wish.password}"`]
    const first = await group.start('redis-1', wish.ports?.[0], [...memoryOnly(), ...auth])
    const follows = `replicaof 127.0.0.1 ${first.port}`
    const second = await group.start('redis-2', wish.ports?.[1], [...memoryOnly(), ...auth, follows])
    await until('the replica is in step', async () =>
      String(await second.ask('INFO', 'replication')).includes('master_link_status:up'),
    )
    const sentinels: RedisPart[] = []
    for (const i of [1, 2, 3])
      sentinels.push(await group.start(`sentinel-${i}`, wish.ports?.[i + 1], watching(first.port, wish), true))
    for (const sentinel of sentinels)
      await until(`${sentinel.name} knows the others`, async () => knowsAll(await sentinel.ask('INFO', 'sentinel')))
    const servers = [first, second]
    const addresses = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
    return {
      url: `redis-sentinel://${credentials(wish)}${addresses}/${SENTINEL_MASTER}`,
      servers,
      sentinels,
      master: () => masterOf(servers, sentinels),
    }
  })
}

/**
 * Three masters that share the slots, without replicas. A dead one takes its own slots along and no others. Resolves
 * when all three hold the cluster for whole.
 */
export async function startRedisCluster(
  wish: RedisWish & { readonly ports?: readonly number[] } = {},
): Promise<ThrowAwayRedis> {
  return together(wish, async (group) => {
    const nodes: RedisPart[] = []
    for (let i = 0; i < CLUSTER_NODES; i++) {
      const lines = ['cluster-enabled yes', 'cluster-config-file nodes.conf', 'cluster-node-timeout 1000']
      lines.push('cluster-require-full-coverage no', `cluster-port ${await freePort()}`)
      if (wish.password !== undefined) lines.push(`masterauth "${wish.password}"`)
      const node = await group.start(`node-${i + 1}`, wish.ports?.[i], [...memoryOnly(), ...lines])
      const slot = (share: number): number => Math.floor((SLOTS * share) / CLUSTER_NODES)
      await node.ask('CLUSTER', 'ADDSLOTSRANGE', slot(i), slot(i + 1) - 1)
      await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
      nodes.push(node)
    }
    const [first, ...others] = nodes
    for (const node of others) {
      const busPort = /cluster-port\W+(\d+)/.exec(String(await node.ask('CONFIG', 'GET', 'cluster-port')))?.[1] ?? ''
      await first?.ask('CLUSTER', 'MEET', '127.0.0.1', node.port, busPort)
    }
    for (const node of nodes)
      await until(`${node.name} knows the whole cluster`, async () => {
        const info = String(await node.ask('CLUSTER', 'INFO'))
        return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`)
      })
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')
    return { url: `redis-cluster://${credentials(wish)}${addresses}` }
  })
}

class Group {
  readonly parts: RedisPart[] = []
  readonly folder: string
  readonly #password: string | undefined

  constructor(wish: RedisWish) {
    this.folder = wish.folder ?? mkdtempSync(join(tmpdir(), 'crupier-redis-'))
    this.#password = wish.password
  }

  async start(name: string, port: number | undefined, lines: readonly string[], sentinel = false): Promise<RedisPart> {
    const settings = { name, port: port ?? (await freePort()), folder: join(this.folder, name), sentinel, lines }
    const part = new RedisPart({ ...settings, password: this.#password })
    this.parts.push(part)
    await part.restart()
    return part
  }
}

/** Starts several parts; when one of them does not come up, those that did are stopped again. */
async function together<T>(wish: RedisWish, start: (group: Group) => Promise<T>): Promise<T & ThrowAwayRedis> {
  if (!redisInstalled()) throw new Error(`no Redis at ${REDIS_SERVER}: install Debian's redis-server`)
  const group = new Group(wish)
  const stop = async (): Promise<void> => {
    await Promise.all(group.parts.map((part) => part.kill()))
    if (wish.folder === undefined) rmSync(group.folder, { recursive: true, force: true })
  }
  try {
    const started = await start(group)
    return { url: '', ...started, folder: group.folder, parts: group.parts, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Nothing here need outlive the process, and a replica need not wait for others before it is given the data. */
function memoryOnly(): string[] {
  return ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0', 'logfile ""']
}

function watching(
  masterPort: number,
  { password, downAfterMs = DOWN_AFTER_MS }: { password?: string; downAfterMs?: number },
) {
  const lines = [
    `sentinel monitor ${SENTINEL_MASTER} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${SENTINEL_MASTER} ${downAfterMs}`,
    `sentinel failover-timeout ${SENTINEL_MASTER} 3000`,
  ]
  if (password !== undefined)
    lines.push(`sentinel auth-pass ${SENTINEL_MASTER} ${password}`, `sentinel sentinel-pass ${password}`)
  return lines
}

/** Of a Sentinel's INFO: one healthy master with one replica, watched by three. */
function knowsAll(info: unknown): boolean {
  return String(info).includes('status=ok') && String(info).includes('slaves=1,sentinels=3')
}

async function masterOf(servers: readonly RedisPart[], sentinels: readonly RedisPart[]): Promise<RedisPart> {
  for (const sentinel of sentinels) {
    const address = await sentinel.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', SENTINEL_MASTER).catch(() => null)
    const master = servers.find(({ port }) => Array.isArray(address) && address[1] === String(port))
    if (master !== undefined) return master
  }
  throw new Error('no Sentinel knows the master')
}

function credentials({ password }: RedisWish): string {
  return password === undefined ? '' : `:${encodeURIComponent(password)}@`
}
