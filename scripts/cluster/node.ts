import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../e2e/support/until.ts'
import { BoundProcess, type Exit } from './bound-process.ts'
import type { NodeLinks, NodeNetwork } from './links.ts'

const READY_WITHIN_MS = 60_000
const TERMINATES_WITHIN_MS = 60_000
const ASK_LIMIT_MS = 3_000
const LOG_SHOWN = 4_000

/** What may differ from node to node, and from one life of a node to the next. */
export type NodeChange = {
  /** Folder of the program, with its own `node_modules`: another version of it, for a rolling upgrade. */
  readonly program?: string
  /** Further environment, such as LD_PRELOAD and FAKETIME of libfaketime; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export type NodeOptions = {
  readonly nodeId: string
  readonly port: number
  readonly program: string
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
  readonly links: NodeLinks | null
}

export type Termination = Exit & { readonly ms: number }

/** One server process of the cluster, which keeps its id, its ports and its log over all of its lives. */
export class ClusterNode {
  readonly nodeId: string
  /** Its own web address, past the balancer and past every proxy. */
  readonly url: string
  readonly logFile: string
  readonly #links: NodeLinks | null
  #program: string
  #env: NodeJS.ProcessEnv
  #process: BoundProcess | null = null

  constructor(options: NodeOptions) {
    this.nodeId = options.nodeId
    this.url = `http://127.0.0.1:${options.port}`
    this.logFile = options.logFile
    this.#links = options.links
    this.#program = options.program
    this.#env = options.env
  }

  /** Of its last life; null before the first. */
  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  get running(): boolean {
    return this.#process?.running === true
  }

  /** How its last life ended; null while it runs, and before the first. */
  get lastExit(): Exit | null {
    return this.#process?.exit ?? null
  }

  /** Resolves when its present life has ended. Errors: rejects before the first. */
  get exited(): Promise<Exit> {
    return this.#process?.exited ?? Promise.reject(new Error(`${this.nodeId} was never started`))
  }

  /** Errors: throws unless the cluster was started with `links: true`. */
  get network(): NodeNetwork {
    if (this.#links === null) throw new Error('the cluster was started without links')
    return this.#links
  }

  /** Starts it, again if need be, as it was last given. Resolves when the process runs; `ready` waits for more. */
  async start({ program, env = {} }: NodeChange = {}): Promise<void> {
    if (this.running) throw new Error(`${this.nodeId} runs already`)
    this.#program = program ?? this.#program
    this.#env = { ...this.#env, ...env }
    await this.#links?.nodeGone(false)
    const started = await BoundProcess.start([process.execPath, join(this.#program, 'server/main.ts')], {
      cwd: this.#program,
      env: this.#env,
      logFile: this.logFile,
    })
    this.#process = started
    void started.exited.then(async () => {
      if (this.#process === started) await this.#links?.nodeGone(true)
    })
  }

  /** Sends a signal now, and waits for nothing; false when the process has ended. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#process?.signal(signal) === true
  }

  /** Ends it without a warning, also while it is paused. Resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal)
    await this.#process?.exited
  }

  /** SIGSTOP: it keeps its sockets and does nothing. */
  pause(): void {
    this.signal('SIGSTOP')
  }

  resume(): void {
    this.signal('SIGCONT')
  }

  /** Ends it in order. Answers how it ended and how long that took; after a minute it is killed. */
  async terminate(withinMs = TERMINATES_WITHIN_MS): Promise<Termination> {
    if (this.#process === null) throw new Error(`${this.nodeId} was never started`)
    const startedMs = performance.now()
    const exit = await this.#process.end('SIGTERM', withinMs)
    return { ...exit, ms: performance.now() - startedMs }
  }

  /** Whether it says that it is ready. */
  async isReady(): Promise<boolean> {
    return (await this.#ask('/readyz').catch(() => null))?.ok === true
  }

  /** Resolves when it is ready. Errors: rejects when it ends before, or is not ready within a minute. */
  async ready(withinMs = READY_WITHIN_MS): Promise<void> {
    const ready = () => {
      if (!this.running) throw new Error(`${this.nodeId} ended`)
      return this.isReady()
    }
    await until(`${this.nodeId} is ready`, ready, withinMs).catch((cause: unknown) => {
      throw new Error(`${this.nodeId} is not ready; it said in ${this.logFile}:\n${this.lastWords()}`, { cause })
    })
  }

  /** The end of its log, for a failing test. */
  lastWords(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8').slice(-LOG_SHOWN) : ''
  }

  /** The tables that it lists, whoever runs them. */
  async tables(): Promise<readonly string[]> {
    const response = await this.#ask('/api/tables')
    const { tables } = (await response.json()) as { tables: readonly { tableId: string }[] }
    return tables.map(({ tableId }) => tableId)
  }

  #ask(path: string): Promise<Response> {
    return fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(ASK_LIMIT_MS) })
  }
}
