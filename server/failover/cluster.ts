import type { LobbyTable } from '../../rooms/protocol.ts'
import { ClusterNode, type ClusterNodeOptions } from './cluster-node.ts'
import type { Place } from './directory.ts'
import type { Gateway, Whereabouts } from './gateway.ts'
import { PeerDialer } from './peer-links.ts'
import { PeerServer } from './peer-server.ts'
import type { HouseAsks, LocalTables, PeerAsks, PeerNews, PeerWays, SeatAnswer, SeatAsk } from './peers.ts'
import type { Life } from './ports.ts'

type Passed = 'nodeId' | 'release' | 'book' | 'leases' | 'leaseMs' | 'tables' | 'meter' | 'voidHere' | 'outlived'

export type ClusterOptions = Pick<ClusterNodeOptions, Passed> & {
  /** Under which the nodes of the house prove themselves; see `peerKey`. */
  readonly key: Uint8Array
  readonly peerHost: string
  readonly peerPort: number
  /** Null: the host and the port that was taken. */
  readonly peerAddress: string | null
  /** The rows of all tables, as players see them in the lobby. */
  readonly board: { list(tableId: string, row: LobbyTable | null): void; rows(): readonly LobbyTable[] }
  /** An operator changed the table at another node. */
  readonly tableChanged: (tableId: string) => void
  readonly gateway: () => Pick<Gateway, 'relayed' | 'moved'>
  /** A seat that another node asks for on behalf of its client. */
  readonly seat: (ask: SeatAsk) => Promise<SeatAnswer>
}

/** Rooms that every node has for itself. */
const EVERYWHERE = new Set(['lobby'])

/** This node among all nodes of the house: its listener for the others, its links to them, and what it decides. */
export class Cluster implements Whereabouts {
  readonly nodeId: string
  readonly #options: ClusterOptions
  readonly #node: ClusterNode
  readonly #server: PeerServer
  readonly #dialer: PeerDialer
  readonly #told = new Map<string, string>()

  private constructor(options: ClusterOptions, server: PeerServer, dialer: PeerDialer, node: ClusterNode) {
    this.nodeId = options.nodeId
    this.#options = options
    this.#server = server
    this.#dialer = dialer
    this.#node = node
  }

  /** Listens for other nodes; takes part only after `start`. Errors: rejects when the port is taken. */
  static async open(options: ClusterOptions): Promise<Cluster> {
    const { key, nodeId, peerHost, peerPort, peerAddress, meter } = options
    const steadyMs = (): number => performance.now()
    // Nobody links before the books know this node's address, which is after all of this is wired.
    const wired: { cluster?: Cluster; node?: ClusterNode } = {}
    const self = (): Life => wired.node?.life ?? { nodeId, incarnation: 0 }
    const server = await PeerServer.open({
      host: peerHost,
      port: peerPort,
      key,
      self,
      asked: async <K extends keyof HouseAsks>(kind: K, ask: HouseAsks[K]['ask']) => {
        if (wired.node === undefined) throw new Error('this node is still starting')
        if (kind === 'seat') return options.seat(ask as SeatAsk) as Promise<HouseAsks[K]['answer']>
        return wired.node.asked(kind as keyof PeerAsks, ask as never) as Promise<HouseAsks[K]['answer']>
      },
      relayed: (request, socket, head) => {
        try {
          void options.gateway().relayed(request, socket, head)
        } catch {
          // Another node still takes an earlier life of this one for open, and this one is only starting.
          socket.destroy()
        }
      },
      greet: () => wired.cluster?.greeting() ?? [],
      failed: (where, error) => meter.failed(where, error),
    })
    const dialer = new PeerDialer({
      key,
      self,
      steadyMs,
      tell: (news) => server.tell(news),
      listener: {
        linkChanged: (nodeId, state) => wired.node?.linkChanged(nodeId, state),
        news: (nodeId, news) => wired.node?.news(nodeId, news),
      },
    })
    const node = new ClusterNode({
      ...options,
      tables: { ...options.tables, wanted: () => wired.cluster?.wanted() ?? options.tables.wanted() },
      address: peerAddress ?? `${peerHost.includes(':') ? `[${peerHost}]` : peerHost}:${server.port}`,
      links: dialer,
      steadyMs,
      heard: (from, news) => wired.cluster?.heard(from, news),
      moved: (tableId) => options.gateway().moved(tableId, wired.node?.directory.ownerOf(tableId)?.nodeId ?? null),
    })
    wired.node = node
    wired.cluster = new Cluster(options, server, dialer, node)
    return wired.cluster
  }

  get ready(): boolean {
    return this.#node.ready
  }

