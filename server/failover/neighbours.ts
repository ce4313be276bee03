import type { Directory } from './directory.ts'
import type { LinkState, PeerLinks, Presence } from './peers.ts'
import { ranked } from './placement.ts'
import type { NodeRow } from './ports.ts'

export type NeighboursOptions = {
  /** This node's own name. */
  readonly nodeId: string
  readonly links: Pick<PeerLinks, 'follow' | 'stateOf'>
  readonly directory: Directory
  readonly steadyMs: () => number
}

/** A node that has just come is given tables only after it stood this long. */
const SETTLED_MS = 2_000
/** Books that are back for one node are back for every one that reaches them within this time: a beat and its limit. */
const ALL_KNOW_MS = 1_500

/** The other nodes of the house: which there are by the books, and which of them are heard and may be given tables. */
export class Neighbours {
  readonly #options: NeighboursOptions
  readonly #upSince = new Map<string, number>()
  readonly #booksSince = new Map<string, number>()
  readonly #goneSince = new Map<string, number>()
  #nodes: readonly NodeRow[] = []

  constructor(options: NeighboursOptions) {
    this.#options = options
  }

  /** True when no other node is known. */
  get none(): boolean {
    return this.#nodes.length === 0
  }

  /** `listed`: every node that the books know, this one too. */
  learn(listed: readonly NodeRow[]): void {
    const { nodeId: own, links, directory } = this.#options
    // Who is heard is there, also when somebody has set the clock of the books and they take it for silent.
    const isHeard = ({ nodeId }: NodeRow): boolean => links.stateOf(nodeId) === 'up'
    const unlisted = this.#nodes.filter((known) => !listed.some(({ nodeId }) => nodeId === known.nodeId))
    this.#nodes = [...listed.filter(({ nodeId }) => nodeId !== own), ...unlisted.filter(isHeard)]
    for (const { nodeId } of directory.presences()) if (this.#rowOf(nodeId) === undefined) directory.forget(nodeId)
    links.follow(this.#nodes)
  }

  /** Null for a node that is not known. */
  addressOf(nodeId: string): string | null {
    return this.#rowOf(nodeId)?.address ?? null
  }

  /** The life to which the link leads; 0 for a node that is not known. */
  lifeOf(nodeId: string): number {
    return this.#rowOf(nodeId)?.incarnation ?? 0
  }

  /** How long the node's link has been refused; 0 when it is not. */
  goneForMs(nodeId: string): number {
    const since = this.#goneSince.get(nodeId)
    return since === undefined ? 0 : this.#options.steadyMs() - since
  }

  linkChanged(nodeId: string, state: LinkState): void {
    if (state !== 'gone') this.#goneSince.delete(nodeId)
    else if (!this.#goneSince.has(nodeId)) this.#goneSince.set(nodeId, this.#options.steadyMs())
    if (state !== 'up') {
      this.#upSince.delete(nodeId)
      this.#booksSince.delete(nodeId)
    } else if (!this.#upSince.has(nodeId)) this.#upSince.set(nodeId, this.#options.steadyMs())
  }

  /** A node that may be given tables again has come anew. */
  presenceChanged(before: Presence | null, now: Presence): void {
    const { nodeId, ready, books } = now
    if (!books) this.#booksSince.delete(nodeId)
    else if (!this.#booksSince.has(nodeId)) this.#booksSince.set(nodeId, this.#options.steadyMs())
    if (before?.ready === false && ready && this.#upSince.has(nodeId))
      this.#upSince.set(nodeId, this.#options.steadyMs())
  }

  /** Those that may run tables, and can claim them. */
  able(): string[] {
    const { directory, links } = this.#options
    return directory
      .presences()
      .filter(({ ready, books, draining }) => ready && books && !draining)
      .map(({ nodeId }) => nodeId)
      .filter((nodeId) => links.stateOf(nodeId) === 'up')
  }

  /**
   * True when another node that may run tables says that the books answer it, and has said so for a while: when they
   * come back for all, one node is always the first to know.
   */
  get haveBooks(): boolean {
    const longAgoMs = this.#options.steadyMs() - ALL_KNOW_MS
    return this.able().some((nodeId) => (this.#booksSince.get(nodeId) ?? Number.POSITIVE_INFINITY) <= longAgoMs)
  }

  bestFor(tableId: string): string | null {
    return ranked(tableId, this.able())[0] ?? null
  }

  hasSettled(nodeId: string): boolean {
    const upSince = this.#upSince.get(nodeId)
    return upSince !== undefined && this.#options.steadyMs() - upSince >= SETTLED_MS
  }

  #rowOf(nodeId: string): NodeRow | undefined {
    return this.#nodes.find((node) => node.nodeId === nodeId)
  }
}
