const MOST_DEPTH = 8
/** Record shapes that one message may define; the stock SDK needs one for each kind of object. */
const MOST_SHAPES = 8
const RECORD = 0x72

/** Bytes that follow the first one of a value of fixed length. */
const FIXED: ReadonlyMap<number, number> = new Map([
  ...[0xc0, 0xc2, 0xc3].map((byte) => [byte, 0] as const), // nil, false, true
  ...([0xca, 0xcc, 0xcd, 0xce, 0xcf].map((byte, i) => [byte, [4, 1, 2, 4, 8][i] ?? 0]) as [number, number][]),
  ...([0xcb, 0xd0, 0xd1, 0xd2, 0xd3].map((byte, i) => [byte, [8, 1, 2, 4, 8][i] ?? 0]) as [number, number][]),
])

/**
 * True when the bytes from `at` to the end are exactly one msgpack value made of nothing but JSON's kinds: nil,
 * booleans, numbers, texts, arrays, and maps with text keys; at most 8 deep. The decoder behind it (msgpackr) would
 * also take extension types that build dates, regular expressions, errors, sets, typed arrays and cycles; of those
 * only the two that the stock Colyseus SDK writes pass: `undefined`, and records (objects whose keys are written once
 * a message).
 */
export function isPlainMessage(bytes: Uint8Array, at: number): boolean {
  return new Scan(bytes).value(at, 0) === bytes.length
}

/** Walks values without building them; every step answers where the next one starts, or -1. */
class Scan {
  readonly #bytes: Uint8Array
  readonly #fieldsOfShape = new Map<number, number>()

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  value(at: number, depth: number): number {
    const byte = this.#bytes[at]
    if (byte === undefined || depth > MOST_DEPTH) return -1
    if (byte < 0x80) return this.#fixint(byte, at, depth)
    if (byte < 0x90) return this.#map(byte & 0x0f, at + 1, depth)
    if (byte < 0xa0) return this.#values(byte & 0x0f, at + 1, depth + 1)
    if (byte < 0xc0 || byte >= 0xe0) return byte < 0xc0 ? this.#text(at) : at + 1
    const fixed = FIXED.get(byte)
    if (fixed !== undefined) return this.#within(at + 1 + fixed)
    if (byte === 0xd4) return this.#extension(at + 1, depth)
    if (byte <= 0xdb) return this.#text(at)
    const width = byte === 0xdc || byte === 0xde ? 2 : 4
    const count = this.#number(at + 1, width)
    return byte < 0xde ? this.#values(count, at + 1 + width, depth + 1) : this.#map(count, at + 1 + width, depth)
  }

  /** A small number, unless this message gave it to a shape of records. */
  #fixint(byte: number, at: number, depth: number): number {
    const fields = this.#fieldsOfShape.get(byte)
    return fields === undefined ? at + 1 : this.#values(fields, at + 1, depth + 1)
  }

  #values(count: number, at: number, depth: number): number {
    let next = count < 0 ? -1 : at
    // Ends at the first value that is missing, however many were announced.
    for (let i = 0; i < count && next >= 0; i++) next = this.value(next, depth)
    return next
  }

  #map(count: number, at: number, depth: number): number {
    let next = count < 0 ? -1 : at
    for (let i = 0; i < count && next >= 0; i++) {
      next = this.#text(next)
      if (next >= 0) next = this.value(next, depth + 1)
    }
    return next
  }

  #extension(at: number, depth: number): number {
    const [type, id] = [this.#bytes[at], this.#bytes[at + 1]]
    if (type === 0 && id === 0) return at + 2
    if (type !== RECORD || id === undefined || id < 0x40 || id > 0x7f) return -1
    if (this.#fieldsOfShape.size >= MOST_SHAPES) return -1
    const keys = this.#bytes[at + 2] ?? 0
    if (keys < 0x90 || keys > 0x9f) return -1
    let next = at + 3
    for (let i = 0; i < (keys & 0x0f) && next >= 0; i++) next = this.#text(next)
    this.#fieldsOfShape.set(id, keys & 0x0f)
    return next < 0 ? -1 : this.#values(keys & 0x0f, next, depth + 1)
  }

  #text(at: number): number {
    const byte = this.#bytes[at] ?? 0
    if (byte >= 0xa0 && byte < 0xc0) return this.#within(at + 1 + (byte & 0x1f))
    const width = byte === 0xd9 ? 1 : byte === 0xda ? 2 : byte === 0xdb ? 4 : 0
    const length = width === 0 ? -1 : this.#number(at + 1, width)
    return length < 0 ? -1 : this.#within(at + 1 + width + length)
  }

  /** An unsigned number of `width` bytes, the highest first; -1 when some are missing. */
  #number(at: number, width: number): number {
    if (this.#within(at + width) < 0) return -1
    let number = 0
    for (let i = 0; i < width; i++) number = number * 256 + (this.#bytes[at + i] ?? 0)
    return number
  }

  #within(end: number): number {
    return end <= this.#bytes.length ? end : -1
  }
}
