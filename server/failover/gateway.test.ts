import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Place } from './directory.ts'
import { Gateway, type GatewayOptions } from './gateway.ts'
import { HeldClients } from './held.ts'
import { PeerDialer } from './peer-links.ts'
import { PROOF_HEADER, peerKey } from './peer-proof.ts'
import { PeerServer } from './peer-server.ts'

const KEY = peerKey(Buffer.alloc(32, 7))
const OWNER = { nodeId: 'owner', incarnation: 4 }
const FRONT = { nodeId: 'front', incarnation: 5 }

/** Two nodes of one process: players reach `front`, the table is wherever `place` says. */
let owner: PeerServer
let dialer: PeerDialer
let held: HeldClients
let ownerGateway: Gateway
let frontGateway: Gateway
let front: Server
let rooms: WebSocketServer
let ownerPlace: Place | null
let find: (roomId: string, withinMs: number) => Promise<Place | null>
let unheard: string | null
let entered: IncomingMessage[]
let restored: string[]
const wanted = new Set(['lima'])

function gatewayOf(nodeId: string, look: typeof find): Gateway {
  return new Gateway(gatewayOptions(nodeId, look))
}

function gatewayOptions(nodeId: string, look: typeof find): GatewayOptions {
  return {
    whereabouts: { nodeId, find: look, wants: (roomId) => wanted.has(roomId), unheard: () => unheard },
    peers: dialer,
    held,
    addressOf: ({ headers }) => String(headers['x-from'] ?? 'lima'),
    allowedOrigins: ['http://house.test'],
    steadyMs: () => performance.now(),
    restoreSeat: (...seat) => void restored.push(seat.join(' ')),
    enter: (request, socket, head) => {
      entered.push(request)
      rooms.handleUpgrade(request, socket, head, (ws) => {
        ws.send(`welcome at ${nodeId}`)
        ws.on('message', (data, binary) => ws.send(data, { binary }))
      })
    },
  }
}

beforeEach(async () => {
  rooms = new WebSocketServer({ noServer: true })
  entered = []
  restored = []
  ownerPlace = 'here'
  unheard = null
  held = new HeldClients({ most: 3, perAddress: 2 })
  dialer = new PeerDialer({
    key: KEY,
    self: () => FRONT,
    listener: { linkChanged: () => undefined, news: () => undefined },
    tell: () => undefined,
    steadyMs: () => performance.now(),
  })
  ownerGateway = gatewayOf('owner', async () => ownerPlace)
  owner = await PeerServer.open({
    host: '127.0.0.1',
    port: 0,
    key: KEY,
    self: () => OWNER,
    asked: () => Promise.reject(new Error('nothing is asked here')),
    greet: () => [],
    failed: () => undefined,
    relayed: (...asked) => void ownerGateway.relayed(...asked),
  })
  dialer.follow([{ ...OWNER, address: `127.0.0.1:${owner.port}`, release: '', silentMs: 0 }])
  find = async () => ({ nodeId: 'owner', address: `127.0.0.1:${owner.port}` })
  frontGateway = gatewayOf('front', (...asked) => find(...asked))
  front = createServer((_request, response) => response.end())
  front.on('upgrade', (...asked) => frontGateway.upgrade(...asked))
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done))
})

afterEach(() => {
  frontGateway.close()
  dialer.close()
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
  const headers = { 'x-own': 'mine', origin: 'http://house.test', [PROOF_HEADER]: 'forged' }
  const socket = new WebSocket(url('/front/lima?sessionId=s1&reconnectionToken=t1'), { headers })
  expect(String(await said(socket))).toBe('welcome at owner')
  const request = entered[0]
  expect(request?.url).toBe('/front/lima?sessionId=s1&reconnectionToken=t1')
  expect(request?.headers).toMatchObject({ 'x-own': 'mine', origin: 'http://house.test' })
  expect(request?.headers[PROOF_HEADER]).toBeUndefined()
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
  unheard = 'owner'
  owner.close()
  find = (_roomId, withinMs) => new Promise((resolve) => setTimeout(resolve, withinMs, null))
  const startedMs = performance.now()
  expect(await refusal(new WebSocket(url('/front/lima?sessionId=s1')))).toContain('502')
  expect(performance.now() - startedMs).toBeGreaterThan(2_900)
  expect(performance.now() - startedMs).toBeLessThan(5_500)
})

