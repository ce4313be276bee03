import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Place } from '../failover/directory.ts'
import { HeldClients } from '../failover/held.ts'
import type { SeatAnswer, SeatAsk } from '../failover/peers.ts'
import { matchmakingRoutes } from './matchmaking.ts'

type Reply = SeatAnswer

const SEAT = { name: 'table', sessionId: 'abc', roomId: 'lima', processId: 'owner' }
const NOT_NOW: Reply = { status: 503, body: { code: 503, error: 'table-stopping' } }

/** Another node, which replies with one after the other and keeps what it was asked. */
let asked: [string, SeatAsk][]
let replies: (Reply | 'breaks')[]
/** The node that clients ask; the table is wherever `places` say, the last of them for good. */
let front: Server
let places: (Place | null)[]
let unheard: string | null
let held: HeldClients
let looks: number

const addressOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`
const listening = (server: Server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
const elsewhere = (nodeId = 'owner'): Place => ({ nodeId, address: 'owner:1' })

beforeEach(async () => {
  asked = []
  replies = []
  looks = 0
  places = [elsewhere()]
  unheard = null
  held = new HeldClients({ most: 3, perAddress: 2 })
  const app = express()
  app.set('trust proxy', ['127.0.0.1'])
  const find = async (_roomId: string, withinMs: number) => {
    looks++
    const place = (places.length > 1 ? places.shift() : places[0]) ?? null
    if (place === null) await new Promise((resolve) => setTimeout(resolve, withinMs))
    return place
  }
  const peers = {
    ask: async (nodeId: string, _kind: 'seat', ask: SeatAsk) => {
      if (nodeId === 'dead') throw new Error('nobody answers there')
      asked.push([nodeId, ask])
      const reply = replies.shift() ?? { status: 200, body: SEAT }
      if (reply === 'breaks') throw new Error('it broke')
      return reply
    },
  }
  const whereabouts = { nodeId: 'front', find, wants: (roomId: string) => roomId === 'lima', unheard: () => unheard }
  matchmakingRoutes(app, { whereabouts, peers, held, steadyMs: () => performance.now() })
  front = createServer(app)
  await listening(front)
})

afterEach(() => {
  front.close()
  front.closeAllConnections()
})

async function ask(
  method: string,
  body: object,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Reply> {
  const response = await fetch(`http://${addressOf(front)}/matchmake/${method}/lima`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  })
  return { status: response.status, body: await response.json() }
}

test('[FOV-64] another node’s table: its owner is asked once, with the ticket', async () => {
  const answer = await ask('joinById', { any: 'thing' }, { authorization: 'Bearer ticket' })
  expect(answer).toEqual({ status: 200, body: SEAT })
  const askId = expect.any(String)
  const question = { askId, method: 'joinById', room: 'lima', authorization: 'Bearer ticket', options: {} }
  expect(asked).toEqual([['owner', question]])
})

test('[FOV-64] who comes back is led by the token of his seat', async () => {
  expect(await ask('reconnect', { reconnectionToken: 'sealed', more: 1 })).toMatchObject({ status: 200 })
  const options = { reconnectionToken: 'sealed' }
  const question = { askId: expect.any(String), method: 'reconnect', room: 'lima', authorization: null, options }
  expect(asked).toEqual([['owner', question]])
})

test('[FOV-64] a refusal of the owner is the answer, and nobody is asked again', async () => {
  replies = [{ status: 525, body: { code: 525, error: 'ticket-invalid' } }]
  expect(await ask('joinById', {})).toEqual({ status: 525, body: { code: 525, error: 'ticket-invalid' } })
  expect(asked).toHaveLength(1)
})

test('[FOV-64 FOV-101] a table that moves, or whose node dies meanwhile, is asked for at its next owner', async () => {
  places = [elsewhere('dead'), elsewhere()]
  replies = [NOT_NOW, 'breaks', { status: 200, body: SEAT }]
  expect(await ask('joinById', {})).toEqual({ status: 200, body: SEAT })
  expect(asked).toHaveLength(3)
  // It is the same question each time, and another client's is another one.
  expect(new Set(asked.map(([, { askId }]) => askId)).size).toBe(1)
  await ask('joinById', {})
  expect(new Set(asked.map(([, { askId }]) => askId)).size).toBe(2)
})

test('[FOV-61 FOV-64] a table that is nowhere for now: the client is asked to try again', async () => {
  places = [null]
  expect(await ask('joinById', {})).toEqual(NOT_NOW)
  expect(asked).toHaveLength(0)
})

test('[FOV-116] an owner that is not heard here is asked by its address in the books', async () => {
  unheard = 'owner'
  places = [null]
  expect(await ask('joinById', {})).toEqual({ status: 200, body: SEAT })
})

test('[FOV-65 FOV-116] an owner that is neither heard nor reached: 502 after the time of a take-over', async () => {
  unheard = 'dead'
  places = [null]
  const startedMs = performance.now()
  expect(await ask('joinById', {})).toEqual({ status: 502, body: { code: 502, error: 'owner-unreachable' } })
  expect(performance.now() - startedMs).toBeGreaterThan(2_900)
  expect(performance.now() - startedMs).toBeLessThan(5_000)
})

test('[FOV-118] a request that was given up leaves its place at once, and nobody looks on for its table', async () => {
  places = [null]
  const leave = new AbortController()
  const url = `http://${addressOf(front)}/matchmake/joinById/lima`
  const asking = fetch(url, { method: 'POST', body: '{}', signal: leave.signal }).catch(() => 'left')
  await expect.poll(() => held.count).toBe(1)
  leave.abort()
  expect(await asking).toBe('left')
  await expect.poll(() => held.count, { timeout: 400 }).toBe(0)
  const before = looks
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect(looks).toBe(before)
})

test('[FOV-119] so many of one address are held and so many of all; an IPv6 customer is one address', async () => {
  const leave = new AbortController()
  places = [null]
  const from = (address: string) => ask('joinById', {}, { 'x-forwarded-for': address }, leave.signal)
  const waiting = [from('2001:db8::1'), from('2001:db8::2')]
  await expect.poll(() => held.count).toBe(2)
  expect(await from('2001:db8::3')).toEqual({ status: 429, body: { code: 429, error: 'too-fast' } })
  waiting.push(from('2001:db8:0:1::1'))
  await expect.poll(() => held.count).toBe(3)
  expect(await from('192.0.2.1')).toEqual(NOT_NOW)
  leave.abort()
  expect((await Promise.allSettled(waiting)).every(({ status }) => status === 'rejected')).toBe(true)
})
