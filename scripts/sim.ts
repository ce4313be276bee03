/**
 * `npm run sim -- [--seeds 5000] [--rounds 5]` plays that many worlds on the sources as they are, then takes out every
 * guard in turn and plays until the auditor notices. `--cluster` plays worlds of several nodes instead. `--seed N`
 * replays one world in words; `--drill NAME` chooses its drill. `--days 3` takes out a third of the guards, by the
 * date, so that three days in a row take out all.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CLUSTER_MUTATIONS } from '../simulation/cluster/mutations.ts'
import { playClusterWorld } from '../simulation/cluster/world.ts'
import { type Missed, MutantHouse } from '../simulation/mutant.ts'
import { MUTATIONS, type Mutation } from '../simulation/mutations.ts'
import { sweepInWorker } from '../simulation/sweep-in-worker.ts'
import { inWords } from '../simulation/words.ts'
import { playWorld } from '../simulation/world.ts'

const ROOT = join(import.meta.dirname, '..')
const WORKERS = 2
const MOST_SHOWN = 10
const DAY_MS = 86_400_000
/** Worlds in which a missing guard must be noticed. */
const MOST_MUTANT_SEEDS = 5_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string' },
    cluster: { type: 'boolean', default: false },
    drill: { type: 'string' },
    days: { type: 'string', default: '1' },
  },
})
const { cluster } = values
const listed = cluster ? CLUSTER_MUTATIONS : MUTATIONS
const days = Math.max(1, whole(values.days, 'days'))
const today = Math.floor(Date.now() / DAY_MS) % days
const mutations = listed.filter((_, i) => i % days === today)
const rounds = whole(values.rounds, 'rounds')

process.exitCode = values.seed === undefined ? await sweepAll(whole(values.seeds, 'seeds')) : await replay(values.seed)

async function sweepAll(seeds: number): Promise<number> {
  const startedMs = performance.now()
  const sweeps = await Promise.all(
    Array.from({ length: WORKERS }, (_, from) => {
      const count = Math.ceil((seeds - from) / WORKERS)
      return sweepInWorker(ROOT, { from, stride: WORKERS, count, rounds, mostFailures: MOST_SHOWN, cluster })
    }),
  )
  const failed = sweeps.flatMap((sweep) => sweep.failed)
  for (const { seed, complaints } of failed) console.log(`seed ${seed}: ${complaints[0]}`)
  const of = cluster ? 'of several nodes' : `of ${rounds} rounds a table`
  console.log(`${seeds} worlds ${of} in ${seconds(startedMs)} s, ${failed.length} failed`)
  for (const name of Object.keys(sweeps[0]?.tally ?? {}))
    console.log(`  ${name}: ${sweeps.reduce((sum, { tally }) => sum + (tally[name] ?? 0), 0)}`)
  const allPlayed = sweeps.reduce((sum, sweep) => sum + sweep.seeds, 0) === seeds
  const failing = new Set(failed.map(({ seed }) => seed))
  const unnoticed = await takeOutGuards((seed) => (allPlayed && seed < seeds ? !failing.has(seed) : null))
  const guardsUnnoticed = unnoticed.length
  const guards = { guardsListed: listed.length, guardsRemoved: mutations.length, guardsUnnoticed }
  console.log(JSON.stringify({ seeds, failures: failed.length, ...guards, cluster }))
  return failed.length + guardsUnnoticed === 0 ? 0 : 1
}

/** Answers the guards that nobody missed. `passes` tells of worlds with all guards, where it is known. */
async function takeOutGuards(passes: (seed: number) => boolean | null): Promise<Mutation[]> {
  const startedMs = performance.now()
  const waiting = [...mutations]
  const unnoticed: Mutation[] = []
  const work = async (): Promise<void> => {
    const house = new MutantHouse(ROOT)
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const order = { from: 0, stride: 1, count: MOST_MUTANT_SEEDS, rounds, mostFailures: 1, cluster }
        const missed = await house.missedIn(next, order, passes)
        console.log(`without "${next.guard}" (${next.file}): ${noticed(missed)}`)
        if (missed === null) unnoticed.push(next)
      }
    } finally {
      house.remove()
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, work))
  const taken = `${mutations.length} of ${listed.length} guards taken out in ${seconds(startedMs)} s`
  console.log(`${taken}, ${unnoticed.length} not noticed`)
  return unnoticed
}

function noticed(missed: Missed | null): string {
  if (missed === null) return `NOT NOTICED in ${MOST_MUTANT_SEEDS} worlds`
  const { seed, drill, complaint, worlds } = missed
  return `seed ${seed}${drill === null ? '' : ` --drill "${drill}"`} (world ${worlds}): ${complaint}`
}

async function replay(text: string): Promise<number> {
  const seed = whole(text, 'seed')
  const listen = (...seen: Parameters<typeof inWords>): void => console.log(inWords(...seen))
  const report = cluster
    ? await playClusterWorld({ seed, drill: values.drill, listen })
    : await playWorld({ seed, rounds, listen })
  for (const complaint of report.complaints) console.log(complaint)
  console.log(JSON.stringify(report))
  return report.complaints.length === 0 ? 0 : 1
}

function whole(text: string, name: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} is a whole number, not ${text}`)
  return number
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1_000).toFixed(1)
}
