import { describe, expect, test } from 'vitest'
import { toCents } from '../money.ts'
import { JEU_ZERO_ARC, neighboursOf, RACETRACK } from './announced.ts'
import { parts, positionNamed, readSelection } from './bets.ts'
import { comparePockets, type Pocket, WHEEL_ORDER } from './pockets.ts'
import { ROULETTE_VARIANTS, type RouletteRules } from './rules.ts'
import type { RouletteSelection } from './selections.ts'

const { european, american } = ROULETTE_VARIANTS

function chipsOf(rules: RouletteRules, selection: RouletteSelection, stakeCents: number): string[] | null {
  const found = parts(rules, selection, toCents(stakeCents))
  return found?.map((part) => `${part.stakeCents} on ${part.position}`) ?? null
}
function coveredBy(rules: RouletteRules, selection: RouletteSelection, chips: number): Pocket[] {
  const places = parts(rules, selection, toCents(chips)) ?? []
  const covers = places.flatMap(({ position }) => [...positionNamed(rules.wheel, position).covers])
  return [...new Set(covers)].toSorted(comparePockets)
}

describe('announced bets', () => {
  test('[ROU-11] voisins lay nine chips, two of them on 0-2-3 and two on the corner of 25', () => {
    expect(chipsOf(european, { kind: 'voisins' }, 900)).toEqual([
      '200 on trio:0-2-3',
      '100 on split:4-7',
      '100 on split:12-15',
      '100 on split:18-21',
      '100 on split:19-22',
      '200 on corner:25-26-28-29',
      '100 on split:32-35',
    ])
  })

  test('[ROU-11] tiers lay six chips, orphelins five, the jeu zéro four', () => {
    expect(chipsOf(european, { kind: 'tiers' }, 6)).toEqual(
      ['5-8', '10-11', '13-16', '23-24', '27-30', '33-36'].map((split) => `1 on split:${split}`),
    )
    expect(chipsOf(european, { kind: 'orphelins' }, 5)).toEqual([
      '1 on straight:1',
      ...['6-9', '14-17', '17-20', '31-34'].map((split) => `1 on split:${split}`),
    ])
    expect(chipsOf(european, { kind: 'jeu-zero' }, 4)).toEqual([
      '1 on split:0-3',
      '1 on split:12-15',
      '1 on straight:26',
      '1 on split:32-35',
    ])
  })

  test('[ROU-11] on two zeros they are refused', () => {
    for (const kind of ['voisins', 'tiers', 'orphelins', 'jeu-zero'])
      expect(readSelection(american, { kind }), kind).toBeNull()
    expect(readSelection(american, { kind: 'finale', digit: 7 })).toBeNull()
  })

  test('[ROU-21] the sections of the racetrack lie end to end and hold what their bets cover', () => {
    const order = WHEEL_ORDER['single-zero']
    const around = RACETRACK.flatMap(({ pockets }) => pockets)
    const from = order.indexOf(22)
    expect(around).toEqual([...order.slice(from), ...order.slice(0, from)])
    for (const [kind, chips] of [['voisins', 9] as const, ['tiers', 6] as const, ['orphelins', 5] as const]) {
      const section = RACETRACK.filter((each) => each.kind === kind).flatMap(({ pockets }) => pockets)
      expect(section.toSorted(comparePockets), kind).toEqual(coveredBy(european, { kind }, chips))
    }
    expect(JEU_ZERO_ARC.toSorted(comparePockets)).toEqual(coveredBy(european, { kind: 'jeu-zero' }, 4))
  })

  test('[ROU-12] neighbours are taken from the table’s own wheel, across its beginning too', () => {
    expect(neighboursOf('single-zero', 17, 2)).toEqual([2, 25, 17, 34, 6])
    expect(neighboursOf('single-zero', 0, 5)).toEqual([28, 12, 35, 3, 26, 0, 32, 15, 19, 4, 21])
    expect(neighboursOf('double-zero', '00', 1)).toEqual([1, '00', 27])
    expect(neighboursOf('double-zero', 2, 2)).toEqual([35, 14, 2, 0, 28])
    expect(chipsOf(american, { kind: 'neighbours', of: '00', reach: 1 }, 30)).toEqual([
      '10 on straight:1',
      '10 on straight:00',
      '10 on straight:27',
    ])
  })

  test('[ROU-13] a finale en plein lays a chip on each number that ends in the digit', () => {
    const straights = (numbers: number[]) => numbers.map((n) => `1 on straight:${n}`)
    expect(chipsOf(european, { kind: 'finale', digit: 0 }, 4)).toEqual(straights([0, 10, 20, 30]))
    expect(chipsOf(european, { kind: 'finale', digit: 6 }, 4)).toEqual(straights([6, 16, 26, 36]))
    expect(chipsOf(european, { kind: 'finale', digit: 7 }, 3)).toEqual(straights([7, 17, 27]))
    expect(readSelection(european, { kind: 'finale-cheval', digits: [4, 7] })).toBeNull()
  })

  test('[ROU-14] a stake that does not divide into the chips is not playable', () => {
    expect(chipsOf(european, { kind: 'voisins' }, 899)).toBeNull()
    expect(chipsOf(european, { kind: 'orphelins' }, 501)).toBeNull()
    expect(chipsOf(european, { kind: 'neighbours', of: 5, reach: 5 }, 1_000)).toBeNull()
    expect(chipsOf(european, { kind: 'neighbours', of: 5, reach: 5 }, 1_100)).toHaveLength(11)
  })
})
