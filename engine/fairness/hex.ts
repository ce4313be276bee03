import { assert } from '../assert.ts'

const DIGITS = '0123456789abcdef'

/** Lower-case hexadecimal, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15)
  return text
}

/** True for lower-case hexadecimal of whole bytes; `bytes` also fixes how many there are. */
export function isHex(value: unknown, bytes?: number): value is string {
  if (typeof value !== 'string' || value.length % 2 !== 0 || !/^[0-9a-f]*$/.test(value)) return false
  return bytes === undefined || value.length === bytes * 2
}

/** Errors: throws on anything but lower-case hexadecimal of whole bytes. */
export function fromHex(text: string): Uint8Array {
  assert(isHex(text), 'hexadecimal is lower-case digits of whole bytes')
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
