import type { HotState } from '../../server/failover/hot-state.ts'
import type { LocalTables } from '../../server/failover/peers.ts'
import type { House } from './house.ts'
import { AGAIN } from './net.ts'
import type { Process } from './process.ts'
import { QUICK_LIMIT_MS, Room } from './room.ts'

export type FloorOptions = {
  readonly house: House
  readonly process: Process
  readonly nowMs: () => number
  readonly hot: HotState
  /** Errors: rejects when the table may not be had. */
  readonly claim: (tableId: string) => Promise<number>
  /** The table ended here by itself. */
  readonly gaveUp: (tableId: string) => void
}

const FLUSH_MS = 300
/** A room that was ended still closes its sockets for a moment. */
const DISPOSE_MS = 40

/** The tables of one process, as the house's own floor keeps them, without sockets. */
export class Floor implements LocalTables {
  readonly #options: FloorOptions
  readonly #rooms = new Map<string, Room>()
  /** Tables that are being opened, and the rooms that wait for their take-over. */
  readonly #opening = new Map<string, Room | null>()

  constructor(options: FloorOptions) {
    this.#options = options
  }

  get rooms(): readonly Room[] {
    return [...this.#rooms.values()]
  }

  room(tableId: string): Room | null {
    return this.#rooms.get(tableId) ?? null
  }

  wanted(): ReturnType<LocalTables['wanted']> {
    const { house, process } = this.#options
    return house.net.ask(process, 'books', QUICK_LIMIT_MS, AGAIN, () => house.tables.wanted())
  }

  /** A table is opened only under an epoch that was claimed for it, and only once at a time. */
  async open(tableId: string): Promise<boolean> {
    const { house, process, nowMs, hot, claim } = this.#options
    if (this.#rooms.has(tableId) || this.#opening.has(tableId))
      house.broke('floor', new Error(`${tableId} is opened twice at one node`))
    this.#opening.set(tableId, null)
    try {
      const epoch = await claim(tableId)
      const wanted = await house.net.ask(process, 'books', QUICK_LIMIT_MS, AGAIN, () => house.tables.isWanted(tableId))
      if (!wanted) return false
      const room: Room = new Room({
        house,
        process,
        tableId,
        nowMs,
        hot,
        claim: async () => epoch,
        fenced: () => this.#fenced(room),
        closed: () => this.#close(room),
      })
      this.#opening.set(tableId, room)
      await room.start()
      this.#rooms.set(tableId, room)
      return true
    } finally {
      this.#opening.delete(tableId)
    }
  }

  atRest(tableId: string): boolean {
    return this.#rooms.get(tableId)?.atRest ?? false
  }

  async quiesce(tableId: string, withinMs: number): Promise<void> {
    const { house, process, hot } = this.#options
    house.witness({ what: 'gives', process: process.number, tableId, atRest: this.atRest(tableId) })
    await this.#rooms.get(tableId)?.quiesce(withinMs)
    await hot.flush(tableId, FLUSH_MS)
  }

  drop(tableId: string): void {
    this.#opening.get(tableId)?.abandon()
    const room = this.#rooms.get(tableId)
    if (room !== undefined) this.#end(room)
  }

  #fenced(room: Room): void {
    const { tableId } = room
    this.#end(room)
    this.#options.gaveUp(tableId)
  }

  #close(room: Room): void {
    const { hot, gaveUp } = this.#options
    const { tableId } = room
    this.#end(room)
    gaveUp(tableId)
    hot.forget(tableId)
  }

  #end(room: Room): void {
    const { tableId } = room
    if (this.#rooms.get(tableId) === room) this.#rooms.delete(tableId)
    room.end()
    setTimeout(() => this.#options.hot.stop(tableId), DISPOSE_MS)
  }
}
