import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../e2e/support/until.ts'
import { ensureWebBuilt } from '../build-web.ts'
import { startPostgres, type ThrowAwayPostgres } from '../postgres.ts'
import { type PostgresPair, startPostgresPair } from '../postgres-pair.ts'
import { type SentinelRedis, type SingleRedis, startRedis, startSentinels } from '../redis.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { NodeLinks } from './links.ts'
import { ClusterNode, type NodeChange } from './node.ts'
import { freePort } from './ports.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LISTED_WITHIN_MS = 60_000
/** When all end together nobody takes their tables, so it is no use to wait for the moment at which they could move. */
const NODE_STOPS_MS = 3_000

type RedisOf = { readonly sentinel: SentinelRedis; readonly single: SingleRedis; readonly none: null }
type PostgresOf<Standby extends boolean> = Standby extends true ? PostgresPair : ThrowAwayPostgres

export type ClusterOptions<Redis extends keyof RedisOf, Standby extends boolean> = {
  /** How many nodes, up to nine; three if not given. Their ids are node-1, node-2 … */
  readonly nodes?: number
  /** `sentinel` (default): two servers and three Sentinels. */
  readonly redis?: Redis
  /** True (default): a primary, and a standby that confirms every commit. */
  readonly standby?: Standby
  /** Puts a proxy into every connection of every node, so that `node.network` can break them one by one. */
  readonly links?: boolean
  /** Where data, secrets and logs lie, kept at `stop`, found again by the next start. Default: a temporary one. */
  readonly folder?: string
  /** Where PostgreSQL keeps its data, if not below `folder`. */
  readonly postgresFolder?: string
  /** Further settings of every node, by the names of `server/config.ts`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What differs from node to node, in their order. */
  readonly eachNode?: readonly NodeChange[]
  /** The public port; any free one if not given. */
  readonly port?: number
  /** Further ports; any free ones if not given. */
  readonly ports?: ClusterPorts
}

export type ClusterPorts = {
  readonly status?: number
  readonly nodes?: readonly number[]
  readonly peers?: readonly number[]
  readonly postgres?: readonly [number, number]
  /** Two servers, three Sentinels. */
  readonly redis?: readonly number[]
}

export type Cluster<Redis, Postgres> = {
  /** The one address of the house, at the balancer. */
  readonly publicUrl: string
  readonly nodes: readonly ClusterNode[]
  readonly redis: Redis
  readonly postgres: Postgres
  readonly balancer: Balancer
  /** The addresses of the stores, past every proxy. */
  readonly databaseUrl: string
  readonly redisUrl: string | null
  readonly operatorToken: string
  readonly operatorTokenFile: string
  readonly folder: string
  /** Resolves when every node is ready and lists every open table. Errors: rejects when that takes a minute. */
  ready(): Promise<void>
  /** Node `i`, counted from 0. Errors: throws when there is none. */
  node(i: number): ClusterNode
  /** A command of the operators' desk, by the balancer. Errors: rejects with the code of a refusal. */
  command(command: { readonly command: string; readonly [name: string]: unknown }): Promise<unknown>
  /** Ends everything that was started, in order in a kept folder, at once in a temporary one, which is removed. */
  stop(): Promise<void>
}

/**
 * The whole house on this machine, on loopback addresses: PostgreSQL, Redis, nodes and the balancer before them.
 * Resolves when every node is ready and lists every open table. All of it ends with this process, however that ends.
 * Errors: rejects when a Debian package is missing or a part does not start; whatever was started is stopped then.
 */
export async function startCluster<Redis extends keyof RedisOf = 'sentinel', Standby extends boolean = true>(
  options: ClusterOptions<Redis, Standby> = {},
): Promise<Cluster<RedisOf[Redis], PostgresOf<Standby>>> {
  const building = new Building(options)
  try {
    const cluster = await building.build()
    // One that has ended already is no node to do without, as later ones are: it says why.
    await Promise.all(cluster.nodes.map((node) => node.ready()))
    await cluster.ready()
    return cluster as Cluster<RedisOf[Redis], PostgresOf<Standby>>
  } catch (error) {
    await building.stop()
    throw error
  }
}

type AnyOptions = ClusterOptions<keyof RedisOf, boolean>
type Stores = {
  readonly postgres: PostgresPair | ThrowAwayPostgres
  readonly redis: SentinelRedis | SingleRedis | null
}
type AnyCluster = Cluster<Stores['redis'], Stores['postgres']>

