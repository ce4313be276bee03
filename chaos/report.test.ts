import { expect, test } from 'vitest'
import { passed, type Report } from './report.ts'

const CLEAN = { accepted: 9, lost: 0, doubled: 0, changed: 0, stuck: 0, reloads: 0, moneyOffCents: 0 } as Report

test('[CHA-11] a run passes when bets were accepted and nothing is off, however slow it was', () => {
  expect(passed({ ...CLEAN, p99Ms: 60_000 })).toBe(true)
  expect(passed({ ...CLEAN, accepted: 0 })).toBe(false)
  for (const figure of ['lost', 'doubled', 'changed', 'stuck', 'reloads', 'moneyOffCents'] as const)
    expect(passed({ ...CLEAN, [figure]: 1 })).toBe(false)
})
