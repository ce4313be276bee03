import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Json } from '../../engine/game.ts'
import { defaultLimits } from '../../engine/roulette/limits.ts'
import { ROULETTE_VARIANTS, type RouletteVariant } from '../../engine/roulette/rules.ts'
import type { Limits, Pace } from '../../engine/round/types.ts'
import { until } from './until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Below the ports that systems hand out by themselves, so that a killed house finds its own port free again. */
const PORTS = { from: 21_900, to: 21_999 }
const STARTS_WITHIN_MS = 45_000
const STOPS_WITHIN_MS = 15_000
const LOG_KEPT = 4_000
/** The last thing that the server writes when it starts. */
const OPEN = /Crupier is open: /

/** A table's own pace: long enough for a slow machine to place every bet, and to see the ball rest. */
export const PACE: Pace = { bettingMs: 16_000, restMs: 10_000 }

export type TableWish = { readonly pace?: Pace; readonly limits?: Limits }

/** The real `server/main.ts` in a process and a folder of its own. It ends only what it started. */
export class RunningHouse {
  readonly port: number
  readonly #settings: NodeJS.ProcessEnv
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'crupier-e2e-'))
  #child: ChildProcess | null = null
  #said = ''

  private constructor(port: number, settings: NodeJS.ProcessEnv) {
    this.port = port
    this.#settings = settings
  }

  /** Errors: rejects with the house's own last words when it does not open in time. */
  static async open(settings: NodeJS.ProcessEnv = {}): Promise<RunningHouse> {
    const house = new RunningHouse(await freePort(), settings)
    await house.start()
    return house
  }

  get url(): string {
    return `http://localhost:${this.port}`
  }

  /** What the process wrote, for a failing test. */
  get said(): string {
    return this.#said
  }

  /** Starts the process, again after `kill`, on the same folder and port. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['server/main.ts'], {
      cwd: ROOT,
      env: {
        // Nothing else of this process's environment: the test runner has a MODE, a developer may have a DATABASE_URL.
        PATH: process.env.PATH,
        PORT: String(this.port),
        DATA_DIR: this.#dataDir,
        // Every test player comes from one address.
        SIGN_UPS_PER_MINUTE: '1000',
        SIGN_INS_PER_MINUTE: '1000',
        HTTP_REQUESTS_PER_SECOND: '1000',
        ...this.#settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#said = ''
    const keep = (text: Buffer) => {
      this.#said = (this.#said + text.toString()).slice(-LOG_KEPT)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    await until('the house is open', () => this.#isOpen(child), STARTS_WITHIN_MS).catch(async (cause: unknown) => {
      await this.kill()
      throw new Error(`the house did not open; it said:\n${this.#said}`, { cause })
    })
  }

  /** Ends the process without a warning, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Ends the process in order. Errors: rejects when it does not end in time, and then kills it. */
  async end(): Promise<void> {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS)
    const [, signal] = (await gone) as [number | null, NodeJS.Signals | null]
    clearTimeout(late)
    if (signal === 'SIGKILL') throw new Error(`the house did not end in ${STOPS_WITHIN_MS} ms`)
  }

  /** Ends the process and removes its folder. */
  async stop(): Promise<void> {
    await this.end()
    rmSync(this.#dataDir, { recursive: true, force: true })
  }

  /** A command of the operators' desk. Errors: rejects with the code of a refusal. */
  async command(command: { readonly command: string; readonly [name: string]: Json }): Promise<Json> {
    const token = readFileSync(join(this.#dataDir, 'operator.token'), 'utf8').trim()
    const response = await fetch(`${this.url}/operator/api/command`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-operator': 'e2e' },
      body: JSON.stringify(command),
    })
    const { code, result } = (await response.json()) as { code: string | null; result: Json }
    if (code !== null) throw new Error(`${command.command} was refused: ${code}`)
    return result
  }

  /** Opens a table of the test's own, whose first round opens some three seconds later, and waits for that. */
  openTable(tableId: string, variant: RouletteVariant, more: TableWish = {}): Promise<void> {
    return openTable(this, tableId, variant, more)
  }

  /** What the public may read. */
  async read<Answer>(path: string): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`)
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`)
    return (await response.json()) as Answer
  }

  #isOpen(child: ChildProcess): boolean {
    if (child.exitCode !== null) throw new Error(`the house ended with ${child.exitCode}`)
    return OPEN.test(this.#said)
  }
}

type Desk = {
  command(command: { readonly command: string; readonly [name: string]: Json }): Promise<unknown>
  read<Answer>(path: string): Promise<Answer>
}

/** Opens a table of a test's own at a house, and waits until it is listed. */
export async function openTable(
  house: Desk,
  tableId: string,
  variant: RouletteVariant,
  { pace = PACE, limits = defaultLimits(ROULETTE_VARIANTS[variant]) }: TableWish = {},
): Promise<void> {
  const rules = ROULETTE_VARIANTS[variant]
  const name = tableId.replace(/^./, (letter) => letter.toUpperCase())
  await house.command({
    command: 'table.create',
    ...{ tableId, name, gameId: 'roulette', rules, limits: limits as unknown as Json, pace },
  })
  await house.command({ command: 'table.open', tableId })
  await until(`table ${tableId} runs`, async () => {
    const { tables } = await house.read<{ tables: readonly { tableId: string }[] }>('/api/tables')
    return tables.some((table) => table.tableId === tableId)
  })
}

const given = new Set<number>()

/** Starts to look at a place of this process's own, so that suites that run side by side rarely meet. */
export async function freePort(): Promise<number> {
  const count = PORTS.to - PORTS.from + 1
  for (let i = 0; i < count; i += 1) {
    const port = PORTS.from + ((process.pid * 7 + i) % count)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no port is free from ${PORTS.from} to ${PORTS.to}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
