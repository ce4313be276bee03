import { Directory, type Place } from './directory.ts'
import { ClaimLost, Holdings } from './holdings.ts'
import { type Evidence, Judge } from './judge.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { Neighbours } from './neighbours.ts'
import type {
  ClusterMeter,
  LinkState,
  LocalTables,
  PeerAsks,
  PeerLinks,
  PeerListener,
  PeerNews,
  Presence,
  TakeOverCause,
} from './peers.ts'
import { ranked } from './placement.ts'
import type { LeaseStore, Life, OwnerBook, OwnerRow } from './ports.ts'

export type ClusterNodeOptions = {
  readonly nodeId: string
  readonly address: string
  readonly release: string
  readonly book: OwnerBook
  readonly leases: LeaseStore | null
  readonly leaseMs: number
  readonly links: PeerLinks
  readonly tables: LocalTables
  readonly steadyMs: () => number
  readonly meter: ClusterMeter
  /** Rows of the lobby and operators' changes, told by other nodes. */
  readonly heard: (nodeId: string, news: Exclude<PeerNews, { type: 'presence' }>) => void
  readonly voidHere: (ask: PeerAsks['void']['ask']) => Promise<PeerAsks['void']['answer']>
  /** Sockets that lead to the former owner of a table may be let go. */
  readonly moved: (tableId: string) => void
  /** Another process has begun a later life of this node: this one must end. */
  readonly outlived: () => void
}

const LOOK_MS = 1_000
const SURVEY_MS = 100
const CLAIM_TRIES = 3
/** News of a claim may come sooner from the books than from the node that made it. */
const NEWS_MS = 200

/**
 * One node of the house: decides which tables it runs, takes over what lost its owner, and gives away what belongs
 * elsewhere. It decides alone, from what it knows; the books let one claim win, and fence everybody else, so a wrong
 * guess costs a moment and never money (design: suspicion is cheap). Source: rules FOV-40 to FOV-59.
 */
export class ClusterNode implements PeerListener {
  readonly directory: Directory
  readonly keeper: LeaseKeeper
  readonly #options: ClusterNodeOptions
  readonly #judge: Judge
  readonly #holdings: Holdings
  readonly #neighbours: Neighbours
  #life: Life
  /** Tables that the house wants to run, and whether they may wait for their first round. Null: not known yet. */
  #wanted: ReadonlyMap<string, { readonly paused: boolean }> | null = null
  readonly #orphanSince = new Map<string, number>()
  /** Tables that their owner has just offered to this node, and the epoch under which it stopped them. */
  readonly #handed = new Map<string, number>()
  /** How often this life has spoken of itself, and what it said of whether tables may be placed here. */
  #said = 0
  #saidAble = ''
  #draining = false
  #stopped = false
  #ready = false
  #surveying = false
  #surveyAgain = false
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()

  constructor(options: ClusterNodeOptions) {
    const { nodeId, links, book, leases, leaseMs, tables, meter, steadyMs } = options
    this.#options = options
    this.#life = { nodeId, incarnation: 0 }
    const self = (): Life => this.#life
    this.directory = new Directory((tableId) => options.moved(tableId))
    const { directory } = this
    this.#neighbours = new Neighbours({ nodeId, links, directory, steadyMs })
    const linkedLife = (id: string): number => this.#neighbours.lifeOf(id)
    const goneForMs = (id: string): number => this.#neighbours.goneForMs(id)
    this.#judge = new Judge({ directory, links, book, leases, leaseMs, self, linkedLife, goneForMs })
    this.keeper = new LeaseKeeper({
      life: self,
      book,
      leases,
      leaseMs,
      steadyMs,
      alone: () => this.#neighbours.none,
      lost: (tableId) => this.#holdings.lose(tableId),
      unproven: () => this.#stepDown(),
      outlived: () => {
        this.#stepDown()
        options.outlived()
      },
      failed: (where, error) => meter.failed(where, error),
    })
    const { keeper } = this
    const announce = (): void => this.announce()
    this.#holdings = new Holdings({ tables, keeper, links, directory, meter, steadyMs, announce })
  }

  get life(): Life {
    return this.#life
  }

  get draining(): boolean {
    return this.#draining
  }

