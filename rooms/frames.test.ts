import { Protocol } from '@colyseus/core'
import fc from 'fast-check'
import { Packr, pack, unpack } from 'msgpackr'
import { expect, test } from 'vitest'
import { readFrame } from './frames.ts'
import { isPlainMessage } from './plain-msgpack.ts'

const frame = (...parts: (number | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)))
const fixstr = (text: string): Uint8Array => Buffer.concat([Buffer.of(0xa0 | text.length), Buffer.from(text)])
const plain = (value: Uint8Array): boolean => isPlainMessage(value, 0)

test('[ROM-14] frames that clients of ours send are read', () => {
  expect(readFrame(frame(Protocol.JOIN_ROOM))).toEqual({ kind: 'join' })
  expect(readFrame(frame(Protocol.LEAVE_ROOM))).toEqual({ kind: 'leave' })
  expect(readFrame(frame(Protocol.PING))).toEqual({ kind: 'ping' })
  expect(readFrame(frame(Protocol.ROOM_DATA, fixstr('bet')))).toEqual({ kind: 'message', type: 'bet', plain: true })
  const asked = { kind: 'request', type: 'clock', plain: true }
  expect(readFrame(frame(Protocol.ROOM_REQUEST, 7, fixstr('clock'), pack({ clientMs: 1 })))).toEqual({
    ...asked,
    id: 7,
  })
  const id = [Buffer.of(0xcd, 0x2c, 0x01), Buffer.of(0xce, 0x2c, 1, 0, 0), Buffer.of(0xcc, 200)]
  expect(id.map((bytes) => readFrame(frame(Protocol.ROOM_REQUEST, bytes, fixstr('clock'))))).toMatchObject([
    { ...asked, id: 300 },
    { ...asked, id: 300 },
    { ...asked, id: 200 },
  ])
  const long = 'x'.repeat(40)
  expect(readFrame(frame(Protocol.ROOM_DATA, 0xd9, 40, Buffer.from(long)))).toMatchObject({ type: long })
  expect(readFrame(frame(Protocol.ROOM_DATA, 5))).toMatchObject({ kind: 'message', type: '5' })
})

test('[ROM-14] what is no frame of ours is none: cut short, unknown codes, modifiers, types beyond ASCII', () => {
  const wrong = [
    frame(),
    frame(Protocol.ROOM_DATA),
    frame(Protocol.ROOM_DATA, 0xa5, Buffer.from('be')),
    frame(Protocol.ROOM_DATA, 0xd9),
    frame(Protocol.ROOM_DATA, 0xd9, 200, Buffer.from('b')),
    frame(Protocol.ROOM_DATA, 0xa1, 0xff),
    frame(Protocol.ROOM_DATA, 0xa1, 0x0a),
    frame(Protocol.ROOM_REQUEST),
    frame(Protocol.ROOM_REQUEST, 0xce, 1, 2),
    frame(Protocol.ROOM_REQUEST, 0xcb, Buffer.alloc(8)),
    frame(Protocol.ROOM_REQUEST, 0xff, fixstr('bet')),
    frame(Protocol.ROOM_DATA | 0x80, fixstr('bet')),
    frame(Protocol.ROOM_DATA_BYTES, fixstr('bet')),
    frame(Protocol.JOIN_ROOM, 0),
    frame(0),
    frame(31),
    frame(255),
  ]
  expect(wrong.map(readFrame)).toEqual(wrong.map(() => null))
})

test('[ROM-14] no bytes at all make the reader throw', () => {
  const codes = fc.constantFrom(Protocol.ROOM_DATA, Protocol.ROOM_REQUEST, 0, 255)
  const bytes = fc.tuple(codes, fc.uint8Array({ maxLength: 60 })).map(([code, rest]) => frame(code, rest))
  fc.assert(
    fc.property(bytes, (sent) => {
      readFrame(sent)
    }),
    { numRuns: 5_000 },
  )
})

test('[ROM-15] every JSON value is plain, also as a record of the stock client, and no other length is', () => {
  const records = new Packr()
  const value = fc.jsonValue({ maxDepth: 4 })
  fc.assert(
    fc.property(value, (json) => {
      // Records have at most fifteen keys here, and a message at most eight shapes.
      for (const packed of [pack(json), pack({ bets: [json, json] })]) {
        expect(plain(packed)).toBe(true)
        expect(plain(packed.subarray(0, packed.length - 1))).toBe(false)
        expect(plain(Buffer.concat([packed, Buffer.of(0)]))).toBe(false)
      }
    }),
  )
  const bets = [1, 2, 3].map((n) => ({ betId: `${n}`, selection: { kind: 'dozen', index: n }, stakeCents: 100 * n }))
  expect(plain(records.pack({ roundId: 'lima.1.0', bets }))).toBe(true)
  expect(plain(records.pack({ clientMs: 1, more: undefined }))).toBe(true)
})

test('[ROM-15] extension types, deep nesting, keys that are no text and too many shapes are not plain', () => {
  let deep: unknown = 1
  for (let i = 0; i < 20; i++) deep = [deep]
  const rich = new Packr({ structuredClone: true, moreTypes: true })
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const shapes = new Packr().pack(Array.from({ length: 12 }, (_, i) => ({ [`k${i}`]: i })))
  const wrong = [
    pack(new Date()),
    pack(deep),
    pack(Buffer.of(1, 2, 3)),
    pack(new Map([[1, 2]])),
    rich.pack(new Set([1])),
    rich.pack(/a+/),
    rich.pack(new Error('x')),
    rich.pack(new Float64Array(4)),
    rich.pack(cycle),
    shapes,
    Buffer.of(0xc1),
    Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff),
    Buffer.of(0xdf, 0xff, 0xff, 0xff, 0xff),
    Buffer.of(0xdb, 0xff, 0xff, 0xff, 0xff, 0x41),
    Buffer.of(0xd4, 0x72, 0x10, 0x90),
    Buffer.of(0xd4, 0x72),
    Buffer.of(),
  ]
  expect(wrong.map(plain)).toEqual(wrong.map(() => false))
})

test('[ROM-15] whatever is plain can be decoded, and comes out as JSON kinds', () => {
  const bytes = fc.array(fc.constantFrom(0x40, 0x41, 0x72, 0x90, 0x91, 0x81, 0xa1, 0x61, 0xd4, 0, 0xc0, 0xcc, 0x93), {
    maxLength: 24,
  })
  let decoded = 0
  fc.assert(
    fc.property(fc.oneof(bytes, fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 24 })), (sent) => {
      const packed = Buffer.from(sent)
      if (!plain(packed)) return
      decoded++
      for (const kind of kindsIn(unpack(packed))) expect(['Object', 'Array', 'none']).toContain(kind)
    }),
    { numRuns: 20_000 },
  )
  expect(decoded).toBeGreaterThan(1_000)
})

function kindsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return ['none']
  return [value.constructor?.name ?? 'none', ...Object.values(value).flatMap(kindsIn)]
}