test('[FOV-61] an owner not heard, and whose table another one takes over, is no reason to send away', async () => {
  unheard = 'owner'
  owner.close()
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

/** A client that speaks for itself, and does not hang up when the other side does. */
function rawClient(path: string, more = ''): Socket & { said: string } {
  const { port } = front.address() as AddressInfo
  const socket = Object.assign(connect({ port, host: '127.0.0.1', allowHalfOpen: true }), { said: '' })
  socket.on('data', (data) => {
    socket.said += data
  })
  socket.on('error', () => undefined)
  const key = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${key}\r\nSec-WebSocket-Version: 13\r\n${more}\r\n`)
  return socket
}

const connections = () => new Promise<number>((resolve) => front.getConnections((_error, count) => resolve(count)))

test('[FOV-115] a page of a foreign origin is refused before any room is asked, and nothing of it stays', async () => {
  find = async () => 'here'
  for (const origin of ['https://evil.example', 'null', 'http://house.test.evil.example']) {
    const socket = rawClient('/front/lima?sessionId=s1', `Origin: ${origin}\r\n`)
    await expect.poll(() => socket.said).toContain('HTTP/1.1 403 Forbidden')
    expect(socket.said).toContain('{"code":"foreign-origin"}')
    await expect.poll(connections).toBe(0)
    socket.destroy()
  }
  expect(entered).toEqual([])
  const socket = new WebSocket(url('/front/lima?sessionId=s1'), { origin: 'http://house.test' })
  expect(String(await said(socket))).toBe('welcome at front')
  socket.close()
})

test('[FOV-115] the owner refuses a foreign origin too, whatever the node lets in that leads to it', async () => {
  ownerGateway = new Gateway({ ...gatewayOptions('owner', async () => 'here'), allowedOrigins: [] })
  const socket = new WebSocket(url('/front/lima?sessionId=s1'), { origin: 'http://house.test' })
  expect(await refusal(socket)).toContain('403')
  expect(entered).toEqual([])
})

test('[FOV-116] an owner that is not heard here is reached by its address in the books', async () => {
  unheard = 'owner'
  find = async () => null
  const startedMs = performance.now()
  const socket = new WebSocket(url('/front/lima?sessionId=s1'))
  expect(String(await said(socket))).toBe('welcome at owner')
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  socket.close()
})

test('[FOV-118] who hangs up leaves his place at once, also by closing only his half', async () => {
  find = (_roomId, withinMs) => new Promise((resolve) => setTimeout(resolve, withinMs, null))
  for (const leave of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => void socket.end()]) {
    const socket = rawClient('/front/lima?sessionId=s1')
    await expect.poll(() => held.count).toBe(1)
    const leftAtMs = performance.now()
    leave(socket)
    await expect.poll(() => held.count, { interval: 5 }).toBe(0)
    expect(performance.now() - leftAtMs).toBeLessThan(400)
    await expect.poll(connections).toBe(0)
    socket.destroy()
  }
})

test('[FOV-118] nobody looks any longer for the table of a client that has gone', async () => {
  let looks = 0
  find = (_roomId, withinMs) => {
    looks++
    return new Promise((resolve) => setTimeout(resolve, withinMs, null))
  }
  const socket = rawClient('/front/lima?sessionId=s1')
  await expect.poll(() => looks).toBe(1)
  socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect(looks).toBe(1)
})

test('[FOV-119] so many of one address are held, and so many of all; both are told by a code', async () => {
  const { promise: found, resolve } = Promise.withResolvers<Place | null>()
  find = () => found
  const from = (address: string) => rawClient('/front/lima?sessionId=s1', `x-from: ${address}\r\n`)
  const waiting = [from('a'), from('a')]
  await expect.poll(() => held.count).toBe(2)
  const third = from('a')
  await expect.poll(() => third.said).toContain('HTTP/1.1 429 Too Many Requests')
  expect(third.said).toContain('{"code":"too-fast"}')
  waiting.push(from('b'))
  await expect.poll(() => held.count).toBe(3)
  const fourth = from('c')
  await expect.poll(() => fourth.said).toContain('HTTP/1.1 503 Service Unavailable')
  expect(fourth.said).toContain('{"code":"table-stopping"}')
  resolve('here')
  await expect.poll(() => held.count).toBe(0)
  for (const socket of [...waiting, third, fourth]) socket.destroy()
})
