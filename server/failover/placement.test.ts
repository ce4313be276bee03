import { expect, test } from 'vitest'
import { ranked } from './placement.ts'

const tables = Array.from({ length: 3_000 }, (_, i) => `table-${i}`)

test('[FOV-40] every node computes the same order, in whatever order it knows the nodes', () => {
  for (const tableId of tables.slice(0, 100))
    expect(ranked(tableId, ['c', 'a', 'b'])).toEqual(ranked(tableId, ['a', 'b', 'c']))
})

test('[FOV-40] a node that goes moves its own tables alone, and they are shared out among the others', () => {
  const before = new Map(tables.map((tableId) => [tableId, ranked(tableId, ['a', 'b', 'c'])[0]]))
  const after = new Map(tables.map((tableId) => [tableId, ranked(tableId, ['a', 'c'])[0]]))
  const orphans = tables.filter((tableId) => before.get(tableId) === 'b')
  for (const tableId of tables) if (before.get(tableId) !== 'b') expect(after.get(tableId)).toBe(before.get(tableId))
  // A third each, give or take five standard deviations of the binomial (26).
  for (const nodeId of ['a', 'b', 'c']) {
    const share = tables.filter((tableId) => before.get(tableId) === nodeId).length
    expect(Math.abs(share - 1_000)).toBeLessThan(130)
  }
  const toA = orphans.filter((tableId) => after.get(tableId) === 'a').length
  expect(Math.abs(toA - orphans.length / 2)).toBeLessThan(5 * Math.sqrt(orphans.length / 4))
})
