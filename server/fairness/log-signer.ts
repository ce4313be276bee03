import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto'
import { assert } from '../../engine/assert.ts'
import { checkpointText, isKeyName, type LogKey, logKeyText, signedNote } from '../../engine/fairness/checkpoint.ts'

/** DER of a PKCS#8 Ed25519 key up to its 32 secret bytes. Source: RFC 8410. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs the log's checkpoints under one name; a player keeps the public key to know the house again. */
export class LogSigner {
  readonly key: LogKey
  readonly #privateKey: KeyObject

  /** `secret` is the 32-byte Ed25519 key, one for all nodes. Errors: throws on another length or a bad name. */
  constructor(name: string, secret: Uint8Array) {
    assert(isKeyName(name), 'the name of a log has no space and no plus sign')
    assert(secret.length === 32, 'an Ed25519 key has 32 bytes')
    this.#privateKey = ed25519Key(secret)
    const der = createPublicKey(this.#privateKey).export({ format: 'der', type: 'spki' })
    this.key = { name, publicKey: new Uint8Array(der.subarray(-32)) }
  }

  /** The public key in the form that C2SP's signed-note gives it. */
  get keyText(): string {
    return logKeyText(this.key)
  }

  /** The signed checkpoint; the same size and root give the same note for ever. */
  note(size: number, root: Uint8Array): string {
    const text = checkpointText({ origin: this.key.name, size, root })
    return signedNote(text, this.key, new Uint8Array(sign(null, Buffer.from(text), this.#privateKey)))
  }
}

/** The private key of 32 secret bytes. */
export function ed25519Key(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, secret]), format: 'der', type: 'pkcs8' })
}

/** The log's signing key of a house that configures none, made from the key of its secrets at rest (32 bytes). */
export function logSecretFrom(secretsKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secretsKey, '', 'crupier public log', 32))
}
