import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type Cluster, startCluster } from '../scripts/cluster/cluster.ts'
import type { ClusterNode } from '../scripts/cluster/node.ts'
import type { PostgresPair } from '../scripts/postgres-pair.ts'
import type { SentinelRedis } from '../scripts/redis.ts'
import { OPEN_DOORS } from './single-node.ts'
import type { Stage, StageFault, StageNode } from './stage.ts'
import { until } from './until.ts'

type WholeCluster = Cluster<SentinelRedis, PostgresPair>

const OUTAGE_MS = 5_000
const ALL_DOWN_MS = 10_000
const FAIL_OVER_MS = 20_000
const LINKS = ['redis', 'postgres', 'peers', 'clients'] as const
const WAYS = ['cut', 'fallSilent'] as const

/** Several nodes, a PostgreSQL pair, Redis with Sentinels and HAProxy; with `links`, proxies between all parts. */
export async function openCluster(nodes: number, links: boolean, logFolder: string): Promise<Stage> {
  // Logs are kept with the run, data are not.
  const postgresFolder = mkdtempSync(join(tmpdir(), 'crupier-chaos-'))
  const cluster = await startCluster({
    nodes,
    links,
    folder: join(logFolder, 'cluster'),
    postgresFolder,
    env: { ...OPEN_DOORS, LOG_LEVEL: 'info' },
  })
  const { redis, postgres } = cluster
  return {
    // One family of addresses, so that no attempt is spent on the other.
    url: cluster.publicUrl.replace('localhost', '127.0.0.1'),
    operatorToken: cluster.operatorToken,
    nodes: cluster.nodes.map(stageNode),
    description: `${nodes} nodes, PostgreSQL with a synchronous standby, Redis with a replica and 3 Sentinels, HAProxy`,
    databaseUrl: async () => postgres.primaryUrl,
    openRedis: async () => new Redis({ host: '127.0.0.1', port: (await redis.master()).port }),
    faults: (kind) => {
      if (kind === 'redis') return redisFaults(redis)
      return kind === 'postgres' ? postgresFaults(postgres) : partitions(cluster)
    },
    stop: async () => {
      await cluster.stop()
      rmSync(postgresFolder, { recursive: true, force: true })
    },
  }
}

/** A node of a cluster as the harness breaks it. */
export function stageNode(node: ClusterNode): StageNode {
  return {
    nodeId: node.nodeId,
    url: node.url,
    get alive() {
      return node.running
    },
    signal: (signal) => void node.signal(signal),
    ended: () => node.exited,
    start: async () => {
      await node.exited
      await node.start()
    },
  }
}

function redisFaults(redis: SentinelRedis): StageFault[] {
  const replaced = (port: number) =>
    until('the Sentinels name another master', async () => (await redis.master()).port !== port, FAIL_OVER_MS)
  return [
    {
      name: 'kill -9 of the Redis master',
      run: async () => {
        const master = await redis.master()
        await master.kill()
        await replaced(master.port)
        await master.restart()
      },
    },
    {
      name: 'Redis master paused for 5 s',
      run: async () => {
        const master = await redis.master()
        master.pause()
        await after(OUTAGE_MS)
        master.resume()
      },
    },
    { name: 'FLUSHALL', run: async () => void (await (await redis.master()).ask('FLUSHALL')) },
    {
      name: 'all of Redis down for 10 s',
      run: async () => {
        await Promise.all(redis.parts.map((part) => part.kill()))
        await after(ALL_DOWN_MS)
        for (const part of redis.parts) await part.restart()
      },
    },
  ]
}

function postgresFaults(postgres: PostgresPair): StageFault[] {
  return [
    {
      name: 'kill -9 of the PostgreSQL primary, standby promoted',
      run: async () => {
        await postgres.killPrimary()
        await postgres.promoteStandby()
        await postgres.rejoin()
      },
    },
    {
      name: 'kill -9 of the PostgreSQL primary, started again',
      run: async () => {
        await postgres.killPrimary()
        await postgres.restartPrimary()
      },
    },
    {
      name: 'PostgreSQL primary paused for 5 s',
      run: async () => {
        postgres.pause()
        await after(OUTAGE_MS)
        postgres.resume()
      },
    },
  ]
}

/** Each node in turn is cut off from one part after the other, by broken connections and by silent ones. */
function partitions({ nodes }: WholeCluster): StageFault[] {
  return WAYS.flatMap((way) =>
    LINKS.flatMap((link, i) => {
      const node = nodes[i % nodes.length]
      if (node === undefined) return []
      const run = async (): Promise<void> => {
        await node.network[link][way]()
        await after(OUTAGE_MS)
        await node.network[link].mend()
      }
      return [{ name: `${node.nodeId} ${way === 'cut' ? 'cut off from' : 'silent towards'} ${link} for 5 s`, run }]
    }),
  )
}
