import { randomUUID } from 'node:crypto'
import { type Client as ColyseusClient, matchMaker } from '@colyseus/core'
import { Client, type Room } from '@colyseus/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SeatClaim } from './ports.ts'
import type { SharedTable } from './protocol.ts'
import { MOST_PAST_WATCHERS, type SeatKeeper } from './seat-keeper.ts'
import type { TableRoom } from './table-room.ts'
import { openTestRooms, type TestRooms, until } from './testing.ts'
import { askSeat, RawClient, seatAddress } from './testing-client.ts'

let rooms: TestRooms
let tableId: string
let table: TableRoom
let tables = 0
const fatal: unknown[] = []
const note = (error: unknown) => void fatal.push(error)
beforeAll(async () => {
  process.on('unhandledRejection', note)
  rooms = await openTestRooms()
})
beforeEach(async () => {
  tableId = `s${++tables}`
  table = await rooms.table(tableId)
})
afterEach(async () => {
  await rooms.closeTables()
  await until('nobody is counted any more', () => matchMaker.stats.local.ccu === 0)
  expect([fatal.splice(0), rooms.ports.failures.splice(0)]).toEqual([[], []])
})
afterAll(async () => {
  await rooms.close()
  process.off('unhandledRejection', note)
})

/** Joins with the stock client, which comes back by itself. */
async function sit(playerId: string | null): Promise<Room> {
  const client = new Client(rooms.url)
  if (playerId !== null) client.auth.token = rooms.ports.ticket(rooms.ports.player(playerId), tableId)
  const room = await client.joinById(tableId)
  Object.assign(room.reconnection, { minUptime: 0, minDelay: 0, backoff: () => 10 })
  room.onMessage('*', () => undefined)
  await until('it has the state', () => shared(room)?.tableId === tableId)
  return room
}

const shared = (room: Room) => (room.state as { toJSON(): SharedTable } | undefined)?.toJSON()
const back = (room: Room) => new Promise<void>((tell) => room.onReconnect.once(() => tell()))
const chip = () => ({ betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 500 })
const betBy = async (room: Room) => {
  const { roundId } = table.round.opening
  const { answers } = await room.request('bet', { roundId, bets: [chip()] })
  return answers[0]?.status
}
const sameState = (room: Room) =>
  until('it sees what the table shows', () => JSON.stringify(shared(room)) === JSON.stringify(table.state.toJSON()))
/** What Colyseus keeps, which nothing may be left in. */
const inner = () =>
  table as unknown as {
    _reservedSeats: object
    _reconnections: object
    _reservedSeatTimeouts: Record<string, { _onTimeout(): void }>
    _listing: { clients: number }
  }
const left = () => [
  Object.getOwnPropertyNames(inner()._reservedSeats),
  Object.keys(inner()._reconnections),
  Object.keys(inner()._reservedSeatTimeouts),
  inner()._listing.clients,
]
const tokenOf = (room: Room) => room.reconnectionToken.slice(room.roomId.length + 1)
const claimOf = (token: string): SeatClaim => {
  const claim = rooms.ports.openSeat(token)
  if (claim === null) throw new Error('the house sealed it')
  return claim
}

/** What becomes of a socket that comes with this token: `joined`, or the code it is closed with. */
async function enter(sessionId: string, token: string, roomId = tableId): Promise<RawClient | number> {
  const address = `${rooms.url.replace('http', 'ws')}/test/${roomId}?sessionId=${sessionId}`
  const client = new RawClient(`${address}&reconnectionToken=${encodeURIComponent(token)}&skipHandshake=1`)
  return client.joined.then(
    () => client,
    () => client.closed,
  )
}

