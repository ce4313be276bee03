import { expect, test } from 'vitest'
import { isWin } from './result-banner.tsx'

const result = { roundId: 'r', how: 'settled', stakedCents: 1_000, paidCents: 0, payouts: new Map() } as const

test('[WEB-20] only a payout above the stake is a win: losing, breaking even and refunds play no effect', () => {
  expect(isWin({ ...result, paidCents: 1_001 })).toBe(true)
  expect(isWin({ ...result, paidCents: 1_000 })).toBe(false)
  expect(isWin({ ...result, paidCents: 500 })).toBe(false)
  expect(isWin({ ...result, how: 'void', paidCents: 2_000 })).toBe(false)
  expect(isWin(null)).toBe(false)
})
