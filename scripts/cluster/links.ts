import type { Socket } from 'node:net'
import { Network, type State } from '../../e2e/support/proxy.ts'
import { portRewriter } from './port-rewriter.ts'
import { freePort } from './ports.ts'
import { holdsConnection } from './socket-owner.ts'

/** All connections between one node and one part of the house. */
export type Link = {
  /** They break, and new ones are refused. */
  cut(): Promise<void>
  /** They stand, new ones too, and nothing comes through. */
  fallSilent(): Promise<void>
  /** Everything takes this much longer in each direction. */
  delay(delayMs: number): Promise<void>
  /** As if nothing had been; connections that were silent break. */
  mend(): Promise<void>
}

/** What lies between one node and the rest of the house. */
export type NodeNetwork = {
  readonly redis: Link
  readonly postgres: Link
  readonly peers: Link
  /** The balancer, and through it every player. */
  readonly clients: Link
}

/** The proxies of one node. */
export class NodeLinks implements NodeNetwork {
  readonly redis: Link
  readonly postgres: Link
  readonly peers: Link
  readonly clients: Link
  readonly databaseUrl: string
  readonly redisUrl: string | null
  /** Where the balancer and the peers find the node. */
  readonly clientPort: number
  readonly peerPort: number
  readonly #doors: readonly [Network, Network]
  readonly #all: readonly Network[]

  private constructor(made: Made, others: () => readonly NodeLinks[], ownsConnection: (near: Socket) => boolean) {
    const [clients, peers] = made.doors
    this.#doors = made.doors
    this.#all = [...made.redis.values(), ...made.postgres.values(), ...made.doors]
    this.clientPort = clients.port
    this.peerPort = peers.port
    this.databaseUrl = made.databaseUrl
    this.redisUrl = made.redisUrl
    this.redis = linkOf([...made.redis.values()])
    this.postgres = linkOf([...made.postgres.values()])
    this.clients = linkOf([clients])
    this.peers = this.#peerLink(others, ownsConnection)
  }

  /**
   * Proxies for a node that listens on these ports. `others` are the links of all nodes, this one's among them, once
   * they are made; `pid` is the node's process, null while it does not run.
   */
  static async open(options: {
    readonly port: number
    readonly peerPort: number
    readonly databaseUrl: string
    readonly redisUrl: string | null
    /** Every port of Redis servers and Sentinels. */
    readonly redisPorts: readonly number[]
    readonly others: () => readonly NodeLinks[]
    readonly pid: () => number | null
  }): Promise<NodeLinks> {
    const clients = await Network.between(await freePort(), options.port)
    const peers = await Network.between(await freePort(), options.peerPort)
    const redis = await redisProxies(options.redisUrl, options.redisPorts)
    const postgres = await proxiesTo(portsIn(options.databaseUrl))
    const owns = ({ remotePort = 0, localPort = 0 }: Socket) => {
      const pid = options.pid()
      return pid !== null && holdsConnection(pid, remotePort, localPort)
    }
    const made: Made = {
      doors: [clients, peers],
      redis,
      postgres,
      databaseUrl: through(options.databaseUrl, portsOf(postgres)),
      redisUrl: options.redisUrl === null ? null : through(options.redisUrl, portsOf(redis)),
    }
    return new NodeLinks(made, options.others, owns)
  }

  /** Whoever reaches this node by its own door, and this node where it reaches the others by theirs. */
  #peerLink(others: () => readonly NodeLinks[], ownsConnection: (near: Socket) => boolean): Link {
    const [, ownDoor] = this.#doors
    const name = `from ${ownDoor.port}`
    const otherDoors = () => others().flatMap((other) => (other === this ? [] : [other.#doors[1]]))
    const hinder = (state: State, delayMs: number) => {
      for (const door of otherDoors()) door.hinder(name, state, delayMs, ownsConnection)
    }
    return {
      cut: async () => {
        hinder('cut', 0)
        await ownDoor.cut()
      },
      fallSilent: async () => {
        hinder('silent', 0)
        await ownDoor.fallSilent()
      },
      delay: async (delayMs) => {
        hinder('up', delayMs)
        ownDoor.delay(delayMs)
      },
      mend: async () => {
        for (const door of otherDoors()) door.release(name)
        await ownDoor.mend()
      },
    }
  }

  /** A node that does not run refuses connections at its proxies as it does without them. */
  async nodeGone(gone: boolean): Promise<void> {
    for (const door of this.#doors) await door.serverGone(gone)
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((network) => network.close()))
  }
}

type Made = {
  /** For clients, for peers. */
  readonly doors: readonly [Network, Network]
  readonly redis: ReadonlyMap<number, Network>
  readonly postgres: ReadonlyMap<number, Network>
  readonly databaseUrl: string
  readonly redisUrl: string | null
}

function linkOf(networks: readonly Network[]): Link {
  const all = async (act: (network: Network) => Promise<void> | void) => {
    await Promise.all(networks.map(act))
  }
  return {
    cut: () => all((network) => network.cut()),
    fallSilent: () => all((network) => network.fallSilent()),
    delay: (delayMs) => all((network) => network.delay(delayMs)),
    mend: () => all((network) => network.mend()),
  }
}

/** Sentinels name the addresses of the servers and of each other, so what they say is changed to the proxies'. */
async function redisProxies(url: string | null, ports: readonly number[]): Promise<ReadonlyMap<number, Network>> {
  if (url === null || !url.startsWith('redis-sentinel:')) return proxiesTo(ports)
  const chosen = new Map<number, number>()
  for (const port of ports) chosen.set(port, await freePort())
  const made = new Map<number, Network>()
  const sentinels = portsIn(url)
  for (const [port, own] of chosen) {
    const rewrite = sentinels.includes(port) ? () => portRewriter(chosen) : undefined
    made.set(port, await Network.between(own, port, { rewriter: rewrite }))
  }
  return made
}

async function proxiesTo(ports: readonly number[]): Promise<ReadonlyMap<number, Network>> {
  const made = new Map<number, Network>()
  for (const port of ports) made.set(port, await Network.between(await freePort(), port))
  return made
}

function portsOf(networks: ReadonlyMap<number, Network>): ReadonlyMap<number, number> {
  return new Map([...networks].map(([target, { port }]) => [target, port]))
}

/** The ports of an address of one or several hosts. */
function portsIn(url: string): number[] {
  return [...url.matchAll(/127\.0\.0\.1:(\d+)/g)].map((found) => Number(found[1]))
}

function through(url: string, ports: ReadonlyMap<number, number>): string {
  return url.replace(/(127\.0\.0\.1:)(\d+)/g, (_, host, port) => `${host}${ports.get(Number(port)) ?? port}`)
}
