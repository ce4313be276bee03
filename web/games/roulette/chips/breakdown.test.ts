import { expect, test } from 'vitest'
import { breakdown, CHIP_VALUES_CENTS, chipColour, chipText, discsOf, MOST_DISCS } from './breakdown.ts'

test('[FELT-7] an amount is laid in the fewest chips of the house, dearest first', () => {
  expect(breakdown(100)).toEqual([100])
  expect(breakdown(8_600)).toEqual([2_500, 2_500, 2_500, 1_000, 100])
  expect(breakdown(163_600)).toEqual([100_000, 50_000, 10_000, 2_500, 1_000, 100])
  for (let soles = 1; soles <= 60; soles += 1) {
    const chips = breakdown(soles * 100)
    if (chips.length <= MOST_DISCS) expect(chips.reduce((sum, chip) => sum + chip, 0)).toBe(soles * 100)
    expect(chips.toSorted((a, b) => b - a)).toEqual(chips)
    expect(chips.every((chip) => CHIP_VALUES_CENTS.some((value) => value === chip))).toBe(true)
  }
})

test('[FELT-7] a tall stack is drawn with a bounded number of discs, and a part of a chip as one', () => {
  expect(discsOf(99_900).length).toBe(MOST_DISCS)
  expect(discsOf(900_000_000).length).toBe(MOST_DISCS)
  expect(breakdown(50)).toEqual([100])
  expect(breakdown(0)).toEqual([])
})

test('[FELT-7] a chip says its amount in a few characters', () => {
  expect(['50', '100', '250', '2500', '100000', '125000', '1000000'].map((cents) => chipText(Number(cents)))).toEqual([
    '0.50',
    '1',
    '2.50',
    '25',
    '1k',
    '1.2k',
    '10k',
  ])
  expect(chipColour(700)).toBe(500)
  expect(chipColour(20)).toBe(100)
})
