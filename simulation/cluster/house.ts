import type { Draw, Opening, Terms } from '../../engine/round/types.ts'
import type { HouseTable, TableStatus } from '../../server/tables/house-tables.ts'
import type { Croupier } from '../croupier.ts'
import type { MemoryLedger } from '../memory-ledger.ts'
import { tableOf } from '../plain-house.ts'
import type { Witness } from '../testimony.ts'
import type { Net } from './net.ts'
import type { MemoryOwnerBooks } from './owner-books.ts'
import type { ForgetfulRedis } from './redis.ts'
import type { Switchboard } from './switchboard.ts'
import type { ClusterWitness } from './testimony.ts'

/** Everything of a world that its processes share, or reach over the network. */
export type House = {
  readonly net: Net
  readonly board: Switchboard
  readonly ledger: MemoryLedger
  readonly owners: MemoryOwnerBooks
  readonly redis: ForgetfulRedis
  readonly tables: HouseList
  readonly croupier: Croupier
  readonly wrongDraw: (roundId: string) => Draw
  readonly hear: Witness
  readonly witness: ClusterWitness
  /** An invariant broke in the code under test. */
  readonly broke: (where: string, error: unknown) => void
  readonly nextNumber: () => number
}

/** The list of the house's tables, in the books. */
export class HouseList {
  readonly #tables = new Map<string, { readonly terms: Terms; status: TableStatus }>()
  readonly #unfinished: (tableId: string) => boolean
  readonly #changed: (tableId: string, status: TableStatus) => void

  /** `unfinished` tells whether the table's last round has still to end; `changed` hears of every new status. */
  constructor(unfinished: (tableId: string) => boolean, changed: (tableId: string, status: TableStatus) => void) {
    this.#unfinished = unfinished
    this.#changed = changed
  }

  get ids(): string[] {
    return [...this.#tables.keys()]
  }

  add(tableId: string, terms: Terms): void {
    this.#tables.set(tableId, { terms, status: 'open' })
    this.#changed(tableId, 'open')
  }

  get(tableId: string): HouseTable | null {
    const table = this.#tables.get(tableId)
    return table === undefined ? null : tableOf(tableId, table.terms, table.status)
  }

  setStatus(tableId: string, status: TableStatus): void {
    const table = this.#tables.get(tableId)
    if (table === undefined || table.status === status) return
    table.status = status
    this.#changed(tableId, status)
  }

  closeDrained(tableId: string): void {
    if (this.#tables.get(tableId)?.status === 'draining') this.setStatus(tableId, 'closed')
  }

  isWanted(tableId: string): boolean {
    const status = this.#tables.get(tableId)?.status
    return status !== undefined && (status !== 'closed' || this.#unfinished(tableId))
  }

  wanted(): readonly { readonly tableId: string; readonly paused: boolean }[] {
    return this.ids
      .filter((tableId) => this.isWanted(tableId))
      .map((tableId) => ({ tableId, paused: this.#tables.get(tableId)?.status === 'paused' }))
  }
}

/** What was opened, for whoever needs to know the round of an id. */
export type Openings = ReadonlyMap<string, Opening>
