import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { assert } from '../engine/assert.ts'

const KEY_BYTES = 32
const BLOCK_BYTES = 16
export const CTR_SEED_BYTES = KEY_BYTES + BLOCK_BYTES

/** The most that SP 800-90A lets one request give: 2^19 bits. One slab of the ring is one request. */
export const CTR_REQUEST_BYTES = 65_536
const ZEROS = Buffer.alloc(CTR_REQUEST_BYTES + CTR_SEED_BYTES)
const NOTHING = Buffer.alloc(0)

/**
 * CTR_DRBG with AES-256 and no derivation function: the generator of the ring's bulk stream. The 48 bytes of
 * keystream that follow a request's output become the next key and counter, which is fast key erasure.
 * Source: NIST SP 800-90A rev. 1, 10.2.1; rule DRW-1.
 */
export class CtrDrbg {
  #key: KeyObject = createSecretKey(Buffer.alloc(KEY_BYTES))
  #v = Buffer.alloc(BLOCK_BYTES)

  /** `entropy` is 48 bytes of full entropy; `personalisation` at most 48 bytes. */
  constructor(entropy: Uint8Array, personalisation: Uint8Array = NOTHING) {
    this.#update(seedMaterial(entropy, personalisation))
  }

  reseed(entropy: Uint8Array, additional: Uint8Array = NOTHING): void {
    this.#update(seedMaterial(entropy, additional))
  }

  /** Fills `target`, at most 64 KiB. The key that made it is gone when this returns. */
  generate(target: Uint8Array, additional: Uint8Array = NOTHING): void {
    assert(target.length > 0 && target.length <= CTR_REQUEST_BYTES, 'DRW-1: a request is 1 to 65,536 bytes')
    const input = padded(additional)
    if (additional.length > 0) this.#update(input)
    const blocks = Math.ceil(target.length / BLOCK_BYTES)
    const stream = this.#keystream(blocks * BLOCK_BYTES + CTR_SEED_BYTES)
    target.set(stream.subarray(0, target.length))
    this.#become(stream.subarray(blocks * BLOCK_BYTES), input)
    stream.fill(0)
  }

  #update(input: Uint8Array): void {
    const stream = this.#keystream(CTR_SEED_BYTES)
    this.#become(stream, input)
    stream.fill(0)
  }

  #keystream(bytes: number): Buffer {
    increment(this.#v)
    return createCipheriv('aes-256-ctr', this.#key, this.#v).update(ZEROS.subarray(0, bytes))
  }

  #become(stream: Uint8Array, input: Uint8Array): void {
    const next = xored(stream, input)
    this.#key = createSecretKey(next.subarray(0, KEY_BYTES))
    next.copy(this.#v, 0, KEY_BYTES)
    next.fill(0)
  }
}

function seedMaterial(entropy: Uint8Array, extra: Uint8Array): Buffer {
  assert(entropy.length === CTR_SEED_BYTES, 'DRW-1: the bulk generator is seeded with 384 bits of entropy')
  return xored(entropy, padded(extra))
}

function padded(input: Uint8Array): Buffer {
  assert(input.length <= CTR_SEED_BYTES, 'DRW-1: additional input is at most 48 bytes')
  const whole = Buffer.alloc(CTR_SEED_BYTES)
  whole.set(input)
  return whole
}

function xored(left: Uint8Array, right: Uint8Array): Buffer {
  const out = Buffer.alloc(CTR_SEED_BYTES)
  for (let at = 0; at < CTR_SEED_BYTES; at++) out[at] = (left[at] ?? 0) ^ (right[at] ?? 0)
  return out
}

/** Adds one to a big-endian counter of 128 bits, wrapping. */
function increment(counter: Buffer): void {
  for (let at = BLOCK_BYTES - 1; at >= 0; at--) {
    const next = ((counter[at] ?? 0) + 1) & 0xff
    counter[at] = next
    if (next !== 0) return
  }
}
