import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutation } from './mutations.ts'
import type { Sweep } from './sweep.ts'
import { type SweepOrder, sweepInWorker } from './sweep-in-worker.ts'

/** A world that fails without a guard, and not with it. */
export type Missed = {
  readonly seed: number
  /** The drill that was held in every world that was played, if that was asked for. */
  readonly drill: string | null
  readonly complaint: string
  /** Played until then, this one included. */
  readonly worlds: number
}

/** What a world runs on; types of other folders are gone once the sources are stripped. */
const FOLDERS = ['engine', 'rooms', 'server', 'simulation']
/** A drill that has not shown the guard in so many worlds is no help; all other worlds follow. */
const MOST_DRILLED = 300

/** A copy of the sources, of which one guard at a time is taken out. */
export class MutantHouse {
  readonly #root: string
  readonly #copy: string

  constructor(root: string) {
    this.#root = root
    this.#copy = mkdtempSync(join(tmpdir(), 'crupier-sim-'))
    for (const folder of FOLDERS) cpSync(join(root, folder), join(this.#copy, folder), { recursive: true })
    // The hot copy is read by the house's own parser.
    symlinkSync(join(root, 'node_modules'), join(this.#copy, 'node_modules'))
    writeFileSync(join(this.#copy, 'package.json'), JSON.stringify({ type: 'module' }))
  }

  /** Plays worlds without the guard. Errors: rejects when the list of guards has rotted. */
  async sweepWithout(mutation: Mutation, order: SweepOrder): Promise<Sweep> {
    const text = readFileSync(join(this.#root, mutation.file), 'utf8')
    const file = join(this.#copy, mutation.file)
    writeFileSync(file, mutated(text, mutation))
    try {
      return await sweepInWorker(this.#copy, order)
    } finally {
      writeFileSync(file, text)
    }
  }

  /**
   * The first world that misses the guard, those with the guard's drill before all others; null when none does. A world
   * that fails with every guard in its place shows nothing: `passes` tells, for seeds that the caller knows of.
   */
  async missedIn(
    mutation: Mutation,
    order: SweepOrder,
    passes: (seed: number) => boolean | null = () => null,
  ): Promise<Missed | null> {
    const { drill } = mutation
    if (drill === undefined) return this.#missedIn(mutation, order, passes)
    const drilled = { ...order, count: Math.min(order.count, MOST_DRILLED), drill }
    return (await this.#missedIn(mutation, drilled, () => null)) ?? this.#missedIn(mutation, order, passes)
  }

  remove(): void {
    rmSync(this.#copy, { recursive: true, force: true })
  }

  async #missedIn(
    mutation: Mutation,
    order: SweepOrder,
    passes: (seed: number) => boolean | null,
  ): Promise<Missed | null> {
    let worlds = 0
    for (let left = order; left.count > 0; ) {
      const { failed, seeds } = await this.sweepWithout(mutation, { ...left, mostFailures: 1 })
      const [first] = failed
      if (first === undefined) return null
      const { seed, complaints } = first
      worlds += seeds
      if (passes(seed) ?? (await this.#passes(seed, order)))
        return { seed, drill: order.drill ?? null, complaint: complaints[0] ?? '', worlds }
      const played = (seed - left.from) / left.stride + 1
      left = { ...left, from: seed + left.stride, count: left.count - played }
    }
    return null
  }

  async #passes(seed: number, order: SweepOrder): Promise<boolean> {
    const { failed } = await sweepInWorker(this.#root, { ...order, from: seed, count: 1 })
    return failed.length === 0
  }
}

/** Errors: throws when the text to take out does not stand exactly once in the source. */
export function mutated(text: string, { guard, file, find, replace }: Mutation): string {
  const times = text.split(find).length - 1
  if (times !== 1) throw new Error(`guard "${guard}": its text stands ${times} times in ${file}, not once`)
  return text.replace(find, () => replace)
}
