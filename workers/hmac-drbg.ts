import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { assert } from '../engine/assert.ts'

const NOTHING = Buffer.alloc(0)
const MAX_REQUEST_BYTES = 65_536

/**
 * HMAC_DRBG with SHA-256: the generator of secrets. Its output never reaches the ring, so nothing a player sees
 * is made of the same stream as a series' secret. The key is a KeyObject, since Node 24.18 to 24.21 are six times
 * slower with raw keys.
 * Source: NIST SP 800-90A rev. 1, 10.1.2; rule DRW-1.
 */
export class HmacDrbg {
  #key: KeyObject = createSecretKey(Buffer.alloc(32))
  #v = Buffer.alloc(32, 1)

  /** `entropy` at least 32 bytes of full entropy, `nonce` at least 16 bytes, `personalisation` of any length. */
  constructor(entropy: Uint8Array, nonce: Uint8Array, personalisation: Uint8Array) {
    assert(entropy.length >= 32, 'DRW-1: the generator of secrets starts from 256 bits of entropy')
    assert(nonce.length >= 16, 'DRW-1: the generator of secrets starts with a nonce of 128 bits')
    this.#update(Buffer.concat([entropy, nonce, personalisation]))
  }

  reseed(entropy: Uint8Array, additional: Uint8Array = NOTHING): void {
    assert(entropy.length >= 32, 'DRW-1: a reseed brings 256 bits of entropy')
    this.#update(Buffer.concat([entropy, additional]))
  }

  /** `bytes` from 1 to 65,536. The state moves on before it returns, so a later leak tells nothing of this output. */
  generate(bytes: number, additional: Uint8Array = NOTHING): Buffer {
    assert(Number.isInteger(bytes) && bytes > 0 && bytes <= MAX_REQUEST_BYTES, 'DRW-1: a request is 1 to 65,536 bytes')
    if (additional.length > 0) this.#update(additional)
    const output = Buffer.alloc(bytes)
    for (let at = 0; at < bytes; at += 32) {
      this.#v = hmac(this.#key, this.#v)
      this.#v.copy(output, at)
    }
    this.#update(additional)
    return output
  }

  #update(input: Uint8Array): void {
    this.#mix(0, input)
    if (input.length > 0) this.#mix(1, input)
  }

  #mix(step: number, input: Uint8Array): void {
    const key = hmac(this.#key, this.#v, Uint8Array.of(step), input)
    this.#key = createSecretKey(key)
    key.fill(0)
    this.#v = hmac(this.#key, this.#v)
  }
}

function hmac(key: KeyObject, ...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return mac.digest() as Buffer<ArrayBuffer>
}
