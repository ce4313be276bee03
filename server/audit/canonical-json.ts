import { assert } from '../../engine/assert.ts'
import type { Json } from '../../engine/game.ts'

/** JSON with the keys of every object in order, so that equal values are equal texts whatever path they came by. */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number') assert(Number.isFinite(value), 'JSON has no endless numbers')
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`)
  return `{${fields.join(',')}}`
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
