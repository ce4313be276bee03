import { emptyTally, TALLIED, type Tally } from './faults.ts'
import { playWorld, type WorldReport } from './world.ts'

export type Sweep = {
  readonly seeds: number
  readonly failed: readonly WorldReport[]
  readonly tally: Tally
}

/** Plays worlds one after another; stops early once `mostFailures` of them have failed. */
export async function sweep(seeds: Iterable<number>, rounds: number, mostFailures: number): Promise<Sweep> {
  const failed: WorldReport[] = []
  const tally = emptyTally()
  let played = 0
  for (const seed of seeds) {
    const report = await playWorld({ seed, rounds })
    played++
    for (const name of TALLIED) tally[name] += report.tally[name]
    if (report.complaints.length > 0) failed.push(report)
    if (failed.length >= mostFailures) break
  }
  return { seeds: played, failed, tally }
}
