import type { HeldLease, HotCopy, Life } from '../../server/failover/ports.ts'
import type { Dice } from '../dice.ts'

type Lease = Omit<HeldLease, 'leftMs'> & { readonly endsAtMs: number; readonly ttlMs: number }
type Copy = HotCopy & { readonly number: number }
type Memory = { readonly leases: Map<string, Lease>; readonly copies: Map<string, Copy> }

/** What nobody of the house has sealed. */
export const FORGED = 'forged'
const MOST_MEMORIES = 12
const MEMORY_MS = 150

/**
 * A Redis that may forget: everything, or what it was told last, as a replica does that is promoted before it heard of
 * it. It keeps the rules of `LeaseStore` and `HotCopies`, and ends leases by a clock of its own.
 */
export class ForgetfulRedis {
  readonly #nowMs: () => number
  #memory: Memory = { leases: new Map(), copies: new Map() }
  /** What its replicas know: its memory some moments ago, oldest first. */
  #replicas: { readonly atMs: number; readonly memory: Memory }[] = []

  /** `nowMs` is its own clock, which may be wrong and may be set. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Answers the tables whose lease a greater epoch holds. */
  hold(life: Life, leases: ReadonlyMap<string, number>, ttlMs: number): readonly string[] {
    this.#remember()
    const refused: string[] = []
    for (const [tableId, epoch] of leases) {
      const held = this.#lease(tableId)
      // What has more left than a lease lasts was taken by nobody.
      const isLease = held !== null && held.endsAtMs - this.#nowMs() <= ttlMs
      if (isLease && held.epoch > epoch) refused.push(tableId)
      else this.#memory.leases.set(tableId, { ...life, tableId, epoch, ttlMs, endsAtMs: this.#nowMs() + ttlMs })
    }
    return refused
  }

  /** A lease never has more left than it was taken for, however its clock was set. */
  look(tableIds: readonly string[]): ReadonlyMap<string, HeldLease> {
    const nowMs = this.#nowMs()
    return new Map(
      tableIds.flatMap((tableId) => {
        const lease = this.#lease(tableId)
        if (lease === null) return []
        const { ttlMs, endsAtMs, ...held } = lease
        if (endsAtMs - nowMs > ttlMs) this.#memory.leases.set(tableId, { ...lease, endsAtMs: nowMs + ttlMs })
        return [[tableId, { ...held, leftMs: Math.min(ttlMs, endsAtMs - nowMs) }]]
      }),
    )
  }

  release(tableId: string, epoch: number): void {
    this.#remember()
    if (this.#memory.leases.get(tableId)?.epoch === epoch) this.#memory.leases.delete(tableId)
  }

  /** `number` orders the copies of one epoch. False when a greater epoch has written. */
  save(tableId: string, epoch: number, number: number, text: string): boolean {
    this.#remember()
    const known = this.#memory.copies.get(tableId)
    if (known !== undefined && known.epoch > epoch) return false
    if (known === undefined || known.epoch < epoch || known.number < number)
      this.#memory.copies.set(tableId, { epoch, number, text })
    return true
  }

  read(tableId: string): HotCopy | null {
    return this.#memory.copies.get(tableId) ?? null
  }

  /** Somebody who may write here makes a table look as if it had a later owner. */
  forge(tableId: string, epoch: number, ttlMs: number): void {
    const nobody = { nodeId: 'nobody', incarnation: 1_000_000 }
    this.#memory.leases.set(tableId, { ...nobody, tableId, epoch, ttlMs, endsAtMs: this.#nowMs() + ttlMs })
    this.#memory.copies.set(tableId, { epoch, number: 1, text: FORGED })
  }

  forget(tableId: string): void {
    this.#memory.leases.delete(tableId)
    this.#memory.copies.delete(tableId)
  }

  forgetAll(): void {
    this.#memory = { leases: new Map(), copies: new Map() }
  }

  /** A replica that was left behind is the master now. */
  forgetSome(dice: Dice): void {
    if (this.#replicas.length === 0) return
    const { memory } = dice.pick(this.#replicas)
    this.#memory = { leases: new Map(memory.leases), copies: new Map(memory.copies) }
  }

  #lease(tableId: string): Lease | null {
    const lease = this.#memory.leases.get(tableId)
    return lease === undefined || lease.endsAtMs <= this.#nowMs() ? null : lease
  }

  #remember(): void {
    const atMs = this.#nowMs()
    const last = this.#replicas.at(-1)
    if (last !== undefined && Math.abs(atMs - last.atMs) < MEMORY_MS) return
    const { leases, copies } = this.#memory
    this.#replicas.push({ atMs, memory: { leases: new Map(leases), copies: new Map(copies) } })
    if (this.#replicas.length > MOST_MEMORIES) this.#replicas.shift()
  }
}
