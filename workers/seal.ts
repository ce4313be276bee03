import { createCipheriv, createDecipheriv, createSecretKey, hash, type KeyObject, randomBytes } from 'node:crypto'
import { assert } from '../engine/assert.ts'
import { PoolError } from './pool-error.ts'

const VERSION = 1
const ID_BYTES = 8
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES
const KEY_BYTES = 32

/** A sealing key and the name it is found by, 16 hex digits derived from the key. Clones into a worker. */
export type SealKey = { readonly id: string; readonly key: KeyObject }

/** Errors: throws unless `raw` is 32 bytes. */
export function sealKey(raw: Uint8Array): SealKey {
  assert(raw.length === KEY_BYTES, 'DRW-11: a sealing key is 32 bytes')
  const named = Buffer.concat([Buffer.from('crupier seal key id'), raw])
  const id = hash('sha256', named).slice(0, 2 * ID_BYTES)
  named.fill(0)
  return { id, key: createSecretKey(raw) }
}

/** Names what a sealed value belongs to. Its parts cannot run into each other, whatever they contain. */
export function sealContext(kind: string, ...parts: readonly (string | number)[]): string {
  return JSON.stringify([kind, ...parts])
}

/**
 * Keeps secrets at rest: AES-256-GCM under the first key, opened by whichever key sealed it, so keys can be rotated.
 * A sealed value is base64 of: version (1 byte), key id (8), random nonce (12), ciphertext, tag (16). A key may seal
 * 2^32 values (NIST SP 800-38D 8.3). Source: rule DRW-11.
 */
export class Sealer {
  readonly #keys: readonly SealKey[]

  /** Newest first. */
  constructor(keys: readonly SealKey[]) {
    assert(keys.length > 0, 'DRW-11: a sealer has a key')
    this.#keys = keys
  }

  seal(secret: Uint8Array, context: string): string {
    const { id, key } = this.#keys[0] as SealKey
    const head = Buffer.concat([Uint8Array.of(VERSION), Buffer.from(id, 'hex'), randomBytes(NONCE_BYTES)])
    const cipher = createCipheriv('aes-256-gcm', key, head.subarray(1 + ID_BYTES))
    cipher.setAAD(bound(head, context))
    const body = Buffer.concat([cipher.update(secret), cipher.final()])
    return Buffer.concat([head, body, cipher.getAuthTag()]).toString('base64')
  }

  /**
   * Errors: throws `PoolError` `malformed` for what was never sealed, `unknown-key` when none of the keys made it,
   * `wrong-context` when it belongs to something else or was tampered with.
   */
  open(sealed: string, context: string): Buffer {
    const whole = Buffer.from(sealed, 'base64')
    if (whole.length < HEAD_BYTES + TAG_BYTES || whole[0] !== VERSION) {
      throw new PoolError('malformed', 'not a sealed value')
    }
    const head = whole.subarray(0, HEAD_BYTES)
    const id = head.toString('hex', 1, 1 + ID_BYTES)
    const key = this.#keys.find((one) => one.id === id)
    if (key === undefined) throw new PoolError('unknown-key', `sealed by key ${id}`)
    const decipher = createDecipheriv('aes-256-gcm', key.key, head.subarray(1 + ID_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(bound(head, context))
    decipher.setAuthTag(whole.subarray(whole.length - TAG_BYTES))
    const secret = decipher.update(whole.subarray(HEAD_BYTES, whole.length - TAG_BYTES))
    try {
      return Buffer.concat([secret, decipher.final()])
    } catch (cause) {
      throw new PoolError('wrong-context', 'the seal does not hold for this context', { cause })
    } finally {
      secret.fill(0)
    }
  }
}

/** The version and the key id are authenticated together with the context. */
function bound(head: Buffer, context: string): Buffer {
  return Buffer.concat([head.subarray(0, 1 + ID_BYTES), Buffer.from(context)])
}
