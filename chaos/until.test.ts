import { expect, test } from 'vitest'
import { until, within } from './until.ts'

test('[CHA-10] a wait ends when the condition holds, and at its limit, which it names', async () => {
  let asked = 0
  expect(await within(() => ++asked === 3, 5_000)).toBe(true)
  expect(asked).toBe(3)
  expect(await within(() => false, 50)).toBe(false)
  await expect(until('a table opens', () => false, 50)).rejects.toThrow('not within 50 ms: a table opens')
})
