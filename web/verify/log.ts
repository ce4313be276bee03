import { type Bytes, equal, hash, hex, join, text, unbase64 } from './bytes.ts'

/** The root that leaf `index` of a tree of `size` leads to by its path, leaf first; null when the path does not fit. */
export async function rootOfPath(
  index: number,
  size: number,
  leaf: Bytes,
  path: readonly Bytes[],
): Promise<Bytes | null> {
  if (index >= size) return null
  if (size === 1) return path.length === 0 ? leaf : null
  const top = path.at(-1)
  if (top === undefined) return null
  const split = largestPowerBelow(size)
  const left = index < split
  const below = await rootOfPath(left ? index : index - split, left ? split : size - split, leaf, path.slice(0, -1))
  if (below === null) return null
  return left ? hash(Uint8Array.of(1), below, top) : hash(Uint8Array.of(1), top, below)
}

export function leafOf(data: Uint8Array): Promise<Bytes> {
  return hash(Uint8Array.of(0), data)
}

function largestPowerBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

/** `signed` is null when this browser cannot check Ed25519 signatures. */
export type Checkpoint = { readonly size: number; readonly root: Bytes; readonly signed: boolean | null }

/** What a C2SP note states, and whether the key signed it; null when note or key is not well-formed. */
export async function readCheckpoint(note: string, keyText: string): Promise<Checkpoint | null> {
  const key = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/.exec(keyText)
  const lines = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n\n\u2014 ([^ \n]+) ([^ \n]+)\n$/.exec(note)
  if (key === null || lines === null) return null
  const [, keyName = '', keyId = '', keyBase64 = ''] = key
  const [, origin = '', size = '', rootBase64 = '', signer = '', signatureBase64 = ''] = lines
  const typed = unbase64(keyBase64)
  const root = unbase64(rootBase64)
  const signature = unbase64(signatureBase64)
  if (typed?.length !== 33 || typed[0] !== 1 || root?.length !== 32 || signature?.length !== 68) return null
  const id = (await hash(text(`${keyName}\n`), typed)).slice(0, 4)
  const named = origin === keyName && signer === keyName && hex(id) === keyId && equal(signature.slice(0, 4), id)
  if (!named || !Number.isSafeInteger(Number(size))) return null
  const message = text(`${origin}\n${size}\n${rootBase64}\n`)
  return { size: Number(size), root, signed: await isSigned(typed.slice(1), message, signature.slice(4)) }
}

async function isSigned(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean | null> {
  let key: CryptoKey
  try {
    key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
  } catch (error) {
    // Browsers without Ed25519 say NotSupportedError; whatever else is wrong is wrong with the key.
    return error instanceof DOMException && error.name === 'NotSupportedError' ? null : false
  }
  return crypto.subtle.verify('Ed25519', key, join(signature), join(message))
}
