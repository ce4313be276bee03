import { expect, test } from 'vitest'
import { roundOfShared } from '../net/round-view.ts'
import { sharedTable } from '../net/testing.ts'
import { momentOf, secondsUntil } from './phase.ts'

const round = roundOfShared(sharedTable())
const closes = round.closesAtMs

test('[WEB-19] the last call is made five seconds before the close, and at the close there are no more bets', () => {
  const at = (ms: number) => momentOf(round, closes + ms, true)
  expect([at(-20_000), at(-5_001), at(-5_000), at(-1), at(0), at(1_000)]).toEqual([
    'open',
    'open',
    'last-call',
    'last-call',
    'closed',
    'closed',
  ])
})

test('[WEB-19] a round that is already paid still shows the ball running until it rests', () => {
  const settled = { ...round, phase: 'settled' as const }
  expect(momentOf(settled, closes, false)).toBe('drawn')
  expect(momentOf(settled, closes, true)).toBe('settled')
})

test('[WEB-19] a void round says so at once, and a page without a round says that it waits', () => {
  expect(momentOf({ ...round, phase: 'void' }, closes, true)).toBe('void')
  expect(momentOf(null, closes, true)).toBe('waiting')
})

test('[WEB-19] the countdown shows one in the last second and never less than zero', () => {
  expect([20_000, 1_001, 1_000, 1, 0, -5].map((ms) => secondsUntil(ms, 0))).toEqual([20, 2, 1, 1, 0, 0])
})
