import { ClusterNode } from './cluster-node.ts'
import type { LinkState, PeerAsks, PeerNews } from './peers.ts'
import type { Claim, Life, NodeRow, OwnerBook, OwnerRow } from './ports.ts'

export const LEASE_MS = 1_000
export const NODES = ['a', 'b', 'c'] as const

/** The books of a test: one directory for all nodes, whose beats are as old as the test says. */
export class TestBook implements OwnerBook {
  readonly rows = new Map<string, NodeRow & { readonly beatAtMs: number }>()
  readonly owned = new Map<string, OwnerRow>()
  readonly #nowMs: () => number
  #incarnations = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  async enter(node: { nodeId: string; address: string; release: string }): Promise<number> {
    const incarnation = ++this.#incarnations
    this.rows.set(node.nodeId, { ...node, incarnation, silentMs: 0, beatAtMs: this.#nowMs() })
    return incarnation
  }

  async beat(life: Life): Promise<ReadonlyMap<string, number> | null> {
    const row = this.rows.get(life.nodeId)
    if (row === undefined || row.incarnation !== life.incarnation) return null
    this.rows.set(life.nodeId, { ...row, beatAtMs: this.#nowMs() })
    const own = [...this.owned.values()].filter((owner) => owner.incarnation === life.incarnation)
    return new Map(own.map(({ tableId, epoch }) => [tableId, epoch]))
  }

  async leave({ nodeId }: Life): Promise<void> {
    this.rows.delete(nodeId)
  }

  async nodes(): Promise<readonly NodeRow[]> {
    return [...this.rows.values()].map((row) => ({ ...row, silentMs: this.#nowMs() - row.beatAtMs }))
  }

  async owners(): Promise<readonly OwnerRow[]> {
    return [...this.owned.values()]
  }

  async claim(tableId: string, seenEpoch: number, life: Life): Promise<Claim> {
    const owner = this.owned.get(tableId)
    if (owner !== undefined && owner.epoch !== seenEpoch) return { won: false, owner }
    const epoch = seenEpoch + 1
    this.owned.set(tableId, { ...life, tableId, epoch })
    return { won: true, epoch }
  }
}

/** Several nodes in one process, with links that a test may cut, and tables that say what was asked of them. */
export class TestCluster {
  readonly book = new TestBook(() => performance.now())
  readonly nodes = new Map<string, ClusterNode>()
  readonly told: string[] = []
  readonly failures: string[] = []
  /** Tables of the house. */
  wanted: string[] = ['lima']
  paused = false
  /** Nodes at which a table opens only once it has a first round, for which it waits. */
  readonly waiting = new Set<string>()
  atRest = true
  /** Nodes that cannot open a table. */
  readonly broken = new Set<string>()
  /** Nodes that the books do not answer. */
  readonly withoutBooks = new Set<string>()
  /** A Redis that keeps every lease: enough of a proof for a node that the books do not answer. */
  withRedis = false
  readonly #dead = new Set<string>()
  readonly #silent = new Set<string>()

  async start(nodeId: string): Promise<ClusterNode> {
    const books = <T>(ask: () => Promise<T>): Promise<T> =>
      this.withoutBooks.has(nodeId) ? Promise.reject(new Error('out of reach')) : ask()
    const dropped = new Map<string, () => void>()
    const node: ClusterNode = new ClusterNode({
      nodeId,
      address: `${nodeId}:1`,
      release: 'test',
      book: {
        enter: (of) => this.book.enter(of),
        beat: (life) => (this.#silent.has(nodeId) ? new Promise(() => undefined) : books(() => this.book.beat(life))),
        leave: (life) => this.book.leave(life),
        nodes: () => books(() => this.book.nodes()),
        owners: () => books(() => this.book.owners()),
        claim: (...asked) => books(() => this.book.claim(...asked)),
      },
      leases: this.withRedis
        ? { hold: async () => [], look: async () => new Map(), release: async () => undefined }
        : null,
      leaseMs: LEASE_MS,
      steadyMs: () => performance.now(),
      links: {
        follow: () => undefined,
        stateOf: (to) => this.stateOf(to),
        tell: (news) => this.#tell(nodeId, news),
        ask: (to, kind, ask) => this.#ask(to, kind, ask),
      },
      tables: {
        wanted: async () => this.wanted.map((tableId) => ({ tableId, paused: this.paused })),
        open: async (tableId) => {
          const epoch = await node.claim(tableId)
          if (this.broken.has(nodeId)) throw new Error('it cannot be opened here')
          if (this.waiting.has(nodeId))
            await new Promise((_, reject) => dropped.set(tableId, () => reject(new Error('no first round'))))
          this.told.push(`${nodeId} opens ${tableId} at ${epoch}`)
          return true
        },
        atRest: () => this.atRest,
        quiesce: async (tableId) => void this.told.push(`${nodeId} stops ${tableId}`),
        drop: (tableId) => {
          this.told.push(`${nodeId} drops ${tableId}`)
          dropped.get(tableId)?.()
        },
      },
      meter: {
        tookOver: (cause) => this.told.push(`${nodeId} took over: ${cause}`),
        claimLost: () => this.told.push(`${nodeId} lost a claim`),
        steppedDown: () => this.told.push(`${nodeId} stepped down`),
        handedOver: (ms) => this.told.push(`${nodeId} ${ms === null ? 'could not hand over' : 'handed over'}`),
        failed: (where) => void this.failures.push(`${nodeId}: ${where}`),
      },
      heard: () => undefined,
      voidHere: async () => ({ code: 'no-such-table' }),
      moved: () => undefined,
      outlived: () => this.told.push(`${nodeId} was outlived`),
    })
    this.nodes.set(nodeId, node)
    await node.start()
    for (const [otherId, other] of this.nodes) {
      if (otherId === nodeId || this.#dead.has(otherId)) continue
      other.linkChanged(nodeId, 'up')
      node.linkChanged(otherId, 'up')
    }
    return node
  }

  /** The process of a node ends. */
  kill(nodeId: string): void {
    this.#dead.add(nodeId)
    this.nodes.get(nodeId)?.keeper.stop()
    this.#linksTo(nodeId, 'gone')
  }

  /** A node is heard nowhere any more, and goes on for itself. */
  silence(nodeId: string): void {
    this.#silent.add(nodeId)
    this.#linksTo(nodeId, 'silent')
  }

  stateOf(nodeId: string): LinkState {
    return this.#dead.has(nodeId) ? 'gone' : this.#silent.has(nodeId) ? 'silent' : 'up'
  }

  /** The node that runs the table, by its own word. */
  ownersOf(tableId: string): string[] {
    return [...this.nodes]
      .filter(([nodeId, node]) => !this.#dead.has(nodeId) && node.keeper.epochOf(tableId) !== null)
      .map(([nodeId]) => nodeId)
  }

  #linksTo(nodeId: string, state: LinkState): void {
    for (const [otherId, other] of this.nodes)
      if (otherId !== nodeId && !this.#dead.has(otherId)) other.linkChanged(nodeId, state)
  }

  #tell(from: string, news: PeerNews): void {
    if (this.#dead.has(from) || this.#silent.has(from)) return
    for (const [nodeId, node] of this.nodes) if (nodeId !== from && !this.#dead.has(nodeId)) node.news(from, news)
  }

  #ask<K extends keyof PeerAsks>(to: string, kind: K, ask: PeerAsks[K]['ask']): Promise<PeerAsks[K]['answer']> {
    const node = this.nodes.get(to)
    if (node === undefined || this.stateOf(to) !== 'up') return Promise.reject(new Error('no link'))
    return node.asked(kind, ask)
  }
}
