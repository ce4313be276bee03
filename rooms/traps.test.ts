import { randomBytes, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { matchMaker } from '@colyseus/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { parsers } from './messages.ts'
import type { TableRoom } from './table-room.ts'
import { openTestRooms, type TestRooms, until } from './testing.ts'
import { askSeat, RawClient, seatAddress, text } from './testing-client.ts'

let rooms: TestRooms
let table: TableRoom
let tableId: string
let tables = 0
/** What would have ended the process. */
const fatal: unknown[] = []
const note = (error: unknown) => void fatal.push(error)

beforeAll(async () => {
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  rooms = await openTestRooms({ pingMs: 150 })
})
beforeEach(async () => {
  tableId = `t${++tables}`
  table = await rooms.table(tableId)
})
afterEach(async () => {
  await rooms.closeTables()
  await new Promise(setImmediate)
  expect(fatal.splice(0)).toEqual([])
  rooms.ports.failures.length = 0
})
afterAll(async () => {
  await rooms.close()
  process.off('uncaughtException', note)
  process.off('unhandledRejection', note)
})

const failures = () => rooms.ports.failures.map(({ where }) => where)
const alive = async (client: RawClient) => expect((await client.request('clock', { clientMs: 1 })).status).toBe(0)

describe('[ROM-13] what throws', () => {
  test('[ROM-13] a handler that throws ends neither the process nor its table; the pit hears of it', async () => {
    const client = await RawClient.join(rooms.url, tableId)
    const parse = vi.spyOn(parsers.clock, 'safeParse').mockImplementation(() => {
      throw new Error('a fault of ours')
    })
    expect(await client.request('clock', { clientMs: 1 })).toEqual({ status: 1, value: { code: 'failed' } })
    const refused = vi.spyOn(rooms.ports.meter, 'refused').mockImplementationOnce(() => {
      throw new Error('the meter is broken')
    })
    // As a message, nobody would catch what its handler throws.
    client.message('clock', { clientMs: 1 })
    await until('the pit has heard of both', () => failures().includes('onMessage'))
    parse.mockRestore()
    refused.mockRestore()
    expect(failures()).toEqual(['message clock', 'message clock', 'onMessage'])
    await alive(client)
  })

  test('[ROM-13] a patch that throws in its bare timer ends nothing, at the table and in the lobby', async () => {
    const client = await RawClient.join(rooms.url, tableId)
    rooms.ports.listFails = true
    await until('a patch failed', () => failures().includes('patch'))
    rooms.ports.listFails = false
    const rows = vi.spyOn(rooms.ports.board, 'rows').mockImplementation(() => {
      throw new Error('the board is gone')
    })
    await until('the lobby failed', () => failures().includes('lobby patch'))
    rows.mockRestore()
    await alive(client)
    const lobby = await RawClient.join(rooms.url, 'lobby')
    await until('the lobby is shown', () => lobby.frames.some((frame) => frame[0] === 14))
  })

  test('[ROM-13] a table that cannot be opened leaves nothing behind, and opens when it can', async () => {
    const takeOver = vi.spyOn(rooms.ports, 'takeOver').mockRejectedValueOnce(new Error('no database'))
    await expect(rooms.table('later')).rejects.toThrow('no database')
    takeOver.mockRestore()
    expect(failures()).toEqual(['onCreate'])
    expect((await askSeat(rooms.url, 'later')).body.error).toBe('no-such-table')
    await rooms.table('later')
    expect((await askSeat(rooms.url, 'later')).status).toBe(200)
  })
})

describe('[ROM-14] frames', () => {
  test('[ROM-14] every first byte with random bytes behind it closes its own connection at most', async () => {
    const bystander = await RawClient.join(rooms.url, tableId)
    const seeds: string[] = []
    const one = async (first: number) => {
      const client = await RawClient.join(rooms.url, tableId)
      const rest = randomBytes(first % 40)
      seeds.push(Buffer.concat([Buffer.of(first), rest]).toString('hex'))
      client.send(first, rest)
      client.send(21, 1, text('clock'), Buffer.of(0x81, 0xa8), Buffer.from('clientMs'), 1)
      const answered = until('it is answered', () => client.frames.some((frame) => frame[0] === 22))
      await Promise.race([client.closed, answered])
      client.ws.terminate()
    }
    for (let from = 0; from < 256; from += 32) await Promise.all(Array.from({ length: 32 }, (_, i) => one(from + i)))
    expect([seeds.length, fatal]).toEqual([256, []])
    await alive(bystander)
  })

  test('[ROM-14] cut types and ids, modifiers and frames too long close with a code; nobody else notices', async () => {
    const bystander = await RawClient.join(rooms.url, tableId)
    const bad: [Buffer | string, number][] = [
      [Buffer.of(13), 4002],
      [Buffer.of(13, 0xd9), 4002],
      [Buffer.of(13, 0xdb, 255, 255, 255, 255), 4002],
      [Buffer.of(21), 4002],
      [Buffer.of(21, 0xce, 1), 4002],
      [Buffer.of(21, 0xcb), 4002],
      [Buffer.of(13 | 0x80, 0xa1, 0x61), 4002],
      [Buffer.of(13, 0xa2, 0xc3, 0x28), 4002],
      [Buffer.of(19, 0), 4002],
      [Buffer.of(), 4002],
      ['a text', 4002],
      [Buffer.alloc(16 * 1024 + 1, 13), 1009],
    ]
    for (const [frame, code] of bad) {
      const client = await RawClient.join(rooms.url, tableId)
      client.ws.send(frame)
      expect([frame, await client.closed]).toEqual([frame, code])
    }
    await alive(bystander)
  })

  test('[ROM-14] nothing that comes after the frame that closed a connection is done any more', async () => {
    const player = rooms.ports.player(`late-${tableId}`)
    const client = await RawClient.join(rooms.url, tableId, { ticket: rooms.ports.ticket(player, tableId) })
    const { roundId } = table.round.opening
    client.send(255)
    client.message('bet', { roundId, bets: [{ betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 500 }] })
    expect(await client.closed).toBe(4002)
    expect([rooms.ports.ledger.balanceOf(player), table.round.bets.size]).toEqual([1_000_000, 0])
  })

  test('[ROM-19] what is asked before the acknowledgement waits for it, in order; too much of it closes', async () => {
    const early = await RawClient.join(rooms.url, tableId, { acknowledges: false })
    const asked = Array.from({ length: 7 }, (_, i) => early.request('clock', { clientMs: i }))
    early.message('dance', {})
    await until('it was seen', () => table.clients.length === 1)
    early.send(10)
    for (const [i, answer] of (await Promise.all(asked)).entries())
      expect(answer).toMatchObject({ status: 0, value: { clientMs: i } })
    await until('the message is refused', () => early.messages('answer').length === 1)
    const loud = await RawClient.join(rooms.url, tableId, { acknowledges: false })
    for (let i = 0; i < 9; i++) loud.message('clock', { clientMs: i })
    expect(await loud.closed).toBe(4002)
    expect(loud.frames.map(([code]) => code)).toEqual([10])
    const leaver = await RawClient.join(rooms.url, tableId, { acknowledges: false })
    leaver.send(12)
    expect(await leaver.closed).toBe(4000)
    await alive(early)
  })

  test('[ROM-19] who never acknowledges is closed in time', async () => {
    const silent = await RawClient.join(rooms.url, tableId, { acknowledges: false })
    const proper = await RawClient.join(rooms.url, tableId)
    await until('it was seen', () => table.clients.length === 2)
    const startedAtMs = rooms.ports.now
    await until('it is closed', () => {
      rooms.ports.now += 10
      return table.clients.length === 1
    })
    expect(rooms.ports.now - startedAtMs).toBeGreaterThan(10_000)
    expect(await silent.closed).toBe(4002)
    await alive(proper)
  })
})

describe('[ROM-17] connections that break', () => {
  test('[ROM-17] waiting seats of an ended table, and clients sent away, leave no rejection', async () => {
    const dropped = await RawClient.join(rooms.url, tableId)
    await RawClient.join(rooms.url, tableId)
    dropped.ws.terminate()
    await until('its seat waits', () => table.clients.length === 1)
    await table.disconnect(4010)
    await new Promise(setImmediate)
    // Colyseus tells of the dropped one twice; it was one connection.
    expect([fatal, rooms.ports.sockets]).toEqual([[], 0])
  })

  test('[ROM-17] a half-open socket, which answers no ping, is found and closed', async () => {
    const mute = await RawClient.join(rooms.url, tableId, { autoPong: false })
    const proper = await RawClient.join(rooms.url, tableId)
    expect(await mute.closed).toBe(1006)
    await until('the table noticed', () => table.clients.length === 1)
    await alive(proper)
  })
})

describe('[ROM-18] ways in', () => {
  test('[ROM-18] the matchmaker opens no table for anybody, and says so with a code', async () => {
    const ask = async (path: string, body = '{}') => {
      const response = await fetch(`${rooms.url}/matchmake/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      return [response.status, ((await response.json()) as { error: string }).error]
    }
    for (const method of ['create', 'joinOrCreate', 'join', 'constructor', 'createRoom', 'remoteRoomCall'])
      expect([method, ...(await ask(`${method}/table`))]).toEqual([method, 520, 'no-such-method'])
    expect(await ask('joinById/nowhere')).toEqual([522, 'no-such-table'])
    expect(await ask('joinById/__proto__')).toEqual([522, 'no-such-table'])
    expect(await ask(`reconnect/${tableId}`, '{"reconnectionToken":"x"}')).toEqual([524, 'seat-expired'])
    for (const body of [
      '{}',
      '[]',
      '{"reconnectionToken":{"toString":1}}',
      `{"reconnectionToken":"${'x'.repeat(257)}"}`,
    ])
      expect(await ask(`reconnect/${tableId}`, body)).toEqual([400, 'malformed'])
    expect(await ask('joinById')).toEqual([404, 'no-such-method'])
    vi.spyOn(rooms.ports, 'spendTicket').mockRejectedValueOnce(new Error('password of the database'))
    expect((await askSeat(rooms.url, tableId, 'ticket')).body).toEqual({ code: 500, error: 'failed' })
    expect(matchMaker.stats.local.roomCount).toBe(2)
  })

  test('[ROM-18 U8] a ticket is good once, at its own table, and a seat is taken once', async () => {
    const player = rooms.ports.player(`tickets-${tableId}`)
    const ticket = rooms.ports.ticket(player, tableId)
    const seat = await askSeat(rooms.url, tableId, ticket)
    expect(seat.status).toBe(200)
    const invalid = { code: 525, error: 'ticket-invalid' }
    expect((await askSeat(rooms.url, tableId, ticket)).body).toEqual(invalid)
    expect((await askSeat(rooms.url, tableId, 'never-issued')).body).toEqual(invalid)
    expect((await askSeat(rooms.url, tableId, 'x'.repeat(5_000))).body).toEqual(invalid)

    const address = seatAddress(rooms.url, seat.body)
    const twice = [new RawClient(address), new RawClient(address)]
    const joined = await Promise.allSettled(twice.map((client) => client.joined))
    expect(joined.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const stolen of [address, `${address}&reconnectionToken=guess`, `${address}&reconnectionToken=__proto__`])
      await expect(new RawClient(stolen).joined).rejects.toThrow('closed')
    expect(table.clients.length).toBe(1)

    await rooms.table(`${tableId}-other`)
    const foreign = await askSeat(rooms.url, `${tableId}-other`, rooms.ports.ticket(player, tableId))
    const thief = new RawClient(seatAddress(rooms.url, foreign.body))
    expect(await thief.closed).toBe(4002)
    expect(thief.frames[0]?.toString('latin1')).toContain('ticket-invalid')
    expect([rooms.ports.sockets, failures()]).toEqual([1, []])
  })

  test('[ROM-18] sockets open for pages of ours and for programs, and for no other page', async () => {
    const open = (address: string, origin: string | null): Promise<number> => {
      const ws = new WebSocket(address, origin === null ? {} : { origin })
      ws.on('error', () => undefined)
      return new Promise((tell) => {
        ws.on('open', () => tell(101))
        ws.on('unexpected-response', (_request, response) => tell(response.statusCode ?? 0))
      })
    }
    const join = async (origin: string | null) => {
      const address = seatAddress(rooms.url, (await askSeat(rooms.url, tableId)).body)
      const status = await open(address, origin)
      // What a foreign page tried has not used up the seat.
      return status === 101 ? [101] : [status, await open(address, null)]
    }
    const seen = await Promise.all([null, 'http://house.test', 'https://evil.example', 'null'].map(join))
    expect(seen).toEqual([[101], [101], [403, 101], [403, 101]])
  })

  test('[ROM-18] an address that is none, or no room’s, is refused and ends nothing', async () => {
    const upgrade = (target: string, host = 'x') =>
      new Promise<string>((tell) => {
        const socket = connect(rooms.port, '127.0.0.1')
        let answer = ''
        socket.on('data', (data) => {
          answer += data
        })
        socket.on('error', () => undefined)
        socket.on('close', () => tell(answer.split('\r\n')[0] ?? ''))
        const key = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
        socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`)
      })
    for (const target of ['*%zz', '*@[', '*', '/', '/x', '/a/b', '/a/b/c?sessionId=1', '/%zz/%zz?sessionId=1'])
      expect([target, await upgrade(target)]).toEqual([target, 'HTTP/1.1 404 Not Found'])
    expect(await upgrade('/a/b?sessionId=1', '[:::')).toBe('HTTP/1.1 400 Bad Request')
    await alive(await RawClient.join(rooms.url, tableId))
  })
})
