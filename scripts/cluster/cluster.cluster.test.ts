import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../e2e/support/until.ts'
import type { PostgresPair } from '../postgres-pair.ts'
import type { SentinelRedis } from '../redis.ts'
import { type Cluster, startCluster } from './cluster.ts'
import type { ClusterNode } from './node.ts'

const TABLES = ['arequipa', 'cusco', 'lima', 'trujillo']
const HOLDS_MS = 30_000

let cluster: Cluster<SentinelRedis, PostgresPair>
beforeAll(async () => {
  cluster = await startCluster({ links: true, env: { DRAIN_SECONDS: '2' } })
}, 120_000)
afterAll(() => cluster?.stop(), 30_000)

/** For each table the node to which this one leads a visitor; null where it leads him nowhere. */
async function leads(node: ClusterNode): Promise<(string | null)[]> {
  const ask = async (tableId: string) => {
    const response = await fetch(`${node.url}/matchmake/joinById/${tableId}`, { method: 'POST', body: '{}' })
    const { processId = null } = (await response.json()) as { processId?: string }
    return processId
  }
  return Promise.all(TABLES.map(ask))
}

const leadsToAll = async (node: ClusterNode) => !(await leads(node)).includes(null)

describe('a running cluster', () => {
  test('[CLU-9] every node is ready, known to the balancer, and leads to every table', async () => {
    expect(await cluster.balancer.ready()).toEqual(['node-1', 'node-2', 'node-3'])
    for (const node of cluster.nodes) {
      expect(await node.tables()).toEqual(TABLES)
      expect(await leads(node)).toEqual(await leads(cluster.node(0)))
      expect(await leadsToAll(node)).toBe(true)
    }
    const response = await fetch(`${cluster.publicUrl}/api/tables`)
    expect(((await response.json()) as { tables: unknown[] }).tables).toHaveLength(TABLES.length)
  })

  test('[CLU-9] a node that was killed comes back under its id and on its ports', async () => {
    const node = cluster.node(1)
    const [pid, url] = [node.pid, node.url]
    await node.kill()
    expect(node.running).toBe(false)
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
    await node.start()
    await cluster.ready()
    expect([node.url, node.nodeId]).toEqual([url, 'node-2'])
    expect(node.pid).not.toBe(pid)
    await until('it leads to every table', () => leadsToAll(node))
  })

  test('[CLU-9] a node ends in order, and starts again as another program with other settings', async () => {
    const node = cluster.node(2)
    const { code, signal } = await node.terminate()
    expect([code, signal]).toEqual([0, null])
    const program = mkdtempSync(join(tmpdir(), 'crupier-program-'))
    mkdirSync(join(program, 'server'))
    writeFileSync(join(program, 'server/main.ts'), 'console.log(process.env.NODE_ID, process.env.HOUSE_NAME, "here")\n')
    await node.start({ program, env: { HOUSE_NAME: 'Otra' } })
    await node.exited
    expect(node.lastWords()).toMatch(/node-3 Otra here\n$/)
    await expect(node.ready()).rejects.toThrow(/node-3 Otra here/)
    rmSync(program, { recursive: true })
    await node.start({ program: process.cwd(), env: { HOUSE_NAME: undefined } })
    await cluster.ready()
  })

  test('[CLU-10] cut off from PostgreSQL, one node is not ready, until it is mended', async () => {
    const node = cluster.node(0)
    await node.network.postgres.cut()
    await until('it is not ready', async () => !(await node.isReady()))
    expect(await Promise.all([cluster.node(1).isReady(), cluster.node(2).isReady()])).toEqual([true, true])
    await node.network.postgres.mend()
    await node.ready()
  })

  test('[CLU-10 CLU-11] cut off from Redis, one node says so and stays ready; the others notice nothing', async () => {
    const said = (node: ClusterNode) => readFileSync(node.logFile, 'utf8').split('Redis is out of reach').length
    const before = cluster.nodes.map(said)
    const node = cluster.node(0)
    await node.network.redis.fallSilent()
    await until('it says so', () => said(node) > (before[0] ?? 0))
    expect(await node.isReady()).toBe(true)
    expect(cluster.nodes.map(said).slice(1)).toEqual(before.slice(1))
    await node.network.redis.mend()
  })

  test('[CLU-10] cut off from its clients, one node is left out by the balancer and is well by itself', async () => {
    const node = cluster.node(0)
    await node.network.clients.fallSilent()
    await until('the balancer leaves it out', async () => !(await cluster.balancer.living()).includes('node-1'))
    expect(await node.isReady()).toBe(true)
    await node.network.clients.mend()
    await until('the balancer has it back', async () => (await cluster.balancer.ready()).includes('node-1'))
  })

  test('[CLU-10 FOV-117] cut off from its peers, one node says so, stays ready and leads to its own', async () => {
    const node = cluster.node(0)
    await node.network.peers.cut()
    const readiness = async () => (await (await fetch(`${node.url}/readyz`)).json()) as { ok: boolean; peers: boolean }
    await until('it says so', async () => !(await readiness()).peers, HOLDS_MS)
    expect(await readiness()).toMatchObject({ ok: true, database: true, tables: true, peers: false })
    expect(await leadsToAll(node)).toBe(false)
    await node.network.peers.mend()
    await until('it hears them again', async () => (await readiness()).peers, HOLDS_MS)
    await until('it leads to every table', () => leadsToAll(node), HOLDS_MS)
  }, 90_000)
})

test('[CLU-14] a node that cannot start ends the start, with its last words', async () => {
  const starting = startCluster({ nodes: 1, redis: 'none', standby: false, env: { LEASE_MS: 'soon' } })
  await expect(starting).rejects.toThrow(/LEASE_MS must be a whole number/)
}, 90_000)
