import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cents, sumCents, toCents } from '../money.ts'
import { allSelections, MOST_STAKE_CENTS, offeredBet, parts, positionNamed } from './bets.ts'
import { payoutCents } from './payouts.ts'
import { POCKETS, type Pocket } from './pockets.ts'
import { ROULETTE_VARIANTS, type RouletteRules } from './rules.ts'
import type { RouletteSelection } from './selections.ts'

const { european, 'la-partage': laPartage, american } = ROULETTE_VARIANTS
const pay = (rules: RouletteRules, selection: RouletteSelection, stakeCents: number, pocket: Pocket) =>
  payoutCents(rules, selection, toCents(stakeCents), { pocket })

/** A table, one of its bets, a stake that divides into its chips, and where the ball rests. */
const anyBet = fc.constantFrom(...Object.values(ROULETTE_VARIANTS)).chain((rules) =>
  fc.record({
    rules: fc.constant(rules),
    selection: fc.constantFrom(...allSelections(rules)),
    chipCents: fc.integer({ min: 1, max: 10_000_000 }),
    pocket: fc.constantFrom(...POCKETS[rules.wheel]),
  }),
)
const stakeOf = (rules: RouletteRules, selection: RouletteSelection, chipCents: number): Cents =>
  toCents(chipCents * offeredBet(rules, selection).chipCount)

