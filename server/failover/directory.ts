import type { Presence } from './peers.ts'
import type { Life, OwnerRow } from './ports.ts'

/** Where a table can be reached. */
export type Place = 'here' | { readonly nodeId: string; readonly address: string }

/**
 * What this node knows of who runs which table: from the books, and sooner from what the nodes say. A greater epoch
 * always wins, so news may come late, twice or out of order.
 */
export class Directory {
  readonly #owners = new Map<string, OwnerRow>()
  readonly #presences = new Map<string, Presence>()
  readonly #waiters = new Map<string, Set<() => void>>()
  readonly #changed: (tableId: string) => void

  /** `changed` is told of every table whose owner is another one now. */
  constructor(changed: (tableId: string) => void = () => undefined) {
    this.#changed = changed
  }

  ownerOf(tableId: string): OwnerRow | null {
    return this.#owners.get(tableId) ?? null
  }

  /** What the latest life of a node said last; null when nothing was heard of it. */
  presenceOf(nodeId: string): Presence | null {
    return this.#presences.get(nodeId) ?? null
  }

  presences(): readonly Presence[] {
    return [...this.#presences.values()]
  }

  learnOwner(owner: OwnerRow): void {
    const known = this.#owners.get(owner.tableId)
    if (known !== undefined && known.epoch >= owner.epoch) return
    this.#owners.set(owner.tableId, owner)
    if (known?.nodeId !== owner.nodeId) this.#changed(owner.tableId)
    this.wake(owner.tableId)
  }

  /** A node said what it runs; what it said before, in this life or an earlier one, is forgotten. */
  learnPresence(presence: Presence): void {
    const known = this.#presences.get(presence.nodeId)
    if (known !== undefined && !isLater(presence, known)) return
    this.#presences.set(presence.nodeId, presence)
    const { nodeId, incarnation } = presence
    for (const { tableId, epoch } of presence.running) this.learnOwner({ tableId, epoch, nodeId, incarnation })
    for (const { tableId } of presence.running) this.wake(tableId)
  }

  forget(nodeId: string): void {
    this.#presences.delete(nodeId)
  }

  /** True when a later life of the same node was heard of. */
  outlived({ nodeId, incarnation }: Life): boolean {
    return (this.#presences.get(nodeId)?.incarnation ?? 0) > incarnation
  }

  /** True when the owner said of this very epoch that players can reach the table there. */
  isOpen({ tableId, epoch, nodeId, incarnation }: OwnerRow): boolean {
    const presence = this.#presences.get(nodeId)
    if (presence === undefined || presence.incarnation !== incarnation) return false
    return presence.running.some((table) => table.tableId === tableId && table.epoch === epoch && table.open)
  }

  /** Resolves at the next news of the table, or after `withinMs`. */
  changeOf(tableId: string, withinMs: number): Promise<void> {
    const waiting = this.#waiters.get(tableId) ?? new Set()
    this.#waiters.set(tableId, waiting)
    return new Promise((resolve) => {
      const tell = (): void => {
        clearTimeout(timer)
        waiting.delete(tell)
        if (waiting.size === 0 && this.#waiters.get(tableId) === waiting) this.#waiters.delete(tableId)
        resolve()
      }
      const timer = setTimeout(tell, withinMs)
      waiting.add(tell)
    })
  }

  /** Wakes whoever waits for the table, for instance because it is open here now. */
  wake(tableId: string): void {
    for (const tell of [...(this.#waiters.get(tableId) ?? [])]) tell()
  }
}

function isLater(presence: Presence, known: Presence): boolean {
  if (presence.incarnation !== known.incarnation) return presence.incarnation > known.incarnation
  return presence.serial > known.serial
}
