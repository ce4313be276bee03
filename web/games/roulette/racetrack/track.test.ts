import { describe, expect, test } from 'vitest'
import { WHEEL_ORDER } from '../../../../engine/roulette/pockets.ts'
import { trackPlan } from './track.ts'

describe.each(['horizontal', 'vertical'] as const)('%s', (orientation) => {
  test('[FELT-10] the racetrack shows every pocket once, in the order of the wheel, inside the drawing', () => {
    for (const wheel of ['single-zero', 'double-zero'] as const) {
      const plan = trackPlan(wheel, orientation)
      expect(plan.pockets.map(({ pocket }) => pocket)).toEqual(WHEEL_ORDER[wheel])
      for (const { pocket, path, at } of plan.pockets) {
        const numbers = path.match(/[\d.]+/g)?.map(Number) ?? []
        expect(Math.max(...numbers), `${pocket}`).toBeLessThanOrEqual(Math.max(plan.width, plan.height))
        expect(path).not.toMatch(/NaN|-/)
        expect(at[0] > 0 && at[0] < plan.width && at[1] > 0 && at[1] < plan.height).toBe(true)
      }
    }
  })

  test('[FELT-10] neighbours on the track are as far apart everywhere, so that every pocket can be touched', () => {
    const { pockets } = trackPlan('single-zero', orientation)
    for (const [i, { at, pocket }] of pockets.entries()) {
      const next = pockets[(i + 1) % pockets.length]?.at ?? at
      const distance = Math.hypot(at[0] - next[0], at[1] - next[1])
      expect(distance, `after ${pocket}`).toBeGreaterThan(27)
      expect(distance, `after ${pocket}`).toBeLessThan(46)
    }
  })
})

test('[FELT-10] one zero has the four announced fields, two zeros have none', () => {
  const kinds = trackPlan('single-zero', 'horizontal').sections.map(({ kind }) => kind)
  expect(kinds.toSorted()).toEqual(['jeu-zero', 'orphelins', 'tiers', 'voisins'])
  expect(trackPlan('double-zero', 'horizontal').sections).toEqual([])
})
