import { EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'
import { WebSocketClient } from '@colyseus/ws-transport'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as ws from 'ws'
import { frameOf, SLOW_CLIENT_BYTES, shareFrames } from './shared-frames.ts'

/** The package exports it; its types do not say so. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable }
const original = WebSocketClient.prototype.raw
let slow = 0
beforeEach(() => {
  slow = 0
  shareFrames(() => slow++)
})
afterEach(() => {
  WebSocketClient.prototype.raw = original
})

/** What another implementation of RFC 6455 reads from the bytes. */
function read(bytes: Buffer): Promise<Buffer> {
  const receiver = new Receiver({ isServer: false, maxPayload: 1 << 24 })
  return new Promise((tell, fail) => {
    receiver.on('message', (payload: Buffer, isBinary: boolean) => (isBinary ? tell(payload) : fail(new Error('text'))))
    receiver.on('error', fail)
    receiver.write(bytes)
  })
}

class FakeSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  terminated = false
  readonly written: Buffer[] = []
  readonly _socket = {
    writableLength: 0,
    write: (bytes: Buffer, done?: (error?: Error) => void) => {
      this.written.push(bytes)
      done?.()
    },
  }
  terminate(): void {
    this.terminated = true
  }
}
function clientOf(socket: FakeSocket): WebSocketClient {
  return new WebSocketClient('session', socket as never)
}

test('[ROM-16] a shared frame is what RFC 6455 says, at every length of its length', async () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]) {
    const payload = Buffer.alloc(length, length % 251)
    expect((await read(frameOf(payload))).equals(payload)).toBe(true)
  }
})

test('[ROM-10 ROM-16] a payload is framed once for everybody, and as it was when it was sent', async () => {
  const shared = Buffer.from('a patch in the buffer of the encoder')
  const patch = shared.subarray(2, 7)
  const sockets = Array.from({ length: 3 }, () => new FakeSocket())
  for (const socket of sockets) clientOf(socket).raw(patch)
  shared.fill(0)
  const [first] = sockets[0]?.written ?? []
  expect(sockets.map(({ written }) => written[0] === first)).toEqual([true, true, true])
  expect((await read(first ?? Buffer.of())).toString()).toBe('patch')
})

test('[ROM-16] who asks hears whether a payload was written', () => {
  const socket = new FakeSocket()
  const heard: (Error | undefined)[] = []
  clientOf(socket).raw(Buffer.of(1), undefined, (error) => heard.push(error))
  expect([socket.written.length, heard]).toEqual([1, [undefined]])
})

test('[ROM-16] a socket with too much waiting is ended without another byte; one that is not open gets none', () => {
  const full = new FakeSocket()
  full._socket.writableLength = SLOW_CLIENT_BYTES + 1
  clientOf(full).raw(Buffer.of(1))
  expect([full.terminated, full.written.length, slow]).toEqual([true, 0, 1])
  const closing = new FakeSocket()
  closing.readyState = 2
  let told: Error | undefined
  clientOf(closing).raw(Buffer.of(1), undefined, (error) => {
    told = error
  })
  expect([closing.written.length, told?.message]).toEqual([0, 'the socket is not open'])
})