/** A cluster while it comes up, and what of it must be stopped again. */
class Building {
  readonly #options: AnyOptions
  readonly #folder: string
  readonly #nodes: ClusterNode[] = []
  readonly #links: NodeLinks[] = []
  readonly #stops: (() => Promise<void>)[] = []
  #stopping: Promise<void> | null = null

  constructor(options: AnyOptions) {
    this.#options = options
    this.#folder = options.folder ?? mkdtempSync(join(tmpdir(), 'crupier-cluster-'))
    mkdirSync(this.#folder, { recursive: true })
    // PostgreSQL runs as another user and must pass through; secrets are in files of their own.
    chmodSync(this.#folder, 0o711)
  }

  async build(): Promise<AnyCluster> {
    const options = this.#options
    const stores = await this.#stores()
    const { postgres, redis } = stores
    const port = options.port ?? (await freePort())
    const publicUrl = `http://localhost:${port}`
    const operatorToken = this.#secret('operator.token')
    const shared = this.#sharedSettings(publicUrl, operatorToken)
    for (let i = 0; i < (options.nodes ?? 3); i += 1) this.#nodes.push(await this.#node(i, stores, shared))
    this.#stops.push(() => this.#stopNodes())
    await Promise.all(this.#nodes.map((node, i) => node.start(options.eachNode?.[i])))
    const balancer = await startBalancer({
      port,
      statusPort: options.ports?.status ?? (await freePort()),
      nodes: this.#nodes.map(({ nodeId, url }, i) => ({ nodeId, address: this.#doorOf(i, url) })),
      logFile: join(this.#folder, 'logs/haproxy.log'),
    })
    this.#stops.push(() => balancer.stop())
    return {
      ...stores,
      ...{ publicUrl, balancer, operatorToken },
      nodes: this.#nodes,
      databaseUrl: postgres.url,
      redisUrl: redis?.url ?? null,
      operatorTokenFile: join(this.#folder, 'operator.token'),
      folder: this.#folder,
      ready: async () => {
        await allListed(this.#nodes, publicUrl, operatorToken)
        await balancerKnows(balancer, this.#nodes)
      },
      node: (i) => nodeAt(this.#nodes, i),
      command: (command) => commandOf(publicUrl, operatorToken, command),
      stop: () => this.stop(),
    }
  }

  /** Ends what came up, the last first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop()
    if (this.#options.folder === undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Both at once, and the page meanwhile. Whatever came up is known before anything is thrown. */
  async #stores(): Promise<Stores> {
    const starting = [this.#postgres(), this.#redis(), ensureWebBuilt()] as const
    await Promise.allSettled(starting)
    const [postgres, redis] = await Promise.all(starting)
    return { postgres, redis }
  }

  async #postgres(): Promise<Stores['postgres']> {
    const { standby = true, folder, postgresFolder, ports } = this.#options
    const kept = postgresFolder ?? (folder === undefined ? undefined : join(folder, 'postgres'))
    const chosen = ports?.postgres ?? ([await freePort(), await freePort()] as const)
    const postgres = standby
      ? await startPostgresPair({
          ...(kept === undefined ? {} : { folder: kept }),
          ports: chosen,
          detached: true,
          settings: ['logging_collector=on', 'log_directory=log', 'log_filename=postgres.log'],
        })
      : await startPostgres({ port: chosen[0] })
    this.#stops.push(() => postgres.stop())
    return postgres
  }

  async #redis(): Promise<Stores['redis']> {
    const { redis = 'sentinel', ports } = this.#options
    if (redis === 'none') return null
    const folder = join(this.#folder, 'redis')
    const [port] = ports?.redis ?? []
    const started =
      redis === 'sentinel'
        ? await startSentinels({ folder, ...(ports?.redis === undefined ? {} : { ports: ports.redis }) })
        : await startRedis({ folder, ...(port === undefined ? {} : { port }) })
    this.#stops.push(() => started.stop())
    return started
  }

  async #node(i: number, { postgres, redis }: Stores, shared: NodeJS.ProcessEnv): Promise<ClusterNode> {
    const { ports } = this.#options
    const nodeId = `node-${i + 1}`
    const port = ports?.nodes?.[i] ?? (await freePort())
    const peerPort = ports?.peers?.[i] ?? (await freePort())
    let [databaseUrl, redisUrl]: [string, string | null] = [postgres.url, redis?.url ?? null]
    let peerAddress = ''
    let links: NodeLinks | null = null
    if (this.#options.links === true) {
      links = await NodeLinks.open({
        ...{ port, peerPort, databaseUrl, redisUrl },
        redisPorts: redis?.parts.map((part) => part.port) ?? [],
        others: () => this.#links,
        pid: () => this.#nodes[i]?.pid ?? null,
      })
      this.#links.push(links)
      this.#stops.push(() => links?.close() ?? Promise.resolve())
      ;({ databaseUrl, redisUrl } = links)
      peerAddress = `127.0.0.1:${links.peerPort}`
    }
    const env = {
      ...shared,
      NODE_ID: nodeId,
      PORT: String(port),
      PEER_PORT: String(peerPort),
      PEER_ADDRESS: peerAddress,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl ?? '',
      DATA_DIR: join(this.#folder, nodeId),
      ...this.#options.env,
    }
    const logFile = join(this.#folder, 'logs', `${nodeId}.log`)
    return new ClusterNode({ nodeId, port, program: ROOT, env, logFile, links })
  }

  /** Nothing else of this process's environment: a test runner has a MODE, a developer may have a DATABASE_URL. */
  #sharedSettings(publicUrl: string, operatorToken: string): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      PUBLIC_URL: publicUrl,
      ALLOWED_ORIGINS: publicUrl.replace('localhost', '127.0.0.1'),
      TRUSTED_PROXIES: '127.0.0.1',
      SECRETS_KEY: this.#secret('secrets.key'),
      OPERATOR_TOKEN: operatorToken,
      // Everybody comes from this machine, so the budgets by address are widened for as many.
      SIGN_UPS_PER_MINUTE: '100000',
      SIGN_INS_PER_MINUTE: '100000',
      HTTP_REQUESTS_PER_SECOND: '100000',
    }
  }

  /** 32 random bytes in hex, made once in the folder and readable by their owner alone. */
  #secret(name: string): string {
    const file = join(this.#folder, name)
    if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    return readFileSync(file, 'utf8').trim()
  }

  #doorOf(i: number, url: string): string {
    const links = this.#links[i]
    return links === undefined ? new URL(url).host : `127.0.0.1:${links.clientPort}`
  }

  async #stopNodes(): Promise<void> {
    const living = this.#nodes.filter((node) => node.running)
    const inOrder = this.#options.folder !== undefined
    await Promise.all(living.map((node) => (inOrder ? node.terminate(NODE_STOPS_MS) : node.kill())))
  }
}

/** Waits until every node is ready and lists every table that the books say is open. */
async function allListed(nodes: readonly ClusterNode[], publicUrl: string, operatorToken: string): Promise<void> {
  await Promise.all(nodes.filter((node) => node.running).map((node) => node.ready()))
  const complete = async () => {
    const asked = await commandOf(publicUrl, operatorToken, { command: 'table.list' }).catch(() => null)
    if (!Array.isArray(asked)) return false
    const rows = asked as { tableId: string; status: string }[]
    const open = rows.filter(({ status }) => status === 'open').map(({ tableId }) => tableId)
    const listed = await Promise.all(
      nodes.filter((node) => node.running).map((node) => node.tables().catch((): readonly string[] => [])),
    )
    return listed.every((tableIds) => open.every((tableId) => tableIds.includes(tableId)))
  }
  await until('every node lists every open table', complete, LISTED_WITHIN_MS)
}

async function balancerKnows(balancer: Balancer, nodes: readonly ClusterNode[]): Promise<void> {
  const known = async () => {
    const ready = await balancer.ready()
    return nodes.every(({ running, nodeId }) => running === ready.includes(nodeId))
  }
  await until('the balancer knows which nodes are ready', known)
}

async function commandOf(
  publicUrl: string,
  operatorToken: string,
  command: { readonly command: string; readonly [name: string]: unknown },
): Promise<unknown> {
  const response = await fetch(`${publicUrl}/operator/api/command`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${operatorToken}`,
      'x-operator': 'cluster',
    },
    body: JSON.stringify(command),
  })
  const { code, result } = (await response.json()) as { code: string | null; result: unknown }
  if (code !== null) throw new Error(`${command.command} was refused: ${code}`)
  return result
}

function nodeAt(nodes: readonly ClusterNode[], i: number): ClusterNode {
  const node = nodes[i]
  if (node === undefined) throw new Error(`there is no node ${i}`)
  return node
}
