import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Place } from '../failover/directory.ts'
import { RELAY_HEADER } from '../failover/peer-server.ts'
import { matchmakingRoutes } from './matchmaking.ts'

type Question = { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }
type Reply = { readonly status: number; readonly body: unknown }

const SEAT = { name: 'table', sessionId: 'abc', roomId: 'lima', processId: 'owner' }
const NOT_NOW: Reply = { status: 503, body: { code: 503, error: 'table-stopping' } }

/** Another node, which replies with one after the other and keeps what it was asked. */
let owner: Server
let asked: Question[]
let replies: (Reply | 'breaks')[]
/** The node that clients ask; the table is wherever `places` say, the last of them for good. */
let front: Server
let places: (Place | null)[]

const addressOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`
const listening = (server: Server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
const elsewhere = (): Place => ({ nodeId: 'owner', address: addressOf(owner) })

beforeEach(async () => {
  asked = []
  replies = []
  owner = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk as Uint8Array)
    asked.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() })
    const reply = replies.shift() ?? { status: 200, body: SEAT }
    if (reply === 'breaks') return void response.destroy()
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
  })
  await listening(owner)
  places = [elsewhere()]
  const app = express()
  const find = async () => (places.length > 1 ? places.shift() : places[0]) ?? null
  matchmakingRoutes(app, {
    whereabouts: { nodeId: 'front', find, wants: (roomId) => roomId === 'lima', isUnheard: () => false },
    token: 'house-token',
    steadyMs: () => performance.now(),
  })
  front = createServer(app)
  await listening(front)
})

afterEach(() => {
  for (const server of [front, owner]) {
    server.close()
    server.closeAllConnections()
  }
})

async function ask(method: string, body: object, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(`http://${addressOf(front)}/matchmake/${method}/lima`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

test('[FOV-64] another node’s table: its owner is asked once, with the ticket and as one of the house', async () => {
  const answer = await ask('joinById', { any: 'thing' }, { authorization: 'Bearer ticket', [RELAY_HEADER]: 'forged' })
  expect(answer).toEqual({ status: 200, body: SEAT })
  expect(asked).toHaveLength(1)
  expect(asked[0]).toMatchObject({ url: '/matchmake/joinById/lima', body: '{}' })
  expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer ticket', [RELAY_HEADER]: 'house-token' })
})

test('[FOV-64] who comes back is led by the token of his seat', async () => {
  expect(await ask('reconnect', { reconnectionToken: 'sealed', more: 1 })).toMatchObject({ status: 200 })
  expect(asked.map(({ url, body }) => [url, body])).toEqual([
    ['/matchmake/reconnect/lima', '{"reconnectionToken":"sealed"}'],
  ])
})

test('[FOV-64] a refusal of the owner is the answer, and nobody is asked again', async () => {
  replies = [{ status: 525, body: { code: 525, error: 'ticket-invalid' } }]
  expect(await ask('joinById', {})).toEqual({ status: 525, body: { code: 525, error: 'ticket-invalid' } })
  expect(asked).toHaveLength(1)
})

test('[FOV-64] a table that moves, or whose node dies meanwhile, is asked for again at its next owner', async () => {
  const gone: Place = { nodeId: 'dead', address: '127.0.0.1:1' }
  places = [gone, elsewhere()]
  replies = [NOT_NOW, 'breaks', { status: 200, body: SEAT }]
  expect(await ask('joinById', {})).toEqual({ status: 200, body: SEAT })
  expect(asked).toHaveLength(3)
})

test('[FOV-61 FOV-64] a table that is nowhere for now: the client is asked to try again', async () => {
  places = [null]
  expect(await ask('joinById', {})).toEqual(NOT_NOW)
  expect(asked).toHaveLength(0)
})
