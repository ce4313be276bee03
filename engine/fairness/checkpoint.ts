import { fromBase64, toBase64 } from './base64.ts'
import { verifyEd25519 } from './ed25519.ts'
import { textBytes } from './encoding.ts'
import { fromHex, isHex, toHex } from './hex.ts'
import { sameBytes } from './merkle.ts'
import { sha256 } from './sha256.ts'

/**
 * The log's signed statement "at this size my root is this", in the format of the C2SP documents tlog-checkpoint and
 * signed-note, so that witnesses and monitors of transparency logs can read it.
 */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array }

/** A log's name and its Ed25519 public key of 32 bytes. */
export type LogKey = { readonly name: string; readonly publicKey: Uint8Array }

const ED25519 = 1
const MAX_NOTE = 4096

/** The text that is signed: origin, size and root, a line each. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** The signed note: the text, an empty line, and one signature line. */
export function signedNote(text: string, key: LogKey, signature: Uint8Array): string {
  return `${text}\n\u2014 ${key.name} ${toBase64(Uint8Array.of(...keyId(key), ...signature))}\n`
}

/** The key as signed-note writes it: name, key id in hex, and the typed key in base64, joined by plus signs. */
export function logKeyText(key: LogKey): string {
  return `${key.name}+${toHex(keyId(key))}+${toBase64(Uint8Array.of(ED25519, ...key.publicKey))}`
}

/** Null when the text is not a well-formed Ed25519 key with the id that belongs to it. */
export function readLogKey(text: string): LogKey | null {
  const [name = '', id = '', ...typed] = text.split('+')
  const bytes = fromBase64(typed.join('+'))
  if (!isKeyName(name) || !isHex(id, 4) || bytes === null || bytes.length !== 33 || bytes[0] !== ED25519) return null
  const key = { name, publicKey: bytes.slice(1) }
  return sameBytes(keyId(key), fromHex(id)) ? key : null
}

/** What a note states when it is one checkpoint of this log, signed by this key and by nobody else; otherwise null. */
export function readCheckpoint(note: string, key: LogKey): Checkpoint | null {
  if (note.length > MAX_NOTE || !note.isWellFormed()) return null
  const match = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n\n\u2014 ([^ \n]+) ([^ \n]+)\n$/.exec(note)
  if (match === null) return null
  const [, origin = '', size = '', rootText = '', name = '', signed = ''] = match
  const root = fromBase64(rootText)
  const signature = fromBase64(signed)
  if (origin !== key.name || name !== key.name || root?.length !== 32 || signature?.length !== 68) return null
  const checkpoint = { origin, size: Number(size), root }
  const ours = sameBytes(signature.subarray(0, 4), keyId(key))
  const valid = ours && verifyEd25519(key.publicKey, textBytes(checkpointText(checkpoint)), signature.subarray(4))
  return valid && Number.isSafeInteger(checkpoint.size) ? checkpoint : null
}

/** A log's name: no white space and no plus sign, as signed-note has it. */
export function isKeyName(name: string): boolean {
  return /^[^\s+]{1,100}$/.test(name) && name.isWellFormed()
}

function keyId({ name, publicKey }: LogKey): Uint8Array {
  return sha256(Uint8Array.of(...textBytes(`${name}\n`), ED25519, ...publicKey)).slice(0, 4)
}
