import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FaultHouse, RIGHT, ROUND_MS, SLACK_MS } from './support/fault-house.ts'

const OUTAGE_MS = 4_000
/** Until a server that was restarted or promoted has been found again. */
const FOUND_MS = 3_000
const SLOW_MS = 120
const LOCKED_MS = 4_000

describe('a PostgreSQL that fails', () => {
  let house: FaultHouse<'single', true>

  beforeAll(async () => {
    house = await FaultHouse.open({ nodes: 3, redis: 'single', standby: true, playersAtTable: 3, links: true })
  }, 120_000)

  afterAll(() => house?.close())
  beforeEach(() => house.whole(), 120_000)

  const outages: readonly (readonly [string, () => Promise<void>])[] = [
    [
      'killed and started again',
      async () => {
        const { postgres } = house.cluster
        await postgres.killPrimary()
        await pause(OUTAGE_MS)
        await postgres.restartPrimary()
      },
    ],
    [
      'paused',
      async () => {
        const { postgres } = house.cluster
        postgres.pause()
        await pause(OUTAGE_MS)
        postgres.resume()
      },
    ],
    [
      'failed over to its standby',
      async () => {
        const { postgres } = house.cluster
        await postgres.killPrimary()
        await pause(OUTAGE_MS)
        await postgres.promoteStandby()
      },
    ],
  ]
  test.each(outages)(
    '[FOV-73] PostgreSQL %s: players read that the table waits, nobody is sent away, and no table moves',
    async (name, break_) => {
      const before = await house.owners()
      const felt = await house.feel(`PostgreSQL ${name}`, house.tableIds, break_)
      expect(felt).toMatchObject({ statuses: ['waiting', 'running'], drops: [], reloads: 0 })
      expect(felt.slowestRoundMs).toBeLessThan(OUTAGE_MS + FOUND_MS + ROUND_MS + SLACK_MS)
      expect(await house.owners()).toEqual(before)
      if (name.startsWith('failed')) await house.cluster.postgres.rejoin()
    },
    120_000,
  )

  test('[FOV-74] PostgreSQL slow: rounds take longer, nobody is sent away, and no table moves', async () => {
    const before = await house.owners()
    const felt = await house.feel('PostgreSQL slow', house.tableIds, async () => {
      for (const node of house.cluster.nodes) await node.network.postgres.delay(SLOW_MS)
      await house.goesOn('PostgreSQL is slow')
      await house.goesOn('PostgreSQL is slow')
      for (const node of house.cluster.nodes) await node.network.postgres.mend()
    })
    expect(felt).toMatchObject({ drops: [], reloads: 0 })
    expect(await house.owners()).toEqual(before)
  }, 120_000)

  test('[FOV-74] a lock on the ledger: bets wait for it, players read so, and none is lost', async () => {
    const before = await house.owners()
    const felt = await house.feel('ledger locked', house.tableIds, async () => {
      const client = new pg.Client({ connectionString: house.cluster.postgres.primaryUrl })
      await client.connect()
      await client.query('begin; lock table entry in access exclusive mode')
      await pause(LOCKED_MS)
      await client.query('rollback')
      await client.end()
    })
    expect(felt).toMatchObject({ statuses: ['waiting', 'running'], drops: [], reloads: 0 })
    expect(await house.owners()).toEqual(before)
  }, 120_000)

  test('[FOV-83] Redis and PostgreSQL both away: every table stops, says so, and goes on with both', async () => {
    const felt = await house.feel('Redis and PostgreSQL away', house.tableIds, async () => {
      const { postgres, redis } = house.cluster
      await Promise.all([postgres.killPrimary(), redis.server.kill()])
      await pause(OUTAGE_MS)
      await Promise.all([postgres.restartPrimary(), redis.server.restart()])
    })
    expect(felt.statuses).toContain('moving')
    expect(felt.statuses.at(-1)).toBe('running')
    expect(felt.reloads).toBe(0)
  }, 120_000)

  test('[FOV-73 FOV-74 FOV-83] nothing was lost or doubled by any of it', async () => {
    expect(await house.reckon()).toMatchObject(RIGHT)
  }, 90_000)
})