describe('payouts', () => {
  const golden: readonly (readonly [RouletteSelection, Pocket, number])[] = [
    [{ kind: 'straight', numbers: [17] }, 17, 3_600],
    [{ kind: 'split', numbers: [17, 20] }, 20, 1_800],
    [{ kind: 'street', numbers: [16, 17, 18] }, 17, 1_200],
    [{ kind: 'trio', numbers: [0, 2, 3] }, 0, 1_200],
    [{ kind: 'corner', numbers: [16, 17, 19, 20] }, 19, 900],
    [{ kind: 'first-four' }, 0, 900],
    [{ kind: 'line', numbers: [16, 17, 18, 19, 20, 21] }, 21, 600],
    [{ kind: 'dozen', index: 2 }, 13, 300],
    [{ kind: 'column', index: 2 }, 17, 300],
    [{ kind: 'black' }, 17, 200],
    [{ kind: 'red' }, 17, 0],
    [{ kind: 'odd' }, 17, 200],
    [{ kind: 'even' }, 17, 0],
    [{ kind: 'low' }, 18, 200],
    [{ kind: 'high' }, 18, 0],
    [{ kind: 'straight', numbers: [17] }, 34, 0],
    [{ kind: 'dozen', index: 1 }, 0, 0],
    [{ kind: 'even' }, 0, 0],
  ]
  test.each(golden)('[ROU-8] 100 on %j is credited in full when %j falls', (selection, pocket, cents) => {
    expect(pay(european, selection, 100, pocket)).toBe(cents)
  })

  test('[ROU-8] the basket is paid 6 to 1 on each of its five pockets', () => {
    for (const pocket of POCKETS['double-zero'])
      expect(pay(american, { kind: 'basket' }, 100, pocket)).toBe([0, '00', 1, 2, 3].includes(pocket) ? 700 : 0)
  })

  test('[ROU-7] the double zero loses every outside bet and wins straight', () => {
    for (const selection of allSelections(american)) {
      const { kind } = offeredBet(american, selection)
      if (kind === 'dozen' || kind === 'column' || kind === 'even-chance')
        expect(pay(american, selection, 100, '00')).toBe(0)
    }
    expect(pay(american, { kind: 'straight', numbers: ['00'] }, 100, '00')).toBe(3_600)
    expect(pay(american, { kind: 'straight', numbers: [0] }, 100, '00')).toBe(0)
  })

  test('[ROU-9] la partage gives half an even chance back on zero, and touches nothing else', () => {
    for (const selection of allSelections(european))
      for (const pocket of POCKETS['single-zero']) {
        const stake = 2 * offeredBet(european, selection).chipCount
        const without = pay(european, selection, stake, pocket)
        const shared = offeredBet(european, selection).kind === 'even-chance' && pocket === 0
        expect(pay(laPartage, selection, stake, pocket)).toBe(shared ? stake / 2 : without)
      }
  })

  test('[ROU-10] half of an odd stake is rounded up, up to the largest stake there is', () => {
    for (const [stake, back] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [101, 51],
      [MOST_STAKE_CENTS, Number((BigInt(MOST_STAKE_CENTS) + 1n) / 2n)],
    ] as const)
      expect(pay(laPartage, { kind: 'red' }, stake, 0)).toBe(back)
  })

  test('[ROU-10] under la partage an even stake returns exactly 73/74, an odd one half a cent in 37 spins more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (stake) => {
        const paid = POCKETS['single-zero'].reduce<number>(
          (sum, p) => sum + pay(laPartage, { kind: 'low' }, stake, p),
          0,
        )
        expect(2 * paid).toBe(73 * stake + (stake % 2))
        expect(paid).toBeLessThanOrEqual(37 * stake)
      }),
    )
  })

  test('[ROU-14] orphelins are paid on both splits of 17, and once on the others', () => {
    expect(pay(european, { kind: 'orphelins' }, 500, 17)).toBe(3_600)
    expect(pay(european, { kind: 'orphelins' }, 500, 1)).toBe(3_600)
    expect(pay(european, { kind: 'orphelins' }, 500, 6)).toBe(1_800)
    expect(pay(european, { kind: 'orphelins' }, 500, 0)).toBe(0)
  })

  test('[ROU-14] the parts of every bet sum to its stake, and their payouts to its payout', () => {
    fc.assert(
      fc.property(anyBet, ({ rules, selection, chipCents, pocket }) => {
        const stake = stakeOf(rules, selection, chipCents)
        const chips = parts(rules, selection, stake) ?? []
        expect(sumCents(chips.map((part) => part.stakeCents))).toBe(stake)
        const alone = chips.map((part) => {
          const position = positionNamed(rules.wheel, part.position)
          expect(offeredBet(rules, position.selection).kind).toBe(part.kind)
          return payoutCents(rules, position.selection, part.stakeCents, { pocket })
        })
        expect(payoutCents(rules, selection, stake, { pocket })).toBe(sumCents(alone))
      }),
      { numRuns: 2_000 },
    )
  })

  test('[ROU-8] no payout is negative, a fraction, or more than 36 times the stake', () => {
    fc.assert(
      fc.property(anyBet, ({ rules, selection, chipCents, pocket }) => {
        const stake = stakeOf(rules, selection, chipCents)
        const paid = payoutCents(rules, selection, stake, { pocket })
        expect(Number.isSafeInteger(paid) && paid >= 0 && paid <= 36 * stake).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('[ROU-17] stakes that are not whole, positive and payable have no parts', () => {
    const red: RouletteSelection = { kind: 'red' }
    for (const stake of [0, -0, -100, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, MOST_STAKE_CENTS + 1])
      expect(parts(european, red, stake as Cents), String(stake)).toBeNull()
    expect(pay(european, { kind: 'straight', numbers: [1] }, MOST_STAKE_CENTS, 1)).toBe(36 * MOST_STAKE_CENTS)
  })

  test('[ROU-3] a pocket that the wheel lacks, or a bet that the table lacks, stops the table', () => {
    expect(() => pay(european, { kind: 'red' }, 100, '00')).toThrow(/ROU-3/)
    expect(() => pay(american, { kind: 'red' }, 100, 37)).toThrow(/ROU-3/)
    expect(() => pay(american, { kind: 'voisins' }, 900, 0)).toThrow(/ROU-15/)
    expect(() => pay(european, { kind: 'voisins' }, 899, 0)).toThrow(/ROU-14/)
  })
})
