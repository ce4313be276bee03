/**
 * What the cluster's decision code needs from outside: the books (PostgreSQL), the leases and hot copies (Redis). All
 * times are milliseconds. Every call rejects when its store is out of reach, and may then be asked again.
 */

/** One life of one server process. Incarnations come from the books and only grow: a later life outranks the others. */
export type Life = { readonly nodeId: string; readonly incarnation: number }

/** A process as the books know it. `address` is `host:port` of its peer listener. */
export type NodeRow = Life & {
  readonly address: string
  readonly release: string
  /** Since it last proved that it lives, by the database's own clock. */
  readonly silentMs: number
}

/** Who runs a table since which epoch. `incarnation` is 0 when a single node without a cluster ran it last. */
export type OwnerRow = Life & { readonly tableId: string; readonly epoch: number }

export type Claim =
  | { readonly won: true; readonly epoch: number }
  /** Somebody else raised the epoch since it was looked at. */
  | { readonly won: false; readonly owner: OwnerRow }

/** The directory of nodes and owners in PostgreSQL: the arbiter between two nodes that want the same table. */
export interface OwnerBook {
  /** Registers a new life of this node and answers its incarnation, greater than any before it. */
  enter(node: { readonly nodeId: string; readonly address: string; readonly release: string }): Promise<number>
  /**
   * Proves that this life goes on. Answers the epochs of the tables that are still its own; null when the life is over
   * because a later one of the same node has begun.
   */
  beat(life: Life): Promise<ReadonlyMap<string, number> | null>
  /** Ends this life at once, so that nobody waits for it. */
  leave(life: Life): Promise<void>
  /** Every node that has not left and was heard within the last minute. */
  nodes(): Promise<readonly NodeRow[]>
  owners(): Promise<readonly OwnerRow[]>
  /**
   * Raises the table's epoch if it is still `seenEpoch` (0: it never had one), and writes down the new owner, in one
   * commit. Durable on every synchronous standby when it resolves.
   */
  claim(tableId: string, seenEpoch: number, life: Life): Promise<Claim>
}

export type HeldLease = OwnerRow & {
  /** Until it ends unless it is renewed. */
  readonly leftMs: number
}

/** Leases in Redis: only ever a hint of who is alive, since the books fence. */
export interface LeaseStore {
  /** Takes or renews leases for `ttlMs`. Answers the tables whose lease, it seems, a greater epoch holds. */
  hold(life: Life, leases: ReadonlyMap<string, number>, ttlMs: number): Promise<readonly string[]>
  /** The leases that stand now, by table; a table without one is left out. */
  look(tableIds: readonly string[]): Promise<ReadonlyMap<string, HeldLease>>
  /** Ends a lease, if it is still of this epoch. */
  release(tableId: string, epoch: number): Promise<void>
}

export type HotCopy = {
  readonly epoch: number
  /** As `save` was given it. */
  readonly text: string
}

/** Hot copies in Redis, written under the fence. */
export interface HotCopies {
  /** False, which is a hint only, when a greater epoch has written already; then nothing was written. */
  save(tableId: string, epoch: number, text: string): Promise<boolean>
  /** The newest copy; null when there is none. */
  read(tableId: string): Promise<HotCopy | null>
  /** Remembers how often a seat's token was renewed; null forgets the seat. */
  seat(tableId: string, sessionId: string, generation: number | null): Promise<void>
  /** All remembered seats of a table. They stay, for the owner after the one that asks. */
  seats(tableId: string): Promise<ReadonlyMap<string, number>>
  /** Forgets everything about a table that the house has closed. */
  forget(tableId: string): Promise<void>
}
