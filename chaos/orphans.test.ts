import { expect, test } from 'vitest'
import { grown, patternOf } from './orphans.ts'

test('[CHA-12] keys that differ in names alone are one pattern', () => {
  const tables = ['caos-1', 'caos-2']
  const pattern = patternOf('crupier:1f2e3d4c5b6a79880716253a:{caos-1}:lease', tables)
  expect(pattern).toBe('crupier:<id>:{<table>}:lease')
  expect(patternOf('crupier:1f2e3d4c5b6a79880716253a:{caos-2}:lease', tables)).toBe(pattern)
  expect(patternOf('crupier:{lima}:seats:x7Kq-9', tables)).toBe('crupier:{<id>}:seats:<id>')
  expect(patternOf('crupier:nodes', tables)).toBe('crupier:nodes')
})

test('[CHA-12] a pattern that grows is named', () => {
  expect(grown({ a: 3, b: 1 }, { a: 5, b: 1, c: 9 }, 2)).toEqual(['c: 0 before, 9 after'])
})
