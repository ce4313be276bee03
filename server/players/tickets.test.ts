import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { TICKET_MS, Tickets } from './tickets.ts'

let database: TestDatabase
let tickets: Tickets
const clock = { nowMs: 1_000_000 }

beforeAll(async () => {
  database = await openTestDatabase()
  tickets = new Tickets({ database, nowMs: () => clock.nowMs, randomBytes })
})
afterAll(() => database.close())

test('[PLY-5] a ticket is 256 random bits, and the database holds only its hash', async () => {
  const asked: number[] = []
  const counting = new Tickets({
    database,
    nowMs: () => clock.nowMs,
    randomBytes: (count) => {
      asked.push(count)
      return randomBytes(count)
    },
  })
  const { ticket, expiresAtMs } = await counting.issue('ana', 'Ana', 'lima')
  expect(asked).toEqual([32])
  expect(Buffer.from(ticket, 'base64url')).toHaveLength(32)
  expect(expiresAtMs).toBe(clock.nowMs + 30_000)
  const rows = await database.kysely.selectFrom('table_ticket').selectAll().execute()
  expect(JSON.stringify(rows)).not.toContain(ticket)
  expect(rows.some(({ hash }) => hash.equals(Buffer.from(ticket, 'base64url')))).toBe(false)
})

test('[PLY-6] a ticket admits its holder once; shown again it admits nobody', async () => {
  const { ticket } = await tickets.issue('ana', 'Ana', 'lima')
  expect(await tickets.spend(ticket)).toEqual({ playerId: 'ana', name: 'Ana', tableId: 'lima' })
  expect(await tickets.spend(ticket)).toBeNull()
})

test('[PLY-6] of fifty simultaneous attempts exactly one succeeds', async () => {
  const { ticket } = await tickets.issue('ana', 'Ana', 'lima')
  const spent = await Promise.all(Array.from({ length: 50 }, () => tickets.spend(ticket)))
  expect(spent.filter((holder) => holder !== null)).toHaveLength(1)
})

test('[PLY-7] a ticket says for which table it is, so that a room can refuse it at another', async () => {
  const { ticket } = await tickets.issue('ana', 'Ana', 'cusco')
  expect((await tickets.spend(ticket))?.tableId).toBe('cusco')
})

test('[PLY-7] a ticket is good until its thirtieth second, not in it', async () => {
  const first = await tickets.issue('ana', 'Ana', 'lima')
  const second = await tickets.issue('ana', 'Ana', 'lima')
  clock.nowMs += TICKET_MS - 1
  expect(await tickets.spend(first.ticket)).not.toBeNull()
  clock.nowMs += 1
  expect(await tickets.spend(second.ticket)).toBeNull()
})

test('[PLY-7 O8] nodes whose clocks are an hour apart honour each other’s tickets', async () => {
  const fast = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
  try {
    const node = new Tickets({ database, randomBytes })
    const { ticket } = await node.issue('ana', 'Ana', 'lima')
    fast.mockReturnValue(Date.now() - 7_200_000)
    const late = await node.issue('ana', 'Ana', 'lima')
    fast.mockRestore()
    expect(await node.spend(ticket)).not.toBeNull()
    expect(late.expiresAtMs - Date.now()).toBeGreaterThan(TICKET_MS / 2)
    expect(late.expiresAtMs - Date.now()).toBeLessThanOrEqual(TICKET_MS)
    expect(await node.spend(late.ticket)).not.toBeNull()
  } finally {
    fast.mockRestore()
  }
})

test('[PLY-7] what is not a ticket admits nobody', async () => {
  for (const text of ['', 'x', 'a'.repeat(43), 'a'.repeat(44), "' or 1=1 --", '\u0000'.repeat(43), 'á'.repeat(43)]) {
    expect(await tickets.spend(text)).toBeNull()
  }
})

test('[PLY-8] expired tickets are forgotten, by themselves when others are issued', async () => {
  await tickets.issue('ana', 'Ana', 'lima')
  clock.nowMs += 2 * TICKET_MS
  const { ticket } = await tickets.issue('luis', 'Luis', 'lima')
  const rows = await database.kysely.selectFrom('table_ticket').select('player_id').execute()
  expect(rows).toEqual([{ player_id: 'luis' }])
  expect(await tickets.sweep()).toBe(0)
  expect(await tickets.spend(ticket)).not.toBeNull()
})
