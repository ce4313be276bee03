import { comparePockets, isPocket, type Pocket } from './pockets.ts'

export type EvenChance = 'red' | 'black' | 'odd' | 'even' | 'low' | 'high'
export type NumbersKind = 'straight' | 'split' | 'street' | 'trio' | 'corner' | 'line'
export type Announced = 'voisins' | 'tiers' | 'orphelins' | 'jeu-zero'

/**
 * What a bet is on, in its one canonical form: keys in this order, numbers as the felt shows them (0, 00, 1 to 36).
 * `index` runs from 1 to 3, `reach` (neighbours on each side) from 1 to 5, `digit` from 0 to 9. Source: ROU-15.
 */
export type RouletteSelection =
  | { readonly kind: NumbersKind; readonly numbers: readonly Pocket[] }
  | { readonly kind: 'first-four' | 'basket' | EvenChance | Announced }
  | { readonly kind: 'dozen' | 'column'; readonly index: number }
  | { readonly kind: 'neighbours'; readonly of: Pocket; readonly reach: number }
  | { readonly kind: 'finale'; readonly digit: number }

type Field = 'numbers' | 'index' | 'of' | 'reach' | 'digit'

/** What says where a selection of each kind lies, besides its kind. */
const FIELDS: ReadonlyMap<unknown, readonly Field[]> = new Map<unknown, readonly Field[]>([
  ...(['straight', 'split', 'street', 'trio', 'corner', 'line'] as const).map((kind) => [kind, ['numbers']] as const),
  ...(['dozen', 'column'] as const).map((kind) => [kind, ['index']] as const),
  ...(['first-four', 'basket', 'red', 'black', 'odd', 'even', 'low', 'high'] as const).map((k) => [k, []] as const),
  ...(['voisins', 'tiers', 'orphelins', 'jeu-zero'] as const).map((kind) => [kind, []] as const),
  ['neighbours', ['of', 'reach']],
  ['finale', ['digit']],
])

const MOST_NUMBERS = 6

/**
 * The name of the place that a selection means ("split:1-2", "neighbours:17:2", "red"), or null when no kind of bet has
 * such a shape. Says nothing about whether a layout has that place; never throws on JSON. The order of numbers means
 * nothing on a felt, so it is not held against the client; a repeated number names a place that no layout has.
 */
export function placeName(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const given = value as Partial<Record<string, unknown>>
  const fields = FIELDS.get(given.kind)
  if (fields === undefined || Object.keys(value).length !== fields.length + 1) return null
  const texts = fields.map((field) => (Object.hasOwn(value, field) ? fieldText(field, given[field]) : null))
  if (texts.includes(null)) return null
  return [given.kind, ...texts].join(':')
}

function fieldText(field: Field, value: unknown): string | null {
  if (field === 'numbers') return numbersText(value)
  if (field === 'of') return isPocket(value) ? `${value}` : null
  return typeof value === 'number' ? `${value}` : null
}

function numbersText(value: unknown): string | null {
  if (!Array.isArray(value) || value.length > MOST_NUMBERS || !value.every(isPocket)) return null
  return value.toSorted(comparePockets).join('-')
}
