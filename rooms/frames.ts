import { Protocol } from '@colyseus/core'
import { isPlainMessage } from './plain-msgpack.ts'

/** Most letters in the type of a message; longer ones cannot be known. */
const MOST_TYPE_LETTERS = 64

/** What a client may send. `plain`: the payload is at most one value of JSON's kinds, so it may be decoded. */
export type ClientFrame =
  | { readonly kind: 'join' | 'leave' | 'ping' }
  | { readonly kind: 'message'; readonly type: string; readonly plain: boolean }
  | { readonly kind: 'request'; readonly id: number; readonly type: string; readonly plain: boolean }

const BARE: ReadonlyMap<number, 'join' | 'leave' | 'ping'> = new Map([
  [Protocol.JOIN_ROOM, 'join'],
  [Protocol.LEAVE_ROOM, 'leave'],
  [Protocol.PING, 'ping'],
])

/**
 * Reads the head of a client's frame, or null when it is none that a client of ours sends: an unknown code, modifier
 * bits, a type or a request id that is cut short, or a text that is not printable ASCII (Colyseus' own decoder would
 * write each of those to the error stream). Never throws. Layout: docs/protocol.md, "Frames".
 */
export function readFrame(frame: Uint8Array): ClientFrame | null {
  const code = frame[0] ?? 0
  const bare = BARE.get(code)
  if (bare !== undefined) return frame.length === 1 ? { kind: bare } : null
  if (code !== Protocol.ROOM_DATA && code !== Protocol.ROOM_REQUEST) return null
  const id = code === Protocol.ROOM_REQUEST ? readNumber(frame, 1) : { value: null, next: 1 }
  const type = id === null ? null : readType(frame, id.next)
  if (id === null || type === null) return null
  const plain = type.next === frame.length || isPlainMessage(frame, type.next)
  return id.value === null
    ? { kind: 'message', type: type.value, plain }
    : { kind: 'request', id: id.value, type: type.value, plain }
}

type Read<T> = { readonly value: T; readonly next: number }

/** A number of Colyseus' own coding: one byte below 128, or 1, 2 or 4 bytes, the lowest first. */
function readNumber(frame: Uint8Array, at: number): Read<number> | null {
  const first = frame[at]
  if (first === undefined) return null
  if (first < 0x80) return { value: first, next: at + 1 }
  const width = first === 0xcc ? 1 : first === 0xcd ? 2 : first === 0xce ? 4 : 0
  if (width === 0 || at + 1 + width > frame.length) return null
  let value = 0
  for (let i = width; i > 0; i--) value = value * 256 + (frame[at + i] ?? 0)
  return { value, next: at + 1 + width }
}

function readType(frame: Uint8Array, at: number): Read<string> | null {
  const first = frame[at] ?? 0
  const short = first >= 0xa0 && first < 0xc0
  if (!short && first !== 0xd9) {
    const number = readNumber(frame, at)
    return number === null ? null : { value: `${number.value}`, next: number.next }
  }
  const start = short ? at + 1 : at + 2
  const length = short ? first & 0x1f : (frame[at + 1] ?? MOST_TYPE_LETTERS + 1)
  if (length > MOST_TYPE_LETTERS || start + length > frame.length) return null
  const letters = frame.subarray(start, start + length)
  if (letters.some((letter) => letter < 0x20 || letter > 0x7e)) return null
  return { value: String.fromCharCode(...letters), next: start + length }
}
