import type { Directory } from './directory.ts'
import type { PeerLinks, TakeOverCause } from './peers.ts'
import type { HeldLease, LeaseStore, Life, NodeRow, OwnerBook, OwnerRow } from './ports.ts'

/** A beat that was under way when its process ended may reach the books this much later. */
const LAST_BEAT_MS = 150

export type JudgeOptions = {
  readonly directory: Directory
  readonly links: Pick<PeerLinks, 'stateOf'>
  readonly book: Pick<OwnerBook, 'nodes'>
  readonly leases: Pick<LeaseStore, 'look'> | null
  readonly leaseMs: number
  readonly self: () => Life
  /** The life of a node to which the link leads, as the books told it last; 0 for a node that is not known. */
  readonly linkedLife: (nodeId: string) => number
  /** How long its link has been refused, in milliseconds. */
  readonly goneForMs: (nodeId: string) => number
}

/** What the stores say of who is alive, asked at most once each. */
export type Evidence = {
  leases(): Promise<ReadonlyMap<string, HeldLease>>
  nodes(): Promise<readonly NodeRow[]>
}

/**
 * Says whether a table's owner is over, from everything that may be known about it: its link, what it says of itself,
 * its lease in Redis, its beat in the books. A store that cannot be asked proves nothing; a take-over needs the books
 * anyway, and they fence, so being wrong here costs a moment only (FOV-43).
 */
export class Judge {
  readonly #options: JudgeOptions

  constructor(options: JudgeOptions) {
    this.#options = options
  }

  gather(tableIds: readonly string[]): Evidence {
    const { leases, book } = this.#options
    let held: Promise<ReadonlyMap<string, HeldLease>> | null = null
    let nodes: Promise<readonly NodeRow[]> | null = null
    return {
      leases: () => {
        held ??= leases === null ? Promise.resolve(new Map()) : leases.look(tableIds).catch(() => new Map())
        return held
      },
      nodes: () => {
        nodes ??= book.nodes()
        return nodes
      },
    }
  }

  /** Why the table has no owner that would go on with it; null when it has one. */
  async whyOwnerless(owner: OwnerRow | null, evidence: Evidence): Promise<TakeOverCause | null> {
    if (owner === null || owner.incarnation === 0) return 'start'
    const { links, directory, self } = this.#options
    const { nodeId, incarnation } = self()
    if (owner.nodeId === nodeId) return owner.incarnation === incarnation ? 'returned' : 'start'
    const link = links.stateOf(owner.nodeId)
    if (await this.#isGone(owner, evidence)) return 'gone'
    const presence = directory.presenceOf(owner.nodeId)
    if (link === 'up' && presence?.incarnation === owner.incarnation)
      return presence.running.some(({ tableId }) => tableId === owner.tableId) ? null : 'left'
    return (await this.isOver(owner, evidence)) ? 'silent' : null
  }

  /** True when nothing speaks for the owner any more. */
  async isOver(owner: OwnerRow, evidence: Evidence): Promise<boolean> {
    const { leaseMs, self } = this.#options
    if (owner.incarnation === 0 || owner.nodeId === self().nodeId) return true
    if (await this.#isGone(owner, evidence)) return true
    const lease = (await evidence.leases()).get(owner.tableId)
    // Nobody takes one for longer than a lease lasts; what has more left was put there by somebody else (FOV-97).
    const isLease = lease !== undefined && lease.leftMs <= leaseMs
    if (isLease && lease.epoch >= owner.epoch && lease.incarnation === owner.incarnation) return false
    try {
      const node = (await evidence.nodes()).find(({ nodeId }) => nodeId === owner.nodeId)
      return node === undefined || node.incarnation > owner.incarnation || node.silentMs > leaseMs
    } catch {
      return false // without the books nothing can be claimed either
    }
  }

  /**
   * A refused link says nothing of a later life, which may listen elsewhere; nor of a node that has beaten since it
   * was refused, which lives behind an address that is wrong or closed to this node.
   */
  async #isGone(owner: OwnerRow, evidence: Evidence): Promise<boolean> {
    const { links, directory, linkedLife, goneForMs } = this.#options
    if (directory.outlived(owner)) return true
    if (links.stateOf(owner.nodeId) !== 'gone' || linkedLife(owner.nodeId) < owner.incarnation) return false
    try {
      const node = (await evidence.nodes()).find(({ nodeId }) => nodeId === owner.nodeId)
      return node === undefined || node.silentMs + LAST_BEAT_MS >= goneForMs(owner.nodeId)
    } catch {
      return true
    }
  }
}
