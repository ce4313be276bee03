import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../var/chaos', import.meta.url))

/** Where a run tells what it sees: `note` for the record, `say` for whoever watches. */
export type Notes = Pick<RunLog, 'note' | 'say'>

/** The folder of one run: what the harness saw, as JSON lines, beside the logs of everything that it started. */
export class RunLog {
  readonly folder: string
  readonly #startedMs = performance.now()

  constructor(now: Date) {
    this.folder = join(FOLDER, now.toISOString().slice(0, 19).replaceAll(':', '-'))
    mkdirSync(this.folder, { recursive: true })
  }

  note(what: string, detail: object = {}): void {
    const line = { atMs: Math.round(performance.now() - this.#startedMs), wallMs: Date.now(), what, ...detail }
    appendFileSync(join(this.folder, 'harness.log'), `${JSON.stringify(line)}\n`)
  }

  /** A line for whoever watches the run, and for the log. */
  say(text: string): void {
    const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(1)
    process.stdout.write(`[${seconds.padStart(6)} s] ${text}\n`)
    this.note('say', { text })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
