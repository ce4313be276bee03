import { assert } from '../../engine/assert.ts'
import type { SeatClaim } from '../../rooms/ports.ts'
import { type Sealer, sealContext } from '../../workers/seal.ts'

/** Colyseus writes the length of a token in one byte; this leaves it some room. */
export const MOST_TOKEN_BYTES = 250
/** A token is good for this long; a page that was away for longer joins with a new ticket. */
export const TOKEN_MS = 12 * 3_600_000
/** Bytes that `Sealer` adds: version, key id, nonce and tag. */
const SEAL_BYTES = 37
const MOST_CLAIM_BYTES = Math.floor((MOST_TOKEN_BYTES * 3) / 4) - SEAL_BYTES
const CONTEXT = sealContext('reconnection token')
const FORMAT = 1
/** Format (1 byte), layout (4), generation (4), time of issue (6). */
const HEAD_BYTES = 15
const WATCHER = 0xff

/**
 * Reconnection tokens that prove themselves: whoever runs the table opens one with the house's key and needs no store
 * to know whose seat it is. Sealed with AES-256-GCM, so a token tells its bearer nothing and cannot be changed.
 */
export class SeatTokens {
  readonly #sealer: Sealer

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  /**
   * The token in base64url, of at most 250 bytes. A name that does not fit is cut at a letter: it is shown and decides
   * nothing. Errors: throws when the ids alone do not fit, which those of this house always do.
   */
  seal(claim: SeatClaim): string {
    const sealed = this.#sealer.seal(written(claim), CONTEXT)
    return Buffer.from(sealed, 'base64').toString('base64url')
  }

  /** Null for what was forged, changed, sealed by another key, or issued more than twelve hours ago. */
  open(token: string, nowMs: number): SeatClaim | null {
    if (token.length > MOST_TOKEN_BYTES) return null
    const bytes = Buffer.from(token, 'base64url')
    // Decoding forgives what does not belong there; one seat has one token all the same.
    if (bytes.toString('base64url') !== token) return null
    const claim = this.#opened(bytes)
    return claim === null || nowMs - claim.issuedAtMs > TOKEN_MS ? null : claim
  }

  #opened(bytes: Buffer): SeatClaim | null {
    try {
      return read(this.#sealer.open(bytes.toString('base64'), CONTEXT))
    } catch {
      return null // whatever is wrong with it, its bearer has no seat here
    }
  }
}

function written({ roomId, sessionId, playerId, name, generation, layout, issuedAtMs }: SeatClaim): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(FORMAT, 0)
  head.writeUInt32BE(layout, 1)
  head.writeUInt32BE(generation, 5)
  head.writeUIntBE(issuedAtMs, 9, 6)
  const player = playerId === null ? Buffer.of(WATCHER) : short(playerId)
  const ids = Buffer.concat([head, short(roomId), short(sessionId), player])
  const left = MOST_CLAIM_BYTES - ids.length
  assert(left >= 0, `the ids of a seat fit a token: ${roomId}, ${sessionId}, ${playerId}`)
  return Buffer.concat([ids, Buffer.from(cut(name, left))])
}

function read(bytes: Buffer): SeatClaim | null {
  if (bytes[0] !== FORMAT) return null // of another release, which wrote other things
  let at = HEAD_BYTES
  const next = (): string => {
    const start = at + 1
    at = start + (bytes[at] ?? 0)
    return bytes.toString('utf8', start, at)
  }
  const [roomId, sessionId] = [next(), next()]
  const watches = bytes[at] === WATCHER
  const playerId = watches ? null : next()
  return {
    roomId,
    sessionId,
    playerId,
    name: bytes.toString('utf8', watches ? at + 1 : at),
    generation: bytes.readUInt32BE(5),
    layout: bytes.readUInt32BE(1),
    issuedAtMs: bytes.readUIntBE(9, 6),
  }
}

/** One byte of length, then the text. */
function short(text: string): Buffer {
  const bytes = Buffer.from(text)
  assert(bytes.length < WATCHER, 'an id of a seat is short')
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}

/** As much of the text as fits, in whole letters. */
function cut(text: string, mostBytes: number): string {
  let fits = ''
  for (const letter of text) {
    if (Buffer.byteLength(fits + letter) > mostBytes) break
    fits += letter
  }
  return fits
}