  /** True while this node hears no other one, though the books hear some: it can lead nobody to their tables. */
  get isDeaf(): boolean {
    return this.#dialer.isDeaf
  }

  /** The way to other nodes, for their clients' sake. */
  get peers(): PeerWays {
    return this.#dialer
  }

  get draining(): boolean {
    return this.#node.draining
  }

  /** Milliseconds since this node last proved in any store that it lives. */
  get leaseAgeMs(): number {
    return this.#node.keeper.ageMs
  }

  /** Errors: rejects when the books are out of reach. */
  start(): Promise<void> {
    return this.#node.start()
  }

  async find(roomId: string, withinMs: number): Promise<Place | null> {
    return EVERYWHERE.has(roomId) ? 'here' : this.#node.find(roomId, withinMs)
  }

  wants(roomId: string): boolean {
    return EVERYWHERE.has(roomId) || this.#node.wants(roomId)
  }

  unheard(roomId: string): string | null {
    const owner = EVERYWHERE.has(roomId) ? null : this.#node.directory.ownerOf(roomId)
    if (owner === null || owner.incarnation === 0 || owner.nodeId === this.nodeId) return null
    return this.#dialer.stateOf(owner.nodeId) === 'up' ? null : owner.nodeId
  }

  /** Errors: `ClaimLost`. */
  claim(tableId: string): Promise<number> {
    return this.#node.claim(tableId)
  }

  /** The table ended here by itself: the books refused its epoch, or the house closed it. */
  gaveUp(tableId: string): void {
    this.#node.gaveUp(tableId)
  }

  /** Redis knows, or was made to say, that a table of this node has a later owner: the books are asked. */
  doubt(): void {
    this.#node.keeper.doubt()
  }

  tableChanged(tableId: string): void {
    this.#node.tableChanged(tableId)
  }

  /** A table of this node shows itself in the lobby, here and at every other node. */
  list(tableId: string, row: LobbyTable | null): void {
    const { board } = this.#options
    if (row === null && this.#node.wants(tableId)) {
      // It goes on elsewhere in a moment, so it does not vanish from the lobby.
      const last = board.rows().find((known) => known.tableId === tableId)
      if (last !== undefined && this.#isOwn(tableId)) board.list(tableId, { ...last, status: 'moving', players: 0 })
      return
    }
    board.list(tableId, row)
    const text = JSON.stringify(row)
    if (this.#told.get(tableId) === text) return
    this.#told.set(tableId, text)
    if (row === null) this.#told.delete(tableId)
    this.#server.tell({ type: 'row', tableId, row })
  }

  /** The tables that the house wants. Of any other one nothing is left in the lobby, whoever ran it (FOV-84). */
  async wanted(): ReturnType<LocalTables['wanted']> {
    const { tables, board } = this.#options
    const wanted = await tables.wanted()
    const ids = new Set(wanted.map(({ tableId }) => tableId))
    for (const { tableId } of board.rows()) if (!ids.has(tableId)) board.list(tableId, null)
    return wanted
  }

  /** Orders the void at whichever node runs the table. */
  async voidRound(ask: PeerAsks['void']['ask'], withinMs: number): Promise<PeerAsks['void']['answer']> {
    const place = await this.find(ask.tableId, withinMs)
    if (place === null) return { code: 'no-such-table' }
    if (place === 'here') return this.#options.voidHere(ask)
    return this.#dialer.ask(place.nodeId, 'void', ask, withinMs + 1_000)
  }

  drain(withinMs: number): Promise<void> {
    return this.#node.drain(withinMs)
  }

  async stop(): Promise<void> {
    await this.#node.stop()
    this.#dialer.close()
    this.#server.close()
  }

  /** All that a node should know which has just linked to this one. */
  greeting(): PeerNews[] {
    const rows = this.#options.board.rows().filter(({ tableId }) => this.#isOwn(tableId))
    return [
      { type: 'presence', presence: this.#node.presence() },
      ...rows.map((row) => ({ type: 'row', tableId: row.tableId, row }) as const),
    ]
  }

  #isOwn(tableId: string): boolean {
    return this.#node.directory.ownerOf(tableId)?.nodeId === this.nodeId
  }

  /** News of another node that concern more than who runs what. */
  heard(from: string, news: Exclude<PeerNews, { type: 'presence' }>): void {
    if (news.type === 'tableChanged') this.#options.tableChanged(news.tableId)
    // A former owner may still speak of the table.
    else if (news.row === null || this.#node.directory.ownerOf(news.tableId)?.nodeId === from)
      this.#options.board.list(news.tableId, news.row)
  }
}
