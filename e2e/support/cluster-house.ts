import type { RouletteVariant } from '../../engine/roulette/rules.ts'
import { type Cluster, startCluster } from '../../scripts/cluster/cluster.ts'
import type { ClusterNode } from '../../scripts/cluster/node.ts'
import type { ThrowAwayPostgres } from '../../scripts/postgres.ts'
import type { SingleRedis } from '../../scripts/redis.ts'
import { openTable, type TableWish } from './house.ts'
import { until } from './until.ts'

const ANSWERS_WITHIN_MS = 5_000

/** A house of three nodes behind its load balancer, as a player meets it. */
export class ClusterHouse {
  readonly cluster: Cluster<SingleRedis, ThrowAwayPostgres>

  private constructor(cluster: Cluster<SingleRedis, ThrowAwayPostgres>) {
    this.cluster = cluster
  }

  static async open(): Promise<ClusterHouse> {
    return new ClusterHouse(await startCluster({ redis: 'single', standby: false, env: { DRAIN_SECONDS: '6' } }))
  }

  get url(): string {
    return this.cluster.publicUrl
  }

  command(command: { readonly command: string; readonly [name: string]: unknown }): Promise<unknown> {
    return this.cluster.command(command)
  }

  /** What the public may read. */
  async read<Answer>(path: string): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`)
    return (await response.json()) as Answer
  }

  openTable(tableId: string, variant: RouletteVariant, more: TableWish = {}): Promise<void> {
    return openTable(this, tableId, variant, more)
  }

  /** The node to which a visitor of the table is led. */
  async ownerOf(tableId: string): Promise<ClusterNode> {
    const response = await fetch(`${this.url}/matchmake/joinById/${tableId}`, { method: 'POST', body: '{}' })
    const { processId } = (await response.json()) as { processId?: string }
    const owner = this.cluster.nodes.find(({ nodeId }) => nodeId === processId)
    if (owner === undefined) throw new Error(`nobody runs ${tableId}: ${response.status}`)
    return owner
  }

  /** `kill -9` of the node that runs the table. */
  async killOwnerOf(tableId: string): Promise<ClusterNode> {
    const owner = await this.ownerOf(tableId)
    await owner.kill()
    return owner
  }

  /** `kill -9` of every node at once, and of Redis, which forgets all that it knew. */
  async killAll(): Promise<void> {
    await Promise.all([...this.cluster.nodes.map((node) => node.kill()), this.cluster.redis.server.kill()])
  }

  /** Starts whatever does not run, and waits until the house is whole. */
  async startAll(): Promise<void> {
    const { nodes, redis } = this.cluster
    if (redis.server.pid === null) await redis.server.restart()
    await Promise.all(nodes.filter(({ running }) => !running).map((node) => node.start()))
    await this.cluster.ready()
    await until('every node is ready', async () =>
      (await Promise.all(nodes.map((node) => node.isReady()))).every((ready) => ready),
    )
  }

  async stop(): Promise<void> {
    await this.cluster.stop()
  }
}
