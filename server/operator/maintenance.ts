import type { Kysely, Transaction } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'
import type { Database } from '../database/open.ts'
import type { HouseTables } from '../tables/house-tables.ts'

/** An announced pause of the whole house, as players are told of it. */
export type MaintenanceWindow = {
  readonly id: number
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly reason: string
  readonly state: 'planned' | 'under-way'
}
export type MaintenanceRefusal = 'window-exists' | 'no-window' | 'under-way' | 'not-under-way'

export type MaintenanceOptions = {
  readonly database: Database
  readonly tables: HouseTables
  readonly audit: AuditLog
  readonly nowMs: () => number
  readonly tableChanged: (tableId: string) => void
  readonly failed: (error: unknown) => void
}

type Executor = Kysely<DatabaseSchema> | Transaction<DatabaseSchema>
type Row = { id: number; starts_at_ms: number; ends_at_ms: number; reason: string; state: string; paused: string[] }

const LOOK_MS = 1_000
const UNDER_WAY = ['planned', 'under-way']

/**
 * Maintenance windows: announced ahead, begun by pausing every open table (the running rounds end and are paid), ended
 * by opening the same tables again; start, end and reason are on the record (O13, OPS-18 to OPS-20). Every node looks
 * at the clock; the books let one of them begin and one of them end.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  #timer: NodeJS.Timeout | null = null

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look().catch(this.#options.failed), LOOK_MS).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  /** The window that is planned or under way; null when there is none. */
  async current(within: Executor = this.#options.database.kysely): Promise<MaintenanceWindow | null> {
    const row = await this.#row(within)
    return row === null ? null : windowOf(row)
  }

  async plan(
    asked: { readonly startsAtMs: number; readonly endsAtMs: number; readonly reason: string },
    within: Executor,
  ): Promise<MaintenanceWindow | MaintenanceRefusal> {
    const row = await within
      .insertInto('maintenance_window')
      .values({
        starts_at_ms: asked.startsAtMs,
        ends_at_ms: asked.endsAtMs,
        reason: asked.reason,
        state: 'planned',
        paused: [],
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    return row === undefined ? 'window-exists' : windowOf(row)
  }

  /** Takes back a window that has not begun. */
  async cancel(within: Executor): Promise<MaintenanceWindow | MaintenanceRefusal> {
    const row = await this.#row(within)
    if (row === null) return 'no-window'
    if (row.state !== 'planned') return 'under-way'
    await this.#become(row, 'cancelled', row.paused, within)
    return windowOf(row)
  }

  /** Ends the window that is under way before its time; answers it and the tables that are open again. */
  async end(
    within: Executor,
  ): Promise<{ readonly window: MaintenanceWindow; readonly opened: readonly string[] } | MaintenanceRefusal> {
    const row = await this.#row(within)
    if (row === null) return 'no-window'
    if (row.state !== 'under-way') return 'not-under-way'
    return { window: windowOf(row), opened: await this.#open(row, within) }
  }

  /** Begins or ends what is due. */
  async look(): Promise<void> {
    const { database, audit, nowMs, tableChanged } = this.#options
    const now = nowMs()
    const due = ({ state, starts_at_ms, ends_at_ms }: Row) => now >= (state === 'planned' ? starts_at_ms : ends_at_ms)
    const seen = await this.#row(database.kysely)
    if (seen === null || !due(seen)) return
    // Outside of the transaction: the embedded database has one session alone.
    const tableIds = (await this.#options.tables.list()).map(({ tableId }) => tableId)
    const changed = await database.kysely.transaction().execute(async (tx) => {
      const row = await this.#row(tx)
      if (row === null || row.id !== seen.id || !due(row)) return []
      const begins = row.state === 'planned'
      const tables = begins ? await this.#pause(row, tableIds, tx) : await this.#open(row, tx)
      const action = begins ? 'maintenance.begun' : 'maintenance.ended'
      await audit.record({ actor: 'house', action, target: `${row.id}`, detail: { reason: row.reason, tables } }, tx)
      return tables
    })
    for (const tableId of changed) tableChanged(tableId)
  }

  async #pause(row: Row, tableIds: readonly string[], within: Executor): Promise<string[]> {
    const paused: string[] = []
    for (const tableId of tableIds) {
      if ((await this.#options.tables.get(tableId, within))?.status !== 'open') continue
      const change = await this.#options.tables.setStatus(tableId, 'paused', within)
      if (typeof change !== 'string') paused.push(tableId)
    }
    await this.#become(row, 'under-way', paused, within)
    return paused
  }

  /** Only the tables that the window paused, and only those that nobody has ordered otherwise since. */
  async #open(row: Row, within: Executor): Promise<string[]> {
    const opened: string[] = []
    for (const tableId of row.paused) {
      const table = await this.#options.tables.get(tableId, within)
      if (table?.status !== 'paused') continue
      const change = await this.#options.tables.setStatus(tableId, 'open', within)
      if (typeof change !== 'string') opened.push(tableId)
    }
    await this.#become(row, 'over', row.paused, within)
    return opened
  }

  async #become(row: Row, state: string, paused: string[], within: Executor): Promise<void> {
    await within.updateTable('maintenance_window').set({ state, paused }).where('id', '=', row.id).execute()
  }

  /** Within a transaction the row is locked, so that one node alone acts on it. */
  async #row(within: Executor): Promise<Row | null> {
    const select = within.selectFrom('maintenance_window').selectAll().where('state', 'in', UNDER_WAY)
    return (await (within.isTransaction ? select.forUpdate() : select).executeTakeFirst()) ?? null
  }
}

function windowOf({ id, starts_at_ms, ends_at_ms, reason, state }: Row): MaintenanceWindow {
  return {
    id,
    startsAtMs: starts_at_ms,
    endsAtMs: ends_at_ms,
    reason,
    state: state === 'under-way' ? 'under-way' : 'planned',
  }
}
