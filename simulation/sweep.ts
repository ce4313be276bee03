/** What every kind of world says of itself at its end. */
export type Report = {
  readonly seed: number
  readonly complaints: readonly string[]
  readonly tally: Readonly<Record<string, number>>
}

export type Sweep = {
  readonly seeds: number
  readonly failed: readonly Report[]
  /** How often each thing happened, over all worlds. */
  readonly tally: Readonly<Record<string, number>>
}

/** Plays worlds one after another; stops early once `mostFailures` of them have failed. */
export async function sweep(
  seeds: Iterable<number>,
  play: (seed: number) => Promise<Report>,
  mostFailures: number,
): Promise<Sweep> {
  const failed: Report[] = []
  const tally: Record<string, number> = {}
  let played = 0
  for (const seed of seeds) {
    const report = await play(seed)
    played++
    for (const [name, times] of Object.entries(report.tally)) tally[name] = (tally[name] ?? 0) + times
    if (report.complaints.length > 0) failed.push(report)
    if (failed.length >= mostFailures) break
  }
  return { seeds: played, failed, tally }
}
