import { expect, test } from 'vitest'
import { diceOf } from '../simulation/dice.ts'
import { planKills } from './plan.ts'

const total = (steps: ReturnType<typeof planKills>) => steps.reduce((sum, { kills }) => sum + kills, 0)
const count = (steps: ReturnType<typeof planKills>, kind: string) => steps.filter((step) => step.kind === kind).length

test('[CHA-9] the same seed plans the same kills, another seed others', () => {
  expect(planKills(100, 3, diceOf(7))).toEqual(planKills(100, 3, diceOf(7)))
  expect(planKills(100, 3, diceOf(7))).not.toEqual(planKills(100, 3, diceOf(8)))
})

test('[CHA-9] as many kills are planned as were asked for, whole restarts and broken take-overs among them', () => {
  for (const seed of [1, 2, 3]) {
    const steps = planKills(100, 3, diceOf(seed))
    expect(total(steps)).toBe(100)
    expect(count(steps, 'all')).toBeGreaterThanOrEqual(3)
    expect(count(steps, 'during-take-over')).toBeGreaterThanOrEqual(7)
  }
  expect(total(planKills(1, 3, diceOf(1)))).toBe(1)
  expect(count(planKills(12, 3, diceOf(1)), 'during-take-over')).toBe(1)
})

test('[CHA-9] fewer nodes are never asked to survive what they cannot', () => {
  expect(new Set(planKills(60, 2, diceOf(1)).map(({ kind }) => kind))).toEqual(new Set(['one', 'all']))
  expect(new Set(planKills(60, 1, diceOf(1)).map(({ kind }) => kind))).toEqual(new Set(['one']))
})
