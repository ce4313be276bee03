import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BoundProcess } from '../../scripts/cluster/bound-process.ts'
import { until } from '../until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const INSTALLED = join(ROOT, 'var/tools/vanilla')
const FILES = ['package.json', 'package-lock.json', 'server.ts']
const UP_MS = 30_000

/** Puts plain Colyseus with its own packages beside the house's, by its own lock file; once. */
export function installVanilla(): void {
  mkdirSync(INSTALLED, { recursive: true })
  for (const name of FILES) copyFileSync(join(ROOT, 'chaos/vanilla', name), join(INSTALLED, name))
  copyFileSync(join(ROOT, '.npmrc'), join(INSTALLED, '.npmrc'))
  if (existsSync(join(INSTALLED, 'node_modules/@colyseus/redis-driver'))) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: INSTALLED,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** One process of plain Colyseus, which keeps its port over its lives. */
export class VanillaProcess {
  readonly port: number
  readonly #args: readonly string[]
  readonly #logFile: string
  #process: BoundProcess | null = null
  #logStart = 0

  constructor(port: number, redisPort: number, publicAddress: string, logFile: string) {
    this.port = port
    this.#args = [String(port), String(redisPort), publicAddress]
    this.#logFile = logFile
  }

  get running(): boolean {
    return this.#process?.running === true
  }

  /** Colyseus' own name of this life of the process. */
  get processId(): string {
    return /^up (\S+)$/m.exec(this.#said())?.[1] ?? ''
  }

  /** The tables whose rooms live here, as it said last. */
  get runs(): readonly string[] {
    const lines = this.#said()
      .split('\n')
      .filter((line) => line.startsWith('runs '))
    return (lines.at(-1) ?? '')
      .split(' ')
      .slice(1)
      .filter((tableId) => tableId !== '')
  }

  async start(): Promise<void> {
    await this.#process?.exited
    this.#logStart = existsSync(this.#logFile) ? readFileSync(this.#logFile).length : 0
    const command = [process.execPath, join(INSTALLED, 'server.ts'), ...this.#args]
    this.#process = await BoundProcess.start(command, {
      cwd: INSTALLED,
      env: { PATH: process.env.PATH },
      logFile: this.#logFile,
    })
    await until(`the process at ${this.port} is up`, () => this.processId !== '', UP_MS)
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal)
  }

  async end(): Promise<void> {
    await this.#process?.end('SIGKILL', 0)
  }

  #said(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile).subarray(this.#logStart).toString() : ''
  }
}

/** A balancer of bare connections: each goes to the next process in turn that takes it. */
export class TurnBalancer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #turn = 0

  constructor(port: number, targets: readonly number[]) {
    this.#server = createServer((near) => {
      this.#keep(near)
      this.#lead(near, targets, targets.length)
    })
    this.#server.listen(port, '127.0.0.1')
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #lead(near: Socket, targets: readonly number[], tries: number): void {
    const port = targets[this.#turn++ % targets.length]
    if (port === undefined || tries === 0) return void near.destroy()
    const far = connect(port, '127.0.0.1')
    this.#keep(far)
    far.once('error', () => this.#lead(near, targets, tries - 1))
    far.once('connect', () => {
      far.removeAllListeners('error')
      far.on('error', () => near.destroy())
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
      near.pipe(far)
      far.pipe(near)
    })
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
