import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Place } from './directory.ts'
import { Gateway } from './gateway.ts'
import { PeerServer, RELAY_HEADER } from './peer-server.ts'

const TOKEN = 'house-token'

/** Two nodes of one process: players reach `front`, the table is wherever `place` says. */
let owner: PeerServer
let ownerGateway: Gateway
let frontGateway: Gateway
let front: Server
let rooms: WebSocketServer
let ownerPlace: Place | null
let find: (roomId: string, withinMs: number) => Promise<Place | null>
let unheard: boolean
let entered: IncomingMessage[]
let restored: string[]
const wanted = new Set(['lima'])

function gatewayOf(nodeId: string, look: typeof find): Gateway {
  return new Gateway({
    whereabouts: { nodeId, find: look, wants: (roomId) => wanted.has(roomId), isUnheard: () => unheard },
    token: TOKEN,
    steadyMs: () => performance.now(),
    restoreSeat: (...seat) => void restored.push(seat.join(' ')),
    enter: (request, socket, head) => {
      entered.push(request)
      rooms.handleUpgrade(request, socket, head, (ws) => {
        ws.send(`welcome at ${nodeId}`)
        ws.on('message', (data, binary) => ws.send(data, { binary }))
      })
    },
  })
}

beforeEach(async () => {
  rooms = new WebSocketServer({ noServer: true })
  entered = []
  restored = []
  ownerPlace = 'here'
  unheard = false
  ownerGateway = gatewayOf('owner', async () => ownerPlace)
  owner = await PeerServer.open({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    extend: () => undefined,
    asked: () => Promise.reject(new Error('nothing is asked here')),
    greet: () => [],
    failed: () => undefined,
    relayed: (...asked) => void ownerGateway.relayed(...asked),
  })
  find = async () => ({ nodeId: 'owner', address: `127.0.0.1:${owner.port}` })
  frontGateway = gatewayOf('front', (...asked) => find(...asked))
  front = createServer((_request, response) => response.end())
  front.on('upgrade', (...asked) => frontGateway.upgrade(...asked))
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done))
})

afterEach(() => {
  frontGateway.close()
  owner.close()
  front.close()
  front.closeAllConnections()
  for (const client of rooms.clients) client.terminate()
})

const url = (path: string) => `ws://127.0.0.1:${(front.address() as AddressInfo).port}${path}`
const said = (socket: WebSocket) =>
  new Promise<Buffer>((resolve) => socket.once('message', (data) => resolve(data as Buffer)))
const ended = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve))
const refusal = (socket: WebSocket) =>
  new Promise<string>((resolve) => {
    socket.on('error', (error) => resolve(error.message))
    socket.once('open', () => resolve('opened'))
  })

test('[FOV-60] a socket is joined to the owner, byte for byte, with the request as the client sent it', async () => {
  const headers = { 'x-own': 'mine', origin: 'http://house.test', [RELAY_HEADER]: 'forged' }
  const socket = new WebSocket(url('/front/lima?sessionId=s1&reconnectionToken=t1'), { headers })
  expect(String(await said(socket))).toBe('welcome at owner')
  const request = entered[0]
  expect(request?.url).toBe('/front/lima?sessionId=s1&reconnectionToken=t1')
  expect(request?.headers).toMatchObject({ 'x-own': 'mine', origin: 'http://house.test' })
  expect(request?.headers[RELAY_HEADER]).toBeUndefined()
  expect(restored).toEqual(['lima s1 t1'])
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 256))
  socket.send(bytes)
  expect((await said(socket)).equals(bytes)).toBe(true)
  socket.close()
  expect(await ended(socket)).toBe(1005)
})

test('[FOV-60] a socket whose room is here enters it', async () => {
  find = async () => 'here'
  const socket = new WebSocket(url('/front/lima?sessionId=s1'))
  expect(String(await said(socket))).toBe('welcome at front')
  expect(restored).toEqual([])
  socket.close()
})

test('[FOV-61] a client is held while its table moves, and led to wherever it is then', async () => {
  const { promise: found, resolve } = Promise.withResolvers<Place | null>()
  find = () => found
  const socket = new WebSocket(url('/front/lima?sessionId=s1'))
  const welcome = said(socket)
  await expect.poll(() => front.listenerCount('upgrade')).toBe(1)
  expect(entered).toEqual([])
  resolve('here')
  expect(String(await welcome)).toBe('welcome at front')
  socket.close()
})

