import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { TableRoom } from '../../rooms/table-room.ts'
import { openTestRooms, type TestRooms, until } from '../../rooms/testing.ts'
import { joinTable, retryMs } from './colyseus.ts'
import type { LinkState } from './link.ts'
import { JoinFailed, TableConnection } from './table-connection.ts'
import { betsOnFelt } from './table-selectors.ts'
import { TableSession } from './table-session.ts'

/** The page's own session, connection and SDK against real rooms; only what it looks like is missing. */
let rooms: TestRooms
let table: TableRoom
let tableId: string
let tables = 0
beforeAll(async () => {
  rooms = await openTestRooms()
  vi.stubGlobal('window', { location: { origin: rooms.url } })
  vi.spyOn(console, 'info').mockReturnValue(undefined)
  vi.spyOn(console, 'warn').mockReturnValue(undefined)
})
beforeEach(async () => {
  tableId = `p${++tables}`
  table = await rooms.table(tableId)
})
afterEach(() => rooms.closeTables())
afterAll(async () => {
  vi.unstubAllGlobals()
  await rooms.close()
})

/** A page of a player at the table. */
async function open(playerId: string) {
  rooms.ports.player(playerId)
  const states: LinkState[] = []
  const joins: number[] = []
  let refusals = 0
  const after = (delayMs: number, work: () => void) => {
    const timer = setTimeout(work, delayMs)
    return () => clearTimeout(timer)
  }
  const session = new TableSession(
    {
      nowMs: () => rooms.ports.now,
      newId: () => crypto.randomUUID(),
      after,
      openLink: (listener) =>
        new TableConnection(
          {
            after,
            random: Math.random,
            join: async (room) => {
              joins.push(performance.now())
              if (refusals > 0) {
                refusals -= 1
                throw new JoinFailed('unreachable')
              }
              return joinTable(tableId, rooms.ports.ticket(playerId, tableId), room)
            },
          },
          {
            ...listener,
            state: (state) => {
              states.push(state)
              listener.state(state)
            },
          },
        ),
    },
    null,
  )
  await until('the page may bet', () => session.canBet())
  return {
    session,
    states,
    joins,
    /** So many joins fail, as they do while the house answers 503. */
    refuse: (count: number) => {
      refusals = count
    },
    bet: async () => {
      session.place([{ selection: { kind: 'red' }, stakeCents: 500 }])
      const count = betsOnFelt(session.state).length
      await until('the bet is accepted', () => {
        const bets = betsOnFelt(session.state)
        return bets.length === count && bets.every(({ status }) => status === 'accepted')
      })
    },
    /** Its bets and balance are those of the books, and it may bet. */
    expectRight: async (bets: number) => {
      await until('the page may bet again', () => session.canBet())
      await until('it has the balance', () => session.state.balanceCents === rooms.ports.ledger.balanceOf(playerId))
      expect(betsOnFelt(session.state).map(({ status }) => status)).toEqual(Array(bets).fill('accepted'))
    },
  }
}

test('[WEB-24 U5 G17] a page follows its table from owner to owner in its seat, with bets and balance', async () => {
  const page = await open('ana')
  for (let move = 1; move <= 3; move++) {
    await page.bet()
    const dropped = page.states.length
    table = await rooms.reopened(table)
    await until('it is back', () => page.states.length === dropped + 2)
    expect(page.states.slice(dropped)).toEqual(['reconnecting', 'live'])
    await page.expectRight(move)
  }
  expect([page.joins.length, page.states.includes('offline')]).toEqual([1, false])
  page.session.stop()
})

test('[WEB-23 G15] a table that waits for its books, or is about to move, is offered no bets meanwhile', async () => {
  const page = await open('beto')
  const says = (status: string) => until(`it says ${status}`, () => page.session.state.shared?.status === status)
  rooms.ports.stalled(true)
  await says('waiting')
  expect([page.session.canBet(), page.session.state.link]).toEqual([false, 'live'])
  page.session.place([{ selection: { kind: 'red' }, stakeCents: 500 }])
  expect(page.session.state.bets).toEqual([])
  rooms.ports.stalled(false)
  await says('running')
  expect(page.session.canBet()).toBe(true)
  const next = rooms.reopened(table, async (old) => {
    await old.quiesce(1_000)
    await says('moving')
    expect([page.session.canBet(), page.session.state.link]).toEqual([false, 'live'])
    await old.move()
  })
  table = await next
  await says('running')
  await page.expectRight(0)
  await page.bet()
  page.session.stop()
})

test('[WEB-24 U5] a page whose seat is gone joins anew at once, and goes on through refusals', async () => {
  const page = await open('carla')
  await page.bet()
  // Another client has used the seat's next token, as far as the new owner knows: 4003.
  table = await rooms.reopened(table, async (old) => {
    for (const sessionId of rooms.ports.seats.keys()) rooms.ports.seats.set(sessionId, 99)
    page.refuse(3)
    await old.move()
  })
  await until('it has joined anew', () => page.joins.length === 5)
  await page.expectRight(1)
  const pauses = page.joins.slice(2).map((at, i) => at - (page.joins[i + 1] ?? 0))
  // 100, 200 and 400 ms at most, and what the machine takes.
  expect(Math.max(...pauses)).toBeLessThan(1_000)
  expect(page.states.includes('offline')).toBe(false)
  page.session.stop()
})

test('[WEB-24] the first try after 4010 is within 100 ms, the next ones wait longer, and pages are spread', () => {
  const earliest = [1, 2, 3, 4, 5, 6].map((attempt) => retryMs(attempt, 0))
  const latest = [1, 2, 3, 4, 5, 6].map((attempt) => retryMs(attempt, 0.999_999))
  expect(earliest).toEqual([50, 100, 200, 400, 800, 1_600])
  expect(latest).toEqual([100, 200, 400, 800, 1_600, 3_200])
})

test('[WEB-24] a balance that the books did not tell is asked for again', async () => {
  const page = await open('dora')
  rooms.ports.balanceFails = true
  table = await rooms.reopened(table)
  await until('it is back without a balance', () => page.session.state.balanceCents === null)
  expect(page.session.canBet()).toBe(false)
  rooms.ports.balanceFails = false
  await page.expectRight(0)
  page.session.stop()
})