describe('a table that goes on in another room', () => {
  test('[ROM-24 G17] players and watchers come back with session, player and state, again and again', async () => {
    const ana = await sit('ana')
    const watcher = await sit(null)
    const sessions = [ana.sessionId, watcher.sessionId]
    expect(await betBy(ana)).toBe('accepted')
    for (let move = 1; move <= 5; move++) {
      const both = Promise.all([back(ana), back(watcher)])
      table = await rooms.reopened(table)
      await both
      await sameState(ana)
      await sameState(watcher)
      expect([ana.sessionId, watcher.sessionId]).toEqual(sessions)
      expect([table.state.players, rooms.ports.sockets, table.isPresent('ana')]).toEqual([1, 2, true])
      expect(await betBy(ana)).toBe('accepted')
      await expect(betBy(watcher)).rejects.toMatchObject({ reason: { code: 'not-a-player' } })
      expect([claimOf(tokenOf(ana)).generation, claimOf(tokenOf(watcher)).generation]).toEqual([move, move])
      // The places that Colyseus counts as taken are those of the two.
      expect(left()).toEqual([[], [], [], 2])
    }
    expect([matchMaker.stats.local.ccu, rooms.ports.ledger.balanceOf('ana')]).toEqual([2, 1_000_000 - 6 * 500])
    await Promise.all([ana.leave(), watcher.leave()])
    await until('both are gone', () => left()[3] === 0)
  })

  test('[ROM-24] a connection that breaks after the move comes back to the seat that waits for it', async () => {
    const room = await sit('beto')
    const moved = back(room)
    table = await rooms.reopened(table)
    await moved
    await until('it has acknowledged', () => rooms.ports.seats.get(room.sessionId) === 1)
    const returned = back(room)
    ;(room.connection.transport as unknown as { ws: { close(): void } }).ws.close()
    await returned
    await sameState(room)
    expect([await betBy(room), table.state.players, left()]).toEqual(['accepted', 1, [[], [], [], 1]])
  })

  test('[ROM-24 ROM-19] what the stock client asks as soon as it is told of its return is answered', async () => {
    const room = await sit('mara')
    // The SDK tells of it before it acknowledges its seat.
    const asked = new Promise((tell, fail) => {
      room.onReconnect.once(() => {
        void room.request('resume', { publicVersion: 0, privateVersion: 0 }).then(tell, fail)
      })
    })
    table = await rooms.reopened(table)
    expect(await asked).toMatchObject({ missed: null, snapshot: { balanceCents: 1_000_000 } })
  })

  test('[ROM-24] a page that was loaded anew comes back with its token alone', async () => {
    const room = await sit('carla')
    const { reconnectionToken, sessionId } = room
    room.reconnection.enabled = false
    table = await rooms.reopened(table)
    const again = await new Client(rooms.url).reconnect(reconnectionToken)
    again.onMessage('*', () => undefined)
    expect([again.sessionId, await betBy(again), left()]).toEqual([sessionId, 'accepted', [[], [], [], 1]])
  })

  test('[ROM-24] who was at the lobby of one node is at that of another', async () => {
    const client = new Client(rooms.url)
    const room = await client.joinById('lobby')
    Object.assign(room.reconnection, { minUptime: 0, minDelay: 0, backoff: () => 10 })
    const lobby = () => matchMaker.getLocalRoomById('lobby')
    const first = lobby()
    const rows = () => Object.keys((room.state as { toJSON(): { tables?: object } }).toJSON().tables ?? {})
    await until('it sees the table', () => rows().includes(tableId))
    const returned = back(room)
    await rooms.held('lobby', async () => {
      await lobby().disconnect(4010)
      await matchMaker.createRoom('lobby', {})
    })
    await returned
    expect(lobby()).not.toBe(first)
    await rooms.table(`${tableId}-new`)
    await until('it sees the tables', () => rows().includes(tableId) && rows().includes(`${tableId}-new`))
    await room.leave()
    await until('it is gone', () => lobby().clients.length === 0)
  })
})