test('[FOV-61] an owner that does not have the table any more is asked again until somebody has it', async () => {
  ownerPlace = null
  let looks = 0
  find = async () => {
    looks++
    if (looks === 3) ownerPlace = 'here'
    return { nodeId: 'owner', address: `127.0.0.1:${owner.port}` }
  }
  const socket = new WebSocket(url('/front/lima?sessionId=s1'))
  expect(String(await said(socket))).toBe('welcome at owner')
  expect(looks).toBe(3)
  socket.close()
})

test('[FOV-61] a table that is nowhere in time is answered 503, which clients take for a lost connection', async () => {
  find = async () => null
  expect(await refusal(new WebSocket(url('/front/lima?sessionId=s1')))).toContain('503')
})

test('[FOV-61] an owner that is dead is not waited for longer than it takes to be refused', async () => {
  const dead = `127.0.0.1:${owner.port}`
  owner.close()
  let looks = 0
  find = async () => (++looks === 1 ? { nodeId: 'owner', address: dead } : 'here')
  const startedMs = performance.now()
  const socket = new WebSocket(url('/front/lima?sessionId=s1'))
  expect(String(await said(socket))).toBe('welcome at front')
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  socket.close()
})

test('[FOV-65] a node that cannot reach the owner for a second says 502, and holds nobody longer', async () => {
  const dead = `127.0.0.1:${owner.port}`
  owner.close()
  find = async () => ({ nodeId: 'owner', address: dead })
  const startedMs = performance.now()
  expect(await refusal(new WebSocket(url('/front/lima?sessionId=s1')))).toContain('502')
  expect(performance.now() - startedMs).toBeGreaterThan(900)
})

test('[FOV-65 FOV-81] an owner that is not heard is waited for as long as a take-over lasts, then 502', async () => {
  unheard = true
  find = (_roomId, withinMs) => new Promise((resolve) => setTimeout(resolve, withinMs, null))
  const startedMs = performance.now()
  expect(await refusal(new WebSocket(url('/front/lima?sessionId=s1')))).toContain('502')
  expect(performance.now() - startedMs).toBeGreaterThan(2_900)
  expect(performance.now() - startedMs).toBeLessThan(5_500)
})

test('[FOV-61] an owner not heard, and whose table another one takes over, is no reason to send away', async () => {
  unheard = true
  let looks = 0
  find = async () => (++looks < 4 ? null : 'here')
  const socket = new WebSocket(url('/front/lima?sessionId=s1'))
  expect(String(await said(socket))).toBe('welcome at front')
  socket.close()
})

test('[FOV-62] sockets that lead to a former owner are let go, and no others', async () => {
  const relayed = new WebSocket(url('/front/lima?sessionId=s1'))
  await said(relayed)
  let open = true
  const closed = ended(relayed).then(() => {
    open = false
  })
  frontGateway.moved('cusco', null)
  frontGateway.moved('lima', 'owner')
  relayed.send('still there?')
  await said(relayed)
  expect(open).toBe(true)
  frontGateway.moved('lima', 'front')
  await closed
})

test('[FOV-63] what is no address of a socket is answered 404', async () => {
  for (const path of ['/', '/lima?sessionId=s', '/a/b/c?sessionId=s', '/front/lima', '/%2e/lima?sessionId=s'])
    expect(await refusal(new WebSocket(url(path)))).toContain('404')
  expect(entered).toEqual([])
})

test('[FOV-63] a table that the house does not have is refused by the room server, not held', async () => {
  find = async () => null
  const socket = new WebSocket(url('/front/trujillo?sessionId=s1'))
  expect(String(await said(socket))).toBe('welcome at front')
  socket.close()
})

test('[FOV-51] a socket is taken from another node only with the token of the house', async () => {
  const at = `ws://127.0.0.1:${owner.port}`
  for (const headers of [{}, { [RELAY_HEADER]: 'forged' }, { authorization: 'Bearer forged' }]) {
    expect(await refusal(new WebSocket(`${at}/x/lima?sessionId=s1`, { headers }))).toContain('401')
    expect(await refusal(new WebSocket(`${at}/peer/link`, { headers }))).toContain('401')
  }
  const asked = await fetch(`http://127.0.0.1:${owner.port}/peer/ask/take`, { method: 'POST', body: '{}' })
  expect(asked.status).toBe(401)
  expect(entered).toEqual([])
})
