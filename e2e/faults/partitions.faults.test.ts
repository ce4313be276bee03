import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Link } from '../../scripts/cluster/links.ts'
import { FaultHouse, RIGHT, ROUND_MS, SLACK_MS } from './support/fault-house.ts'
import { joinsNow } from './support/newcomer.ts'

const CUT_MS = 8_000
/** A lease, and what a busy machine adds. */
const TAKEN_OVER_MS = 5_000
const JOINS_WITHIN_MS = 5_000

/** Both kinds of a broken network: one that refuses, and one that says nothing. */
const WAYS = [
  ['cut off', 'cut'],
  ['silent', 'fallSilent'],
] as const
type Way = (typeof WAYS)[number][1]

/** Does something while the links are broken, and mends them whatever comes of it. */
async function hindered(links: readonly Link[], way: Way, work: () => Promise<void>): Promise<void> {
  try {
    await Promise.all(links.map((link) => link[way]()))
    await work()
  } finally {
    await Promise.all(links.map((link) => link.mend()))
  }
}

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
        await hindered([redis], way, () => pause(CUT_MS))
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
        await hindered([node.network.postgres], way, async () => {
          await pause(CUT_MS)
          await house.goesOn('cut off from PostgreSQL', [tableId])
          expect((await house.owner(tableId)).epoch).toBeGreaterThan(before.epoch)
        })
      })
      expect(felt.statuses.at(-1)).toBe('running')
      expect(felt).toMatchObject({ reloads: 0, othersDrops: 0 })
      expect(felt.slowestRoundMs).toBeLessThan(ROUND_MS + 2 * TAKEN_OVER_MS + SLACK_MS)
    },
    120_000,
  )

  test.each(WAYS)(
    '[FOV-81] %s from its peers only: its tables stay or move once, and its players find them',
    async (name, way) => {
      const tableId = house.tableOf(3)
      const node = await house.ownerOf(tableId)
      const before = await house.owner(tableId)
      const felt = await house.feel(`node ${name} from its peers`, [tableId], async () => {
        await hindered([node.network.peers], way, async () => {
          await pause(CUT_MS)
          await house.goesOn('cut off from its peers')
          const owner = await house.ownerOf(tableId)
          expect(await joinsNow(owner.url, tableId)).toBeLessThan(JOINS_WITHIN_MS)
          expect((await house.owner(tableId)).epoch).toBeLessThanOrEqual(before.epoch + 2)
        })
      })
      expect(felt.reloads).toBe(0)
    },
    120_000,
  )

  test.each(WAYS)(
    '[FOV-82] %s from its clients only: they come back by way of other nodes, and its table stays',
    async (name, way) => {
      const before = await house.owners()
      // Its players come back by way of other nodes and stay there, so the second time others are needed.
      const tableId = house.tableOf(way === 'cut' ? 1 : 2)
      const { clients } = (await house.ownerOf(tableId)).network
      const felt = await house.feel(`node ${name} from its clients`, [tableId], async () => {
        await hindered([clients], way, async () => {
          await house.goesOn('cut off from its clients')
          await pause(CUT_MS)
        })
      })
      expect(felt.drops).toEqual([1006, 1006, 1006])
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
        await hindered([redis, postgres], way, async () => {
          await house.goesOn('cut off from both stores', [tableId])
          expect((await house.owner(tableId)).epoch).toBeGreaterThan(before.epoch)
        })
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
