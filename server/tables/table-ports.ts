import { rebuild } from '../../engine/round/rebuild.ts'
import type { Facts } from '../../engine/round/types.ts'
import type { Lease, TableMeter, TablePorts, TakenOver } from '../../rooms/ports.ts'
import type { RoundHistory } from '../http/ports.ts'
import type { Tickets } from '../players/tickets.ts'
import { EffectRunner } from './effect-runner.ts'
import { openNext, type TableEffectsDeps, tableEffects } from './table-effects.ts'

const LAST_OUTCOMES = 20

export type TablePortsDeps = TableEffectsDeps & {
  readonly series: TableEffectsDeps['series'] & {
    contribute: TablePorts['contribute']
  }
  readonly history: Pick<RoundHistory, 'resultsOfTable'>
  readonly tickets: Pick<Tickets, 'spend'>
  readonly meter: TableMeter
  readonly list: TablePorts['list']
}

/** What a table asks for, on the real books, draw pool and players. One lease per table lives here at a time. */
export class HouseTablePorts implements TablePorts {
  readonly meter: TableMeter
  readonly list: TablePorts['list']
  readonly #deps: TablePortsDeps
  readonly #runners = new Map<Lease, EffectRunner>()

  constructor(deps: TablePortsDeps) {
    this.#deps = deps
    this.meter = deps.meter
    this.list = deps.list
  }

  nowMs(): number {
    return this.#deps.nowMs()
  }

  /**
   * First fence the past, then read it (design: epoch). Waits for as long as the table is paused before its first
   * round.
   */
  async takeOver(tableId: string): Promise<TakenOver> {
    const { books, tables, history } = this.#deps
    const lease: Lease = { tableId, epoch: await books.raiseEpoch(tableId) }
    const facts = (await books.latestRound(tableId)) ?? (await this.#firstRound(lease))
    const table = await tables.get(tableId)
    const results = await history.resultsOfTable(tableId, LAST_OUTCOMES)
    return {
      lease,
      round: rebuild(null, facts),
      name: table?.name ?? tableId,
      lastOutcomes: results.filter(({ how }) => how === 'settled').map(({ outcome }) => outcome),
    }
  }

  /** The embedded house has no second node, so its hot copy would have no reader: the books alone are enough. */
  save(): void {}

  perform(...[lease, effects, answer, ended]: Parameters<TablePorts['perform']>): void {
    this.#runnerOf(lease).start(effects, answer, ended)
  }

  stop(lease: Lease): void {
    this.#runners.get(lease)?.stop()
    this.#runners.delete(lease)
  }

  async spendTicket(ticket: string) {
    return this.#deps.tickets.spend(ticket)
  }

  balanceOf(playerId: string) {
    return this.#deps.books.balanceOf(playerId)
  }

  contribute(...asked: Parameters<TablePorts['contribute']>) {
    return this.#deps.series.contribute(...asked)
  }

  #runnerOf(lease: Lease): EffectRunner {
    const known = this.#runners.get(lease)
    if (known !== undefined) return known
    const { nowMs, meter } = this.#deps
    const runner = new EffectRunner({
      perform: tableEffects(lease, this.#deps),
      nowMs,
      // The first failure is told; then every tenth, so that an outage of the database does not become one of the log.
      failed: (effect, attempts, error) => {
        if (attempts % 10 === 1) meter.failed(`effect ${effect.type}, attempt ${attempts}`, error)
      },
    })
    this.#runners.set(lease, runner)
    return runner
  }

  async #firstRound(lease: Lease): Promise<Facts> {
    const opened = await openNext(lease, null, this.#deps, new AbortController().signal)
    if (typeof opened === 'string' || opened.event.type !== 'nextOpened')
      throw new Error(`the table ${lease.tableId} opens no round: ${String(opened)}`)
    return { opening: opened.event.opening, stakes: [], betDigest: null, draw: null, ended: null }
  }
}
