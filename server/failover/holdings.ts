import { crashPoint } from '../crash-points.ts'
import type { Directory } from './directory.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import type { ClusterMeter, LocalTables, PeerLinks, Running, TakeOverCause } from './peers.ts'

/** The claim was lost to another node; that is where the table is now. */
export class ClaimLost extends Error {
  constructor(tableId: string, nodeId: string) {
    super(`the table ${tableId} was claimed by ${nodeId}`)
    this.name = 'ClaimLost'
  }
}

export type HoldingsOptions = {
  readonly tables: LocalTables
  readonly keeper: LeaseKeeper
  readonly links: Pick<PeerLinks, 'ask'>
  readonly directory: Directory
  readonly meter: ClusterMeter
  readonly steadyMs: () => number
  /** Other nodes should hear what this one runs now. */
  readonly announce: () => void
}

const QUIESCE_MS = 1_500
const TAKE_MS = 4_000
const FIRST_RETRY_MS = 200
const SLOWEST_RETRY_MS = 5_000

/** The tables of this node, from the claim until they are given away, lost or dropped. */
export class Holdings {
  readonly #options: HoldingsOptions
  readonly #opening = new Map<string, Promise<boolean>>()
  readonly #open = new Set<string>()
  readonly #moving = new Set<string>()
  /** Tables that were lost while they opened. */
  readonly #abandoned = new Set<string>()
  readonly #signs = new Map<string, { readonly cause: TakeOverCause; readonly atMs: number }>()
  /** Tables that could not be opened here, and until when they are left alone. */
  readonly #failed = new Map<string, { readonly times: number; readonly untilMs: number }>()
  #stopped = false

  constructor(options: HoldingsOptions) {
    this.#options = options
  }

  isOpen(tableId: string): boolean {
    return this.#open.has(tableId)
  }

  /** Being opened or handed over, or failed to open just now: to be left alone. */
  isBusy(tableId: string): boolean {
    if (this.#opening.has(tableId) || this.#moving.has(tableId)) return true
    return (this.#failed.get(tableId)?.untilMs ?? 0) > this.#options.steadyMs()
  }

  /** True when the table could not be opened here, and has not been since. */
  hasFailed(tableId: string): boolean {
    return this.#failed.has(tableId)
  }

  get moving(): number {
    return this.#moving.size
  }

  running(): Running[] {
    return [...this.#options.keeper.tables].map(([tableId, epoch]) => ({
      tableId,
      epoch,
      open: this.#open.has(tableId),
    }))
  }

  /** The first sign that the table needs another owner; take-overs are timed from there. */
  sign(tableId: string, cause: TakeOverCause): void {
    if (!this.#signs.has(tableId)) this.#signs.set(tableId, { cause, atMs: this.#options.steadyMs() })
  }

  /** Somebody else runs the table, so whatever was seen of it, and came of it here, is over. */
  forgetSigns(tableId: string): void {
    this.#signs.delete(tableId)
    this.#failed.delete(tableId)
  }

  /** Claims and opens the table here, once at a time. True when it is open. */
  takeOver(tableId: string): Promise<boolean> {
    const known = this.#opening.get(tableId)
    if (known !== undefined) return known
    const { announce, directory } = this.#options
    const opening = this.#openHere(tableId).finally(() => {
      this.#opening.delete(tableId)
      this.#abandoned.delete(tableId)
      announce()
      directory.wake(tableId)
    })
    this.#opening.set(tableId, opening)
    return opening
  }

  /** Stops the table at a safe point and gives it to the node `to`; if that fails, the next look finds it ownerless. */
  async handOver(tableId: string, to: string): Promise<void> {
    const { tables, links, meter, steadyMs, keeper, announce } = this.#options
    const epoch = keeper.epochOf(tableId)
    if (epoch === null || this.isBusy(tableId)) return
    const startedMs = steadyMs()
    this.#moving.add(tableId)
    try {
      await tables.quiesce(tableId, QUIESCE_MS)
      crashPoint('handover.stopped')
      this.#open.delete(tableId)
      announce()
      // Sockets are sent away while the other node opens the table, and are held until it has.
      const taking = links.ask(to, 'take', { tableId, epoch }, TAKE_MS)
      tables.drop(tableId)
      if ((await taking) === null) throw new Error(`${to} did not take ${tableId}`)
      crashPoint('handover.taken')
      meter.handedOver(steadyMs() - startedMs, { tableId, epoch, to })
    } catch (error) {
      meter.handedOver(null, { tableId, epoch, to })
      meter.failed(`hand over ${tableId}`, error)
    } finally {
      this.#moving.delete(tableId)
      keeper.letGo(tableId, epoch)
      announce()
    }
  }

  /** The table is no longer this node's: its players are sent to wherever it is. */
  lose(tableId: string): void {
    const { keeper, tables, announce } = this.#options
    const epoch = keeper.epochOf(tableId)
    if (epoch !== null) keeper.letGo(tableId, epoch)
    if (this.#opening.has(tableId)) this.#abandoned.add(tableId)
    if (this.#open.delete(tableId) || this.#opening.has(tableId)) tables.drop(tableId)
    announce()
  }

  /** A table that is still being opened, perhaps until it has a first round, is left to the others. */
  abandon(tableId: string): void {
    if (this.#opening.has(tableId)) this.lose(tableId)
  }

  /** Everything is given up at once. Answers how many tables were open. */
  loseAll(): number {
    const open = this.#open.size
    for (const tableId of [...this.#open, ...this.#opening.keys()]) this.lose(tableId)
    return open
  }

  stop(): void {
    this.#stopped = true
    this.loseAll()
  }

  async #openHere(tableId: string): Promise<boolean> {
    const { tables, meter, steadyMs, keeper } = this.#options
    try {
      const opened = await tables.open(tableId)
      const epoch = keeper.epochOf(tableId)
      if (opened && epoch !== null && !this.#stopped) {
        this.#open.add(tableId)
        this.#failed.delete(tableId)
        const sign = this.#signs.get(tableId)
        this.#signs.delete(tableId)
        if (sign !== undefined) meter.tookOver(sign.cause, steadyMs() - sign.atMs, { tableId, epoch })
        return true
      }
      if (opened) tables.drop(tableId)
    } catch (error) {
      if (!(error instanceof ClaimLost) && !this.#abandoned.has(tableId)) {
        const times = (this.#failed.get(tableId)?.times ?? 0) + 1
        const untilMs = steadyMs() + Math.min(SLOWEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (times - 1))
        this.#failed.set(tableId, { times, untilMs })
        meter.failed(`take over ${tableId}, attempt ${times}`, error)
      }
    }
    const epoch = keeper.epochOf(tableId)
    if (epoch !== null) keeper.letGo(tableId, epoch)
    return false
  }
}