describe('whose seat it is', () => {
  test('[ROM-24] forged, foreign and outdated tokens get no seat, nor do those of another layout', async () => {
    const room = await sit('dora')
    const token = tokenOf(room)
    const { sessionId } = room
    room.reconnection.enabled = false
    table = await rooms.reopened(table)
    await rooms.table(`${tableId}-other`)
    const claim = claimOf(token)
    const sealed = (over: Partial<SeatClaim>) => rooms.ports.sealSeat({ ...claim, ...over })
    const wrong: [string, string, string?][] = [
      [sessionId, `${token.slice(0, -2)}AA`],
      [sessionId, 'guess'],
      [sessionId, '__proto__'],
      ['otherSess', token],
      [sessionId, token, `${tableId}-other`],
      [sessionId, sealed({ roomId: `${tableId}-other` })],
      [sessionId, sealed({ layout: claim.layout ^ 1 })],
      [sessionId, sealed({ issuedAtMs: rooms.ports.now - 12 * 3_600_000 - 1 })],
    ]
    for (const [session, used, at] of wrong) expect([used, await enter(session, used, at)]).toEqual([used, 4003])
    expect([left(), rooms.ports.sockets]).toEqual([[[], [], [], 0], 0])
    expect(await enter(sessionId, token)).toBeInstanceOf(RawClient)
  })

  test('[ROM-24] a token is used up when the next one is acknowledged, here and at the next owner', async () => {
    const room = await sit('eva')
    const { sessionId } = room
    const first = tokenOf(room)
    room.reconnection.enabled = false
    table = await rooms.reopened(table)
    const second = (await enter(sessionId, first)) as RawClient
    await until('it is remembered', () => rooms.ports.seats.get(sessionId) === 1)
    expect(await enter(sessionId, first)).toBe(4003)
    table = await rooms.reopened(table)
    expect(await enter(sessionId, first)).toBe(4003)
    const third = (await enter(sessionId, second.reconnectionToken)) as RawClient
    await until('it is remembered', () => rooms.ports.seats.get(sessionId) === 2)
    // Without a memory any token of the session is good: nobody is sent away because a store was lost.
    rooms.ports.seats.clear()
    third.ws.terminate()
    table = await rooms.reopened(table)
    expect(await enter(sessionId, first)).toBeInstanceOf(RawClient)
  })

  test('[ROM-24] a token that was sent and never acknowledged leaves the one before it good', async () => {
    const room = await sit('flor')
    const { sessionId } = room
    const first = tokenOf(room)
    room.reconnection.enabled = false
    table = await rooms.reopened(table)
    const address = `${rooms.url.replace('http', 'ws')}/test/${tableId}?sessionId=${sessionId}`
    for (let broken = 0; broken < 3; broken++) {
      const client = new RawClient(`${address}&reconnectionToken=${first}`, { acknowledges: false })
      await client.joined
      // Twice the server sees it break, once it does not: the client that comes again has left it all the same.
      if (broken < 2) {
        client.ws.terminate()
        await until('the table noticed', () => table.clients.length === 0)
      }
    }
    const last = (await enter(sessionId, first)) as RawClient
    expect(claimOf(last.reconnectionToken).generation).toBe(1)
    await until('it is remembered', () => rooms.ports.seats.get(sessionId) === 1)
    await until('nothing is left of the others', () => JSON.stringify(left()) === JSON.stringify([[], [], [], 1]))
    expect([table.state.players, rooms.ports.sockets]).toEqual([1, 1])
  })

  test('[ROM-24] a seat that was given up, or waited its time, is over; its token gets nothing', async () => {
    const leaver = await sit('gino')
    const sleeper = await sit('hugo')
    const given = [leaver.sessionId, tokenOf(leaver)] as const
    const slept = [sleeper.sessionId, tokenOf(sleeper)] as const
    const { seats } = rooms.ports
    expect([seats.get(leaver.sessionId), seats.get(sleeper.sessionId)]).toEqual([0, 0])
    await leaver.leave()
    sleeper.reconnection.enabled = false
    ;(sleeper.connection.transport as unknown as { ws: { close(): void } }).ws.close()
    await until('its seat waits', () => Object.keys(inner()._reservedSeats).length === 1)
    inner()._reservedSeatTimeouts[sleeper.sessionId]?._onTimeout()
    // The next owner is told of it too, so that no token of an ended session gets a seat anywhere.
    await until('both are used up', () => [leaver, sleeper].every(({ sessionId }) => seats.get(sessionId) === 1))
    expect([await enter(...given), await enter(...slept)]).toEqual([4003, 4003])
  })

  test('[ROM-24] seats of watchers are not remembered, nor is anybody’s when the table moves', async () => {
    const watcher = await sit(null)
    const player = await sit('ines')
    await until('the player is remembered', () => rooms.ports.seats.get(player.sessionId) === 0)
    expect(rooms.ports.seats.has(watcher.sessionId)).toBe(false)
    for (const room of [watcher, player]) room.reconnection.enabled = false
    await table.move()
    expect(rooms.ports.seats.get(player.sessionId)).toBe(0)
    expect(rooms.ports.seats.has(watcher.sessionId)).toBe(false)
  })

  test('[ROM-30] however many watchers come and go, the used tokens of players stay worthless', async () => {
    const room = await sit('nora')
    const [sessionId, token] = [room.sessionId, tokenOf(room)]
    await until('its token is acknowledged', () => rooms.ports.seats.has(sessionId))
    await room.leave()
    expect(await enter(sessionId, token)).toBe(4003)
    const keeper = (table as unknown as { seats: SeatKeeper }).seats
    for (let i = 0; i < MOST_PAST_WATCHERS + 10; i++) {
      const watcher = { sessionId: `watcher-${i}`, ref: {} } as unknown as ColyseusClient
      keeper.issue(watcher, null)
      keeper.over(watcher)
    }
    expect(await enter(sessionId, token)).toBe(4003)
  })

  test('[ROM-24] a seat that was restored for a client who never came leaves nothing', async () => {
    const room = await sit('juan')
    const { sessionId } = room
    const token = tokenOf(room)
    room.reconnection.enabled = false
    table = await rooms.reopened(table)
    expect([table.restoreSeat(token, sessionId), table.restoreSeat(token, sessionId)]).toEqual([true, false])
    expect(left()).toEqual([[sessionId], [token], [sessionId], 0])
    inner()._reservedSeatTimeouts[sessionId]?._onTimeout()
    expect([left(), rooms.ports.sockets]).toEqual([[[], [], [], 0], 0])
    expect(table.restoreSeat(token, sessionId)).toBe(true)
    await table.move()
    expect(left().slice(0, 3)).toEqual([[], [], []])
  })
})

