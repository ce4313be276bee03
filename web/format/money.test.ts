import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCents, formatChip, formatNetCents, parseCents } from './money.ts'

test('[WEB-1] soles print with a no-break space, commas for thousands and a point for cents', () => {
  expect(formatCents(123450)).toBe('S/\u00a01,234.50')
  expect(formatCents(0)).toBe('S/\u00a00.00')
  expect(formatCents(123456789)).toBe('S/\u00a01,234,567.89')
  expect(formatCents(-1250)).toBe('-S/\u00a012.50')
})

test('[WEB-1] a net position carries its sign, and zero has none', () => {
  expect(formatNetCents(500)).toBe('+S/\u00a05.00')
  expect(formatNetCents(-500)).toBe('-S/\u00a05.00')
  expect(formatNetCents(0)).toBe('S/\u00a00.00')
})

test('[WEB-1] a chip shows the shortest exact form', () => {
  expect([50, 100, 2500, 100_000, 150_000, 1_000_000].map(formatChip)).toEqual(['0.50', '1', '25', '1k', '1.5k', '10k'])
})

test.each([
  ['S/ 1,234.50', 123450],
  ['S/\u00a01,234.50', 123450],
  ['s/1234.5', 123450],
  ['S/. 20', 2000],
  ['1234', 123400],
  ['0.05', 5],
  [' 7 ', 700],
])('[WEB-2] %j is read as %i cents', (typed, cents) => {
  expect(parseCents(typed)).toBe(cents)
})

test.each([
  '',
  'S/',
  '1.234,50',
  '12,34',
  '1,2345',
  '1.005',
  '-5',
  '+5',
  '5e3',
  'NaN',
  '١٢',
  '1234567890',
  '1.',
  '.5',
])('[WEB-2] %j is refused, not guessed at', (typed) => {
  expect(parseCents(typed)).toBeNull()
})

test('[WEB-2] whatever is printed is read back as the same amount', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), (cents) => {
      expect(parseCents(formatCents(cents))).toBe(cents)
    }),
  )
})
