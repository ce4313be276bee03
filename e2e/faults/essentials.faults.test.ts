import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Visitor } from '../../chaos/visitor.ts'
import { until } from '../support/until.ts'
import { FaultHouse, RIGHT, ROUND_MS, SLACK_MS } from './support/fault-house.ts'

const OUTAGE_MS = 3_500
const PAUSED_MS = 3_000
const TAKEN_OVER_MS = 5_000

/** One of each kind; all of them are in the other suites of this folder, for `npm run faults`. */
describe('the parts fail, one after the other', () => {
  let house: FaultHouse

  beforeAll(async () => {
    house = await FaultHouse.open({ nodes: 2, redis: 'single', standby: false, playersAtTable: 4, links: true })
  }, 120_000)

  afterAll(() => house?.close())
  beforeEach(() => house.whole(), 120_000)

  test('[FOV-84] the house’s first tables, which it has closed, are in the lobby of no node', async () => {
    for (const node of house.cluster.nodes)
      await until(`${node.nodeId} lists the open tables alone`, async () => {
        const listed = await node.tables()
        return listed.toSorted().join() === house.tableIds.toSorted().join()
      })
  })

  test('[FOV-64] any node answers with a seat at the table’s owner, and the ticket is spent once', async () => {
    const tableId = house.tableOf(1)
    const { nodeId } = await house.ownerOf(tableId)
    const visitor = new Visitor(house.cluster.node(0).url)
    await visitor.signUp('Visita', 1_000)
    for (const { url } of house.cluster.nodes) {
      const ticket = await visitor.ticket(tableId)
      const ask = () =>
        fetch(`${url}/matchmake/joinById/${tableId}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${ticket}` },
          body: '{}',
        })
      const seated = await ask()
      expect(seated.status).toBe(200)
      expect(await seated.json()).toMatchObject({ roomId: tableId, processId: nodeId })
      expect(await (await ask()).json()).toMatchObject({ error: 'ticket-invalid' })
    }
  })

  test('[FOV-71] Redis killed: rounds keep their pace', async () => {
    const before = await house.owners()
    const felt = await house.feel('Redis killed, quick', house.tableIds, async () => {
      await house.cluster.redis.server.kill()
      await pause(OUTAGE_MS)
      await house.cluster.redis.server.restart()
    })
    expect(felt).toMatchObject({ statuses: [], drops: [], reloads: 0 })
    expect(felt.slowestRoundMs).toBeLessThan(ROUND_MS + SLACK_MS)
    expect(await house.owners()).toEqual(before)
  }, 60_000)

  test('[FOV-73] PostgreSQL out of reach of all: players read that the table waits', async () => {
    const before = await house.owners()
    const felt = await house.feel('PostgreSQL out of reach, quick', house.tableIds, async () => {
      for (const { network } of house.cluster.nodes) await network.postgres.cut()
      await pause(OUTAGE_MS)
      for (const { network } of house.cluster.nodes) await network.postgres.mend()
    })
    expect(felt).toMatchObject({ statuses: ['waiting', 'running'], drops: [], reloads: 0 })
    expect(await house.owners()).toEqual(before)
  }, 60_000)

  test('[FOV-83] a node cut off from both stores: its players are told, and go on elsewhere', async () => {
    const tableId = house.tableOf(2)
    const node = await house.ownerOf(tableId)
    const before = await house.owner(tableId)
    const felt = await house.feel('both stores out of reach, quick', [tableId], async () => {
      await Promise.all([node.network.redis.cut(), node.network.postgres.cut()])
      await house.goesOn('cut off from both stores', [tableId])
      expect((await house.owner(tableId)).epoch).toBeGreaterThan(before.epoch)
      await Promise.all([node.network.redis.mend(), node.network.postgres.mend()])
    })
    expect(felt.statuses).toContain('moving')
    expect(felt).toMatchObject({ reloads: 0, othersDrops: 0 })
  }, 60_000)

  test('[FOV-78] a node paused: another goes on with its table', async () => {
    const tableId = house.tableOf(1)
    const node = await house.ownerOf(tableId)
    const felt = await house.feel('node paused, quick', [tableId], async () => {
      house.strike(node, 'SIGSTOP', [tableId])
      await pause(PAUSED_MS)
      node.resume()
    })
    expect(felt.awayMs).toBeLessThan(PAUSED_MS + TAKEN_OVER_MS)
    expect(felt).toMatchObject({ reloads: 0 })
  }, 60_000)

  test('[FOV-71 FOV-73 FOV-78 FOV-83] nothing was lost or doubled by any of it', async () => {
    expect(await house.reckon()).toMatchObject(RIGHT)
  }, 90_000)
})
