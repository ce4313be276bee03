import { randomUUID } from 'node:crypto'
import type { Room } from '@colyseus/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SharedTable } from './protocol.ts'
import type { TableRoom } from './table-room.ts'
import { openTestRooms, type TestRooms, until } from './testing.ts'
import { RawClient } from './testing-client.ts'

let rooms: TestRooms
let tableId: string
let table: TableRoom
let tables = 0
beforeAll(async () => {
  rooms = await openTestRooms()
})
beforeEach(async () => {
  tableId = `m${++tables}`
  table = await rooms.table(tableId)
})
afterEach(() => rooms.closeTables())
afterAll(() => rooms.close())

const statusOf = (room: Room) => (room.state as { toJSON(): SharedTable } | undefined)?.toJSON().status
const lobbyStatus = () => rooms.ports.board.rows().find((row) => row.tableId === tableId)?.status
const bets = () => [{ betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 500 }]
const roundId = () => table.round.opening.roundId
const reasonOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'resolved',
    (error: { reason?: { code?: string } }) => error.reason?.code ?? String(error),
  )

/** A watcher, and what the table said last when its connection was closed, with the code. */
async function watch(): Promise<{ room: Room; closed: Promise<[number, string | undefined]> }> {
  const room = await rooms.join(tableId)
  await until('it has the state', () => statusOf(room) === 'running')
  return { room, closed: new Promise((tell) => room.onDrop.once((code) => tell([code, statusOf(room)]))) }
}

describe('what a table says of itself', () => {
  test('[ROM-27 G22] books that do not answer: waiting, then what it was before', async () => {
    const { room } = await watch()
    for (const before of ['running', 'paused', 'draining']) {
      table.setStatus(before)
      await until(before, () => statusOf(room) === before)
      rooms.ports.stalled(true)
      await until('it waits', () => statusOf(room) === 'waiting')
      expect(lobbyStatus()).toBe('waiting')
      rooms.ports.stalled(false)
      await until(`it is ${before} again`, () => statusOf(room) === before)
    }
    // The next round may wait for a person, in vain at first for the books: once they tell that, they answer.
    rooms.ports.stalled(true)
    table.setStatus('paused')
    expect([table.state.status, lobbyStatus()]).toEqual(['paused', 'paused'])
  })

  test('[ROM-27] whoever is sent away has heard before that the table moves', async () => {
    table = await rooms.table(`${tableId}-slow`, 60_000)
    tableId = `${tableId}-slow`
    const ordered = await watch()
    await table.move()
    expect(await ordered.closed).toEqual([4010, 'moving'])
    table = await rooms.table(tableId, 60_000)
    const lost = await watch()
    rooms.ports.ledger.raiseEpoch(tableId)
    await table.orderVoid('operator-error')
    expect(await lost.closed).toEqual([4010, 'moving'])
    table = await rooms.table(tableId, 60_000)
    const stopped = await watch()
    table.onBeforeShutdown()
    expect(await stopped.closed).toEqual([4010, 'moving'])
  })

  test('[ROM-27 ROM-12] a table that is suspended says so, whatever its books do', async () => {
    const { room } = await watch()
    table.ended('suspended')
    rooms.ports.stalled(true)
    table.setStatus('paused')
    await until('it says so', () => statusOf(room) === 'suspended')
    expect([table.state.status, room.connection.isOpen]).toEqual(['suspended', true])
  })
})

describe('before a move', () => {
  test('[ROM-28 G17] nothing new is taken, questions are answered, and sockets stay until they are told', async () => {
    const player = rooms.ports.player(`lola-${tableId}`)
    const client = await RawClient.join(rooms.url, tableId, { ticket: rooms.ports.ticket(player, tableId) })
    rooms.ports.held.add('reserve')
    const asked = { roundId: roundId(), bets: bets() }
    const answer = client.request('bet', asked)
    await until('the bet is asked for', () => table.round.bets.size === 1)
    expect([table.running, table.atRest]).toEqual([true, false])
    const rest = table.quiesce(1_000)
    expect(table.running).toBe(false)
    for (const [type, ask] of [
      ['bet', { roundId: roundId(), bets: bets() }],
      ['bet', asked],
      ['withdraw', { roundId: roundId(), betIds: [asked.bets[0]?.betId] }],
      ['contribute', { seed: 'mine' }],
    ] as const)
      expect((await client.request(type, ask)).value).toEqual({ code: 'table-stopping' })
    expect((await client.request('clock', { clientMs: 1 })).status).toBe(0)
    expect((await client.request('resume', { publicVersion: 0, privateVersion: 0 })).status).toBe(0)
    rooms.ports.release()
    await rest
    expect((await answer).value).toMatchObject({ answers: [{ status: 'accepted' }], balanceCents: 999_500 })
    expect([client.ws.readyState, table.lease.tableId, table.round.bets.size]).toEqual([1, tableId, 1])
    // Stopped for good: what is asked now is for the next owner.
    expect((await client.request('clock', { clientMs: 1 })).value).toEqual({ code: 'table-stopping' })
    await Promise.all([table.move(), table.move()])
    expect(await client.closed).toBe(4010)
  })

  test('[ROM-28] between rounds it is at rest, and the clients of a stopped table are asked to come back', async () => {
    rooms.ports.advance(20_000)
    await until('the round is over', () => table.round.phase === 'settled')
    expect(table.atRest).toBe(true)
    const room = await rooms.join(tableId)
    await table.quiesce(1_000)
    expect(await reasonOf(room.request('bet', { roundId: roundId(), bets: bets() }))).toBe('table-stopping')
    await until('it says that it moves', () => statusOf(room) === 'moving')
    expect([lobbyStatus(), rooms.ports.failures]).toEqual(['moving', []])
  })
})
