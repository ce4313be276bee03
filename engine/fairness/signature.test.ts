import { expect, test } from 'vitest'
import { fromBase64, toBase64 } from './base64.ts'
import { checkpointText, logKeyText, readCheckpoint, readLogKey, signedNote } from './checkpoint.ts'
import { verifyEd25519 } from './ed25519.ts'
import { textBytes } from './encoding.ts'
import { fromHex, toHex } from './hex.ts'
import { sha512 } from './sha512.ts'

test('[FAI-1] SHA-512 gives the answers of FIPS 180-4, and WebCrypto agrees around the block size', async () => {
  expect(toHex(sha512(textBytes('abc')))).toBe(
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
      '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  )
  for (const length of [0, 1, 110, 111, 112, 113, 127, 128, 129, 239, 240, 256]) {
    const message = Uint8Array.from({ length }, (_, i) => (i * 3 + length) & 255)
    const platform = new Uint8Array(await crypto.subtle.digest('SHA-512', message))
    expect(toHex(sha512(message)), `length ${length}`).toBe(toHex(platform))
  }
})

/** RFC 8032 section 7.1, tests 1, 2, 3 and SHA(abc): public key, message, signature. */
const SIGNATURES: readonly (readonly [key: string, message: string, signature: string])[] = [
  [
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
      '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
      '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589' +
      '09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
]

test('[FAI-8] Ed25519 accepts the signatures of RFC 8032 and nothing that differs in a bit', () => {
  for (const [key, message, signature] of SIGNATURES) {
    const [k, m, s] = [fromHex(key), fromHex(message), fromHex(signature)]
    expect(verifyEd25519(k, m, s)).toBe(true)
    for (const at of [0, 31, 32, 63]) {
      const changed = s.slice()
      changed[at]! ^= 1
      expect(verifyEd25519(k, m, changed), `byte ${at}`).toBe(false)
    }
    expect(verifyEd25519(k, Uint8Array.of(...m, 0), s)).toBe(false)
    expect(verifyEd25519(k, m, s.subarray(1))).toBe(false)
  }
})

test('[FAI-8] Ed25519 refuses a signature whose second half was raised by the order of the group', () => {
  const [key, message, signature] = SIGNATURES[0]!
  const bytes = fromHex(signature)
  let carry = 0n
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  for (let i = 0; i < 32; i++) {
    carry += BigInt(bytes[32 + i]!) + ((order >> BigInt(8 * i)) & 255n)
    bytes[32 + i] = Number(carry & 255n)
    carry >>= 8n
  }
  expect(verifyEd25519(fromHex(key), fromHex(message), bytes)).toBe(false)
})

async function signer(name: string) {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const sign = async (text: string) =>
    new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, textBytes(text).slice()))
  return { key: { name, publicKey }, sign }
}

test('[FAI-8] a checkpoint is read when its own key signed it, whatever key the platform made', async () => {
  const { key, sign } = await signer('casino.example/log')
  const root = sha512(new Uint8Array(1)).slice(0, 32)
  const text = checkpointText({ origin: key.name, size: 42, root })
  const note = signedNote(text, key, await sign(text))
  expect(readCheckpoint(note, key)).toEqual({ origin: key.name, size: 42, root })
  expect(readLogKey(logKeyText(key))).toEqual(key)
  const other = await signer('casino.example/log')
  expect(readCheckpoint(note, other.key)).toBeNull()
})

test('[FAI-8] no character of a checkpoint or of a key can change unnoticed', async () => {
  const { key, sign } = await signer('casino.example/log')
  const text = checkpointText({ origin: key.name, size: 7, root: new Uint8Array(32).fill(3) })
  const note = signedNote(text, key, await sign(text))
  for (let at = 0; at < note.length; at += 3) {
    const swapped = note.slice(0, at) + (note[at] === 'A' ? 'B' : 'A') + note.slice(at + 1)
    expect(readCheckpoint(swapped, key), `character ${at}`).toBeNull()
  }
  for (const changed of [`${note}\n`, note.trimEnd(), note.replace('7', '07'), `x${note}`, note + note]) {
    expect(readCheckpoint(changed, key)).toBeNull()
  }
  const keyText = logKeyText(key)
  for (let at = 0; at < keyText.length; at++) {
    const swapped = keyText.slice(0, at) + (keyText[at] === 'A' ? 'B' : 'A') + keyText.slice(at + 1)
    expect(readLogKey(swapped), `character ${at}`).toBeNull()
  }
})

test('[FAI-8] base64 has one text for the same bytes', () => {
  expect(toBase64(fromBase64('AAEC/w==') ?? new Uint8Array())).toBe('AAEC/w==')
  for (const loose of ['AAEC/x==', 'AAEC/w=', 'AAEC/w', ' AAEC', 'AAE-', '====']) expect(fromBase64(loose)).toBeNull()
})
