import { describe, expect, test } from 'vitest'
import { POCKETS, type Pocket } from './pockets.ts'
import { statistics } from './statistics.ts'

const of = (pockets: readonly Pocket[]) => pockets.map((pocket) => ({ pocket }))

describe('statistics', () => {
  test('[ROU-19] counts every pocket, the newest result first', () => {
    const found = statistics('single-zero', of([5, 17, 5, 0]))
    expect(found.rounds).toBe(4)
    expect(found.last).toEqual([0, 5, 17, 5])
    expect(found.pockets.map(({ pocket }) => pocket)).toEqual(POCKETS['single-zero'])
    expect(found.pockets.reduce((sum, { hits }) => sum + hits, 0)).toBe(4)
    expect(found.pockets[5]).toEqual({ pocket: 5, hits: 2, roundsAgo: 1 })
    expect(found.pockets[9]).toEqual({ pocket: 9, hits: 0, roundsAgo: null })
  })

  test('[ROU-19] hot pockets came most often, then last; cold ones least often, then longest ago', () => {
    const found = statistics('single-zero', of([5, 17, 5, 0]))
    expect(found.hot.map(({ pocket }) => pocket)).toEqual([5, 0, 17])
    expect(found.cold.every(({ hits }) => hits === 0)).toBe(true)
    const everyPocketOnce = statistics('double-zero', of(POCKETS['double-zero']))
    expect(everyPocketOnce.hot.map(({ pocket }) => pocket)).toEqual(['00', 36, 35, 34, 33])
    expect(everyPocketOnce.cold.map(({ pocket }) => pocket)).toEqual([0, 1, 2, 3, 4])
  })

  test('[ROU-19] gives the share of every outside bet and of the zeros', () => {
    // 1 red odd low, 2 black even low, 36 red even high, and a zero.
    const { shares } = statistics('double-zero', of([1, 2, 36, '00']))
    expect(shares).toEqual({
      'dozen:1': 0.5,
      'dozen:2': 0,
      'dozen:3': 0.25,
      'column:1': 0.25,
      'column:2': 0.25,
      'column:3': 0.25,
      low: 0.5,
      even: 0.5,
      red: 0.5,
      black: 0.25,
      odd: 0.25,
      high: 0.25,
      zero: 0.25,
    })
  })

  test('[ROU-19] a table without results has nothing hot, nothing cold and no share', () => {
    const found = statistics('single-zero', [])
    expect([found.rounds, found.hot, found.cold]).toEqual([0, [], []])
    expect(new Set(Object.values(found.shares))).toEqual(new Set([0]))
  })
})
