import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Wire, type WireOptions } from './wire.ts'

export type State = 'up' | 'silent' | 'cut'
const WORST_FIRST: readonly State[] = ['cut', 'silent', 'up']

type Hindrance = {
  readonly state: State
  readonly delayMs: number
  readonly concerns: (near: Socket) => boolean
}

/**
 * The network between a client and a server, as a TCP proxy that can be cut (every connection breaks, new ones are
 * refused), fall silent (connections stand, and nothing comes through) or be slow. It can be so for some clients only.
 */
export class Network {
  readonly port: number
  readonly #server: Server
  readonly #wires = new Set<Wire>()
  readonly #hindrances = new Map<string, Hindrance>()
  #state: State = 'up'
  #delayMs = 0
  #serverGone = false

  private constructor(server: Server, port: number, wire: Omit<WireOptions, 'ended'>) {
    this.#server = server
    this.port = port
    server.on('connection', (near) => {
      const made: Wire = new Wire(near, { ...wire, ended: () => this.#wires.delete(made) })
      this.#wires.add(made)
      if (this.#apply(made) === 'up') made.join()
    })
  }

  /** `port` is the proxy's own (0 takes any free one), `target` the server's; both on the loopback address. */
  static async between(port: number, target: number, more: Pick<WireOptions, 'rewriter'> = {}): Promise<Network> {
    const server = createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new Network(server, (server.address() as AddressInfo).port, { target, ...more })
  }

  get url(): string {
    return `http://localhost:${this.port}`
  }

  cut(): Promise<void> {
    return this.#turn('cut')
  }

  fallSilent(): Promise<void> {
    return this.#turn('silent')
  }

  /**
   * Lets connections through again, at full speed. Those that were silent break, as they do when a phone finds another
   * network. Resolves when new ones are taken.
   */
  mend(): Promise<void> {
    this.#delayMs = 0
    return this.#turn('up')
  }

  /** From now on everything takes this much longer in each direction, until `mend`. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs
    this.#applyAll()
  }

  /** The same for those clients only that `concerns` picks, until `release` of the same name. */
  hinder(name: string, state: State, delayMs: number, concerns: (near: Socket) => boolean): void {
    this.#hindrances.set(name, { state, delayMs, concerns })
    this.#applyAll()
  }

  release(name: string): void {
    this.#hindrances.delete(name)
    this.#applyAll()
  }

  /** While the server is gone its address refuses connections, with or without a network before it. */
  serverGone(gone: boolean): Promise<void> {
    this.#serverGone = gone
    return this.#turn(this.#state)
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) wire.break()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #turn(state: State): Promise<void> {
    this.#state = state
    const open = state === 'silent' || (state === 'up' && !this.#serverGone)
    if (!open) this.#server.close()
    this.#applyAll()
    if (!open || this.#server.listening) return
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  #applyAll(): void {
    for (const wire of this.#wires) this.#apply(wire)
  }

  #apply(wire: Wire): State {
    const felt = [...this.#hindrances.values()].filter(({ concerns }) => concerns(wire.near))
    const state = WORST_FIRST.find((each) => this.#state === each || felt.some((one) => one.state === each)) ?? 'up'
    wire.delayMs = Math.max(this.#delayMs, ...felt.map(({ delayMs }) => delayMs))
    if (state === 'cut' || (state === 'up' && wire.silent)) wire.break()
    else if (state === 'silent') wire.fallSilent()
    return state
  }
}
