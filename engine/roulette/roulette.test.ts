import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DrawSource } from '../game.ts'
import { toCents } from '../money.ts'
import { allSelections, offeredBet } from './bets.ts'
import { defaultLimits } from './limits.ts'
import { POCKETS } from './pockets.ts'
import { roulette } from './roulette.ts'
import { ROULETTE_VARIANTS, type RouletteRules } from './rules.ts'

const variants: readonly RouletteRules[] = Object.values(ROULETTE_VARIANTS)

/** A source that gives one answer and writes down what it was asked. */
function answering(answer: number): DrawSource & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    below: (n) => {
      asked.push(`below ${n}`)
      return answer
    },
    permutation: (n) => {
      asked.push(`permutation ${n}`)
      return []
    },
  }
}

describe('the draw', () => {
  test.each(
    variants,
  )('[ROU-4] every answer below the number of pockets is a pocket of its own: $wheel, $laPartage', (rules) => {
    const pockets = POCKETS[rules.wheel].length
    const outcomes = Array.from({ length: pockets }, (_, n) => roulette.drawOutcome(rules, answering(n)).pocket)
    expect(outcomes.slice(0, 37)).toEqual(Array.from({ length: 37 }, (_, n) => n))
    expect(outcomes.slice(37)).toEqual(rules.wheel === 'double-zero' ? ['00'] : [])
  })

  test('[ROU-4] a draw asks the source once, for its wheel and nothing more', () => {
    const asked = variants.map((rules) => {
      const source = answering(0)
      roulette.drawOutcome(rules, source)
      return source.asked
    })
    expect(asked).toEqual([['below 37'], ['below 37'], ['below 38']])
  })

  test('[ROU-4] (G10) what was bet, staked and paid before a draw does not change it', () => {
    const table = fc.constantFrom(...variants).chain((rules) =>
      fc.record({
        rules: fc.constant(rules),
        answer: fc.nat({ max: POCKETS[rules.wheel].length - 1 }),
        bets: fc.array(
          fc.record({
            selection: fc.constantFrom(...allSelections(rules)),
            chipCents: fc.integer({ min: 1, max: 1_000_000 }),
            earlier: fc.nat({ max: POCKETS[rules.wheel].length - 1 }),
          }),
        ),
      }),
    )
    fc.assert(
      fc.property(table, ({ rules, answer, bets }) => {
        const alone = roulette.drawOutcome(rules, answering(answer))
        for (const { selection, chipCents, earlier } of bets) {
          const stakeCents = toCents(chipCents * offeredBet(rules, selection).chipCount)
          roulette.payoutCents(rules, selection, stakeCents, roulette.drawOutcome(rules, answering(earlier)))
        }
        expect(roulette.drawOutcome({ ...rules }, answering(answer))).toEqual(alone)
      }),
    )
  })
})

describe('default limits', () => {
  test.each(variants)('[ROU-18] every kind of the table has a range, and no other: $wheel, $laPartage', (rules) => {
    const { perBet, perPlayerCents, perTableCents } = defaultLimits(rules)
    expect(Object.keys(perBet)).toEqual(roulette.betKinds(rules))
    for (const range of Object.values(perBet)) {
      expect(range.minCents).toBeGreaterThan(0)
      expect(range.maxCents).toBeGreaterThanOrEqual(range.minCents)
      expect(range.maxCents).toBeLessThanOrEqual(perPlayerCents)
    }
    expect(perTableCents).toBeGreaterThan(perPlayerCents)
  })

  test('[ROU-18] chips start at 1.00, and every place pays 3,600.00 at most', () => {
    const { perBet } = defaultLimits(ROULETTE_VARIANTS.european)
    expect(perBet.straight).toEqual({ minCents: 100, maxCents: 10_000 })
    expect(perBet['even-chance']).toEqual({ minCents: 100, maxCents: 180_000 })
    expect(perBet.voisins).toEqual({ minCents: 900, maxCents: 9 * 15_000 })
    expect(perBet.orphelins).toEqual({ minCents: 500, maxCents: 5 * 10_000 })
    expect(perBet.neighbours).toEqual({ minCents: 300, maxCents: 11 * 10_000 })
    // The basket pays 7 for one, which does not divide the most evenly: the limit is the whole cent below.
    expect(defaultLimits(ROULETTE_VARIANTS.american).perBet.basket).toEqual({ minCents: 100, maxCents: 51_428 })
  })

  test('[ROU-18] a compound bet at its largest keeps every chip within the limit of its place', () => {
    for (const rules of variants) {
      const { perBet } = defaultLimits(rules)
      for (const selection of allSelections(rules)) {
        const { chipCount, kind } = offeredBet(rules, selection)
        const most = Math.floor((perBet[kind]?.maxCents ?? 0) / chipCount) * chipCount
        // The smaller bets of a kind (neighbours of reach 1) are bounded by their chips, which the round checks too.
        if (kind === 'neighbours' || kind === 'finale') continue
        for (const part of roulette.parts(rules, selection, toCents(most)) ?? [])
          expect(part.stakeCents, JSON.stringify(selection)).toBeLessThanOrEqual(perBet[part.kind]?.maxCents ?? 0)
      }
    }
  })
})
