import { expect, test } from 'vitest'
import { ROULETTE_VARIANTS } from '../../../../engine/roulette/rules.ts'
import type { OwnBet } from '../types.ts'
import { othersCents, outcomeOf, ownStakes, stakeOf } from './stakes.ts'

const rules = ROULETTE_VARIANTS.european

function bet(selection: OwnBet['selection'], stakeCents: number, status: OwnBet['status'] = 'accepted'): OwnBet {
  return { betId: `${JSON.stringify(selection)}${status}`, selection, stakeCents, status }
}
const seventeen = { kind: 'straight', numbers: [17] } as const

test('[FELT-6] own chips lie where their bets are, pending apart, compound bets on all their places', () => {
  const stakes = ownStakes(rules, [
    bet(seventeen, 500),
    bet(seventeen, 200, 'reserving'),
    bet(seventeen, 100, 'releasing'),
    bet(seventeen, 900, 'dead'),
    bet({ kind: 'orphelins' }, 500),
  ])
  expect(stakes.get('straight:17')).toMatchObject({ acceptedCents: 500, pendingCents: 200, leavingCents: 100 })
  expect(stakes.get('straight:17')?.betIds).toHaveLength(3)
  expect(stakes.get('split:14-17')).toMatchObject({ acceptedCents: 100, pendingCents: 0 })
  expect([...stakes.keys()]).toHaveLength(6)
})

test('[FELT-6] what others have is everybody\u2019s chips without the own ones, never below nothing', () => {
  const own = ownStakes(rules, [bet(seventeen, 500)]).get('straight:17')
  expect(othersCents(new Map([['straight:17', { cents: 1_700, players: 2 }]]), 'straight:17', own)).toBe(1_200)
  expect(othersCents(new Map([['straight:17', { cents: 100, players: 1 }]]), 'straight:17', own)).toBe(0)
  expect(othersCents(new Map(), 'red', undefined)).toBe(0)
})

test('[FELT-8] winning places show what is credited on them; a bet in doubt or refused brings nothing', () => {
  const won = outcomeOf(rules, [bet(seventeen, 500), bet({ kind: 'black' }, 300), bet({ kind: 'red' }, 300)], 17)
  expect([...won.paid]).toEqual([
    ['straight:17', 18_000],
    ['black', 600],
  ])
  expect(won).toMatchObject({ stakedCents: 1_100, paidCents: 18_600, celebrate: true })
  expect(outcomeOf(rules, [bet(seventeen, 500, 'unsure')], 17)).toMatchObject({ stakedCents: 0, celebrate: false })
})

test('[FELT-9] a losing or break-even round is not celebrated, even when a bet in it won', () => {
  expect(outcomeOf(rules, [bet({ kind: 'red' }, 300), bet({ kind: 'black' }, 300)], 17).celebrate).toBe(false)
  expect(outcomeOf(rules, [bet({ kind: 'black' }, 300), bet({ kind: 'dozen', index: 1 }, 500)], 17).celebrate).toBe(
    false,
  )
  const half = outcomeOf(ROULETTE_VARIANTS['la-partage'], [bet({ kind: 'red' }, 300)], 0)
  expect(half).toMatchObject({ paidCents: 150, celebrate: false })
  expect([...half.paid]).toEqual([['red', 150]])
})

test('[FELT-6] a compound bet is staked with one chip, or as many as it has, on each of its places', () => {
  expect(stakeOf(rules, seventeen, 500)).toBe(500)
  expect(stakeOf(rules, { kind: 'voisins' }, 500)).toBe(4_500)
  expect(stakeOf(rules, { kind: 'neighbours', of: 0, reach: 2 }, 100)).toBe(500)
})
