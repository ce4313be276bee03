import { expect, test } from 'vitest'
import { MessageBudget } from './message-budget.ts'

const BUDGET = { perSecond: 10, burst: 20 }

test('[ROM-8] a burst is spent, then refused, then the connection is to be closed', () => {
  const budget = new MessageBudget(BUDGET, 0)
  const verdicts = Array.from({ length: 60 }, () => budget.take(0))
  expect(verdicts.filter((verdict) => verdict === 'spend')).toHaveLength(20)
  expect(verdicts.slice(20, 40)).toEqual(Array(20).fill('refuse'))
  expect(verdicts.slice(40)).toEqual(Array(20).fill('close'))
})

test('[ROM-8] the budget fills again at its rate, up to one burst, and a clock that goes back gives nothing', () => {
  const budget = new MessageBudget(BUDGET, 0)
  for (let i = 0; i < 25; i++) budget.take(0)
  expect(budget.take(500)).toBe('refuse')
  expect(budget.take(700)).toBe('spend')
  expect(budget.take(0)).toBe('refuse')
  const rested = new MessageBudget(BUDGET, 0)
  const afterAnHour = Array.from({ length: 21 }, () => rested.take(3_600_000))
  expect(afterAnHour.indexOf('refuse')).toBe(20)
})
