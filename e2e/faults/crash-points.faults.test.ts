import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPool } from '../../chaos/books.ts'
import type { Json } from '../../engine/game.ts'
import { defaultLimits } from '../../engine/roulette/limits.ts'
import { ROULETTE_VARIANTS } from '../../engine/roulette/rules.ts'
import type { ClusterNode } from '../../scripts/cluster/node.ts'
import { CRASH_POINTS, type CrashPoint } from '../../server/crash-points.ts'
import { until } from '../support/until.ts'
import { FaultHouse, RIGHT, tableRanked } from './support/fault-house.ts'

const PACE = { bettingMs: 1_500, restMs: 500 }
/** Two rounds with their players, and what a start, a joining node's two seconds and a busy machine need. */
const DIES_WITHIN_MS = 45_000
const ENDS_WITHIN_MS = 15_000
/** In the middle of a batch of bets, and not always at the first of them. */
const TIMES: Partial<Record<CrashPoint, number>> = { 'stake.asked': 3, 'stake.committed': 4 }

/** Each lane kills its own node again and again; `node-1` never dies and takes over from both. */
const LANES = [
  { nodeId: 'node-2', tableId: tableRanked(['node-2', 'node-1', 'node-3']) },
  { nodeId: 'node-3', tableId: tableRanked(['node-3', 'node-1', 'node-2']) },
] as const
type Lane = (typeof LANES)[number]

describe('a process that ends itself between two durable effects', () => {
  let house: FaultHouse
  let pool: pg.Pool
  const walked = new Set<CrashPoint>()
  let tablesMade = 0

  beforeAll(async () => {
    const parts = { nodes: 3, redis: 'single', standby: false } as const
    house = await FaultHouse.open({
      ...parts,
      tables: LANES.map(({ tableId }) => tableId),
      playersAtTable: 6,
      pace: PACE,
    })
    pool = openPool(house.cluster.databaseUrl)
  }, 120_000)

  afterAll(async () => {
    await pool?.end()
    await house?.close()
  })

  test('[FOV-70] at every one the table goes on elsewhere, and its round ends as it was committed', async () => {
    const left: CrashPoint[] = [...CRASH_POINTS]
    const problems: string[] = []
    const inLane = async (lane: Lane): Promise<void> => {
      for (let point = left.shift(); point !== undefined; point = left.shift())
        await walk(lane, point).catch((error: unknown) =>
          problems.push(`${point}: ${error}; see ${house.record(point)}`),
        )
    }
    await Promise.all(LANES.map(inLane))
    expect(problems).toEqual([])
    expect([...walked].toSorted()).toEqual(CRASH_POINTS.toSorted())
  }, 600_000)

  test('[FOV-70] no accepted bet was lost or paid twice, and all lines sum to zero', async () => {
    expect(await house.reckon()).toMatchObject(RIGHT)
  }, 90_000)

  /** Arms the lane's node, has it come to the point, and looks how the house goes on without it. */
  async function walk({ nodeId, tableId }: Lane, point: CrashPoint): Promise<void> {
    const node = house.cluster.nodes.find((one) => one.nodeId === nodeId)
    if (node === undefined) throw new Error(`there is no ${nodeId}`)
    await node.kill()
    await house.goesOn(`${nodeId} is not there`, [tableId], ENDS_WITHIN_MS)
    let made: string | null = null
    const felt = await house.feel(point, [tableId], async () => {
      await node.start({ env: { CRASH_AT: `${point}:${TIMES[point] ?? 1}` } })
      if (point.startsWith('series.')) made = await newTable(node)
      await Promise.all([order(point, node, tableId), diesOfItself(node)])
      expect(node.lastWords().trimEnd().split('\n').at(-1)).toBe(`crash point ${point}`)
      const roundId = house.eyes.roundOf(tableId)
      const how = await until(`${roundId} ends`, () => endOf(roundId), ENDS_WITHIN_MS)
      if (point !== 'void.committed') expect(how).toBe('settled')
    })
    expect((await house.owner(made ?? tableId)).nodeId).not.toBe(nodeId)
    expect(felt.reloads).toBe(0)
    if (made === null) expect(felt.drops.length, 'its players felt it').toBeGreaterThan(0)
    if (made !== null) await opensElsewhere(made)
    if (point === 'void.committed') expect(await voids(tableId)).toBeGreaterThan(0)
    walked.add(point)
  }

  async function diesOfItself(node: ClusterNode): Promise<void> {
    const exit = await Promise.race([node.exited, pause(DIES_WITHIN_MS, null, { ref: false })])
    expect(exit).toEqual({ code: null, signal: 'SIGKILL' })
  }

  /** What must be ordered for the node to come to the point, beside that its players play. */
  async function order(point: CrashPoint, node: ClusterNode, tableId: string): Promise<void> {
    if (!/^(void|handover|drain)/.test(point)) return
    const runs = async () => !node.running || (await house.owner(tableId)).nodeId === node.nodeId
    await until(`${node.nodeId} runs ${tableId}`, runs, DIES_WITHIN_MS)
    if (point !== 'void.committed') return void node.signal('SIGTERM')
    const voided = async () => {
      const asked = { command: 'round.void', target: tableId, reason: 'operator-error' }
      await house.command(asked).catch(() => undefined)
      return !node.running
    }
    await until(`a round of ${tableId} is void`, voided, DIES_WITHIN_MS)
  }

  /** A table without players, whose first series begins at this node. */
  async function newTable(node: ClusterNode): Promise<string> {
    const others = house.cluster.nodes.map(({ nodeId }) => nodeId).filter((id) => ![node.nodeId, 'node-1'].includes(id))
    const tableId = tableRanked([node.nodeId, 'node-1', ...others], ++tablesMade)
    const rules = ROULETTE_VARIANTS.european
    const limits = defaultLimits(rules) as unknown as Json
    const made = { tableId, name: tableId, gameId: 'roulette', rules, limits, pace: PACE }
    await node.ready()
    await house.command({ command: 'table.create', ...made })
    await house.command({ command: 'table.open', tableId })
    return tableId
  }

  async function opensElsewhere(tableId: string): Promise<void> {
    const opened = async () => (await pool.query('select 1 from round where table_id = $1', [tableId])).rows.length > 0
    await until(`${tableId} opens elsewhere`, opened, ENDS_WITHIN_MS)
    await house.command({ command: 'table.drain', tableId })
  }

  async function endOf(roundId: string): Promise<string | null> {
    const { rows } = await pool.query<{ how: string | null }>(
      'select ended_how as how from round where round_id = $1',
      [roundId],
    )
    return rows[0]?.how ?? null
  }

  async function voids(tableId: string): Promise<number> {
    return (await pool.query(`select 1 from round where table_id = $1 and ended_how = 'void'`, [tableId])).rows.length
  }
})
