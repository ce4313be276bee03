import type { LinkState, PeerAsks, PeerLinks, PeerListener, PeerNews } from '../../server/failover/peers.ts'
import type { NodeRow } from '../../server/failover/ports.ts'
import type { Process } from './process.ts'
import { type Connection, placeOf, type Switchboard } from './switchboard.ts'

/** A redial comes within this time once it may succeed. */
const REDIAL_MS = 100
const CONNECT_MS = 10
/** A process that stood still for longer finds that it heard nothing for too long, if it looks before it reads. */
const SILENT_MS = 700

/** What one process hears of one other node, and how: the socket breaks, falls silent, is made again. */
export class NodeLink {
  readonly process: Process
  readonly nodeId: string
  readonly address: string
  readonly #board: Switchboard
  readonly #listener: Pick<PeerListener, 'linkChanged' | 'news'>
  #state: LinkState = 'silent'
  #connection: Connection | null = null
  #dialling = false
  #closed = false

  constructor(
    board: Switchboard,
    process: Process,
    listener: Pick<PeerListener, 'linkChanged' | 'news'>,
    { nodeId, address }: Pick<NodeRow, 'nodeId' | 'address'>,
  ) {
    this.#board = board
    this.process = process
    this.#listener = listener
    this.nodeId = nodeId
    this.address = address
    board.add(this)
    this.#dial(CONNECT_MS)
  }

  get state(): LinkState {
    return this.#state
  }

  hear(news: PeerNews): void {
    this.#become('up')
    this.tell(news)
  }

  tell(news: PeerNews): void {
    if (!this.#closed) this.#listener.news(this.nodeId, news)
  }

  /** The socket was reset, or nothing was heard on it for too long. */
  lost(connection: Connection): void {
    if (this.#connection !== connection) return
    this.#board.drop(connection)
    this.#connection = null
    if (this.#state === 'up') this.#become('silent')
    this.#dial(CONNECT_MS)
  }

  /** This process itself stood still. */
  overslept(pausedMs: number): void {
    if (this.#connection !== null && pausedMs > SILENT_MS) this.lost(this.#connection)
  }

  /** The ways and processes have changed: perhaps the other node can be reached now. */
  review(): void {
    if (this.#connection === null) this.#dial(REDIAL_MS)
  }

  close(): void {
    this.#closed = true
    this.#board.remove(this)
    if (this.#connection !== null) this.#board.drop(this.#connection)
  }

  /** A dial that cannot succeed is made again as soon as something has changed. */
  #dial(withinMs: number): void {
    if (this.#dialling || this.#closed) return
    this.#dialling = true
    const { agenda, dice } = this.#board.net
    agenda.in(dice.between(1, withinMs), () =>
      this.process.deliver(() => {
        this.#dialling = false
        this.#connect()
      }),
    )
  }

  #connect(): void {
    if (this.#closed || this.#connection !== null) return
    const { net } = this.#board
    const [here, there] = [this.process.place, placeOf(this.address)]
    if (!net.open(here, there) || !net.open(there, here)) return
    const door = this.#board.doorAt(this.address)
    if (door?.process.state === 'running') this.#connection = this.#board.connect(this, door)
    // Refused: the machine answers, and no process listens there any more.
    else if (door === null && !this.#board.isDark(this.address)) this.#become('gone')
  }

  #become(state: LinkState): void {
    if (this.#closed || this.#state === state) return
    this.#state = state
    this.#listener.linkChanged(this.nodeId, state)
  }
}

/** The links of one process to all other nodes. */
export class NodeLinks implements PeerLinks {
  readonly #board: Switchboard
  readonly #process: Process
  readonly #listener: Pick<PeerListener, 'linkChanged' | 'news'>
  readonly #follows: (nodeIds: readonly string[]) => void
  readonly #links = new Map<string, NodeLink>()

  /** `follows` hears of which nodes the process keeps a link to. */
  constructor(
    board: Switchboard,
    process: Process,
    listener: Pick<PeerListener, 'linkChanged' | 'news'>,
    follows: (nodeIds: readonly string[]) => void,
  ) {
    this.#board = board
    this.#process = process
    this.#listener = listener
    this.#follows = follows
  }

  follow(nodes: readonly NodeRow[]): void {
    const wanted = new Map(nodes.map((node) => [node.nodeId, node]))
    this.#follows([...wanted.keys()])
    for (const [nodeId, link] of this.#links) {
      if (wanted.get(nodeId)?.address === link.address) continue
      link.close()
      this.#links.delete(nodeId)
    }
    for (const [nodeId, node] of wanted)
      if (!this.#links.has(nodeId))
        this.#links.set(nodeId, new NodeLink(this.#board, this.#process, this.#listener, node))
  }

  stateOf(nodeId: string): LinkState {
    return this.#links.get(nodeId)?.state ?? 'silent'
  }

  tell(news: PeerNews): void {
    this.#board.tell(this.#process, news)
  }

  ask<K extends keyof PeerAsks>(
    nodeId: string,
    kind: K,
    ask: PeerAsks[K]['ask'],
    withinMs: number,
  ): Promise<PeerAsks[K]['answer']> {
    const link = this.#links.get(nodeId)
    if (link === undefined) return Promise.reject(new Error(`no link to the node ${nodeId}`))
    return this.#board.ask(this.#process, link, kind, ask, withinMs)
  }

  /** Some of the links are found silent by a process that looks at its clock before it reads its sockets. */
  overslept(pausedMs: number): void {
    for (const link of this.#links.values()) link.overslept(pausedMs)
  }

  close(): void {
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }
}
