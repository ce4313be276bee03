import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pack, unpack } from 'msgpackr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { BET_RESULTS, MESSAGE_REFUSALS } from '../monitoring/metrics.ts'
import { parsers } from './messages.ts'
import type { PrivateEvent, PublicEvent, SharedTable } from './protocol.ts'
import type { TableRoom } from './table-room.ts'
import { TableState } from './table-state.ts'
import { openTestRooms, type TestRooms, until } from './testing.ts'

const text = readFileSync(new URL('../docs/protocol.md', import.meta.url), 'utf8')
const PUBLIC = { opened: 1, closing: 1, closed: 1, drawn: 1, settled: 1, void: 1 } satisfies Record<
  PublicEvent['type'],
  1
>
const PRIVATE = { bet: 1, balance: 1, result: 1, refunded: 1 } satisfies Record<PrivateEvent['type'], 1>

let rooms: TestRooms
let table: TableRoom
beforeAll(async () => {
  rooms = await openTestRooms()
  table = await rooms.table('documented')
})
afterAll(async () => {
  await rooms.closeTables()
  await rooms.close()
})

/** The rows of the document's tables between two headings, each as its cells. */
function rowsOf(section: number): string[][] {
  const [, body = ''] = text.split(new RegExp(`^## ${section}\\. .*$`, 'm'))
  const [own = ''] = body.split(/^## /m)
  const rows = own.split('\n').filter((line) => line.startsWith('|'))
  return rows.map((row) => row.split('|').map((cell) => cell.trim()))
}
const namesIn = (section: number): string[] =>
  rowsOf(section).flatMap((cells) => [...(cells[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, name]) => name ?? ''))

test('[ROM-22] the document names every request, event, field of the state and code, and no other', () => {
  const sorted = (names: Iterable<string>) => [...names].sort()
  expect(sorted(namesIn(4))).toEqual(sorted(Object.keys(parsers)))
  expect(sorted(namesIn(5))).toEqual(sorted([...Object.keys(PUBLIC), ...Object.keys(PRIVATE)]))
  const fields = Object.keys(new TableState().toJSON()) as (keyof SharedTable)[]
  expect(sorted(namesIn(6))).toEqual(sorted(fields))
  const codes = [...BET_RESULTS.filter((code) => code !== 'accepted'), ...MESSAGE_REFUSALS]
  expect(sorted(namesIn(7))).toEqual(sorted(codes))
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(160)
})

type Reply = { readonly status: number; readonly value: unknown }

/** A client written from docs/protocol.md alone: sections 1 to 5. */
class DocumentedClient {
  readonly messages: { readonly type: string; readonly value: unknown }[] = []
  readonly joined = Promise.withResolvers<void>()
  readonly closed = Promise.withResolvers<number>()
  token = ''
  readonly #ws: WebSocket
  readonly #waiting = new Map<number, (reply: Reply) => void>()

  constructor(address: string) {
    this.#ws = new WebSocket(address, { perMessageDeflate: false })
    this.#ws.on('close', (code) => this.closed.resolve(code))
    this.#ws.on('message', (frame: Buffer) => this.#take(frame))
  }

  static async seat(house: string, tableId: string, ticket: string): Promise<string> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${ticket}` }
    const asked = await fetch(`${house}/matchmake/joinById/${tableId}`, { method: 'POST', headers, body: '{}' })
    const { processId, roomId, sessionId } = (await asked.json()) as Record<string, string>
    return `${house.replace('http', 'ws')}/${processId}/${roomId}?sessionId=${sessionId}`
  }

  request(id: number, type: string, value: unknown): Promise<Reply> {
    this.#ws.send(Buffer.concat([Buffer.of(21, id, 0xa0 | type.length), Buffer.from(type), pack(value)]))
    return new Promise((tell) => this.#waiting.set(id, tell))
  }

  leave(): void {
    this.#ws.send(Buffer.of(12))
  }

  cut(): void {
    this.#ws.terminate()
  }

  #take(frame: Buffer): void {
    const [code, first = 0, status = -1] = frame
    if (code === 10) {
      this.token = frame.toString('latin1', 2, 2 + first)
      this.#ws.send(Buffer.of(10))
      this.joined.resolve()
    }
    if (code === 13) {
      const end = 2 + (first & 0x1f)
      this.messages.push({ type: frame.toString('latin1', 2, end), value: unpack(frame.subarray(end)) })
    }
    if (code === 22) this.#waiting.get(first)?.({ status, value: unpack(frame.subarray(3)) })
  }
}

test('[ROM-22] a client written from the document joins, bets, is refused, comes back and leaves', async () => {
  rooms.ports.player('reader')
  const address = await DocumentedClient.seat(rooms.url, 'documented', rooms.ports.ticket('reader', 'documented'))
  const client = new DocumentedClient(address)
  await client.joined.promise
  const resumed = await client.request(1, 'resume', { publicVersion: 0, privateVersion: 0 })
  const { roundId } = table.round.opening
  expect(resumed).toMatchObject({ status: 0, value: { missed: null, snapshot: { roundId, balanceCents: 1_000_000 } } })
  const { snapshot } = resumed.value as { snapshot: { publicVersion: number; privateVersion: number } }

  const bet = { betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 500 }
  const answers = [{ betId: bet.betId, status: 'accepted', code: null }]
  expect(await client.request(2, 'bet', { roundId, bets: [bet] })).toEqual({
    status: 0,
    value: { answers, balanceCents: 999_500 },
  })
  await until('the bet is told', () => client.messages.some(({ type }) => type === 'private'))
  expect(client.messages.find(({ type }) => type === 'private')?.value).toMatchObject({
    version: snapshot.privateVersion + 1,
    type: 'bet',
    roundId,
    bet: { ...bet, status: 'accepted' },
  })
  expect(await client.request(3, 'bet', { roundId })).toEqual({ status: 1, value: { code: 'malformed' } })
  expect(await client.request(4, 'dance', {})).toEqual({ status: 1, value: { code: 'unknown-message' } })

  client.cut()
  expect(await client.closed.promise).toBe(1006)
  const again = new DocumentedClient(`${address}&reconnectionToken=${client.token}&skipHandshake=1`)
  await again.joined.promise
  const { publicVersion, privateVersion } = snapshot
  const missed = await again.request(1, 'resume', { publicVersion, privateVersion })
  expect(missed.value).toMatchObject({ missed: { public: [], private: [{ type: 'bet' }, { type: 'balance' }] } })

  const reseated = await fetch(`${rooms.url}/matchmake/reconnect/documented`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reconnectionToken: again.token }),
  })
  const { processId, roomId, sessionId } = (await reseated.json()) as Record<string, string>
  expect(await again.closed.promise).toBe(4002)
  const socket = `${rooms.url.replace('http', 'ws')}/${processId}/${roomId}?sessionId=${sessionId}`
  const refused = new DocumentedClient(`${socket}&reconnectionToken=${client.token}`)
  expect(await refused.closed.promise).toBe(4003)
  const third = new DocumentedClient(`${socket}&reconnectionToken=${again.token}`)
  await third.joined.promise
  expect(await third.request(1, 'clock', { clientMs: 5 })).toMatchObject({ status: 0, value: { clientMs: 5 } })
  third.leave()
  expect(await third.closed.promise).toBe(4000)
})

test('[ROM-22] the bytes of the document’s example are what it says', () => {
  const [, bytes = ''] = /as request 1: `([\da-f ]+)`/.exec(text) ?? []
  const frame = Buffer.from(bytes.replaceAll(' ', ''), 'hex')
  expect([frame[0], frame[1], frame.toString('latin1', 3, 8)]).toEqual([21, 1, 'clock'])
  expect(unpack(frame.subarray(8))).toEqual({ clientMs: 5 })
})
