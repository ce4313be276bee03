import { describe, expect, test } from 'vitest'
import { ratioText } from '../money.ts'
import { allSelections, offeredBet } from './bets.ts'
import { publishedReturn } from './published.ts'
import { enumerate, returns } from './returns.ts'
import { ROULETTE_VARIANTS } from './rules.ts'

const { european, 'la-partage': laPartage, american } = ROULETTE_VARIANTS
const table = (rules: Parameters<typeof returns>[0]) =>
  Object.fromEntries(returns(rules).map((bet) => [bet.bet, `${ratioText(bet.return)} ${ratioText(bet.hitRate)}`]))

const evenChances = ['low', 'even', 'red', 'black', 'odd', 'high']
const all = (bets: readonly string[], odds: string) => Object.fromEntries(bets.map((bet) => [bet, odds]))

/** Return and hit rate of every bet on one zero; the rates are pockets covered of 37, in lowest terms. */
const onOneZero = {
  straight: '36/37 1/37',
  split: '36/37 2/37',
  street: '36/37 3/37',
  trio: '36/37 3/37',
  corner: '36/37 4/37',
  'first-four': '36/37 4/37',
  line: '36/37 6/37',
  dozen: '36/37 12/37',
  column: '36/37 12/37',
  ...all(evenChances, '36/37 18/37'),
  voisins: '36/37 17/37',
  tiers: '36/37 12/37',
  orphelins: '36/37 8/37',
  'jeu-zero': '36/37 7/37',
  'neighbours-1': '36/37 3/37',
  'neighbours-2': '36/37 5/37',
  'neighbours-3': '36/37 7/37',
  'neighbours-4': '36/37 9/37',
  'neighbours-5': '36/37 11/37',
  ...all(['finale-0', 'finale-1', 'finale-2', 'finale-3', 'finale-4', 'finale-5', 'finale-6'], '36/37 4/37'),
  ...all(['finale-7', 'finale-8', 'finale-9'], '36/37 3/37'),
}

describe('exact returns', () => {
  test('[ROU-16] every bet on one zero returns 36/37', () => {
    expect(table(european)).toEqual(onOneZero)
  })

  test('[ROU-16] la partage lifts even chances to 73/74, and nothing else', () => {
    expect(table(laPartage)).toEqual({ ...onOneZero, ...all(evenChances, '73/74 19/37') })
  })

  test('[ROU-16] on two zeros every bet returns 18/19 but the basket, which returns 35/38', () => {
    expect(table(american)).toEqual({
      straight: '18/19 1/38',
      split: '18/19 1/19',
      street: '18/19 3/38',
      trio: '18/19 3/38',
      corner: '18/19 2/19',
      basket: '35/38 5/38',
      line: '18/19 3/19',
      dozen: '18/19 6/19',
      column: '18/19 6/19',
      ...all(evenChances, '18/19 9/19'),
      'neighbours-1': '18/19 3/38',
      'neighbours-2': '18/19 5/38',
      'neighbours-3': '18/19 7/38',
      'neighbours-4': '18/19 9/38',
      'neighbours-5': '18/19 11/38',
    })
  })

  test('[ROU-16] the house edges are the published percentages', () => {
    const edges = [...returns(european), ...returns(laPartage), ...returns(american)].map(
      (bet) => `${bet.variant} ${(100 - (100 * Number(bet.return.num)) / Number(bet.return.den)).toFixed(4)}`,
    )
    expect(new Set(edges)).toEqual(
      new Set(['european 2.7027', 'la-partage 2.7027', 'la-partage 1.3514', 'american 5.2632', 'american 7.8947']),
    )
  })

  test('[ROU-16] every single selection of a name has that name’s odds, and the published return', () => {
    for (const [variant, rules] of Object.entries(ROULETTE_VARIANTS)) {
      const odds = table(rules)
      for (const selection of allSelections(rules)) {
        const { name } = offeredBet(rules, selection)
        const found = enumerate(rules, selection)
        expect(`${ratioText(found.return)} ${ratioText(found.hitRate)}`, JSON.stringify(selection)).toBe(odds[name])
        expect(ratioText(found.return)).toBe(publishedReturn(variant, name))
      }
    }
    expect(publishedReturn('triple-zero', 'red')).toBeNull()
  })
})