  /** True once every table that the house wants is open somewhere. */
  get ready(): boolean {
    return this.#ready && !this.#stopped
  }

  /** Registers this life and starts to look after the tables. Errors: rejects when the books are out of reach. */
  async start(): Promise<void> {
    const { book, nodeId, address, release } = this.#options
    this.#life = { nodeId, incarnation: await book.enter({ nodeId, address, release }) }
    this.keeper.start()
    this.announce()
    this.#every(LOOK_MS, () => this.#look())
    this.#every(SURVEY_MS, () => this.#survey())
    this.#lookAgain()
  }

  /** Where players reach the table; waits up to `withinMs` while it moves. Null: nowhere in that time. */
  async find(tableId: string, withinMs: number): Promise<Place | null> {
    const giveUpAtMs = this.#options.steadyMs() + withinMs
    for (;;) {
      if (this.#holdings.isOpen(tableId)) return 'here'
      const elsewhere = this.#elsewhere(tableId)
      if (elsewhere !== null) return elsewhere
      const leftMs = giveUpAtMs - this.#options.steadyMs()
      if (leftMs <= 0 || this.#stopped || !this.wants(tableId)) return null
      await this.directory.changeOf(tableId, leftMs)
    }
  }

  /** True unless the house is known to have no such table open. */
  wants(tableId: string): boolean {
    return this.#wanted === null || this.#wanted.has(tableId)
  }

  /** Raises the table's epoch for this node; to be asked by whoever opens the table here. Errors: `ClaimLost`. */
  async claim(tableId: string): Promise<number> {
    const { book, meter } = this.#options
    let seen = this.directory.ownerOf(tableId)?.epoch ?? 0
    for (let tries = 1; ; tries++) {
      const claim = await book.claim(tableId, seen, this.#life)
      if (claim.won) {
        const { epoch } = claim
        this.directory.learnOwner({ ...this.#life, tableId, epoch })
        // The answer was so long on its way that somebody has taken the table from this life, which ran it nowhere.
        const standing = this.directory.ownerOf(tableId)
        if (standing !== null && standing.epoch > epoch) throw new ClaimLost(tableId, standing.nodeId)
        this.keeper.keep(tableId, epoch)
        this.announce()
        return epoch
      }
      const { owner } = claim
      this.directory.learnOwner(owner)
      seen = owner.epoch
      // What this node saw was merely old; whoever holds the table now must be over before it may be claimed again.
      const handed = (this.#handed.get(tableId) ?? 0) >= owner.epoch
      const over = handed || (await this.#judge.isOver(owner, this.#judge.gather([tableId])))
      if (tries === CLAIM_TRIES || !over) {
        meter.claimLost()
        throw new ClaimLost(tableId, owner.nodeId)
      }
    }
  }

  /** An operator changed the table at this node: every node looks again at once. */
  tableChanged(tableId: string): void {
    this.#options.links.tell({ type: 'tableChanged', tableId })
    this.#lookAgain()
  }

  /** The books refused this node's epoch, or the house has closed the table: it is no longer this node's. */
  gaveUp(tableId: string): void {
    this.#holdings.lose(tableId)
    this.#lookAgain()
  }

  /** Hands every table over, each at a safe point, and takes none any more. */
  async drain(withinMs: number): Promise<void> {
    const { steadyMs, tables } = this.#options
    this.#draining = true
    this.announce()
    const patientUntilMs = steadyMs() + withinMs / 2
    const giveUpAtMs = steadyMs() + withinMs
    while (this.keeper.tables.size > 0 && steadyMs() < giveUpAtMs && !this.#stopped) {
      const patient = steadyMs() < patientUntilMs
      for (const tableId of this.keeper.tables.keys()) {
        const to = this.#neighbours.bestFor(tableId)
        if (to === null) return // nobody is there to take them
        if (!patient || this.#wanted?.get(tableId)?.paused) this.#holdings.abandon(tableId)
        if (!patient || tables.atRest(tableId)) void this.#holdings.handOver(tableId, to)
      }
      await new Promise((resolve) => setTimeout(resolve, SURVEY_MS / 2))
    }
  }

  /** Ends this life: others need not wait for it. Tables that are left are dropped. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.keeper.stop()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#holdings.stop()
    this.announce()
    await this.#options.book.leave(this.#life).catch((error: unknown) => this.#options.meter.failed('leave', error))
  }

  linkChanged(nodeId: string, state: LinkState): void {
    this.#neighbours.linkChanged(nodeId, state)
    if (state === 'up') this.announce()
    if (state === 'gone')
      for (const tableId of this.#wanted?.keys() ?? [])
        if (this.directory.ownerOf(tableId)?.nodeId === nodeId) this.#holdings.sign(tableId, 'gone')
    void this.#survey()
  }

  news(nodeId: string, news: PeerNews): void {
    if (news.type !== 'presence') {
      if (news.type === 'tableChanged') this.#lookAgain()
      this.#options.heard(nodeId, news)
      return
    }
    const known = this.directory.presenceOf(nodeId)
    this.directory.learnPresence(news.presence)
    this.#neighbours.presenceChanged(known, news.presence)
    for (const [tableId, epoch] of this.keeper.tables) {
      const owner = this.directory.ownerOf(tableId)
      if (owner !== null && owner.epoch > epoch) this.#holdings.lose(tableId)
    }
    if (known?.incarnation === news.presence.incarnation) void this.#survey()
    else this.#lookAgain()
  }

  async asked<K extends keyof PeerAsks>(kind: K, ask: PeerAsks[K]['ask']): Promise<PeerAsks[K]['answer']> {
    if (kind === 'void') return this.#options.voidHere(ask as PeerAsks['void']['ask'])
    const { tableId, epoch } = ask as PeerAsks['take']['ask']
    if (this.#draining || !this.#able) return null
    // The question may come late, or once more: this node runs the table by now, or somebody has it since.
    const own = this.#holdings.isOpen(tableId) ? this.keeper.epochOf(tableId) : null
    if (own !== null) return own > epoch ? own : null
    if ((this.directory.ownerOf(tableId)?.epoch ?? 0) > epoch) return null
    this.#holdings.sign(tableId, 'handed')
    this.#handed.set(tableId, epoch)
    try {
      return (await this.#holdings.takeOver(tableId)) ? this.keeper.epochOf(tableId) : null
    } finally {
      this.#handed.delete(tableId)
    }
  }

  /** What this node says of itself now. */
  presence(): Presence {
    const draining = this.#draining || this.#stopped
    const running = this.#holdings.running()
    return { ...this.#life, serial: ++this.#said, ready: this.#able, books: this.keeper.hasBooks, draining, running }
  }

  /** Tells every linked node what this one runs. */
  announce(): void {
    this.#saidAble = this.#ableNow
    this.#options.links.tell({ type: 'presence', presence: this.presence() })
  }

  /** A table that is placed here could be kept here. */
  get #able(): boolean {
    return this.#life.incarnation > 0 && !this.#stopped && this.keeper.isProven && !this.#isCutOff
  }

  /** The books answer others, and not this node (FOV-80). */
  get #isCutOff(): boolean {
    return this.keeper.lacksBooks && this.#neighbours.haveBooks
  }

  get #ableNow(): string {
    return `${this.#able} ${this.keeper.hasBooks}`
  }

  #elsewhere(tableId: string): Place | null {
    const owner = this.directory.ownerOf(tableId)
    if (owner === null || !this.directory.isOpen(owner)) return null
    if (this.#options.links.stateOf(owner.nodeId) === 'gone') return null
    const address = this.#neighbours.addressOf(owner.nodeId)
    return address === null ? null : { nodeId: owner.nodeId, address }
  }

  #lookAgain(): void {
    void this.#look().then(() => this.#survey())
  }

  /** Reads the books: which tables are wanted, who runs them, which nodes there are. */
  async #look(): Promise<void> {
    const { book, tables, meter } = this.#options
    try {
      const [wanted, owners, nodes] = await Promise.all([tables.wanted(), book.owners(), book.nodes()])
      if (this.#stopped) return
      this.#wanted = new Map(wanted.map(({ tableId, paused }) => [tableId, { paused }]))
      for (const owner of owners) this.directory.learnOwner(owner)
      this.#neighbours.learn(nodes)
    } catch (error) {
      meter.failed('look at the books', error)
    }
  }

  /** Looks at every table once and does what is due; asked for again while it runs, it runs once more. */
  async #survey(): Promise<void> {
    this.#surveyAgain = true
    if (this.#surveying) return
    this.#surveying = true
    if (this.#isCutOff) this.#stepDown()
    if (this.#ableNow !== this.#saidAble) this.announce()
    try {
      while (this.#surveyAgain && !this.#stopped) {
        this.#surveyAgain = false
        const tableIds = [...(this.#wanted?.keys() ?? [])]
        const evidence = this.#judge.gather(tableIds)
        await Promise.all(tableIds.map((tableId) => this.#surveyTable(tableId, evidence)))
        this.#judgeReady()
      }
    } finally {
      this.#surveying = false
    }
  }

  async #surveyTable(tableId: string, evidence: Evidence): Promise<void> {
    if (this.#holdings.isBusy(tableId)) return
    const epoch = this.keeper.epochOf(tableId)
    if (epoch !== null && this.#holdings.isOpen(tableId)) return this.#giveWhereItBelongs(tableId)
    // Its room was lost on the way; whoever comes first opens it again.
    if (epoch !== null) this.keeper.letGo(tableId, epoch)
    // What could not be kept is not taken: this node would have to stop it again at once.
    const able = !this.#draining && this.#able
    const judged = this.directory.ownerOf(tableId)
    const cause = able ? await this.#whyMine(tableId, judged, evidence) : null
    if (cause === null || this.#holdings.isBusy(tableId) || this.#stopped) return
    // Somebody has it since, perhaps this node: the judgement was of another owner.
    if (this.directory.ownerOf(tableId)?.epoch !== judged?.epoch) return
    this.#holdings.sign(tableId, cause)
    void this.#holdings.takeOver(tableId)
  }

  /** Why this node should take the table over now; null when it should not. */
  async #whyMine(tableId: string, owner: OwnerRow | null, evidence: Evidence): Promise<TakeOverCause | null> {
    const cause = await this.#judge.whyOwnerless(owner, evidence)
    if (cause === null) {
      this.#orphanSince.delete(tableId)
      if (!this.#holdings.isBusy(tableId)) this.#holdings.forgetSigns(tableId)
      return null
    }
    const { steadyMs, leaseMs } = this.#options
    const since = this.#orphanSince.get(tableId) ?? steadyMs()
    this.#orphanSince.set(tableId, since)
    // The first in rank acts at once, each other one only when those before it did not.
    const order = ranked(tableId, [...this.#neighbours.able(), this.#life.nodeId])
    // A node that could not open it lets all others try before it tries again.
    const rank = this.#holdings.hasFailed(tableId) ? order.length : order.indexOf(this.#life.nodeId)
    return steadyMs() - since >= rank * leaseMs + (cause === 'left' ? NEWS_MS : 0) ? cause : null
  }

  /** One table at a time, and between rounds, so that a node that joins is no event for the players (O7). */
  #giveWhereItBelongs(tableId: string): void {
    if (this.#draining || this.#holdings.moving > 0 || !this.#options.tables.atRest(tableId)) return
    const to = this.#neighbours.bestFor(tableId)
    if (to === null || ranked(tableId, [to, this.#life.nodeId])[0] !== to) return
    if (!this.#neighbours.hasSettled(to)) return
    void this.#holdings.handOver(tableId, to).then(() => this.#lookAgain())
  }

  #stepDown(): void {
    const open = this.#holdings.loseAll()
    if (open > 0) this.#options.meter.steppedDown(open)
  }

  #judgeReady(): void {
    if (this.#wanted === null) return
    // Once all were open it stays so: that a table moves is no reason to send players to another node.
    this.#ready ||= [...this.#wanted].every(([tableId, { paused }]) => {
      const owner = this.directory.ownerOf(tableId)
      return paused || this.#holdings.isOpen(tableId) || (owner !== null && this.directory.isOpen(owner))
    })
  }

  #every(ms: number, work: () => Promise<void>): void {
    if (this.#stopped) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void work().finally(() => this.#every(ms, work))
    }, ms)
    this.#timers.add(timer)
  }
}
