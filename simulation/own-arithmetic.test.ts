import { describe, expect, test } from 'vitest'
import { betDigest } from '../engine/fairness/bet-digest.ts'
import { toCents } from '../engine/money.ts'
import { allSelections, parts } from '../engine/roulette/bets.ts'
import { payoutCents } from '../engine/roulette/payouts.ts'
import { POCKETS } from '../engine/roulette/pockets.ts'
import { roulette } from '../engine/roulette/roulette.ts'
import { ROULETTE_VARIANTS } from '../engine/roulette/rules.ts'
import { testBet, testOpening } from '../engine/round/testing.ts'
import { diceOf } from './dice.ts'
import { ownDigest, ownDraw } from './own-fairness.ts'
import { ownChips, ownKind, ownPayout, sameBet } from './own-roulette.ts'
import { croupierOf } from './world.ts'

describe('[SIM-15] the auditor and the engine agree', () => {
  for (const [variant, rules] of Object.entries(ROULETTE_VARIANTS))
    test(`on the chips and payouts of every ${variant} bet, whatever the pocket`, () => {
      for (const selection of allSelections(rules)) {
        const own = ownChips(rules, selection)
        const stakeCents = toCents(own.length * 25)
        expect(ownKind(rules, selection)).toBe(roulette.betKind(rules, selection))
        const laid = parts(rules, selection, stakeCents) ?? []
        const places = Map.groupBy(own, ({ place }) => place)
        expect(laid.map((part) => [part.kind, part.stakeCents]).sort()).toEqual(
          [...places.values()].map((chips) => [chips[0]?.kind, chips.length * 25]).sort(),
        )
        for (const pocket of POCKETS[rules.wheel])
          expect(ownPayout(rules, selection, stakeCents, { pocket })).toBe(
            payoutCents(rules, selection, stakeCents, { pocket }),
          )
      }
    })

  test('on digests, of no bets and of many', () => {
    const dice = diceOf(1)
    for (let count = 0; count < 20; count++) {
      const bets = Array.from({ length: count }, (_, i) => testBet({ betId: dice.hex(8), playerId: `p${i}` }))
      expect(ownDigest(bets)).toBe(betDigest(bets))
    }
  })

  test('on commitments, seeds and draws', () => {
    const croupier = croupierOf(3)
    for (let roundNo = 0; roundNo < 200; roundNo++) {
      const opening = { ...testOpening(), roundNo }
      const { commitment, ...draw } = ownDraw(croupier.secretOf(opening.seriesId), opening)
      expect(croupier.draw(opening)).toEqual(draw)
      expect(commitment).toMatch(/^[0-9a-f]{64}$/)
    }
  })

  test('on what is the same bet: the order of numbers means nothing, all else does', () => {
    const split = (numbers: number[]) => testBet({ selection: { kind: 'split', numbers } })
    expect(sameBet(split([1, 2]), split([2, 1]))).toBe(true)
    expect(sameBet(split([1, 2]), split([2, 3]))).toBe(false)
    expect(sameBet(split([1, 2]), { ...split([1, 2]), stakeCents: 1 })).toBe(false)
    expect(sameBet(split([1, 2]), { ...split([1, 2]), playerId: 'eva' })).toBe(false)
    expect(sameBet(testBet({ selection: null }), testBet({ selection: null }))).toBe(true)
  })
})