test('[ROM-25] who comes with the token of a connection that still stands takes its place at once', async () => {
  const room = await sit('katia')
  const { sessionId } = room
  room.reconnection.enabled = false
  const gone = new Promise<number>((tell) => room.onLeave.once((code) => tell(code)))
  const old = table.clients.get(sessionId)
  // For the server the connection stands; its client has another one now, and will never hear of this one again.
  const startedMs = performance.now()
  const next = (await enter(sessionId, tokenOf(room))) as RawClient
  expect(next).toBeInstanceOf(RawClient)
  expect(performance.now() - startedMs).toBeLessThan(2_000)
  expect([await gone, (await next.request('clock', { clientMs: 1 })).status]).toEqual([1006, 0])
  expect([table.state.players, rooms.ports.sockets, left()]).toEqual([1, 1, [[], [], [], 1]])
  // Colyseus may tell late that the old one has left; that is not the end of the session.
  await until('the new token is remembered', () => rooms.ports.seats.get(sessionId) === 1)
  if (old !== undefined) table.onLeave(old as never)
  expect(rooms.ports.seats.get(sessionId)).toBe(1)
  expect(await enter(sessionId, 'another')).toBe(4003)
  expect((await next.request('clock', { clientMs: 1 })).status).toBe(0)
})

test('[ROM-28] a table that ends waits for nobody who has only reserved a seat', async () => {
  const room = await sit('luis')
  await askSeat(rooms.url, tableId)
  const startedMs = performance.now()
  room.reconnection.enabled = false
  await table.move()
  expect(performance.now() - startedMs).toBeLessThan(2_000)
  expect(matchMaker.getLocalRoomById(tableId)).toBeUndefined()
  const { body } = await askSeat(rooms.url, 'lobby')
  const lobby = new RawClient(seatAddress(rooms.url, body))
  await lobby.joined
  lobby.send(12)
  expect(await lobby.closed).toBe(4000)
})
