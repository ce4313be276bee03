import type { Wheel } from './pockets.ts'

/** A table's own settings. La partage, half of an even chance back on zero, belongs to the single-zero wheel. */
export type RouletteRules = { readonly wheel: Wheel; readonly laPartage: boolean }

/** The rules a house may open a table under, by the name of the variant (ROU-20). */
export const ROULETTE_VARIANTS = {
  european: { wheel: 'single-zero', laPartage: false },
  'la-partage': { wheel: 'single-zero', laPartage: true },
  american: { wheel: 'double-zero', laPartage: false },
} as const satisfies Readonly<Record<string, RouletteRules>>
export type RouletteVariant = keyof typeof ROULETTE_VARIANTS

/** The table's rules from an operator's input, or null when they are not rules of roulette (ROU-20). */
export function readRules(value: unknown): RouletteRules | null {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return null
  const { wheel, laPartage } = value as Partial<Record<string, unknown>>
  for (const rules of Object.values(ROULETTE_VARIANTS))
    if (rules.wheel === wheel && rules.laPartage === laPartage) return rules
  return null
}

export function variantOf(rules: RouletteRules): RouletteVariant {
  if (rules.wheel === 'double-zero') return 'american'
  return rules.laPartage ? 'la-partage' : 'european'
}
