import type { LeaseStore, Life, OwnerBook } from './ports.ts'

export type LeaseKeeperOptions = {
  readonly life: () => Life
  readonly book: Pick<OwnerBook, 'beat'>
  /** Null: a cluster without Redis, which lives by the books alone. */
  readonly leases: Pick<LeaseStore, 'hold' | 'release'> | null
  readonly leaseMs: number
  /** A clock that nobody sets. */
  readonly steadyMs: () => number
  /** True when no other node is known: then there is nobody to whom a table could be lost unnoticed. */
  readonly alone: () => boolean
  /** Another owner has the table. */
  readonly lost: (tableId: string) => void
  /** No store could be asked for so long that the leases may end: nothing may be promised here any more. */
  readonly unproven: () => void
  /** A later life of this node has begun. */
  readonly outlived: () => void
  readonly failed: (where: string, error: unknown) => void
}

type Kept = { readonly epoch: number; readonly sinceMs: number }

/** A fourth of the lease: two renewals may be lost before it is in danger. */
const RENEWALS_A_LEASE = 4
/** Tables that wait for the books this long go to a node which has them. */
const LEASES_WITHOUT_BOOKS = 2
/** What is kept back of the lease, for the time between the look at the clock and the deed. */
const GUARD_SHARE = 0.2

/**
 * Keeps this node's right to its tables: renews their leases in Redis and beats in the books, both all the time, so
 * that either may fail. Proof counts from when it was asked for, by a clock that nobody sets. When neither could be had
 * in time the node stops by itself, before anybody else may think that its leases have ended (FOV-41).
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #kept = new Map<string, Kept>()
  #provenAtMs: number
  /** When that was asked which the books answered last. */
  #booksAtMs: number
  #running = false
  #timers: ReturnType<typeof setTimeout>[] = []

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#provenAtMs = options.steadyMs()
    this.#booksAtMs = this.#provenAtMs
  }

  get tables(): ReadonlyMap<string, number> {
    return new Map([...this.#kept].map(([tableId, { epoch }]) => [tableId, epoch]))
  }

  epochOf(tableId: string): number | null {
    return this.#kept.get(tableId)?.epoch ?? null
  }

  /** Since the last proof of life, in milliseconds. */
  get ageMs(): number {
    return this.#options.steadyMs() - this.#provenAtMs
  }

  /** False when neither store could be asked of late, so that nothing that is taken now could be kept. */
  get isProven(): boolean {
    return this.ageMs <= this.#options.leaseMs * (1 - GUARD_SHARE) || this.#options.alone()
  }

  /** The books have answered of late. */
  get hasBooks(): boolean {
    return this.#options.steadyMs() - this.#booksAtMs <= this.#options.leaseMs
  }

  /** The books have been silent for so long that another node, to which they are as silent, has said so by now. */
  get lacksBooks(): boolean {
    return this.#options.steadyMs() - this.#booksAtMs > this.#options.leaseMs * LEASES_WITHOUT_BOOKS
  }

  start(): void {
    this.#running = true
    this.#provenAtMs = this.#options.steadyMs()
    this.#booksAtMs = this.#provenAtMs
    this.#beat()
    this.#renew()
    this.#watch()
  }

  stop(): void {
    this.#running = false
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers = []
  }

  /** A claim was won: the lease is taken at once, and kept from now on. */
  keep(tableId: string, epoch: number): void {
    this.#kept.set(tableId, { epoch, sinceMs: this.#options.steadyMs() })
    this.#options.leases
      ?.hold(this.#options.life(), new Map([[tableId, epoch]]), this.#options.leaseMs)
      .catch(() => undefined) // the next renewal takes it
  }

  /** The table is not this node's any more. */
  letGo(tableId: string, epoch: number): void {
    if (this.#kept.get(tableId)?.epoch !== epoch) return
    this.#kept.delete(tableId)
    this.#options.leases?.release(tableId, epoch).catch(() => undefined) // it ends by itself
  }

  #renew(): void {
    const { leases, life, leaseMs, steadyMs, failed } = this.#options
    if (!this.#running || leases === null) return
    const askedAtMs = steadyMs()
    const tables = this.tables
    leases
      .hold(life(), tables, leaseMs)
      .then(
        (refused) => {
          this.#proven(askedAtMs)
          for (const tableId of refused) this.#lose(tableId, tables.get(tableId) ?? 0)
        },
        (error: unknown) => failed('renew the leases', error),
      )
      .finally(() => this.#later(leaseMs / RENEWALS_A_LEASE, () => this.#renew()))
  }

  #beat(): void {
    const { book, life, leaseMs, steadyMs, failed, outlived } = this.#options
    if (!this.#running) return
    const askedAtMs = steadyMs()
    book
      .beat(life())
      .then(
        (owned) => {
          if (!this.#running) return
          if (owned === null) return outlived()
          this.#proven(askedAtMs)
          this.#booksAtMs = Math.max(this.#booksAtMs, askedAtMs)
          // A claim that was won after the question was asked is not in its answer.
          for (const [tableId, { epoch, sinceMs }] of [...this.#kept])
            if (sinceMs < askedAtMs && owned.get(tableId) !== epoch) this.#lose(tableId, epoch)
        },
        (error: unknown) => failed('beat in the books', error),
      )
      .finally(() => this.#later(leaseMs / RENEWALS_A_LEASE, () => this.#beat()))
  }

  /** A paused process finds here, when it goes on, that its time is over. */
  #watch(): void {
    if (!this.#running) return
    const { leaseMs, unproven } = this.#options
    if (!this.isProven && this.#kept.size > 0) {
      this.#kept.clear()
      unproven()
    }
    this.#later(leaseMs / (RENEWALS_A_LEASE * 4), () => this.#watch())
  }

  #proven(askedAtMs: number): void {
    if (askedAtMs > this.#provenAtMs) this.#provenAtMs = askedAtMs
  }

  #lose(tableId: string, epoch: number): void {
    if (this.#kept.get(tableId)?.epoch !== epoch) return
    this.#kept.delete(tableId)
    this.#options.lost(tableId)
  }

  #later(ms: number, work: () => void): void {
    if (!this.#running) return
    const timer = setTimeout(() => {
      this.#timers = this.#timers.filter((other) => other !== timer)
      work()
    }, ms)
    this.#timers.push(timer)
  }
}
