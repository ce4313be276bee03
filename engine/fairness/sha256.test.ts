import { describe, expect, test } from 'vitest'
import { fromHex, isHex, toHex } from './hex.ts'
import { hmac, hmacKey, sha256 } from './sha256.ts'

const utf8 = new TextEncoder()

const DIGESTS: readonly (readonly [name: string, message: string, digest: string])[] = [
  ['nothing', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['one block', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'two blocks',
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  [
    '896 bits',
    'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
    'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
  ],
  ['a million a', 'a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
]

test.each(DIGESTS)('[FAI-1] SHA-256 of %s is the one of FIPS 180-4', (_name, message, digest) => {
  expect(toHex(sha256(utf8.encode(message)))).toBe(digest)
})

/** RFC 4231 section 4; the expected tag of case 5 is truncated there to 128 bits. */
const TAGS: readonly (readonly [name: string, key: string, message: string, tag: string])[] = [
  [
    '1',
    '0b'.repeat(20),
    toHex(utf8.encode('Hi There')),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    '2',
    toHex(utf8.encode('Jefe')),
    toHex(utf8.encode('what do ya want for nothing?')),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['3', 'aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '4',
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  ['5', '0c'.repeat(20), toHex(utf8.encode('Test With Truncation')), 'a3b6167473100ee06e0c796c2955552b'],
  [
    '6',
    'aa'.repeat(131),
    toHex(utf8.encode('Test Using Larger Than Block-Size Key - Hash Key First')),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    '7',
    'aa'.repeat(131),
    toHex(
      utf8.encode(
        'This is a test using a larger than block-size key and a larger than block-size data. ' +
          'The key needs to be hashed before being used by the HMAC algorithm.',
      ),
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
]

test.each(TAGS)('[FAI-1] HMAC-SHA256 gives the answer of RFC 4231 case %s', (_name, key, message, tag) => {
  expect(toHex(hmac(hmacKey(fromHex(key)), fromHex(message))).slice(0, tag.length)).toBe(tag)
})

describe('beside the platform', () => {
  test('[FAI-1] digests of every length to 200 bytes agree with WebCrypto', async () => {
    for (let length = 0; length <= 200; length++) {
      const message = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255)
      const platform = new Uint8Array(await crypto.subtle.digest('SHA-256', message))
      expect(toHex(sha256(message)), `length ${length}`).toBe(toHex(platform))
    }
  })

  test('[FAI-1] tags of keys and messages around the block size agree with WebCrypto', async () => {
    for (const keyLength of [1, 31, 32, 63, 64, 65, 127, 128, 129]) {
      const key = Uint8Array.from({ length: keyLength }, (_, i) => (i * 13 + keyLength) & 255)
      const prepared = hmacKey(key)
      const platformKey = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
      for (const length of [0, 1, 36, 55, 56, 63, 64, 65, 119, 120, 128]) {
        const message = Uint8Array.from({ length }, (_, i) => (i * 5 + keyLength) & 255)
        const platform = new Uint8Array(await crypto.subtle.sign('HMAC', platformKey, message))
        expect(toHex(hmac(prepared, message)), `key ${keyLength}, message ${length}`).toBe(toHex(platform))
      }
    }
  })
})

test('[FAI-4] hexadecimal is lower case, of whole bytes, and of the length that was asked', () => {
  expect(toHex(fromHex('00ff10'))).toBe('00ff10')
  expect(() => fromHex('0')).toThrow('whole bytes')
  expect(() => fromHex('AB')).toThrow('whole bytes')
  expect([isHex('ab', 1), isHex('ab', 2), isHex('zz'), isHex(7)]).toEqual([true, false, false, false])
})
