import { describe, expect, test } from 'vitest'
import { DRILLS } from './drills.ts'
import { CLUSTER_TALLIED, type ClusterTally, emptyClusterTally } from './weather.ts'
import { type ClusterWorldReport, playClusterWorld } from './world.ts'

/** Worlds that hold each drill, and how many may be played for them: not every world allows for every drill. */
const OF_EACH_DRILL = 6
const MOST_OF_EACH_DRILL = 60
/** The rarest mishap comes in one world of twenty-five. */
const MOST_FOR_MISHAPS = 400

/** Worlds that nobody has seen, each named so that it can be played again. */
let nextSeed = Math.trunc(Math.random() * 2 ** 31)
const sum: ClusterTally = emptyClusterTally()

async function playFresh(drill?: string): Promise<{ readonly drills: readonly string[] }> {
  const seed = nextSeed++
  const drills: string[] = []
  const { complaints, tally } = await playClusterWorld({
    seed,
    drill,
    listen: (seen) => {
      if (seen.what === 'drill') drills.push(seen.drill.name)
    },
  })
  const replay = `npm run sim -- --cluster --seed ${seed}${drill === undefined ? '' : ` --drill "${drill}"`}`
  expect(complaints, replay).toEqual([])
  for (const name of CLUSTER_TALLIED) sum[name] += tally[name]
  return { drills }
}

const neverSeen = (): string[] => CLUSTER_TALLIED.filter((name) => sum[name] === 0)

describe('[SIM-16 SIM-17 SIM-18 SIM-19 SIM-20 SIM-21 SIM-22 SIM-23 SIM-24 SIM-25 SIM-26 SIM-27] clusters', () => {
  for (const { name } of DRILLS)
    test(`${OF_EACH_DRILL} worlds that nobody has seen, with the drill "${name}"`, async () => {
      let held = 0
      for (let played = 0; held < OF_EACH_DRILL && played < MOST_OF_EACH_DRILL; played++)
        if ((await playFresh(name)).drills.includes(name)) held++
      expect(held).toBe(OF_EACH_DRILL)
    })

  test('[SIM-13] every mishap, and all that comes of it, happens in these worlds or in some more', async () => {
    for (let played = 0; neverSeen().length > 0 && played < MOST_FOR_MISHAPS; played++) await playFresh()
    expect(neverSeen()).toEqual([])
  })
})

test('[SIM-12] the same seed makes the same cluster, another seed or drill another', async () => {
  const play = (seed: number, drill?: string): Promise<ClusterWorldReport> => playClusterWorld({ seed, drill })
  const once = await play(7, 'a process dies')
  expect(await play(7, 'a process dies')).toEqual(once)
  const others = [await play(8, 'a process dies'), await play(7, 'Redis is away')]
  expect(new Set([once, ...others].map(({ trace }) => trace)).size).toBe(3)
})
