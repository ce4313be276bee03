import type { VoidReason } from '../../engine/round/types.ts'
import { ClusterNode } from '../../server/failover/cluster-node.ts'
import { HOT_COPY_FORMAT, HotCopyDamaged, HotCopyTooNew } from '../../server/failover/hot-copy-codec.ts'
import { type HotState, hotStateOf, noHotState } from '../../server/failover/hot-state.ts'
import type { ClusterMeter, PeerAsks } from '../../server/failover/peers.ts'
import type { Claim, HotCopies, LeaseStore, Life, OwnerBook } from '../../server/failover/ports.ts'
import { Floor } from './floor.ts'
import type { House } from './house.ts'
import { AGAIN, ONCE, OutOfReach } from './net.ts'
import { NodeLinks } from './node-links.ts'
import type { Process } from './process.ts'
import { FORGED } from './redis.ts'
import { LEDGER_LIMIT_MS, QUICK_LIMIT_MS } from './room.ts'
import type { PeerDoor } from './switchboard.ts'

export const LEASE_MS = 1_500
/** Redis answers within this time or is out of reach. */
const REDIS_LIMIT_MS = 250
const LATER_FORMAT = HOT_COPY_FORMAT + 1
/** What a node says of other nodes, and of a table whose epoch was raised while it opened its first round. */
const EXPECTED = /refused$|did not answer$|answered 500$|did not take|no link to|opens no round|cannot be opened/

export type MemberOptions = {
  readonly house: House
  readonly process: Process
  readonly address: string
  /** The machine's wall clock. */
  readonly nowMs: () => number
  /** A later release, which writes its hot copies in a later format and reads the earlier one. */
  readonly newer: boolean
  readonly withRedis: boolean
  /** The table is elsewhere: sockets that this process relays to its former owner are let go. */
  readonly moved: (tableId: string) => void
}

/** One node of the house: a process with the real decision code, on stores and links that may fail. */
export class Member {
  readonly process: Process
  readonly node: ClusterNode
  readonly floor: Floor
  readonly door: PeerDoor
  readonly #options: MemberOptions
  readonly #links: NodeLinks
  #copies = 0

