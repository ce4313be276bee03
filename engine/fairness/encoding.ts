import { assert } from '../assert.ts'
import type { Json } from '../game.ts'

/** A part of a hashed message: text (UTF-8), a whole number from 0 (decimal digits), or bytes as they are. */
export type Field = string | number | Uint8Array

const utf8 = new TextEncoder()

/**
 * The bytes that are hashed for one purpose: the label, then each field, every one of them preceded by its length in
 * bytes as a 32-bit big-endian number. So no two lists of fields share an encoding, and no two purposes share a hash.
 * A label fixes how many fields follow and of which sort; the labels are listed in docs/fairness.md.
 * Errors: throws on a number that is not a safe whole number from 0, and on text with a lone surrogate.
 */
export function encode(label: string, ...fields: readonly Field[]): Uint8Array {
  const parts = [label, ...fields].map(fieldBytes)
  const out = new Uint8Array(parts.reduce((length, part) => length + 4 + part.length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length)
    out.set(part, at + 4)
    at += 4 + part.length
  }
  return out
}

function fieldBytes(field: Field): Uint8Array {
  if (typeof field === 'string') return textBytes(field)
  if (typeof field !== 'number') return field
  assert(Number.isSafeInteger(field) && field >= 0, `a hashed number is whole and not negative, not ${field}`)
  return utf8.encode(String(field))
}

/** UTF-8. Errors: throws on a lone surrogate, which has no UTF-8 form. */
export function textBytes(text: string): Uint8Array {
  assert(text.isWellFormed(), 'hashed text has no lone surrogate')
  return utf8.encode(text)
}

/**
 * The one text of a JSON value that is hashed: no white space, the members of every object in ascending order of their
 * names' UTF-16 code units, strings and numbers as ECMAScript's JSON.stringify writes them. Numbers are safe integers.
 * Errors: throws on any other number, and on a lone surrogate.
 * Source: the rules of RFC 8785, narrowed to whole numbers.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number') {
    assert(Number.isSafeInteger(value) && !Object.is(value, -0), `hashed JSON holds safe whole numbers, not ${value}`)
    return String(value)
  }
  if (typeof value === 'string') {
    assert(value.isWellFormed(), 'hashed text has no lone surrogate')
    return JSON.stringify(value)
  }
  if (value === null || typeof value === 'boolean') return String(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${canonicalJson(name)}:${canonicalJson(value[name] ?? null)}`).join(',')}}`
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
