import { createCipheriv, createHmac, createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CTR_SEED_BYTES, CtrDrbg } from './ctr-drbg.ts'
import { HmacDrbg } from './hmac-drbg.ts'
import vectors from './testing/drbg-vectors.json' with { type: 'json' }

const bytes = (hex: string) => Buffer.from(hex, 'hex')

describe('[DRW-1 G2] known answers of the NIST validation programme', () => {
  test.each(vectors.hmac)('[DRW-1 G2] HMAC_DRBG SHA-256: $name', (vector) => {
    const drbg = new HmacDrbg(bytes(vector.entropy), bytes(vector.nonce), bytes(vector.personalisation))
    const size = vector.returned.length / 2
    const outputs = vector.calls.map((call) => {
      // With prediction resistance the additional input goes into the reseed before the call (SP 800-90A 9.3.1).
      if (!('reseed' in call)) return drbg.generate(size, bytes(call.additional))
      drbg.reseed(bytes(call.reseed), bytes(call.additional))
      return drbg.generate(size)
    })
    expect(outputs.at(-1)?.toString('hex')).toBe(vector.returned)
  })

  test.each(vectors.ctr)('[DRW-1 G2] CTR_DRBG AES-256: $name', (vector) => {
    const drbg = new CtrDrbg(bytes(vector.entropy), bytes(vector.personalisation))
    if (vector.reseed !== undefined) drbg.reseed(bytes(vector.reseed.entropy), bytes(vector.reseed.additional))
    const output = Buffer.alloc(vector.returned.length / 2)
    for (const additional of vector.additional) drbg.generate(output, bytes(additional))
    expect(output.toString('hex')).toBe(vector.returned)
  })
})

test('[DRW-1] HMAC_DRBG agrees with the document read literally, over requests of every length up to 100 bytes', () => {
  const entropy = Buffer.alloc(32, 1)
  const nonce = Buffer.alloc(16, 2)
  const drbg = new HmacDrbg(entropy, nonce, Buffer.from('label'))
  const mac = (by: Buffer, ...parts: Uint8Array[]) => createHmac('sha256', by).update(Buffer.concat(parts)).digest()
  let key: Buffer = Buffer.alloc(32)
  let v: Buffer = Buffer.alloc(32, 1)
  const update = (input: Buffer) => {
    key = mac(key, v, Uint8Array.of(0), input)
    v = mac(key, v)
    if (input.length === 0) return
    key = mac(key, v, Uint8Array.of(1), input)
    v = mac(key, v)
  }
  update(Buffer.concat([entropy, nonce, Buffer.from('label')]))
  for (let size = 1; size <= 100; size++) {
    let made = Buffer.alloc(0)
    while (made.length < size) {
      v = mac(key, v)
      made = Buffer.concat([made, v])
    }
    update(Buffer.alloc(0))
    expect(drbg.generate(size).toString('hex'), `size ${size}`).toBe(made.subarray(0, size).toString('hex'))
  }
})

test('[DRW-2] the key that made a request is gone after it: the same state cannot be asked twice', () => {
  const drbg = new CtrDrbg(Buffer.alloc(CTR_SEED_BYTES, 9))
  const whole = Buffer.alloc(65_536)
  drbg.generate(whole)
  const again = Buffer.alloc(65_536)
  drbg.generate(again)
  expect(again.equals(whole)).toBe(false)
  // The bytes that became the next key are not part of any output.
  const twin = new CtrDrbg(Buffer.alloc(CTR_SEED_BYTES, 9))
  const short = Buffer.alloc(65_520)
  twin.generate(short)
  expect(short.equals(whole.subarray(0, 65_520))).toBe(true)
  twin.generate(short)
  expect(short.equals(again.subarray(0, 65_520))).toBe(false)
})

test('[DRW-1] the counter carries through all of its 16 bytes', () => {
  const zeroKey = createSecretKey(Buffer.alloc(32))
  const counterFrom = (value: number) => Buffer.concat([Buffer.alloc(15), Uint8Array.of(value)])
  // The seed is chosen so that the state becomes the key 0 and the counter 2^128 - 1; the next block is E(0, 0).
  const first = createCipheriv('aes-256-ctr', zeroKey, counterFrom(1)).update(Buffer.alloc(CTR_SEED_BYTES))
  const seed = Buffer.from(first.map((byte, at) => (at < 32 ? byte : byte ^ 0xff)))
  const output = Buffer.alloc(32)
  new CtrDrbg(seed).generate(output)
  const expected = createCipheriv('aes-256-ecb', zeroKey, null).update(Buffer.concat([counterFrom(0), counterFrom(1)]))
  expect(output.toString('hex')).toBe(expected.toString('hex'))
})

test('[DRW-1] requests and seeds of a wrong size are refused', () => {
  expect(() => new HmacDrbg(Buffer.alloc(31), Buffer.alloc(16), Buffer.alloc(0))).toThrow('256 bits')
  expect(() => new HmacDrbg(Buffer.alloc(32), Buffer.alloc(15), Buffer.alloc(0))).toThrow('nonce')
  expect(() => new CtrDrbg(Buffer.alloc(47))).toThrow('384 bits')
  const hmac = new HmacDrbg(Buffer.alloc(32), Buffer.alloc(16), Buffer.alloc(0))
  const ctr = new CtrDrbg(Buffer.alloc(48))
  for (const size of [0, 65_537]) {
    expect(() => hmac.generate(size)).toThrow('65,536')
    expect(() => ctr.generate(new Uint8Array(size))).toThrow('65,536')
  }
  expect(() => hmac.generate(1.5)).toThrow('65,536')
  expect(() => ctr.reseed(Buffer.alloc(48), Buffer.alloc(49))).toThrow('48 bytes')
})
