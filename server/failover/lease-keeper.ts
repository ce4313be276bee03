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

/** `provenAtMs`: when that was asked by which a store spoke last for this very table. */
type Kept = { readonly epoch: number; readonly sinceMs: number; readonly provenAtMs: number }

/** A fourth of the lease: two renewals may be lost before it is in danger. */
const RENEWALS_A_LEASE = 4
/** Tables that wait for the books this long go to a node which has them. */
const LEASES_WITHOUT_BOOKS = 2
/** Between two beats at least, however often there is a reason to ask the books at once. */
const BEATS_A_LEASE = 16
/** What is kept back of the lease, for the time between the look at the clock and the deed. */
const GUARD_SHARE = 0.2

/**
 * Keeps this node's right to its tables: renews their leases in Redis and beats in the books, both all the time, so
 * that either may fail. Proof counts from when it was asked for, by a clock that nobody sets. When neither could be had
 * in time the node stops by itself, before anybody else may think that its leases have ended (FOV-41). What Redis says
 * of a later owner is a hint: the books are asked at once, and while they do not answer, Redis is no proof for that
 * table (FOV-95).
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #kept = new Map<string, Kept>()
  #provenAtMs: number
  /** When that was asked which the books answered last. */
  #booksAtMs: number
  #running = false
  #beatAtMs = 0
  #beating = false
  #doubted = false
  #nextBeat: ReturnType<typeof setTimeout> | undefined
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
    return this.#proves(this.#provenAtMs)
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
    clearTimeout(this.#nextBeat)
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers = []
  }

  /** A claim was won: the lease is taken at once, and kept from now on. */
  keep(tableId: string, epoch: number): void {
    const nowMs = this.#options.steadyMs()
    this.#kept.set(tableId, { epoch, sinceMs: nowMs, provenAtMs: nowMs })
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

  /** Redis knows of a later owner of some table, or somebody made it say so: the books are asked at once. */
  doubt(): void {
    if (this.#doubted) return
    this.#doubted = true
    if (!this.#beating) this.#beatSoon()
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
          this.#proven(askedAtMs, new Map([...tables].filter(([tableId]) => !refused.includes(tableId))))
          if (refused.length > 0) this.doubt()
        },
        (error: unknown) => failed('renew the leases', error),
      )
      .finally(() => this.#later(leaseMs / RENEWALS_A_LEASE, () => this.#renew()))
  }

  #beat(): void {
    const { book, life, steadyMs, failed, outlived } = this.#options
    if (!this.#running) return
    const askedAtMs = steadyMs()
    this.#beatAtMs = askedAtMs
    this.#beating = true
    this.#doubted = false
    book
      .beat(life())
      .then(
        (owned) => {
          if (!this.#running) return
          if (owned === null) return outlived()
          this.#proven(askedAtMs, owned)
          this.#booksAtMs = Math.max(this.#booksAtMs, askedAtMs)
          // A claim that was won after the question was asked is not in its answer.
          for (const [tableId, { epoch, sinceMs }] of [...this.#kept])
            if (sinceMs < askedAtMs && owned.get(tableId) !== epoch) this.#lose(tableId, epoch)
        },
        (error: unknown) => failed('beat in the books', error),
      )
      .finally(() => {
        this.#beating = false
        this.#beatSoon()
      })
  }

  /** The next beat: at its time, or sooner when there is a doubt. */
  #beatSoon(): void {
    if (!this.#running) return
    const { leaseMs, steadyMs } = this.#options
    const soonMs = Math.max(0, this.#beatAtMs + leaseMs / BEATS_A_LEASE - steadyMs())
    clearTimeout(this.#nextBeat)
    this.#nextBeat = setTimeout(() => this.#beat(), this.#doubted ? soonMs : leaseMs / RENEWALS_A_LEASE)
  }

  /** A paused process finds here, when it goes on, that its time is over. */
  #watch(): void {
    if (!this.#running) return
    const { leaseMs, unproven, lost } = this.#options
    const { isProven } = this
    const over = [...this.#kept].filter(([, { provenAtMs }]) => !isProven || !this.#proves(provenAtMs))
    for (const [tableId] of over) this.#kept.delete(tableId)
    if (!isProven && over.length > 0) unproven()
    else for (const [tableId] of over) lost(tableId)
    this.#later(leaseMs / (RENEWALS_A_LEASE * 4), () => this.#watch())
  }

  #proves(askedAtMs: number): boolean {
    const { leaseMs, steadyMs, alone } = this.#options
    return steadyMs() - askedAtMs <= leaseMs * (1 - GUARD_SHARE) || alone()
  }

  /** A store has answered what it was asked then, and spoke for these epochs. */
  #proven(askedAtMs: number, confirmed: ReadonlyMap<string, number>): void {
    this.#provenAtMs = Math.max(this.#provenAtMs, askedAtMs)
    for (const [tableId, kept] of this.#kept)
      if (confirmed.get(tableId) === kept.epoch)
        this.#kept.set(tableId, { ...kept, provenAtMs: Math.max(kept.provenAtMs, askedAtMs) })
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
