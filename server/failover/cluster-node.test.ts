import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ranked } from './placement.ts'
import { LEASE_MS, NODES, TestCluster } from './testing.ts'

const [first = '', second = '', third = ''] = ranked('lima', [...NODES])
let cluster: TestCluster

beforeEach(() => {
  vi.useFakeTimers()
  cluster = new TestCluster()
})

afterEach(async () => {
  for (const node of cluster.nodes.values()) await node.stop()
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

async function startAll(): Promise<void> {
  await cluster.start(first)
  await pass(50)
  await cluster.start(second)
  await cluster.start(third)
  await pass(1_500)
  cluster.told.length = 0
}

test('[FOV-45] when the owner is gone the first in rank has the table at once, under the next epoch', async () => {
  await startAll()
  expect(cluster.ownersOf('lima')).toEqual([first])
  cluster.kill(first)
  await pass(20)
  expect(cluster.ownersOf('lima')).toEqual([second])
  expect(cluster.told).toEqual([`${second} opens lima at 2`, `${second} took over: gone`])
})

test('[FOV-45] when the first in rank cannot, the next one does, one lease later', async () => {
  await startAll()
  cluster.broken.add(second)
  cluster.kill(first)
  await pass(LEASE_MS * 0.9)
  expect(cluster.ownersOf('lima')).not.toContain(third)
  await pass(LEASE_MS)
  expect(cluster.ownersOf('lima')).toEqual([third])
})

test('[FOV-45] an owner that is merely silent keeps its table until its lease has ended', async () => {
  await startAll()
  cluster.silence(first)
  await pass(LEASE_MS * 0.7)
  expect(cluster.ownersOf('lima')).toEqual([first])
  await pass(LEASE_MS)
  expect(cluster.ownersOf('lima')).toEqual([second])
  // It stopped by itself, before anybody could take its table.
  expect(cluster.told.indexOf(`${first} stepped down`)).toBeLessThan(cluster.told.indexOf(`${second} opens lima at 2`))
})

test('[FOV-47] a node that joins gets its table between rounds, after it stood for two seconds', async () => {
  await cluster.start(second)
  await pass(200)
  cluster.atRest = false
  await cluster.start(first)
  await pass(5_000)
  expect(cluster.ownersOf('lima')).toEqual([second])
  cluster.atRest = true
  await pass(300)
  expect(cluster.ownersOf('lima')).toEqual([first])
})

test('[FOV-46] a table is handed over stopped, and its sockets follow while the other node opens it', async () => {
  await cluster.start(second)
  await pass(200)
  cluster.told.length = 0
  await cluster.start(first)
  await pass(5_000)
  expect(cluster.told).toEqual([
    `${second} stops lima`,
    `${second} drops lima`,
    `${first} opens lima at 2`,
    `${first} took over: handed`,
    `${second} handed over`,
  ])
})

test('[FOV-46] a table that was not taken is taken over again, by whoever can', async () => {
  await cluster.start(second)
  await pass(200)
  cluster.broken.add(first)
  await cluster.start(first)
  await pass(2_500)
  expect(cluster.told).toContain(`${second} could not hand over`)
  await pass(3 * LEASE_MS)
  cluster.broken.delete(first)
  await pass(3 * LEASE_MS)
  expect(cluster.ownersOf('lima')).toHaveLength(1)
})

test('[FOV-46] a table that is offered once more is not opened twice', async () => {
  await cluster.start(second)
  await pass(200)
  const node = await cluster.start(first)
  await pass(5_000)
  cluster.told.length = 0
  expect(await node.asked('take', { tableId: 'lima', epoch: 1 })).toBe(2)
  expect(cluster.told).toEqual([])
})

test('[FOV-46] a table that is offered late is left to whoever has it since', async () => {
  await startAll()
  cluster.kill(first)
  await pass(20)
  expect(cluster.ownersOf('lima')).toEqual([second])
  expect(await cluster.nodes.get(third)?.asked('take', { tableId: 'lima', epoch: 1 })).toBeNull()
  await pass(200)
  expect(cluster.ownersOf('lima')).toEqual([second])
})

test('[FOV-45] a failure of long ago costs nobody his place in the rank', async () => {
  await startAll()
  cluster.broken.add(second)
  cluster.kill(first)
  await pass(2 * LEASE_MS)
  expect(cluster.ownersOf('lima')).toEqual([third])
  cluster.broken.delete(second)
  await pass(6_000)
  cluster.kill(third)
  await pass(300)
  expect(cluster.ownersOf('lima')).toEqual([second])
})

test('[FOV-48] a node that drains gives its tables away at a safe point, and takes none', async () => {
  await startAll()
  cluster.atRest = false
  const drained = cluster.nodes.get(first)?.drain(10_000)
  await pass(2_000)
  expect(cluster.ownersOf('lima')).toEqual([first])
  cluster.atRest = true
  await pass(200)
  await drained
  expect(cluster.ownersOf('lima')).toEqual([second])
  cluster.kill(second)
  await pass(3 * LEASE_MS)
  expect(cluster.ownersOf('lima')).toEqual([third])
})

test('[FOV-48] a node that drains does not wait for the end of a long round for ever', async () => {
  await startAll()
  cluster.atRest = false
  const drained = cluster.nodes.get(first)?.drain(10_000)
  await pass(5_500)
  await drained
  expect(cluster.ownersOf('lima')).toEqual([second])
})

test('[FOV-48] the last node keeps its tables to the end and leaves them in the books', async () => {
  const node = await cluster.start(first)
  await pass(200)
  cluster.atRest = false
  await node.drain(10_000) // it waits for nothing: no timer runs here
  await node.stop()
  cluster.nodes.delete(first)
  await cluster.start(second)
  await pass(200)
  expect(cluster.ownersOf('lima')).toEqual([second])
})

test('[FOV-102] a table that waits for its first round keeps no node from draining', async () => {
  cluster.paused = true
  cluster.waiting.add(first)
  await cluster.start(first)
  await pass(50)
  await cluster.start(second)
  await pass(1_500)
  expect([cluster.ownersOf('lima'), cluster.told]).toEqual([[first], []])
  let drained = false
  void cluster.nodes
    .get(first)
    ?.drain(60_000)
    .then(() => {
      drained = true
    })
  await pass(1_000)
  expect([drained, cluster.ownersOf('lima')]).toEqual([true, [second]])
  expect(cluster.failures).toEqual([])
})

test('[FOV-102] a table that was lost while it waited for its first round can come back to the node', async () => {
  cluster.paused = true
  cluster.waiting.add(first)
  await cluster.start(first)
  await pass(200)
  cluster.waiting.delete(first)
  expect(await cluster.book.claim('lima', 1, { nodeId: 'x', incarnation: 0 })).toMatchObject({ won: true })
  await pass(2 * LEASE_MS)
  expect(cluster.ownersOf('lima')).toEqual([first])
  expect(cluster.told).toContain(`${first} opens lima at 3`)
})

test('[FOV-45] of two nodes that want the same table one wins, and the other leads its clients there', async () => {
  cluster.wanted = Array.from({ length: 30 }, (_, i) => `table-${i}`)
  await Promise.all(NODES.map((nodeId) => cluster.start(nodeId)))
  await pass(5_000)
  for (const tableId of cluster.wanted) {
    expect(cluster.ownersOf(tableId)).toEqual([ranked(tableId, [...NODES])[0]])
    expect(cluster.book.owned.get(tableId)?.nodeId).toBe(ranked(tableId, [...NODES])[0])
  }
})

test('[FOV-61] who looks for a table that moves is told where it is as soon as it is open', async () => {
  await startAll()
  const asker = cluster.nodes.get(third)
  expect(await asker?.find('lima', 0)).toEqual({ nodeId: first, address: `${first}:1` })
  cluster.kill(first)
  const found = asker?.find('lima', 6_000)
  await pass(50)
  expect(await found).toEqual({ nodeId: second, address: `${second}:1` })
  expect(await asker?.find('no-such-table', 6_000)).toBeNull()
})

test('[FOV-80] a node that the books do not answer gives its table to one that has them, for as long', async () => {
  cluster.withRedis = true
  await startAll()
  cluster.withoutBooks.add(first)
  await pass(2 * LEASE_MS - 200)
  expect(cluster.ownersOf('lima')).toEqual([first])
  await pass(1_000)
  expect(cluster.ownersOf('lima')).toEqual([second])
  await pass(20 * LEASE_MS)
  expect(cluster.ownersOf('lima')).toEqual([second])
  cluster.withoutBooks.delete(first)
  await pass(5_000)
  expect(cluster.ownersOf('lima')).toEqual([first])
})

test('[FOV-80] while the books answer nobody every table waits for them where it is', async () => {
  cluster.withRedis = true
  await startAll()
  for (const nodeId of NODES) cluster.withoutBooks.add(nodeId)
  await pass(20 * LEASE_MS)
  expect(cluster.ownersOf('lima')).toEqual([first])
  cluster.withoutBooks.clear()
  await pass(5_000)
  expect(cluster.ownersOf('lima')).toEqual([first])
  expect(cluster.told).toEqual([])
})
