import type { RouletteVariant } from './rules.ts'

/**
 * What each variant is published to return, to hold the enumeration against; nothing is paid or shown from here.
 * `others` stands for every bet that is not named. Source: RULES.md ROU-16.
 */
const PUBLISHED_RETURNS: Readonly<
  Record<RouletteVariant, { readonly others: string; readonly named: Readonly<Record<string, string>> }>
> = {
  european: { others: '36/37', named: {} },
  'la-partage': {
    others: '36/37',
    named: { red: '73/74', black: '73/74', odd: '73/74', even: '73/74', low: '73/74', high: '73/74' },
  },
  american: { others: '18/19', named: { basket: '35/38' } },
}

/** The published return of a bet ("36/37"), or null under a variant that roulette does not have. */
export function publishedReturn(variant: string, bet: string): string | null {
  if (!Object.hasOwn(PUBLISHED_RETURNS, variant)) return null
  const { named, others } = PUBLISHED_RETURNS[variant as RouletteVariant]
  return named[bet] ?? others
}
