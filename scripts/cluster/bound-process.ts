import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { until } from '../../e2e/support/until.ts'

const BEGINS_WITHIN_MS = 10_000

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type ProcessOptions = {
  readonly cwd?: string
  /** The whole environment: nothing of this process's own is added. */
  readonly env: NodeJS.ProcessEnv
  /** What it writes is added to the end of this file, whose folder is made. */
  readonly logFile: string
}

/**
 * A process that ends with the one that started it, however that one ends: the kernel kills it, so neither an interrupt
 * nor `kill -9` of the parent leaves it behind. It has a process group of its own, so that an interrupt typed at a
 * terminal reaches the parent alone, which then ends its parts in order.
 */
export class BoundProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #exited: Promise<Exit>

  private constructor(child: ChildProcess, pid: number, exited: Promise<Exit>) {
    this.#child = child
    this.pid = pid
    this.#exited = exited
  }

  /**
   * Errors: rejects when there is no `setpriv` (util-linux). A program that is not there ends at once, and its log says
   * so.
   */
  static async start(command: readonly string[], options: ProcessOptions): Promise<BoundProcess> {
    mkdirSync(dirname(options.logFile), { recursive: true })
    const log = openSync(options.logFile, 'a', 0o600)
    try {
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: options.env,
        stdio: ['ignore', log, log],
        detached: true,
      })
      const exited = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
      await once(child, 'spawn')
      if (child.pid === undefined) throw new Error(`${command[0]} has no process`)
      // Until then nothing binds it yet.
      await until(`${command[0]} has begun`, () => hasBegun(child), BEGINS_WITHIN_MS, 1)
      return new BoundProcess(child, child.pid, exited)
    } finally {
      closeSync(log)
    }
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** How it ended; null while it runs. */
  get exit(): Exit | null {
    return this.running ? null : { code: this.#child.exitCode, signal: this.#child.signalCode }
  }

  /** Resolves when the process has ended. */
  get exited(): Promise<Exit> {
    return this.#exited
  }

  /** Sends a signal; false when the process has ended already. */
  signal(signal: NodeJS.Signals): boolean {
    return this.running && this.#child.kill(signal)
  }

  /** Ends it with `signal`, and after `withinMs` without mercy. A process that is paused is woken to hear it. */
  async end(signal: NodeJS.Signals, withinMs: number): Promise<Exit> {
    this.signal(signal)
    this.signal('SIGCONT')
    const late = setTimeout(() => this.signal('SIGKILL'), withinMs)
    const exit = await this.#exited
    clearTimeout(late)
    return exit
  }
}

/** Whether the program itself runs in the process by now, or has ended already. */
function hasBegun({ pid, exitCode, signalCode }: ChildProcess): boolean {
  if (exitCode !== null || signalCode !== null) return true
  try {
    return !readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('setpriv\0')
  } catch {
    return true
  }
}
