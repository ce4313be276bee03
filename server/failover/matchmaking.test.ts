import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestRooms, type TestRooms } from '../../rooms/testing.ts'
import { matchmakingRoutes, peerMatchmakingRoutes } from '../http/matchmaking.ts'
import type { Place } from './directory.ts'
import { PeerServer } from './peer-server.ts'

const TOKEN = 'house-token'
let rooms: TestRooms
let owner: PeerServer
let front: Server
let here = true
let place: () => Place | null

beforeAll(async () => {
  rooms = await openTestRooms()
  await rooms.table('lima')
  const ownWhereabouts = {
    nodeId: 'owner',
    find: async () => (here ? 'here' : null),
    wants: () => true,
    isUnheard: () => false,
  } as const
  owner = await PeerServer.open({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    asked: () => Promise.reject(new Error('nothing is asked here')),
    extend: (app) => peerMatchmakingRoutes(app, () => ownWhereabouts),
    relayed: () => undefined,
    greet: () => [],
    failed: () => undefined,
  })
  place = () => ({ nodeId: 'owner', address: `127.0.0.1:${owner.port}` })
  const app = express()
  const whereabouts = { nodeId: 'front', find: async () => place(), wants: () => true, isUnheard: () => false }
  matchmakingRoutes(app, { whereabouts, token: TOKEN, steadyMs: () => performance.now() })
  front = createServer(app)
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done))
})

afterAll(async () => {
  front?.close()
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

test('[FOV-51] matchmaking on behalf of others is not answered without the token of the house', async () => {
  const response = await fetch(`http://127.0.0.1:${owner.port}/matchmake/joinById/lima`, { method: 'POST', body: '{}' })
  expect(response.status).toBe(401)
})
