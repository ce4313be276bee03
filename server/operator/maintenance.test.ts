import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { gameById } from '../../engine/games.ts'
import { AuditLog } from '../audit/audit-log.ts'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { openFirstTables } from '../tables/first-tables.ts'
import { HouseTables } from '../tables/house-tables.ts'
import { Maintenance } from './maintenance.ts'

const HOUR_MS = 3_600_000
let database: TestDatabase
let tables: HouseTables
let audit: AuditLog
let maintenance: Maintenance
let changed: string[]
const clock = { nowMs: 1_000_000 }
const nowMs = () => clock.nowMs

beforeAll(async () => {
  database = await openTestDatabase()
  tables = new HouseTables({ database, nowMs, gameById, currency: 'PEN', leastReturnPercent: 85, minRoundGapMs: 5_000 })
  audit = new AuditLog(database, nowMs)
  await openFirstTables(tables)
})

beforeEach(async () => {
  await database.kysely.deleteFrom('maintenance_window').execute()
  await database.kysely.updateTable('house_table').set({ status: 'open' }).execute()
  changed = []
  const tableChanged = (tableId: string) => void changed.push(tableId)
  const failed = (error: unknown) => {
    throw error
  }
  maintenance = new Maintenance({ database, tables, audit, nowMs, tableChanged, failed })
})

afterAll(() => database.close())

const plan = () =>
  maintenance.plan(
    { startsAtMs: nowMs() + HOUR_MS, endsAtMs: nowMs() + 2 * HOUR_MS, reason: 'new wheel' },
    database.kysely,
  )
const statuses = async () => new Set((await tables.list()).map(({ status }) => status))

test('[OPS-18] a window is announced, and a second one is refused while it stands', async () => {
  expect(await maintenance.current()).toBeNull()
  expect(await plan()).toMatchObject({ reason: 'new wheel', state: 'planned' })
  expect(await plan()).toBe('window-exists')
  expect(await maintenance.current()).toMatchObject({ startsAtMs: nowMs() + HOUR_MS, state: 'planned' })
  expect(await maintenance.end(database.kysely)).toBe('not-under-way')
  await maintenance.look()
  expect(await statuses()).toEqual(new Set(['open']))
})

test('[OPS-19] at its time every open table is paused once, and opened again at its end', async () => {
  await plan()
  await tables.setStatus('cusco', 'draining')
  clock.nowMs += HOUR_MS
  await Promise.all([maintenance.look(), maintenance.look(), maintenance.look()])
  expect(changed.sort()).toEqual(['arequipa', 'lima', 'trujillo'])
  expect(await statuses()).toEqual(new Set(['paused', 'draining']))
  expect(await maintenance.cancel(database.kysely)).toBe('under-way')
  // An order of an operator meanwhile stands.
  await tables.setStatus('lima', 'draining')
  clock.nowMs += HOUR_MS
  changed = []
  await Promise.all([maintenance.look(), maintenance.look()])
  expect(changed.sort()).toEqual(['arequipa', 'trujillo'])
  expect((await tables.get('lima'))?.status).toBe('draining')
  expect(await maintenance.current()).toBeNull()
})

test('[OPS-20] begin and end are on the record with the reason and the tables, each once', async () => {
  await plan()
  clock.nowMs += HOUR_MS
  await maintenance.look()
  await maintenance.look()
  clock.nowMs += HOUR_MS
  await maintenance.look()
  const [ended, begun] = await audit.latest(2)
  expect(begun).toMatchObject({ action: 'maintenance.begun', detail: { reason: 'new wheel' } })
  expect(ended).toMatchObject({ action: 'maintenance.ended', detail: { reason: 'new wheel' } })
  expect((begun?.detail as { tables: string[] }).tables).toHaveLength(4)
})

test('[OPS-18] a window that has not begun can be taken back, and one under way ended early', async () => {
  expect(await maintenance.cancel(database.kysely)).toBe('no-window')
  await plan()
  expect(await maintenance.cancel(database.kysely)).toMatchObject({ reason: 'new wheel' })
  clock.nowMs += HOUR_MS
  await maintenance.look()
  expect(await statuses()).toEqual(new Set(['open']))
  await plan()
  clock.nowMs += HOUR_MS
  await maintenance.look()
  expect(await statuses()).toEqual(new Set(['paused']))
  expect(await maintenance.end(database.kysely)).toMatchObject({ opened: expect.arrayContaining(['lima', 'cusco']) })
  expect(await statuses()).toEqual(new Set(['open']))
})
