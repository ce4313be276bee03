import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/cluster/ports.ts'
import { FakeClock } from './support/fake-clock.ts'
import { FaultHouse, PACE, RIGHT, ROUND_MS, SLACK_MS } from './support/fault-house.ts'
import { Inspector } from './support/inspector.ts'
import { joinsNow } from './support/newcomer.ts'

const PAUSED_MS = 5_000
/** By then the others have taken over from a node that says nothing, and the clients have found them. */
const TAKEN_OVER_MS = 5_000
/** Long enough to take a task up, too short for most of them. */
const WORKERS_LIVE_MS = 150
const HOUR_S = 3_600
const BETTING_SLACK_MS = 1_500

describe('a node that fails without dying', () => {
  let house: FaultHouse
  let debugPort: number
  const clocks = [1, 2, 3].map(() => new FakeClock())
  const [clockOfFirst, clockOfSecond] = clocks as [FakeClock, FakeClock, FakeClock]

  beforeAll(async () => {
    debugPort = await freePort()
    house = await FaultHouse.open({
      ...{ nodes: 3, redis: 'single', standby: false, playersAtTable: 4 },
      eachNode: clocks.map((clock, i) => ({
        env: { ...clock.env, ...(i === 0 ? { NODE_OPTIONS: `--inspect=127.0.0.1:${debugPort}` } : {}) },
      })),
      // Two players of the third table sit at its node's own door: the balancer would let them go when it is paused.
      urlOf: (i, { nodes, publicUrl }) =>
        (i % 3 === 2 && i >= 6 ? nodes[2]?.url : null) ?? publicUrl.replace('localhost', '127.0.0.1'),
    })
  }, 120_000)

  afterAll(async () => {
    await house?.close()
    for (const clock of clocks) clock.remove()
  })

  beforeEach(() => house.whole(), 120_000)

  test('[FOV-78] a node paused for 5 s: another goes on, the zombie accepts nothing that the books lack', async () => {
    const tableId = house.tableOf(3)
    const node = await house.ownerOf(tableId)
    const before = await house.owner(tableId)
    const felt = await house.feel('node paused for 5 s', [tableId], async () => {
      house.strike(node, 'SIGSTOP', [tableId])
      await pause(PAUSED_MS)
      // Those at the balancer have been led to the next owner long before it wakes.
      expect((await house.owner(tableId)).epoch).toBeGreaterThan(before.epoch)
      node.resume()
    })
    // Whoever sat at the zombie's own door hears of the table when it wakes.
    expect(felt.awayMs).toBeLessThan(PAUSED_MS + TAKEN_OVER_MS)
    expect(felt).toMatchObject({ reloads: 0, othersDrops: 0 })
  }, 120_000)

  test('[FOV-76] all draw workers of a node end, round after round: each is drawn as it was committed', async () => {
    const before = await house.owners()
    const tableId = house.tableOf(1)
    const inspector = await Inspector.attach(debugPort)
    const felt = await house.feel('draw workers killed', [tableId], async () => {
      const endsAtMs = performance.now() + 3 * ROUND_MS
      for (; performance.now() < endsAtMs; await pause(WORKERS_LIVE_MS)) await inspector.killWorkers()
    })
    expect(inspector.workersEnded).toBeGreaterThanOrEqual(4)
    inspector.close()
    expect(felt).toMatchObject({ drops: [], reloads: 0 })
    expect(await house.owners()).toEqual(before)
  }, 120_000)

  test('[FOV-77] clocks are set by an hour while rounds run: each closes on time, no table moves', async () => {
    const before = await house.owners()
    const fromMs = performance.now()
    const felt = await house.feel('clocks set forward and back by an hour', house.tableIds, async () => {
      for (const [first, second] of [
        [HOUR_S, -HOUR_S],
        [-HOUR_S, HOUR_S],
        [0, 0],
      ] as const) {
        await Promise.all([clockOfFirst.set(first), clockOfSecond.set(second)])
        await house.goesOn('clocks were set')
      }
    })
    expect(felt).toMatchObject({ drops: [], reloads: 0 })
    expect(await house.owners()).toEqual(before)
    const bettings = house.eyes.bettings(fromMs)
    expect(bettings.length).toBeGreaterThan(6)
    expect(Math.max(...bettings.map(({ ms }) => ms))).toBeLessThan(PACE.bettingMs + BETTING_SLACK_MS)
  }, 120_000)

  test('[FOV-77] nodes an hour apart take tables over from each other, and no round stays open for it', async () => {
    const tableId = house.tableOf(2)
    const node = await house.ownerOf(tableId)
    const felt = await house.feel('a node dies among skewed clocks, and comes back', [tableId], async () => {
      await Promise.all([clockOfFirst.set(HOUR_S), clockOfSecond.set(-HOUR_S)])
      await house.goesOn('clocks are skewed')
      // Whoever comes in at a node that is right sits down at tables of nodes that are not.
      for (const at of [1, 2]) await joinsNow(house.cluster.node(2).url, house.tableOf(at))
      house.strike(node, 'SIGKILL', [tableId])
      await house.goesOn('the slow node died', [tableId])
      // It comes back an hour fast, takes its table back from one that is right, and drains.
      await clockOfSecond.set(HOUR_S)
      await clockOfFirst.set(-HOUR_S)
      await node.start()
      await house.placed()
      await house.goesOn('the fast node has its table', [tableId])
      expect(await node.terminate()).toMatchObject({ code: 0 })
      await house.goesOn('the fast node drained', [tableId])
      await Promise.all(clocks.map((clock) => clock.set(0)))
      await node.start()
    })
    expect(felt.reloads).toBe(0)
    // A round that moves is open for its full time once more at most, by a clock that nobody sets (O8).
    expect(felt.slowestRoundMs).toBeLessThan(PACE.bettingMs + ROUND_MS + TAKEN_OVER_MS + SLACK_MS)
  }, 120_000)

  test('[FOV-76 FOV-77 FOV-78] nothing was lost or doubled by any of it', async () => {
    expect(await house.reckon()).toMatchObject(RIGHT)
  }, 90_000)
})
