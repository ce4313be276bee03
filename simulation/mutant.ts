import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutation } from './mutations.ts'
import type { Sweep } from './sweep.ts'
import { type SweepOrder, sweepInWorker } from './sweep-in-worker.ts'

/** What a world runs on; types of other folders are gone once the sources are stripped. */
const FOLDERS = ['engine', 'rooms', 'server', 'simulation']

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

  remove(): void {
    rmSync(this.#copy, { recursive: true, force: true })
  }
}

/** Errors: throws when the text to take out does not stand exactly once in the source. */
export function mutated(text: string, { guard, file, find, replace }: Mutation): string {
  const times = text.split(find).length - 1
  if (times !== 1) throw new Error(`guard "${guard}": its text stands ${times} times in ${file}, not once`)
  return text.replace(find, () => replace)
}
