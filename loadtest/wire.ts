import { pack, unpack } from 'msgpackr'

/** The frames of Colyseus 0.18 that a table uses, as docs/protocol.md describes them; no decoding of shared state. */
const JOIN_ROOM = 10
const ERROR = 11
const LEAVE_ROOM = 12
const ROOM_DATA = 13
const ROOM_REQUEST = 21
const ROOM_RESPONSE = 22

export type Frame =
  | { readonly kind: 'joined' }
  | { readonly kind: 'error' }
  | { readonly kind: 'message'; readonly type: string; readonly value: unknown }
  | { readonly kind: 'response'; readonly id: number; readonly ok: boolean; readonly value: unknown }
  | { readonly kind: 'state' }

export const joinAcknowledged = (): ArrayBuffer => Uint8Array.of(JOIN_ROOM).buffer
export const leave = (): ArrayBuffer => Uint8Array.of(LEAVE_ROOM).buffer

/** A request frame; `id` from 0 to 127, `type` of at most 31 ASCII letters. */
export function request(id: number, type: string, value: unknown): ArrayBuffer {
  const packed = pack(value)
  const frame = new Uint8Array(3 + type.length + packed.length)
  frame.set([ROOM_REQUEST, id, 0xa0 | type.length])
  for (let i = 0; i < type.length; i++) frame[3 + i] = type.charCodeAt(i)
  frame.set(packed, 3 + type.length)
  return frame.buffer
}

export function read(data: ArrayBuffer): Frame {
  const frame = new Uint8Array(data)
  switch (frame[0]) {
    case JOIN_ROOM:
      return { kind: 'joined' }
    case ERROR:
      return { kind: 'error' }
    case ROOM_DATA: {
      const length = (frame[1] ?? 0) & 0x1f
      const type = String.fromCharCode(...frame.subarray(2, 2 + length))
      return { kind: 'message', type, value: payload(frame, 2 + length) }
    }
    case ROOM_RESPONSE:
      return { kind: 'response', id: frame[1] ?? 0, ok: frame[2] === 0, value: payload(frame, 3) }
    default:
      return { kind: 'state' }
  }
}

const payload = (frame: Uint8Array, from: number): unknown =>
  frame.length > from ? unpack(frame.subarray(from)) : undefined
