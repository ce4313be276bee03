/**
 * The bytes of docs/fairness.md, for a page that shares no code with the server: what the house computes and what this
 * page computes must agree because both follow that text. Hashing is the browser's own.
 */

export type Bytes = Uint8Array<ArrayBuffer>

const utf8 = new TextEncoder()

export function join(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return hex(a) === hex(b)
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Expects pairs of hexadecimal digits, as the transcript's shape has been checked to be. */
export function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function text(value: string): Bytes {
  return utf8.encode(value)
}

export function u32(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** enc(label, fields…): each with its length before it. */
export function enc(label: string, ...fields: readonly (string | number | Uint8Array)[]): Bytes {
  const parts = [label, ...fields].map((field) => (field instanceof Uint8Array ? field : text(String(field))))
  return join(...parts.flatMap((part) => [u32(part.length), part]))
}

export async function hash(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', join(...parts)))
}

export async function mac(key: Uint8Array, data: Uint8Array): Promise<Bytes> {
  const usable = await crypto.subtle.importKey('raw', join(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', usable, join(data)))
}

/** The canonical JSON of a value that JSON.parse gave. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

/** Bytes of a base64 text, only when it is the one way to write them; otherwise null. */
export function unbase64(value: string): Bytes | null {
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0))
    return btoa(String.fromCharCode(...bytes)) === value ? bytes : null
  } catch {
    return null
  }
}
