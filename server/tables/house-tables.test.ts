import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { gameById } from '../../engine/games.ts'
import { roulette } from '../../engine/roulette/roulette.ts'
import type { Limits } from '../../engine/round/types.ts'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { openFirstTables } from './first-tables.ts'
import { HouseTables, type TableStatus, tableInfo } from './house-tables.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.pool.query('delete from house_table')
})

function house(market: { leastReturnPercent?: number; minRoundGapMs?: number } = {}): HouseTables {
  return new HouseTables({
    database,
    nowMs: () => 1_000,
    gameById,
    currency: 'PEN',
    leastReturnPercent: 85,
    minRoundGapMs: 5_000,
    ...market,
  })
}

const range = { minCents: 100, maxCents: 10_000 }
const limits = { perBet: { straight: range, split: range }, perPlayerCents: 50_000, perTableCents: 500_000 }
const lima = {
  tableId: 'lima',
  name: 'Lima',
  gameId: 'roulette',
  rules: { wheel: 'single-zero', laPartage: false },
  limits,
  pace: { bettingMs: 20_000, restMs: 5_000 },
}
const american = { ...lima, rules: { wheel: 'double-zero', laPartage: false } }
const withBasket = { ...limits, perBet: { ...limits.perBet, basket: range } }

test('[OPS-7] a table is kept as it was opened', async () => {
  const created = await house().create(lima)
  expect(created).toEqual({ ...lima, currency: 'PEN', status: 'closed', revision: 1, createdAtMs: 1_000 })
  expect(await house().get('lima')).toEqual(created)
  expect(await house().list()).toEqual([created])
  expect(await house().get('cusco')).toBeNull()
})

for (const [code, change] of [
  ['bad-name', { tableId: 'Lima' }],
  ['bad-name', { tableId: 'lima; drop table house_table' }],
  ['bad-name', { name: '' }],
  ['unknown-game', { gameId: 'sic-bo' }],
  ['bad-rules', { rules: { wheel: 'triple-zero', laPartage: false } }],
  ['bad-rules', { rules: { wheel: 'double-zero', laPartage: true } }],
  ['bad-limits', { limits: { ...limits, perBet: {} } }],
  ['bad-limits', { limits: { ...limits, perBet: { basket: range } } }],
  ['bad-limits', { limits: { ...limits, perBet: { straight: { minCents: 0, maxCents: 100 } } } }],
  ['bad-limits', { limits: { ...limits, perBet: { straight: { minCents: 200, maxCents: 100 } } } }],
  ['bad-limits', { limits: { ...limits, perBet: { straight: { minCents: 1.5, maxCents: 100 } } } }],
  ['bad-limits', { limits: { ...limits, perBet: { straight: { minCents: 1, maxCents: 2 ** 53 } } } }],
  ['bad-limits', { limits: { ...limits, perPlayerCents: 99 } }],
  ['bad-limits', { limits: { ...limits, perTableCents: 49_999 } }],
  ['bad-limits', { limits: { ...limits, more: 1 } }],
  ['bad-limits', { limits: null }],
  ['bad-pace', { pace: { bettingMs: 999, restMs: 5_000 } }],
  ['bad-pace', { pace: { bettingMs: 20_000 } }],
] as const) {
  test(`[OPS-7] ${JSON.stringify(change)} is refused: ${code}`, async () => {
    expect(await house().create({ ...lima, ...change })).toBe(code)
    expect(await house().list()).toEqual([])
  })
}

test('[OPS-7] two tables of one name cannot be', async () => {
  await house().create(lima)
  expect(await house().create({ ...lima, name: 'Otra' })).toBe('table-exists')
})

test('[OPS-7] a bet that returns less than the market asks is refused, to the last fraction', async () => {
  // The basket returns 35/38 = 92.1052…%, every other bet of the double-zero wheel 18/19 = 94.7368…%.
  expect(await house({ leastReturnPercent: 92.1052 }).create({ ...american, limits: withBasket })).toMatchObject({})
  const strict = house({ leastReturnPercent: 92.1053 })
  expect(await strict.create({ ...american, tableId: 'cusco', limits: withBasket })).toBe('return-below-minimum')
  expect(await strict.create({ ...american, tableId: 'cusco' })).toMatchObject({ tableId: 'cusco' })
  expect(await strict.setLimits('cusco', withBasket)).toBe('return-below-minimum')
  expect((await strict.get('cusco'))?.limits).toEqual(limits)
  expect(await house({ leastReturnPercent: 94.7369 }).create({ ...american, tableId: 'ica' })).toBe(
    'return-below-minimum',
  )
})

