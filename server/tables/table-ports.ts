import { rebuild } from '../../engine/round/rebuild.ts'
import type { Facts, Round } from '../../engine/round/types.ts'
import type { Lease, SeatClaim, SeatSealer, TableMeter, TablePorts, TakenOver } from '../../rooms/ports.ts'
import { crashPoint } from '../crash-points.ts'
import type { HotState } from '../failover/hot-state.ts'
import type { RoundHistory } from '../http/ports.ts'
import type { Tickets } from '../players/tickets.ts'
import { EffectRunner, sleep } from './effect-runner.ts'
import { openNext, type TableEffectsDeps, tableEffects, tellLog } from './table-effects.ts'

const LAST_OUTCOMES = 20

export type TablePortsDeps = TableEffectsDeps & {
  readonly series: TableEffectsDeps['series'] & {
    contribute: TablePorts['contribute']
  }
  readonly history: Pick<RoundHistory, 'resultsOfTable'>
  readonly tickets: Pick<Tickets, 'spend'>
  readonly meter: TableMeter
  readonly list: TablePorts['list']
  /** A clock that nobody sets; the process's own if not given. */
  readonly steadyMs?: () => number
  /** The epoch under which the table is taken over. Errors: rejects when it may not be taken over. */
  readonly claim: (tableId: string) => Promise<number>
  readonly hot: Pick<HotState, 'save' | 'read' | 'seats' | 'seat'>
  readonly seats: SeatSealer
  /** The books refused the table's epoch: another node runs it. */
  readonly fenced: (tableId: string) => void
}

/** What a table asks for, on the real books, draw pool and players. One lease per table lives here at a time. */
export class HouseTablePorts implements TablePorts {
  readonly meter: TableMeter
  readonly list: TablePorts['list']
  readonly #deps: TablePortsDeps
  readonly #runners = new Map<Lease, EffectRunner>()
  /** Tables that are being taken over, and how to give that up. */
  readonly #taking = new Map<string, AbortController>()

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
   * round, or until it is abandoned. Its hot copy is written at once, and from then on no former owner's (FOV-103).
   */
  async takeOver(tableId: string): Promise<TakenOver> {
    const { books, tables, history, claim, hot } = this.#deps
    const lease: Lease = { tableId, epoch: await claim(tableId) }
    const taking = new AbortController()
    this.#taking.set(tableId, taking)
    crashPoint('takeover.claimed')
    const proved = async (): Promise<Round> => {
      const facts = (await books.latestRound(tableId)) ?? (await this.#firstRound(lease, taking.signal))
      // The former owner may have ended between the books and the log, and the next round is some seconds away.
      if (facts.ended !== null) void tellLog(lease, this.#deps)
      return rebuild(await hot.read(tableId, facts.opening), facts)
    }
    const [round, seats, table, results] = await Promise.all([
      proved(),
      hot.seats(tableId),
      tables.get(tableId),
      history.resultsOfTable(tableId, LAST_OUTCOMES),
    ]).finally(() => {
      if (this.#taking.get(tableId) === taking) this.#taking.delete(tableId)
    })
    hot.save(lease, round, true)
    crashPoint('takeover.rebuilt')
    const lastOutcomes = results.filter(({ how }) => how === 'settled').map(({ outcome }) => outcome)
    return { lease, round, seats, name: table?.name ?? tableId, lastOutcomes }
  }

  /** The table is not this node's any more: who still waits for its first round need not. */
  abandon(tableId: string): void {
    this.#taking.get(tableId)?.abort()
  }

  save(...saved: Parameters<TablePorts['save']>): void {
    this.#deps.hot.save(...saved)
  }

  perform(...[lease, effects, answer, ended, stalled]: Parameters<TablePorts['perform']>): void {
    const told: typeof ended = (why) => {
      ended(why)
      if (why === 'lost') this.#deps.fenced(lease.tableId)
    }
    this.#runnerOf(lease).start(effects, answer, told, stalled)
  }

  sealSeat(claim: SeatClaim): string {
    return this.#deps.seats.sealSeat(claim)
  }

  openSeat(token: string): SeatClaim | null {
    return this.#deps.seats.openSeat(token)
  }

  seatKept({ tableId }: Lease, sessionId: string, generation: number | null): void {
    this.#deps.hot.seat(tableId, sessionId, generation)
  }

  after(ms: number): Promise<void> {
    return sleep(ms, new AbortController().signal)
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
    const { nowMs, steadyMs, meter } = this.#deps
    const runner = new EffectRunner({
      perform: tableEffects(lease, this.#deps),
      nowMs,
      steadyMs,
      // The first failure is told; then every tenth, so that an outage of the database does not become one of the log.
      failed: (effect, attempts, error) => {
        if (attempts % 10 === 1) meter.failed(`effect ${effect.type}, attempt ${attempts}`, error)
      },
    })
    this.#runners.set(lease, runner)
    return runner
  }

  async #firstRound(lease: Lease, signal: AbortSignal): Promise<Facts> {
    const opened = await openNext(lease, null, this.#deps, signal)
    if (typeof opened === 'string' || opened.event.type !== 'nextOpened')
      throw new Error(`the table ${lease.tableId} opens no round: ${String(opened)}`)
    return { opening: opened.event.opening, stakes: [], betDigest: null, draw: null, ended: null }
  }
}
