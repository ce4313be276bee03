import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { ClientState, ErrorCode, getMessageBytes, matchMaker, Protocol, Room } from '@colyseus/core'
import { Encoder, schema, t } from '@colyseus/schema'
import { WebSocketClient, WebSocketTransport } from '@colyseus/ws-transport'
import { unpack } from 'msgpackr'
import { expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'

/**
 * What the rooms lean on inside Colyseus and ws without being promised it. When one of these fails after an update,
 * look at message-guard.ts, shared-frames.ts, server/sockets.ts and server/http/matchmaking.ts before anything else.
 */
const versionOf = (name: string): string =>
  (
    JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')) as {
      version: string
    }
  ).version
const pinned = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>
  }
).dependencies

test('[ROM-21] the versions are pinned exactly, and they are the ones that run', () => {
  for (const name of ['@colyseus/core', '@colyseus/schema', '@colyseus/ws-transport', '@colyseus/sdk', 'ws'])
    expect([name, versionOf(name)]).toEqual([name, pinned[name]])
})

test('[ROM-21] codes and layouts of the wire are those of docs/protocol.md', () => {
  const { JOIN_ROOM, ERROR, LEAVE_ROOM, ROOM_DATA, ROOM_STATE, ROOM_STATE_PATCH, PING } = Protocol
  const codes = [JOIN_ROOM, ERROR, LEAVE_ROOM, ROOM_DATA, ROOM_STATE, ROOM_STATE_PATCH, PING]
  expect(codes).toEqual([10, 11, 12, 13, 14, 15, 18])
  expect([Protocol.ROOM_REQUEST, Protocol.ROOM_RESPONSE]).toEqual([21, 22])
  expect([ClientState.JOINING, ClientState.JOINED]).toEqual([0, 1])
  expect([520, 522, 524, 525]).toEqual([
    ErrorCode.MATCHMAKE_NO_HANDLER,
    ErrorCode.MATCHMAKE_INVALID_ROOM_ID,
    ErrorCode.MATCHMAKE_EXPIRED,
    ErrorCode.AUTH_FAILED,
  ])
  const response = getMessageBytes[Protocol.ROOM_RESPONSE](300, 1, { code: 'too-fast' })
  expect([...response.subarray(0, 5)]).toEqual([22, 0xcd, 0x2c, 0x01, 1])
  expect(unpack(response.subarray(5))).toEqual({ code: 'too-fast' })
  const message = getMessageBytes.raw(Protocol.ROOM_DATA, 'public', { version: 1 })
  expect(message.subarray(0, 8).toString('latin1')).toBe('\x0d\xa6public')
  expect([...getMessageBytes[Protocol.ERROR](525, 'x')]).toEqual([11, 0xcd, 0x0d, 0x02, 0xa1, 0x78])
})

test('[ROM-21] a joined client’s frames come in by the room’s _onMessage and go out by raw and _socket', async () => {
  const server = createServer()
  const transport = new WebSocketTransport({ noServer: true })
  transport.attachToServer(server)
  await matchMaker.setup()
  await matchMaker.accept()
  const taken: number[][] = []
  const written: number[] = []
  class Plain extends Room {
    override onCreate(): void {
      const inner = this as unknown as { _onMessage(client: { state: number }, frame: Buffer): void }
      const dispatch = inner._onMessage
      inner._onMessage = (client, frame) => {
        taken.push([client.state, ...frame])
        dispatch.call(this, client, frame)
      }
    }
  }
  expect(typeof (Room.prototype as unknown as { _onMessage: unknown })._onMessage).toBe('function')
  matchMaker.defineRoomType('plain', Plain)
  const raw = WebSocketClient.prototype.raw
  WebSocketClient.prototype.raw = function spied(this: WebSocketClient, payload, ...rest) {
    const { _socket: socket } = this.ref as unknown as { _socket: Socket }
    written.push(payload[0] ?? -1, socket.writableLength)
    raw.call(this, payload, ...rest)
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const room = await matchMaker.createRoom('plain', {})
  const seat = await matchMaker.joinById(room.roomId, {})
  const ws = new WebSocket(`ws://127.0.0.1:${port}/${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId}`)
  const answered = new Promise<void>((done) => {
    ws.on('message', (frame: Buffer) => {
      if (frame[0] === Protocol.JOIN_ROOM) {
        ws.send(Buffer.of(Protocol.JOIN_ROOM))
        ws.send(Buffer.of(Protocol.PING))
      }
      if (frame[0] === Protocol.PING) done()
    })
  })
  await answered
  WebSocketClient.prototype.raw = raw
  expect(taken).toEqual([
    [ClientState.JOINING, Protocol.JOIN_ROOM],
    [ClientState.JOINED, Protocol.PING],
  ])
  expect(written).toEqual([Protocol.JOIN_ROOM, 0, Protocol.PING, 0])
  ws.terminate()
  await matchMaker.gracefullyShutdown()
  transport.shutdown()
  server.close()
})

test('[ROM-21] every patch and every new full state comes in an object of its own, which frames are kept by', () => {
  const State = schema({ n: t.uint32().default(0) }, 'Count')
  const state = new State()
  const encoder = new Encoder(state)
  const buffer = new Uint8Array(Encoder.BUFFER_SIZE)
  const patches = [1, 2].map((n) => {
    state.n = n
    const patch = encoder.encode({ offset: 1 })
    encoder.discardChanges()
    return patch
  })
  const fulls = [encoder.encodeAll({ offset: 1 }, buffer), encoder.encodeAll({ offset: 1 }, buffer)]
  for (const [first, second] of [patches, fulls]) {
    expect(first).not.toBe(second)
    // Views of one buffer: what was not copied at once is overwritten by the next.
    expect(first?.buffer).toBe(second?.buffer)
  }
})

test('[ROM-21] ws takes a limit for its closing handshake, and ends whoever does not say goodbye', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', closeTimeout: 50 } as never)
  await new Promise((done) => server.on('listening', done))
  const ended = new Promise<void>((done) => {
    server.on('connection', (socket) => {
      socket.on('close', () => done())
      socket.close(4002, 'malformed')
    })
  })
  const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  ws.on('open', () => (ws as unknown as { _socket: Socket })._socket.pause())
  await ended
  ws.terminate()
  server.close()
})
