import { type CloseCode, matchMaker } from '@colyseus/core'
import type { VoidReason } from '../../engine/round/types.ts'
import { TableRoom } from '../../rooms/table-room.ts'
import type { LocalTables } from '../failover/peers.ts'
import type { Books } from '../ledger/books.ts'
import type { FloorControl } from '../operator/desk.ts'
import { retryDelayMs, sleep } from './effect-runner.ts'
import type { HouseTable } from './house-tables.ts'

/** A table that the house has closed: clients need not come back. Documented in docs/protocol.md. */
export const TABLE_CLOSED = 4020
const VOID_WAIT_MS = 5_000

export type FloorDeps = {
  readonly tables: { list(): Promise<readonly HouseTable[]>; get(tableId: string): Promise<HouseTable | null> }
  readonly books: Pick<Books, 'latestRound'>
  readonly failed: (where: string, error: unknown) => void
  /** True when other nodes share the tables out with this one, so that none is opened before it was claimed. */
  readonly shared: boolean
  /** The hot copy of a table that was stopped is written, or the time is up. */
  readonly flush: (tableId: string, withinMs: number) => Promise<void>
  /** The table is not this node's any more, and may still wait for its first round. */
  readonly abandon: (tableId: string) => void
  /** The house closed the table: it has no room here any more. */
  readonly closed: (tableId: string) => void
}

const FLUSH_MS = 300

/** The open tables of this node: a room for each, and told what the operator decides. */
export class Floor implements FloorControl, LocalTables {
  readonly #deps: FloorDeps
  readonly #opening = new Map<string, Promise<void>>()
  /** Tables that were changed since the latest look at whether they want a room. */
  readonly #changedSince = new Set<string>()
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #abort = new AbortController()
  /** Closed tables that were seen to have nothing left to end, by the revision at which they were. */
  readonly #done = new Map<string, number>()
  #ready = false

  constructor(deps: FloorDeps) {
    this.#deps = deps
  }

  /** Of a house of one node: true once every table that is open has been taken over. */
  get ready(): boolean {
    return this.#ready
  }

  /** Of a house of one node: opens a room for every table that wants one. A paused one may wait for its first round. */
  async openAll(): Promise<void> {
    const tables = await this.#deps.tables.list()
    const opened = tables.map(({ tableId, status }) => ({ status, done: this.#openRoom(tableId) }))
    await Promise.all(opened.filter(({ status }) => status !== 'paused').map(({ done }) => done))
    this.#ready = true
  }

  async wanted(): Promise<readonly { readonly tableId: string; readonly paused: boolean }[]> {
    const wanted: { tableId: string; paused: boolean }[] = []
    for (const { tableId, status, revision } of await this.#deps.tables.list()) {
      if (status === 'closed') {
        if (this.#done.get(tableId) === revision) continue
        if (!(await this.#unfinished(tableId))) {
          this.#done.set(tableId, revision)
          continue
        }
      }
      wanted.push({ tableId, paused: status === 'paused' })
    }
    return wanted
  }

  async open(tableId: string): Promise<boolean> {
    if (!(await this.#wanted(tableId))) return false
    await matchMaker.createRoom('table', { tableId })
    return true
  }

  atRest(tableId: string): boolean {
    return this.#room(tableId)?.atRest ?? false
  }

  async quiesce(tableId: string, withinMs: number): Promise<void> {
    await this.#room(tableId)?.quiesce(withinMs)
    await this.#deps.flush(tableId, FLUSH_MS)
  }

  drop(tableId: string): void {
    this.#deps.abandon(tableId)
    void this.#room(tableId)?.move()
  }

  stop(): void {
    this.#abort.abort()
    for (const wake of [...this.#waiting.values()].flatMap((all) => [...all])) wake()
  }

  /** The operator changed the table: whoever waits for it looks again, and a table that was closed gets its room. */
  tableChanged(tableId: string): void {
    for (const wake of this.#waiting.get(tableId) ?? []) wake()
    if (this.#deps.shared) return
    this.#changedSince.add(tableId)
    void this.#openRoom(tableId)
  }

  /** Resolves when the table has changed, or after `ms`. */
  changed(tableId: string, ms: number, signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting.get(tableId) ?? new Set()
    this.#waiting.set(tableId, waiting)
    return new Promise((resolve) => {
      const wake = () => {
        waiting.delete(wake)
        resolve()
      }
      waiting.add(wake)
      void sleep(ms, signal).then(wake)
    })
  }

  /** Orders the void of the table's round, if it is the one that is meant, and waits until the books have it. */
  async voidRound(
    tableId: string,
    reason: VoidReason,
    wanted: string | null,
  ): Promise<{ roundId: string } | { code: string }> {
    const room = this.#room(tableId)
    if (room === null) return { code: 'no-such-table' }
    const { roundId } = room.round.opening
    if (wanted !== null && wanted !== roundId) return { code: 'wrong-round' }
    const refusal = await room.orderVoid(reason)
    if (refusal !== null) return { code: refusal }
    for (let waitedMs = 0; waitedMs < VOID_WAIT_MS; waitedMs += 50) {
      const { opening, phase, endedAtMs } = room.round
      if (opening.roundId !== roundId || (phase === 'void' && endedAtMs !== null)) return { roundId }
      if (phase === 'drawn' || phase === 'settled') return { code: 'round-drawn' }
      await sleep(50, this.#abort.signal)
    }
    return { code: 'not-yet-void' }
  }

  statusChanged(tableId: string, status: string): void {
    const room = this.#room(tableId)
    room?.setStatus(status)
    if (status === 'closed' && room !== null) void this.#closeRoom(tableId, room)
  }

  async #closeRoom(tableId: string, room: TableRoom): Promise<void> {
    await room.disconnect(TABLE_CLOSED as CloseCode)
    this.#opening.delete(tableId)
    this.#deps.closed(tableId)
    // It may have been opened again while its sockets were being closed.
    if (!this.#deps.shared) await this.#openRoom(tableId)
  }

  /** A closed table wants its room back only for a round that was not over: stakes lie in it. */
  async #wanted(tableId: string): Promise<boolean> {
    const table = await this.#deps.tables.get(tableId)
    if (table === null || table.status !== 'closed') return table !== null
    return this.#unfinished(tableId)
  }

  async #unfinished(tableId: string): Promise<boolean> {
    const latest = await this.#deps.books.latestRound(tableId)
    return latest !== null && latest.ended === null
  }

  #openRoom(tableId: string): Promise<void> {
    const known = this.#opening.get(tableId)
    if (known !== undefined) return known
    const opening = this.#createRoom(tableId)
    this.#opening.set(tableId, opening)
    return opening
  }

  async #createRoom(tableId: string): Promise<void> {
    for (let attempts = 1; !this.#abort.signal.aborted; attempts++) {
      try {
        this.#changedSince.delete(tableId)
        if (await this.#wanted(tableId)) await matchMaker.createRoom('table', { tableId })
        // An order that came during the look (a table is created and opened at once) may not have been seen by it.
        else if (this.#changedSince.has(tableId)) continue
        else this.#opening.delete(tableId)
        return
      } catch (error) {
        this.#deps.failed(`open table ${tableId}, attempt ${attempts}`, error)
        await sleep(retryDelayMs(attempts), this.#abort.signal)
      }
    }
  }

  #room(tableId: string): TableRoom | null {
    const room = matchMaker.getLocalRoomById(tableId)
    return room instanceof TableRoom ? room : null
  }
}
