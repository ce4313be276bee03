import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * The network between a page and the house, as a TCP proxy that can be cut (every connection breaks, new ones are
 * refused) or fall silent (connections stand, and nothing comes through).
 */
export class Network {
  readonly port: number
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #state: 'up' | 'cut' | 'silent' = 'up'

  private constructor(server: Server, target: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (near) => this.#join(near, target))
  }

  /** `port` is the proxy's own, `target` the house's. */
  static async between(port: number, target: number): Promise<Network> {
    const server = createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new Network(server, target)
  }

  get url(): string {
    return `http://localhost:${this.port}`
  }

  cut(): void {
    this.#state = 'cut'
    this.#breakAll()
  }

  fallSilent(): void {
    this.#state = 'silent'
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  /** Lets connections through again. Those that were silent break, as they do when a phone finds another network. */
  mend(): void {
    if (this.#state === 'silent') this.#breakAll()
    this.#state = 'up'
  }

  async close(): Promise<void> {
    this.#breakAll()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #breakAll(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
    this.#pairs.clear()
  }

  #join(near: Socket, target: number): void {
    // A connection that breaks is what this is for.
    near.on('error', () => near.destroy())
    if (this.#state === 'cut') return void near.destroy()
    const far = connect(target, '127.0.0.1')
    const pair = [near, far] as const
    this.#pairs.add(pair)
    far.on('error', () => near.destroy())
    near.pipe(far)
    far.pipe(near)
    if (this.#state === 'silent') for (const socket of pair) socket.pause()
    near.on('close', () => far.destroy())
    far.on('close', () => {
      near.destroy()
      this.#pairs.delete(pair)
    })
  }
}