  constructor(options: MemberOptions) {
    const { house, process, address, withRedis, moved } = options
    this.#options = options
    this.process = process
    const listener = {
      linkChanged: (...change: Parameters<ClusterNode['linkChanged']>) => this.node.linkChanged(...change),
      news: (...news: Parameters<ClusterNode['news']>) => this.node.news(...news),
    }
    this.#links = new NodeLinks(house.board, process, listener, (nodeIds) =>
      house.witness({ what: 'follows', process: process.number, nodeIds }),
    )
    const hot = this.#hot()
    this.floor = new Floor({
      house,
      process,
      nowMs: options.nowMs,
      hot,
      claim: (tableId) => this.node.claim(tableId),
      gaveUp: (tableId) => this.node.gaveUp(tableId),
    })
    this.node = new ClusterNode({
      nodeId: process.nodeId,
      address,
      release: options.newer ? '2' : '1',
      book: this.#book(),
      leases: withRedis ? this.#leases() : null,
      leaseMs: LEASE_MS,
      links: this.#links,
      tables: this.floor,
      steadyMs: () => house.net.agenda.nowMs - process.bornAtMs,
      meter: this.#meter(),
      heard: () => undefined,
      voidHere: (ask) => this.#voidHere(ask),
      moved,
      outlived: () => {
        house.net.tally.outlived++
        process.kill()
      },
    })
    this.door = {
      process,
      address,
      greet: () => [{ type: 'presence', presence: this.node.presence() }],
      asked: (kind, ask) => {
        house.witness({ what: 'asked', process: process.number, kind, tableId: ask.tableId })
        return this.node.asked(kind, ask)
      },
    }
  }

  /** To be called first after the process stood still. */
  overslept(pausedMs: number): void {
    if (this.#options.house.net.dice.chance(0.5)) this.process.deliver(() => this.#links.overslept(pausedMs))
  }

  /** Orders the void of a table's round at whichever node runs it. */
  async orderVoid(ask: PeerAsks['void']['ask']): Promise<void> {
    const place = await this.node.find(ask.tableId, 2_000)
    if (place === 'here') await this.#voidHere(ask)
    else if (place !== null) await this.#links.ask(place.nodeId, 'void', ask, 3_000).catch(() => undefined)
  }

  async #voidHere({ tableId, reason, roundId }: PeerAsks['void']['ask']): Promise<PeerAsks['void']['answer']> {
    const room = this.floor.room(tableId)
    return room === null ? { code: 'no-such-table' } : room.orderVoid(reason as VoidReason, roundId)
  }

  #hot(): HotState {
    const { withRedis, newer } = this.#options
    if (!withRedis) return noHotState
    return hotStateOf({
      copies: this.#hotCopies(newer ? LATER_FORMAT : HOT_COPY_FORMAT),
      failed: (where, error) => this.#failed(where, error),
      outdated: () => this.node.keeper.doubt(),
      release: newer ? '2' : '1',
    })
  }

  /** A later release differs by the number of its format alone; it reads what the earlier one wrote. */
  #hotCopies(format: number): HotCopies {
    const { tally } = this.#options.house.net
    const { redis } = this.#options.house
    return {
      save: (tableId, epoch, text) => {
        const number = ++this.#copies
        const written = JSON.stringify({ ...JSON.parse(text), format })
        return this.#askRedis(() => redis.save(tableId, epoch, number, written))
      },
      read: async (tableId) => {
        const copy = await this.#askRedis(() => redis.read(tableId))
        if (copy === null) return null
        if (copy.text === FORGED) throw new HotCopyDamaged(`the hot copy of ${tableId} cannot be opened`)
        tally.copiesRead++
        const read = JSON.parse(copy.text) as { format: number }
        const known = format === LATER_FORMAT && read.format === LATER_FORMAT
        return known ? { ...copy, text: JSON.stringify({ ...read, format: HOT_COPY_FORMAT }) } : copy
      },
      seat: async () => undefined,
      seats: async () => new Map(),
      forget: (tableId) => this.#askRedis(() => redis.forget(tableId)),
    }
  }

  #leases(): LeaseStore {
    const { redis, net, witness } = this.#options.house
    const process = this.process.number
    return {
      hold: async (life, leases, ttlMs) => {
        const askedAtMs = net.agenda.nowMs
        const refused = await this.#askRedis(() => redis.hold(life, leases, ttlMs))
        net.tally.refusedLeases += refused.length
        const over = refused.map((tableId) => [tableId, leases.get(tableId) ?? 0] as const)
        witness({ what: 'leased', process, askedAtMs, all: leases.size, refused: over })
        return refused
      },
      look: (tableIds) => this.#askRedis(() => redis.look(tableIds)),
      release: (tableId, epoch) => this.#askRedis(() => redis.release(tableId, epoch)),
    }
  }

  #book(): OwnerBook {
    const { owners, net, witness } = this.#options.house
    const { number: process, nodeId } = this.process
    return {
      enter: (node) =>
        net.ask(this.process, 'books', QUICK_LIMIT_MS, ONCE, () => {
          // The server has ended the session of a process that is no more.
          if (this.process.state === 'dead') return 0
          const incarnation = owners.enter(node)
          witness({ what: 'entered', process, nodeId, incarnation })
          return incarnation
        }),
      beat: async (life) => {
        const askedAtMs = net.agenda.nowMs
        const owned = await this.#askBooks(() => owners.beat(life))
        witness({ what: 'beaten', process, askedAtMs, owned: owned === null ? null : [...owned] })
        return owned
      },
      leave: (life) => this.#askBooks(() => owners.leave(life)),
      nodes: () => this.#askBooks(() => owners.nodes()),
      owners: () => this.#askBooks(() => owners.owners()),
      claim: (tableId, seen, life) => {
        const askedAtMs = net.agenda.nowMs
        return net.ask(this.process, 'books', LEDGER_LIMIT_MS, AGAIN, () => this.#claim(tableId, seen, life, askedAtMs))
      },
    }
  }

  /** At the books, at one instant. */
  #claim(tableId: string, seen: number, life: Life, askedAtMs: number): Claim {
    const { owners, ledger, witness, hear } = this.#options.house
    const { number: process } = this.process
    const stood = ledger.epochOf(tableId)
    const claim = owners.claim(tableId, seen, life)
    const epoch = claim.won ? claim.epoch : claim.owner.epoch
    const { incarnation } = life
    witness({ what: 'claimed', process, incarnation, tableId, askedAtMs, seen, stood, won: claim.won, epoch })
    if (claim.won && epoch !== stood) hear({ what: 'raised', owner: process, tableId, epoch })
    return claim
  }

  #askBooks<T>(run: () => T): Promise<T> {
    return this.#options.house.net.ask(this.process, 'books', QUICK_LIMIT_MS, AGAIN, run)
  }

  #askRedis<T>(run: () => T): Promise<T> {
    return this.#options.house.net.ask(this.process, 'redis', REDIS_LIMIT_MS, AGAIN, run)
  }

  #meter(): ClusterMeter {
    const { tally } = this.#options.house.net
    return {
      tookOver: () => tally.takeOvers++,
      claimLost: () => tally.claimsLost++,
      steppedDown: () => tally.stepDowns++,
      handedOver: (ms) => tally[ms === null ? 'failedHandOvers' : 'handOvers']++,
      failed: (where, error) => this.#failed(where, error),
    }
  }

  /** Stores out of reach and nodes that do not answer are what a cluster is for; anything else is a mistake in it. */
  #failed(where: string, error: unknown): void {
    if (error instanceof HotCopyTooNew) this.#options.house.net.tally.newerCopies++
    else if (!(error instanceof OutOfReach) && !(error instanceof Error && EXPECTED.test(error.message)))
      this.#options.house.broke(where, error)
  }
}
