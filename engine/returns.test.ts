import { describe, expect, test } from 'vitest'
import { listings } from './games.ts'
import { ratio, ratioText } from './money.ts'
import { betsBelow, compareRatios, leastReturn, PERU_LEAST_RETURN } from './returns.ts'
import { roulette } from './roulette/roulette.ts'
import { ROULETTE_VARIANTS } from './roulette/rules.ts'

const { european, 'la-partage': laPartage, american } = ROULETTE_VARIANTS

describe('least return (G12)', () => {
  test('[ROU-16] the least return of a table is that of its dearest bet', () => {
    expect(ratioText(leastReturn(roulette, european).return)).toBe('36/37')
    expect(ratioText(leastReturn(roulette, laPartage).return)).toBe('36/37')
    expect(leastReturn(roulette, american)).toMatchObject({ bet: 'basket', return: { num: 35n, den: 38n } })
  })

  test('[ROU-16] every variant of every game may be opened in Peru', () => {
    for (const { game, variants } of listings)
      for (const rules of Object.values(variants)) expect(betsBelow(game, rules, PERU_LEAST_RETURN)).toEqual([])
  })

  test('[ROU-16] a market that asks for more names the bets that fall short, and equality is enough', () => {
    const below = (least: ReturnType<typeof ratio>) => betsBelow(roulette, american, least).map(({ bet }) => bet)
    expect(below(ratio(35n, 38n))).toEqual([])
    expect(below(ratio(94n, 100n))).toEqual(['basket'])
    expect(below(ratio(95n, 100n))).toHaveLength(roulette.returns(american).length)
  })

  test('[ROU-16] ratios are compared exactly, also where a float cannot tell them apart', () => {
    const big = 10n ** 30n
    expect(compareRatios(ratio(big, big + 1n), ratio(1n, 1n))).toBeLessThan(0)
    expect(compareRatios(ratio(1n, 1n), ratio(big, big + 1n))).toBeGreaterThan(0)
    expect(compareRatios(ratio(-2n, 4n), ratio(-1n, 2n))).toBe(0)
  })
})
