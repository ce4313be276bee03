import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openPool } from '../../chaos/books.ts'
import type { Json } from '../../engine/game.ts'
import { defaultLimits } from '../../engine/roulette/limits.ts'
import { ROULETTE_VARIANTS } from '../../engine/roulette/rules.ts'
import type { ClusterNode } from '../../scripts/cluster/node.ts'
import { HOT_COPY_FORMAT } from '../../server/failover/hot-copy-codec.ts'
import { until } from '../support/until.ts'
import { FaultHouse, RIGHT, tableRanked } from './support/fault-house.ts'
import { HotCopyReader } from './support/hot-copy-reader.ts'
import { Leaver } from './support/leaver.ts'
import { NEXT_FORMAT, NEXT_MIGRATION, Releases } from './support/releases.ts'

/** Long enough to bet, to be cut off, to drain and to be taken over, and then still be open, on a busy machine. */
const SLOW_PACE = { bettingMs: 20_000, restMs: 600 }
const SLOW_ROUND_MS = 45_000
/** Fast tables find a moment between two rounds in half of it; the slow one is moved in the middle of a round. */
const DRAIN_SECONDS = '8'
const SOON_MS = 15_000
/** It belongs to node-1, as the first table of the crowd does. */
const SLOW = tableRanked(['node-1', 'node-2'], 1)
const TOO_NEW = `the hot copy has format ${NEXT_FORMAT}, written by release next`

