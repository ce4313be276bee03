import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MutantHouse, mutated } from '../mutant.ts'
import { DRILLS } from './drills.ts'
import { CLUSTER_MUTATIONS } from './mutations.ts'

const ROOT = join(import.meta.dirname, '../..')
const MOST_SEEDS = 200

/** Missed within a few worlds, and one from each part of the node; `npm run sim -- --cluster` takes out all of them. */
const QUICK = [
  'the epoch is raised before a table is opened',
  'tables move between rounds',
  'a node without proof stops',
  'tables are spread over the nodes',
  'a claim is compared',
]

describe('[SIM-14] guards of the cluster', () => {
  let house: MutantHouse
  beforeAll(() => {
    house = new MutantHouse(ROOT)
  })
  afterAll(() => house.remove())

  test('every guard stands in its file exactly once, and what is left without it can be read', () => {
    for (const mutation of CLUSTER_MUTATIONS) {
      const text = readFileSync(join(ROOT, mutation.file), 'utf8')
      const without = mutated(text, mutation)
      expect(without, mutation.guard).not.toBe(text)
      expect(() => stripTypeScriptTypes(without), mutation.guard).not.toThrow()
    }
    expect(new Set(CLUSTER_MUTATIONS.map(({ guard }) => guard)).size).toBe(CLUSTER_MUTATIONS.length)
  })

  test('the drills that show a guard soonest are on the list of drills', () => {
    const names = DRILLS.map(({ name }) => name)
    for (const { drill } of CLUSTER_MUTATIONS) if (drill !== undefined) expect(names).toContain(drill)
  })

  test('a world that fails with every guard in its place shows nothing', async () => {
    const [mutation] = CLUSTER_MUTATIONS
    if (mutation === undefined) throw new Error('the list is empty')
    const order = { from: 0, stride: 1, count: 2, rounds: 5, mostFailures: 1, cluster: true }
    expect(await house.missedIn(mutation, order, () => true)).toMatchObject({ seed: 0 })
    expect(await house.missedIn(mutation, order, (seed) => seed > 0)).toMatchObject({ seed: 1 })
    expect(await house.missedIn(mutation, order, () => false)).toBeNull()
  })

  for (const guard of QUICK)
    test(`without "${guard}" clusters fail`, async () => {
      const mutation = CLUSTER_MUTATIONS.find((listed) => listed.guard === guard)
      if (mutation === undefined) throw new Error(`the list has no guard "${guard}"`)
      const order = { from: 0, stride: 1, count: MOST_SEEDS, rounds: 5, mostFailures: 1, cluster: true }
      expect((await house.missedIn(mutation, order))?.complaint).toMatch(/^SIM-\d+: /)
    })
})
