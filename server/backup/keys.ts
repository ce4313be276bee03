import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  scryptSync,
  sign,
  verify,
} from 'node:crypto'
import { sealKey } from '../../workers/seal.ts'
import { ed25519Key } from '../fairness/log-signer.ts'

/** The key under which the secrets of series are sealed, made from the key of secrets at rest (32 bytes). */
export function seriesKey(secretsKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secretsKey, '', 'crupier series secrets', 32))
}

/** Tells one SECRETS_KEY from another without saying anything of it; every sealed secret carries the same 16 digits. */
export function keyIdOf(secretsKey: Uint8Array): string {
  return sealKey(seriesKey(secretsKey)).id
}

/** Signs what is kept in the second place, so that nobody without SECRETS_KEY can write it. */
export class MarkSigner {
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject

  constructor(secretsKey: Uint8Array) {
    this.#privateKey = ed25519Key(new Uint8Array(hkdfSync('sha256', secretsKey, '', 'crupier high-water mark', 32)))
    this.#publicKey = createPublicKey(this.#privateKey)
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#privateKey).toString('base64')
  }

  holds(text: string, signature: string): boolean {
    return verify(null, Buffer.from(text), this.#publicKey, Buffer.from(signature, 'base64'))
  }
}

/** What a house needs beside its database to be itself again. Empty texts were not set. */
export type HouseKeys = {
  readonly SECRETS_KEY: string
  readonly AUTH_SECRET: string
  readonly OPERATOR_TOKEN: string
}

const FORMAT = 'crupier-keys-1'
/** scrypt with 128 MiB for every guess at the passphrase. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 }
export const LEAST_PASSPHRASE = 12

/** The keys, encrypted under a passphrase, as the text of a file to be kept apart from the backups (BAK-13). */
export function sealKeys(keys: HouseKeys, passphrase: string): string {
  const salt = randomBytes(16)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', passphraseKey(passphrase, salt), nonce)
  cipher.setAAD(Buffer.from(FORMAT))
  const body = Buffer.concat([cipher.update(JSON.stringify(keys)), cipher.final(), cipher.getAuthTag()])
  const texts = { salt: salt.toString('base64'), nonce: nonce.toString('base64'), body: body.toString('base64') }
  return `${JSON.stringify({ format: FORMAT, ...texts })}\n`
}

/** Null when the passphrase is another, or the file was damaged. Errors: throws on a text that is no such file. */
export function openKeys(text: string, passphrase: string): HouseKeys | null {
  const file = JSON.parse(text) as Record<'format' | 'salt' | 'nonce' | 'body', unknown>
  const { format, salt, nonce, body } = file
  if (format !== FORMAT || [salt, nonce, body].some((part) => typeof part !== 'string'))
    throw new Error('this is no file of exported keys')
  const bytes = Buffer.from(String(body), 'base64')
  const key = passphraseKey(passphrase, Buffer.from(String(salt), 'base64'))
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(String(nonce), 'base64'), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(FORMAT))
    decipher.setAuthTag(bytes.subarray(-16))
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString())
  } catch {
    return null
  }
}

function passphraseKey(passphrase: string, salt: Buffer): KeyObject {
  return createSecretKey(scryptSync(passphrase.normalize('NFKC'), salt, 32, SCRYPT))
}
