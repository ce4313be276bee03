import { describe, expect, test } from 'vitest'
import { allSelections, offeredBet } from '../../../../engine/roulette/bets.ts'
import { FELT } from '../../../../engine/roulette/layout.ts'
import { POCKETS } from '../../../../engine/roulette/pockets.ts'
import { ROULETTE_VARIANTS } from '../../../../engine/roulette/rules.ts'
import { feltPlan, type Rect } from './geometry.ts'
import { keyTarget } from './keyboard.ts'

const VARIANTS = [ROULETTE_VARIANTS.european, ROULETTE_VARIANTS.american]
const ORIENTATIONS = ['horizontal', 'vertical'] as const
const CASES = VARIANTS.flatMap((rules) => ORIENTATIONS.map((orientation) => ({ rules, orientation })))

describe.each(CASES)('$rules.wheel, $orientation', ({ rules, orientation }) => {
  const plan = feltPlan(rules.wheel, orientation)
  const spots = [...plan.spots.values()]

  test('[FELT-3] every selection that the table offers can be laid on the felt', () => {
    const missing = allSelections(rules)
      .flatMap((selection) => offeredBet(rules, selection).chips)
      .filter(({ position }) => !plan.spots.has(position))
    expect(missing).toEqual([])
    expect(plan.spots.size).toBe(FELT[rules.wheel].size)
    expect(POCKETS[rules.wheel].filter((pocket) => !plan.cells.has(pocket))).toEqual([])
  })

  test('[FELT-4] every place has a touch area of at least 15 units, inside the felt, that holds its chip', () => {
    for (const { name, rect, anchor } of spots) {
      // On the double-zero line five places share the side of one number.
      const least = /^(split:0-2|split:00-2|trio:0-00-2)$/.test(name) && rules.wheel === 'double-zero' ? 8 : 15
      expect(Math.min(rect.w, rect.h), `${name} is large enough`).toBeGreaterThanOrEqual(least)
      expect(contains(rect, anchor), `${name} holds its chip`).toBe(true)
      expect(rect.x >= 0 && rect.y >= 0, name).toBe(true)
      expect(rect.x + rect.w <= plan.width && rect.y + rect.h <= plan.height, name).toBe(true)
    }
  })

  test('[FELT-4] no two touch areas overlap, and together they leave no gap', () => {
    const clashes = spots.flatMap((a, i) =>
      spots.slice(i + 1).flatMap((b) => (overlap(a.rect, b.rect) > 0.01 ? [`${a.name} / ${b.name}`] : [])),
    )
    expect(clashes).toEqual([])
    const cells = [...plan.cells.values()]
    const covered = spots.flatMap(({ rect }) => cells.map((cell) => overlap(rect, cell)))
    expect(sum(covered)).toBeCloseTo(sum(cells.map(({ w, h }) => w * h)), 3)
  })

  test('[FELT-5] the arrows alone reach every place from any other', () => {
    for (const start of ['straight:0', 'high', 'column:1']) {
      const from = plan.spots.get(start)
      expect(from).toBeDefined()
      const seen = new Set([start])
      const queue = from === undefined ? [] : [from]
      for (const spot of queue) {
        for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']) {
          const next = keyTarget(plan, spot, key, false)
          if (next === null || seen.has(next.name)) continue
          seen.add(next.name)
          queue.push(next)
        }
      }
      expect(spots.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([])
    }
  })

  test('[FELT-5] no two places share a cell of the logical grid', () => {
    expect(new Set(spots.map(({ row, col }) => `${row},${col}`)).size).toBe(spots.length)
    expect(plan.rows.flat()).toHaveLength(spots.length)
  })
})

test('[FELT-5] arrows go over lines, Shift skips them, Home and End stay in the row', () => {
  const plan = feltPlan('single-zero', 'horizontal')
  const go = (from: string, key: string, shift = false) => {
    const spot = plan.spots.get(from)
    return spot === undefined ? null : keyTarget(plan, spot, key, shift)?.name
  }
  expect(go('straight:17', 'ArrowRight')).toBe('split:17-20')
  expect(go('split:17-20', 'ArrowUp')).toBe('corner:17-18-20-21')
  expect(go('straight:17', 'ArrowRight', true)).toBe('straight:20')
  expect(go('straight:1', 'ArrowDown')).toBe('street:1-2-3')
  expect(go('straight:0', 'ArrowRight')).toBe('split:0-2')
  expect(go('straight:17', 'Home')).toBe('straight:0')
  expect(go('straight:17', 'End')).toBe('column:2')
  expect(go('dozen:1', 'ArrowDown')).toMatch(/low|even/)
  expect(go('high', 'ArrowDown')).toBeUndefined()
})

function contains({ x, y, w, h }: Rect, at: { x: number; y: number }): boolean {
  return at.x >= x && at.x <= x + w && at.y >= y && at.y <= y + h
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}

function overlap(a: Rect, b: Rect): number {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x)
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y)
  return w > 0 && h > 0 ? w * h : 0
}
