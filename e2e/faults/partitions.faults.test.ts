import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FaultHouse, RIGHT, ROUND_MS, SLACK_MS } from './support/fault-house.ts'
import { joinsNow } from './support/newcomer.ts'

const CUT_MS = 8_000
/** A lease, and what a busy machine adds. */
const TAKEN_OVER_MS = 5_000
const JOINS_WITHIN_MS = 10_000

/** Both kinds of a broken network: one that refuses, and one that says nothing. */
const WAYS = [
  ['cut off', 'cut'],
  ['silent', 'fallSilent'],
] as const

describe('a node that is cut off from one part of the house', () => {
  let house: FaultHouse

  beforeAll(async () => {
    house = await FaultHouse.open({ nodes: 3, redis: 'single', standby: false, playersAtTable: 3, links: true })
  }, 120_000)

  afterAll(() => house?.close())
  beforeEach(() => house.whole(), 120_000)

  test.each(WAYS)(
    '[FOV-79] %s from Redis only: nobody feels it',
    async (name, way) => {
      const before = await house.owners()
      const tableId = house.tableOf(1)
      const { redis } = (await house.ownerOf(tableId)).network
      const felt = await house.feel(`node ${name} from Redis`, [tableId], async () => {
        await redis[way]()
        await pause(CUT_MS)
        await redis.mend()
      })
      expect(felt).toMatchObject({ statuses: [], drops: [], othersDrops: 0 })
      expect(felt.slowestRoundMs).toBeLessThan(ROUND_MS + SLACK_MS)
      expect(await house.owners()).toEqual(before)
    },
    120_000,
  )

  test.each(WAYS)(
    '[FOV-80] %s from PostgreSQL only: its tables go on at nodes that reach it',
    async (name, way) => {
      const tableId = house.tableOf(2)
      const node = await house.ownerOf(tableId)
      const before = await house.owner(tableId)
      const felt = await house.feel(`node ${name} from PostgreSQL`, [tableId], async () => {
        await node.network.postgres[way]()
        await pause(CUT_MS)
        await house.goesOn('cut off from PostgreSQL', [tableId])
        expect((await house.owner(tableId)).epoch).toBeGreaterThan(before.epoch)
        await node.network.postgres.mend()
      })
      expect(felt.statuses.at(-1)).toBe('running')
      expect(felt).toMatchObject({ reloads: 0, othersDrops: 0 })
      expect(felt.slowestRoundMs).toBeLessThan(ROUND_MS + 2 * TAKEN_OVER_MS + SLACK_MS)
    },
    120_000,
  )

  test.each(WAYS)(
    '[FOV-81] %s from its peers only: its tables stay or move once, and everybody finds every table',
    async (name, way) => {
      const tableId = house.tableOf(3)
      const node = await house.ownerOf(tableId)
      const before = await house.owner(tableId)
      const url = house.cluster.publicUrl.replace('localhost', '127.0.0.1')
      const felt = await house.feel(`node ${name} from its peers`, [tableId], async () => {
        await node.network.peers[way]()
        await pause(CUT_MS)
        await house.goesOn('cut off from its peers')
        expect(await joinsNow(url, tableId)).toBeLessThan(JOINS_WITHIN_MS)
        expect((await house.owner(tableId)).epoch).toBeLessThanOrEqual(before.epoch + 2)
        await node.network.peers.mend()
      })
      expect(felt.reloads).toBe(0)
    },
    120_000,
  )

  test.each(WAYS)(
    '[FOV-82] %s from its clients only: they come back by way of other nodes, and its table stays',
    async (name, way) => {
      const before = await house.owners()
      const tableId = house.tableOf(1)
      const { clients } = (await house.ownerOf(tableId)).network
      const felt = await house.feel(`node ${name} from its clients`, [tableId], async () => {
        await clients[way]()
        await house.goesOn('cut off from its clients')
        await pause(CUT_MS)
        await clients.mend()
      })
      expect(felt.reloads).toBe(0)
      expect(felt.awayMs).toBeLessThan(TAKEN_OVER_MS)
      expect(await house.owners()).toEqual(before)
    },
    120_000,
  )

  test.each(WAYS)(
    '[FOV-83] %s from both stores: it tells its players and stops before its lease ends; others go on',
    async (name, way) => {
      const tableId = house.tableOf(2)
      const { redis, postgres } = (await house.ownerOf(tableId)).network
      const before = await house.owner(tableId)
      const felt = await house.feel(`node ${name} from both stores`, [tableId], async () => {
        await Promise.all([redis[way](), postgres[way]()])
        await house.goesOn('cut off from both stores', [tableId])
        expect((await house.owner(tableId)).epoch).toBeGreaterThan(before.epoch)
        await Promise.all([redis.mend(), postgres.mend()])
      })
      expect(felt.statuses).toContain('moving')
      expect(felt.drops).toContain(4010)
      expect(felt.reloads).toBe(0)
      expect(felt.slowestRoundMs).toBeLessThan(ROUND_MS + TAKEN_OVER_MS + SLACK_MS)
    },
    120_000,
  )

  test('[FOV-79 FOV-80 FOV-81 FOV-82 FOV-83] nothing was lost or doubled by any of it', async () => {
    expect(await house.reckon()).toMatchObject(RIGHT)
  }, 90_000)
})