test('[OPS-8] a table faster than the market allows is refused', async () => {
  const fast = { ...lima, pace: { bettingMs: 20_000, restMs: 4_999 } }
  expect(await house().create(fast)).toBe('round-gap-too-short')
  expect(await house({ minRoundGapMs: 4_999 }).create(fast)).toMatchObject({ pace: fast.pace })
})

test('[OPS-9] new limits raise the revision and leave everything else', async () => {
  const created = await house().create(lima)
  const changed = await house().setLimits('lima', { ...limits, perPlayerCents: 60_000 })
  const after = { ...(created as object), limits: { ...limits, perPlayerCents: 60_000 }, revision: 2 }
  expect(changed).toEqual({ before: created, after })
  expect(await house().get('lima')).toEqual(after)
  expect(await house().setLimits('cusco', limits)).toBe('no-such-table')
  expect(await house().setLimits('lima', { ...limits, perPlayerCents: -1 })).toBe('bad-limits')
  expect(await house().get('lima')).toEqual(after)
})

test('[OPS-9] fifty changes at once are fifty revisions', async () => {
  await house().create(lima)
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => house().setLimits('lima', { ...limits, perPlayerCents: 50_000 + i })),
  )
  expect(await house().get('lima')).toMatchObject({ revision: 51 })
})

test('[OPS-10] a table comes to a status only by an order that leads there', async () => {
  const allowed: Record<TableStatus, readonly TableStatus[]> = {
    open: ['paused', 'draining'],
    paused: ['open', 'draining', 'closed'],
    draining: ['open', 'paused', 'closed'],
    closed: ['open'],
  }
  const statuses = Object.keys(allowed) as TableStatus[]
  for (const [i, from] of statuses.entries())
    for (const [j, to] of statuses.entries()) {
      const tableId = `t-${i}-${j}`
      await house().create({ ...lima, tableId }, from)
      const changed = await house().setStatus(tableId, to)
      const found = typeof changed === 'string' ? changed : changed.after.status
      expect([from, to, found]).toEqual([from, to, allowed[from].includes(to) ? to : 'wrong-status'])
    }
})

test('[OPS-10] a draining table closes with its last round, unless it was opened again', async () => {
  await house().create(lima, 'draining')
  await house().create({ ...lima, tableId: 'cusco' }, 'open')
  await house().closeDrained('lima')
  await house().closeDrained('cusco')
  expect([(await house().get('lima'))?.status, (await house().get('cusco'))?.status]).toEqual(['closed', 'open'])
})

test('[OPS-11] a house without tables opens its first four; one with closed tables opens none', async () => {
  expect(await openFirstTables(house())).toBe(4)
  const first = await house().list()
  expect(first.map(({ tableId, status }) => [tableId, status])).toEqual([
    ['arequipa', 'open'],
    ['cusco', 'open'],
    ['lima', 'open'],
    ['trujillo', 'open'],
  ])
  for (const table of first)
    expect(house().readLimits(roulette as never, table.rules, table.limits)).toEqual(table.limits)
  const straight = (tableId: string): Limits['perBet'][string] | undefined =>
    first.find((table) => table.tableId === tableId)?.limits.perBet.straight
  expect(straight('trujillo')?.minCents).toBe(2_000)
  expect(straight('lima')?.minCents).toBe(100)
  for (const { tableId } of first) {
    await house().setStatus(tableId, 'paused')
    await house().setStatus(tableId, 'closed')
  }
  expect(await openFirstTables(house())).toBe(0)
  expect((await house().list()).every(({ status }) => status === 'closed')).toBe(true)
})

test('[OPS-7] what a player is told of a table are its exact returns', async () => {
  const table = await house().create({ ...american, limits: withBasket })
  const info = tableInfo(table as never, gameById('roulette') as never)
  expect(info).toMatchObject({ tableId: 'lima', rulesVersion: 1, limits: withBasket, currency: 'PEN' })
  const basket = info.returns.find(({ bet }) => bet === 'basket')
  expect(basket).toEqual({ bet: 'basket', return: '35/38', returnPct: 92.1053, hitPct: 13.1579 })
})
