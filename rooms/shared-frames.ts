import type { Socket } from 'node:net'
import { WebSocketClient } from '@colyseus/ws-transport'
import type WebSocket from 'ws'

/** Bytes that may wait in a client's socket before it counts as slow. A whole table state is a few KiB. */
export const SLOW_CLIENT_BYTES = 512 * 1024

const BINARY = 0x82 // FIN and opcode 2 (RFC 6455, section 5.2); a server's frames carry no mask

/** A `ws` socket with the stream it writes to; `ws` 8 keeps it under this name. */
type WithSocket = WebSocket & { readonly _socket?: Socket | null }

const frames = new WeakMap<Uint8Array, Buffer>()
/** The frame of a fan-out that is under way, found without a look-up for each client. */
let lastPayload: Uint8Array = new Uint8Array()
let lastFrame: Buffer = Buffer.alloc(0)

/**
 * One complete WebSocket frame for a payload, built once however many clients get it. The copy also cures a fault of
 * `@colyseus/ws-transport` 0.18: it hands out views of the encoder's one buffer, which the next patch overwrites while
 * a slow client's copy still waits to be sent, so that client receives torn patches.
 */
export function frameOf(payload: Uint8Array): Buffer {
  if (payload === lastPayload) return lastFrame
  const known = frames.get(payload)
  if (known !== undefined) return known
  const { length } = payload
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = BINARY
  if (length < 126) frame[1] = length
  else if (length < 65_536) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.set(payload, headerLength)
  frames.set(payload, frame)
  lastPayload = payload
  lastFrame = frame
  return frame
}

/**
 * Replaces how Colyseus writes to a `ws` socket: shared frames instead of one framing for each client, and a limit on
 * what may wait for a slow client. Such a client is cut off and comes back to the latest state;
 * it never slows the table nor fills the memory. `slow` is told of each. Needs `perMessageDeflate: false`.
 */
export function shareFrames(slow: () => void): void {
  WebSocketClient.prototype.raw = function raw(this: WebSocketClient, payload, _options, done): void {
    const ref = this.ref as WithSocket
    const socket = ref._socket
    if (socket === undefined || socket === null || ref.readyState !== ref.OPEN) {
      done?.(new Error('the socket is not open'))
      return
    }
    if (socket.writableLength > SLOW_CLIENT_BYTES) {
      slow()
      // Not `close`: its frame would wait behind all that this client does not read.
      ref.terminate()
      return
    }
    // A closure for each client would cost more than the frame; a failed write closes the socket either way.
    if (done === undefined) socket.write(frameOf(payload))
    else socket.write(frameOf(payload), (error) => done(error ?? undefined))
  }
}
