import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const LIBRARIES = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
/** How often the library looks whether it was set, and a little more. */
const LOOKS_EVERY_S = 1
const SEEN_MS = 1_200

/** Where Debian's `libfaketime` puts the library; null when it is not installed. */
export function fakeTimeLibrary(): string | null {
  return LIBRARIES.find((file) => existsSync(file)) ?? null
}

/** The wall clock of one process, which may be set while it runs. Its steady clock is left alone. */
export class FakeClock {
  readonly #folder = mkdtempSync(join(tmpdir(), 'crupier-clock-'))
  readonly #file = join(this.#folder, 'now')

  constructor() {
    writeFileSync(this.#file, '+0')
  }

  /** For the process. Errors: throws when the library is not installed. */
  get env(): Readonly<Record<string, string>> {
    const library = fakeTimeLibrary()
    if (library === null) throw new Error('no libfaketime: install Debian’s package of that name')
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: String(LOOKS_EVERY_S),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    }
  }

  /** Sets it so far ahead of the right time, in seconds; behind, if negative. Resolves when the process has seen it. */
  async set(aheadS: number): Promise<void> {
    // As one step, so that nobody reads half of it.
    writeFileSync(`${this.#file}.next`, `${aheadS < 0 ? '' : '+'}${aheadS}`)
    renameSync(`${this.#file}.next`, this.#file)
    await pause(SEEN_MS)
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
