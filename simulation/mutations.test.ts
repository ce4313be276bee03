import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MutantHouse, mutated } from './mutant.ts'
import { MUTATIONS } from './mutations.ts'

const ROOT = join(import.meta.dirname, '..')
const MOST_SEEDS = 400

/** Missed within a few worlds, and one from each part of the house; `npm run sim` takes out all of them. */
const QUICK = [
  'a bet is withdrawn by its own player',
  'rest time',
  'maximum on a position',
  'no close while a stake is unresolved',
  'stakes come from the books',
  'an opening is looked for before it is made again',
  'effects are asked for again',
  'fence',
  'tombstone',
  'the first draw stands',
]

describe('[SIM-14] guards', () => {
  let house: MutantHouse
  beforeAll(() => {
    house = new MutantHouse(ROOT)
  })
  afterAll(() => house.remove())

  test('every guard stands in its file exactly once, and taking it out changes the file', () => {
    for (const mutation of MUTATIONS) {
      const text = readFileSync(join(ROOT, mutation.file), 'utf8')
      expect(mutated(text, mutation), mutation.guard).not.toBe(text)
    }
    expect(new Set(MUTATIONS.map(({ guard }) => guard)).size).toBe(MUTATIONS.length)
  })

  test('a guard that is not there, or there twice, is an error', () => {
    const rotten = { guard: 'g', file: 'f.ts', find: 'if (a)', replace: '', why: '' }
    expect(() => mutated('nothing', rotten)).toThrow('0 times')
    expect(() => mutated('if (a) if (a)', rotten)).toThrow('2 times')
  })

  for (const guard of QUICK)
    test(`without "${guard}" worlds fail`, async () => {
      const mutation = MUTATIONS.find((listed) => listed.guard === guard)
      if (mutation === undefined) throw new Error(`the list has no guard "${guard}"`)
      const order = { from: 0, stride: 1, count: MOST_SEEDS, rounds: 5, mostFailures: 1, cluster: false }
      expect((await house.missedIn(mutation, order))?.complaint).toMatch(/^SIM-\d+: /)
    })
})
