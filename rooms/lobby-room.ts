import { type Client, CloseCode } from '@colyseus/core'
import { MapSchema, type SchemaType, schema, t } from '@colyseus/schema'
import { MessageGuard, SEAT_SECONDS } from './message-guard.ts'
import type { SeatSealer, TableMeter } from './ports.ts'
import type { LobbyTable } from './protocol.ts'
import { SeatKeeper } from './seat-keeper.ts'
import { SeatedRoom } from './seated-room.ts'
import { numberFrom } from './table-state.ts'

const LobbyRow = schema(
  {
    tableId: t.string().default(''),
    name: t.string().default(''),
    gameId: t.string().default(''),
    status: t.string().default(''),
    phase: t.string().default(''),
    closesAtMs: t.float64().default(0),
    players: t.uint32().default(0),
    minCents: t.float64().default(0),
    maxCents: t.float64().default(0),
    lastOutcomes: t.array('string'),
  },
  'LobbyTable',
)
const LobbyState = schema({ tables: t.map(LobbyRow) }, 'Lobby')
type LobbyState = SchemaType<typeof LobbyState>
type LobbyRow = SchemaType<typeof LobbyRow>

/** The floor as the lobby shows it: every table's row, kept by the tables themselves. */
export class FloorBoard {
  readonly #rows = new Map<string, LobbyTable>()
  readonly #listeners = new Set<() => void>()

  list(tableId: string, row: LobbyTable | null): void {
    if (row === null) this.#rows.delete(tableId)
    else this.#rows.set(tableId, row)
    for (const listener of this.#listeners) listener()
  }

  rows(): LobbyTable[] {
    return [...this.#rows.values()].sort((a, b) => a.tableId.localeCompare(b.tableId))
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

export type LobbyOptions = {
  readonly patchIntervalMs?: number
  readonly floor: FloorBoard
  readonly sealer: SeatSealer
  /**
   * First number by which clients know parts of this lobby's state. They keep what they know from lobby to lobby, so no
   * other lobby of the house may give out the same numbers: leave 65,536 for each.
   */
  readonly refBase: number
  nowMs(): number
  readonly meter: Pick<TableMeter, 'refused' | 'failed' | 'socketOpened' | 'socketClosed'>
}

const BUDGET = { perSecond: 2, burst: 10 }
const PATCH_INTERVAL_MS = 1_000

/** A room that only shows: it has no requests of its own. */
export class LobbyRoom extends SeatedRoom<{ state: LobbyState }> {
  override state = new LobbyState()
  override autoDispose = false
  override seatReservationTimeout = SEAT_SECONDS
  /** Set once there is something to show: Colyseus starts its interval before `onCreate`. */
  override patchRate: number | null = null
  #options!: LobbyOptions
  #guard!: MessageGuard
  readonly #here = new Set<Client>()
  #unwatch: () => void = () => undefined
  #stale = true

  override onCreate(options: LobbyOptions): void {
    this.roomId = 'lobby'
    this.#options = options
    numberFrom(this.state, options.refBase)
    this.state.tables = new MapSchema<LobbyRow>()
    this.seats = new SeatKeeper(this, {
      sealer: options.sealer,
      nowMs: () => options.nowMs(),
      known: new Map(),
      kept: () => undefined, // whoever sees the lobby sees what everyone sees
    })
    this.#guard = new MessageGuard(this, {
      known: new Set(),
      budget: BUDGET,
      nowMs: () => options.nowMs(),
      refused: (code) => options.meter.refused(code),
      joined: (client) => this.seats?.acknowledged(client),
    })
    this.#unwatch = options.floor.watch(() => {
      this.#stale = true
    })
    this.#show()
    this.patchRate = options.patchIntervalMs ?? PATCH_INTERVAL_MS
  }

  override onJoin(client: Client): void {
    this.#arrived(client)
  }

  /** A lobby keeps no seat for who has gone; it is the same for who comes back with his token, here or elsewhere. */
  override onReconnect(client: Client): void {
    this.seats?.returned(client)
    this.#arrived(client)
  }

  override onLeave(client: Client): void {
    if (this.#here.delete(client)) this.#options.meter.socketClosed('lobby')
    this.seats?.released(client)
  }

  /** Another lobby stands behind the same address, or will. */
  override onBeforeShutdown(): void {
    this.seats?.moved()
    void this.disconnect(CloseCode.MAY_TRY_RECONNECT)
  }

  #arrived(client: Client): void {
    this.#here.add(client)
    this.#options.meter.socketOpened('lobby')
    this.seats?.issue(client, null)
  }

  override onBeforePatch(): void {
    try {
      this.#show()
      this.#guard.sweep()
    } catch (error) {
      // Colyseus calls this from a bare timer, where a throw would end the process and every table with it.
      this.#options.meter.failed('lobby patch', error)
    }
  }

  #show(): void {
    if (!this.#stale) return
    this.#stale = false
    const rows = this.#options.floor.rows()
    const listed = new Set(rows.map(({ tableId }) => tableId))
    for (const tableId of [...this.state.tables.keys()]) if (!listed.has(tableId)) this.state.tables.delete(tableId)
    for (const row of rows) this.#showRow(row)
  }

  override onDispose(): void {
    this.#unwatch()
  }

  override onUncaughtException(error: Error, where: string): void {
    this.#options.meter.failed(where, error)
  }

  #showRow({ lastOutcomes, ...fields }: LobbyTable): void {
    const row = this.state.tables.get(fields.tableId) ?? new LobbyRow()
    Object.assign(row, fields)
    if (lastOutcomes.join() !== row.lastOutcomes.join()) {
      row.lastOutcomes.splice(0, row.lastOutcomes.length)
      row.lastOutcomes.push(...lastOutcomes)
    }
    if (!this.state.tables.has(fields.tableId)) this.state.tables.set(fields.tableId, row)
  }
}