describe('two releases side by side', () => {
  let releases: Releases
  let house: FaultHouse
  let pool: pg.Pool
  let copies: HotCopyReader
  let reloadsBefore = 0

  beforeAll(async () => {
    releases = await Releases.make()
    house = await FaultHouse.open({
      ...{ nodes: 2, redis: 'single', standby: false, playersAtTable: 5, links: true },
      env: { DRAIN_SECONDS },
      eachNode: [{ program: releases.before }, { program: releases.before }],
    })
    pool = openPool(house.cluster.databaseUrl)
    copies = new HotCopyReader(house.cluster)
    const rules = ROULETTE_VARIANTS.european
    const limits = defaultLimits(rules) as unknown as Json
    const made = { name: 'Lenta', gameId: 'roulette', rules: rules as unknown as Json, limits, pace: SLOW_PACE }
    await house.command({ command: 'table.create', tableId: SLOW, ...made })
    await house.command({ command: 'table.open', tableId: SLOW })
    reloadsBefore = house.crowd.reloads
  }, 180_000)

  afterAll(async () => {
    copies?.close()
    await pool?.end()
    await house?.close()
    releases?.remove()
  }, 60_000)

  beforeEach(() => house.whole(), 120_000)

  test('[FOV-92 FOV-94] the first node is upgraded: old and new run beside each other on wider books', async () => {
    await replace(house.cluster.node(1), releases.next)
    expect(await releasesOfNodes()).toEqual(['before', 'next'])
    const { rows } = await pool.query('select name from kysely_migration order by name desc limit 1')
    expect(rows).toEqual([{ name: NEXT_MIGRATION }])
    await house.goesOn('upgraded by half')
    expect(await copies.read(house.tableOf(1))).toMatchObject({ format: HOT_COPY_FORMAT, release: 'before' })
    expect(await copies.read(house.tableOf(2))).toMatchObject({ format: NEXT_FORMAT, release: 'next' })
    const { build } = (await (await fetch(`${house.cluster.node(1).url}/api/version`)).json()) as { build: string }
    expect(build).toBe(releases.build)
  }, 180_000)

  test('[FOV-91 FOV-93] the new node is killed: the old one goes on from the books, and says why', async () => {
    const [old, killed] = [house.cluster.node(0), house.cluster.node(1)]
    await killed.kill()
    await house.goesOn('the new node was killed')
    expect(refusals(old, house.tableOf(2))).toEqual([TOO_NEW])
    await killed.start()
  }, 120_000)

  test('[FOV-93 FOV-94] the old node is killed: the new one goes on, the old one starts on wider books', async () => {
    const killed = house.cluster.node(0)
    await killed.kill()
    await house.goesOn('the old node was killed')
    await killed.start()
    await killed.ready()
    expect(await releasesOfNodes()).toEqual(['before', 'next'])
  }, 120_000)

  test('[FOV-90] old to new in the middle of a bet: what was asked for is asked for again', async () => {
    const node = house.cluster.node(0)
    const { roundId, asked, withdrawn, copy } = await leaveInFlight(node)
    expect(copy).toMatchObject({ format: HOT_COPY_FORMAT, release: 'before' })
    await until('his bet is in the books', async () => (await kindsOf(asked)).includes('stake'), SOON_MS)
    await until('he has his money back', async () => (await kindsOf(withdrawn)).includes('release'), SOON_MS)
    const after = await until('the new node writes', () => copyOf(SLOW, 'next'), SOON_MS)
    expect(after.format).toBe(NEXT_FORMAT)
    await until(`${roundId} is settled`, async () => (await endOf(roundId)) === 'settled', SLOW_ROUND_MS)
    expect(refusals(house.cluster.node(1), SLOW)).toEqual([])
    await node.start({ program: releases.next })
    await node.ready()
    expect(await releasesOfNodes()).toEqual(['next', 'next'])
  }, 240_000)

  test('[FOV-92] a node is rolled back: the table goes to the release before, and nobody loses his seat', async () => {
    await replace(house.cluster.node(1), releases.before)
    expect(await releasesOfNodes()).toEqual(['next', 'before'])
    await house.goesOn('rolled back by half')
    expect(refusals(house.cluster.node(1), house.tableOf(2))).toEqual([TOO_NEW])
    expect(await copies.read(house.tableOf(2))).toMatchObject({ format: HOT_COPY_FORMAT, release: 'before' })
  }, 180_000)

  test('[FOV-91] new to old in the middle of a bet: the books alone decide', async () => {
    const node = house.cluster.node(0)
    const { roundId, asked, withdrawn, copy } = await leaveInFlight(node)
    expect(copy).toMatchObject({ format: NEXT_FORMAT, release: 'next' })
    expect(refusals(house.cluster.node(1), SLOW)).toEqual([TOO_NEW])
    await until(`${roundId} is settled`, async () => (await endOf(roundId)) === 'settled', SLOW_ROUND_MS)
    // Nobody was told that the one was accepted, nor that the money of the other was back.
    expect(await kindsOf(asked)).toEqual([])
    expect(await kindsOf(withdrawn)).not.toContain('release')
    expect(await kindsOf(withdrawn)).toContain('stake')
    await node.start({ program: releases.before })
    await node.ready()
    expect(await releasesOfNodes()).toEqual(['before', 'before'])
  }, 240_000)

  test('[FOV-92 FOV-93] nothing was lost, doubled or changed there and back, and nobody joined anew', async () => {
    await house.goesOn('rolled back')
    expect(await house.reckon()).toMatchObject(RIGHT)
    expect(house.crowd.reloads - reloadsBefore).toBe(0)
  }, 120_000)

  /** Ends a node in order, starts it as another release, and waits until it has its tables. */
  async function replace(node: ClusterNode, program: string): Promise<void> {
    const felt = await house.feel(`${node.nodeId} becomes ${program.split('/').at(-1)}`, house.tableIds, async () => {
      expect(await node.terminate()).toMatchObject({ code: 0, signal: null })
      await house.goesOn('it has ended')
      await node.start({ program })
      await node.ready()
      await house.placed()
    })
    expect(felt.reloads).toBe(0)
  }

  /**
   * Somebody bets and withdraws at the slow table while its node cannot reach the books, and leaves; then the node is
   * ended in order. What he asked for stands in the hot copy alone. Resolves when another node has the table.
   */
  async function leaveInFlight(node: ClusterNode) {
    await until(`${node.nodeId} has its slow table`, () => owns(node, SLOW), SLOW_ROUND_MS)
    const url = house.cluster.publicUrl.replace('localhost', '127.0.0.1')
    const leaver = await Leaver.sit(url, SLOW, house.crowd.testimony)
    const roundId = await leaver.freshRound()
    const withdrawn = await leaver.betAccepted(roundId)
    await node.network.postgres.cut()
    leaver.withdraw(roundId, withdrawn)
    const asked = leaver.bet(roundId)
    const copy = await until('the hot copy alone knows', async () => {
      const text = JSON.stringify(await copies.read(SLOW))
      const knows = text.includes(`"status":"reserving"`) && text.includes(`"status":"releasing"`)
      return knows && text.includes(asked) && text.includes(withdrawn) ? (JSON.parse(text) as { format: number }) : null
    })
    leaver.leave()
    const ending = node.terminate()
    await until('another node has the table', async () => !(await owns(node, SLOW)), SOON_MS)
    await node.network.postgres.mend()
    expect(await ending).toMatchObject({ code: 0, signal: null })
    expect(await endOf(roundId), 'it moved in the middle of the round').toBe(null)
    await house.goesOn(`${node.nodeId} ended`)
    return { roundId, asked, withdrawn, copy }
  }

  async function owns({ nodeId }: ClusterNode, tableId: string): Promise<boolean> {
    return (await house.owner(tableId)).nodeId === nodeId
  }

  async function copyOf(tableId: string, release: string) {
    const copy = await copies.read(tableId)
    return copy?.release === release ? copy : null
  }

  /** What the node said of hot copies of the table that it could not read, each once. */
  function refusals(node: ClusterNode, tableId: string): string[] {
    const lines = readFileSync(node.logFile, 'utf8').split('\n')
    const those = lines.filter((line) => line.includes(`"where":"read the hot copy of ${tableId}"`))
    return [...new Set(those.map((line) => (JSON.parse(line) as { err: { message: string } }).err.message))]
  }

  /** Of every node that has not left. */
  async function releasesOfNodes(): Promise<string[]> {
    const { rows } = await pool.query<{ release: string }>(
      'select release from cluster_node where left_at is null order by node_id',
    )
    return rows.map(({ release }) => release)
  }

  /** The kinds of what the books posted for a bet. */
  async function kindsOf(betId: string): Promise<string[]> {
    const posted = `select kind from entry where ref = $1 and outcome = 'posted' order by kind`
    return (await pool.query<{ kind: string }>(posted, [betId])).rows.map(({ kind }) => kind)
  }

  async function endOf(roundId: string): Promise<string | null> {
    const { rows } = await pool.query<{ how: string | null }>(
      'select ended_how as how from round where round_id = $1',
      [roundId],
    )
    return rows[0]?.how ?? null
  }
})
