import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/cluster/ports.ts'
import type { RedisPart } from '../../scripts/redis.ts'
import { Network } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { FaultHouse, RIGHT, ROUND_MS, SLACK_MS } from './support/fault-house.ts'
import { joinsNow } from './support/newcomer.ts'

const OUTAGE_MS = 6_000
const LONG_OUTAGE_MS = 20_000
const FAIL_OVER_MS = 20_000
/** Held while the owner of a table is dead, and a machine that is busy. */
const JOINS_WITHIN_MS = 8_000

/** What is felt when nothing is. */
const NOTHING = { statuses: [], drops: [], othersDrops: 0, reloads: 0 } as const

describe('a Redis that fails', () => {
  let house: FaultHouse<'sentinel', false>
  /** Between the third player of every table and the house: a connection that can be broken by itself. */
  let phone: Network

  beforeAll(async () => {
    const port = await freePort()
    phone = await Network.between(0, port)
    const parts = { nodes: 3, redis: 'sentinel', standby: false, playersAtTable: 3, port } as const
    const ownLine = (i: number) => Math.floor(i / 3) === 2
    const urlOf = (i: number) => `http://127.0.0.1:${ownLine(i) ? phone.port : port}`
    house = await FaultHouse.open({ ...parts, urlOf })
  }, 120_000)

  afterAll(async () => {
    await house?.close()
    await phone?.close()
  })

  beforeEach(() => house.whole(), 120_000)

  const faults: readonly (readonly [string, (master: RedisPart) => Promise<void>])[] = [
    // First, since Sentinels that were paused themselves decide nothing for half a minute.
    [
      'failed over to its replica',
      async (master) => {
        await master.kill()
        const replaced = async () => (await house.cluster.redis.master()).port !== master.port
        await until('the Sentinels name another master', replaced, FAIL_OVER_MS)
        await master.restart()
        await pause(ROUND_MS)
      },
    ],
    [
      'flushed again and again',
      async () => {
        for (let times = 0; times < 4; times++) {
          await (await house.cluster.redis.master()).ask('FLUSHALL')
          await pause(ROUND_MS / 2)
        }
      },
    ],
    [
      'killed',
      async (master) => {
        // All of it, or the replica would take over.
        for (const part of house.cluster.redis.parts) await part.kill()
        await pause(OUTAGE_MS)
        await restart(master)
      },
    ],
    [
      'paused',
      async () => {
        for (const part of house.cluster.redis.parts) part.pause()
        await pause(OUTAGE_MS)
        for (const part of house.cluster.redis.parts) part.resume()
      },
    ],
  ]
  test.each(faults)(
    '[FOV-71] Redis %s: rounds keep their pace, nobody is sent away, no table moves',
    async (name, break_) => {
      const before = await house.owners()
      const master = await house.cluster.redis.master()
      const felt = await house.feel(`Redis ${name}`, house.tableIds, () => break_(master))
      expect(felt).toMatchObject(NOTHING)
      expect(felt.slowestRoundMs).toBeLessThan(ROUND_MS + SLACK_MS)
      expect(await house.owners()).toEqual(before)
    },
    120_000,
  )

  test('[FOV-72] without Redis players join and come back, and a table whose node dies goes on', async () => {
    const { redis, publicUrl } = house.cluster
    const url = publicUrl.replace('localhost', '127.0.0.1')
    const tableId = house.tableOf(2)
    const node = await house.ownerOf(tableId)
    const joinsMs: number[] = []
    const felt = await house.feel('Redis away for 20 s, kill -9 meanwhile', house.tableIds, async () => {
      const endsAtMs = performance.now() + LONG_OUTAGE_MS
      await Promise.all(redis.parts.map((part) => part.kill()))
      joinsMs.push(...(await Promise.all(house.tableIds.map((at) => joinsNow(url, at)))))
      // Everybody on this line comes back to the node that he was at.
      await phone.cut()
      await phone.mend()
      await house.goesOn('a connection broke')
      house.strike(node, 'SIGKILL', [tableId])
      joinsMs.push(await joinsNow(url, tableId))
      await house.goesOn('its node died', [tableId])
      await node.start()
      await node.ready()
      await pause(Math.max(0, endsAtMs - performance.now()))
      await restart(await firstServer())
    })
    expect(felt.reloads).toBe(0)
    expect(felt.awayMs).toBeLessThan(5_000)
    expect(Math.max(...joinsMs)).toBeLessThan(JOINS_WITHIN_MS)
    expect(felt.statuses).not.toContain('waiting')
  }, 180_000)

  test('[FOV-71 FOV-72] nothing was lost or doubled by any of it', async () => {
    expect(await house.reckon()).toMatchObject(RIGHT)
  }, 90_000)

  async function firstServer(): Promise<RedisPart> {
    const [first] = house.cluster.redis.servers
    if (first === undefined) throw new Error('there is no Redis')
    return first
  }

  /** The one that was master comes first, so that it is whom the Sentinels find. */
  async function restart(master: RedisPart): Promise<void> {
    const { parts } = house.cluster.redis
    await master.restart()
    for (const part of parts) if (part !== master) await part.restart()
  }
})
