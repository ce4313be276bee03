import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestRooms, type TestRooms } from '../../rooms/testing.ts'
import { matchmakingRoutes, seatHere } from '../http/matchmaking.ts'
import type { Place } from './directory.ts'
import { HeldClients } from './held.ts'
import { PeerDialer } from './peer-links.ts'
import { peerKey } from './peer-proof.ts'
import { PeerServer } from './peer-server.ts'
import type { PeerWays, SeatAsk } from './peers.ts'

const KEY = peerKey(Buffer.alloc(32, 7))
const OWNER = { nodeId: 'owner', incarnation: 4 }
let rooms: TestRooms
let owner: PeerServer
let dialer: PeerDialer
let front: Server
let here = true
/** So many answers of the owner get lost on their way. */
let lostAnswers = 0
let place: () => Place | null

beforeAll(async () => {
  rooms = await openTestRooms()
  await rooms.table('lima')
  const ownWhereabouts = {
    nodeId: 'owner',
    find: async () => (here ? 'here' : null),
    wants: () => true,
    unheard: () => null,
  } as const
  owner = await PeerServer.open({
    host: '127.0.0.1',
    port: 0,
    key: KEY,
    self: () => OWNER,
    asked: (_kind, ask) => seatHere(ask as SeatAsk, ownWhereabouts) as Promise<never>,
    relayed: () => undefined,
    greet: () => [],
    failed: () => undefined,
  })
  dialer = new PeerDialer({
    key: KEY,
    self: () => ({ nodeId: 'front', incarnation: 5 }),
    listener: { linkChanged: () => undefined, news: () => undefined },
    tell: () => undefined,
    steadyMs: () => performance.now(),
  })
  dialer.follow([{ ...OWNER, address: `127.0.0.1:${owner.port}`, release: '', silentMs: 0 }])
  place = () => ({ nodeId: 'owner', address: `127.0.0.1:${owner.port}` })
  const app = express()
  const whereabouts = { nodeId: 'front', find: async () => place(), wants: () => true, unheard: () => null }
  const held = new HeldClients({ most: 10, perAddress: 10 })
  const peers: Pick<PeerWays, 'ask'> = {
    ask: async (...asked) => {
      const answer = await dialer.ask(...asked)
      if (lostAnswers-- > 0) throw new Error('the answer is lost')
      return answer
    },
  }
  matchmakingRoutes(app, { whereabouts, peers, held, steadyMs: () => performance.now() })
  front = createServer(app)
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done))
})

afterAll(async () => {
  front?.close()
  dialer?.close()
  owner?.close()
  await rooms?.close()
})

async function join(ticket: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/matchmake/joinById/lima`
  const headers = { authorization: `Bearer ${ticket}`, 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: '{}' })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('[FOV-64] any node gives the seat that the owner made, in its name, and the ticket is spent', async () => {
  const ticket = rooms.ports.ticket('ana', 'lima')
  expect(await join(ticket)).toMatchObject({ status: 200, body: { roomId: 'lima', processId: 'owner' } })
  expect(await join(ticket)).toMatchObject({ status: 525, body: { error: 'ticket-invalid' } })
})

test('[FOV-64] an owner that does not have the table any more spends no ticket; the next one does', async () => {
  const ticket = rooms.ports.ticket('ana', 'lima')
  here = false
  let looks = 0
  const before = place
  place = () => {
    if (++looks === 3) here = true
    return before()
  }
  expect(await join(ticket)).toMatchObject({ status: 200, body: { processId: 'owner' } })
  expect(looks).toBe(3)
  place = () => null
  expect(await join(rooms.ports.ticket('ana', 'lima'))).toMatchObject({ status: 503 })
  place = before
})

test('[FOV-101] an answer that gets lost costs nobody his ticket: he gets the seat that it was spent for', async () => {
  lostAnswers = 2
  const { status, body } = await join(rooms.ports.ticket('ana', 'lima'))
  expect([status, body.processId, lostAnswers]).toEqual([200, 'owner', -1])
})
