import type { Player } from '../../../chaos/player.ts'
import { Progress } from '../../../chaos/progress.ts'
import type { Notes } from '../../../chaos/run-log.ts'
import type { PublicEvent, SharedTable } from '../../../rooms/protocol.ts'

/** One thing that a client saw of its table, by the client's own steady clock. */
export type Sight = { readonly atMs: number; readonly player: string; readonly tableId: string } & (
  | { readonly what: 'event'; readonly event: PublicEvent }
  | { readonly what: 'status'; readonly status: string }
  | { readonly what: 'dropped' | 'gave up'; readonly code: number }
  | { readonly what: 'back' }
)
/** How long the betting of a round was open, as a client saw it. */
export type Betting = { readonly roundId: string; readonly player: string; readonly ms: number }

const MOST_LINES = 4_000

/** All that the players of a crowd see: events, the words of their tables' status, and connections that break. */
export class Eyes implements Notes {
  readonly #sights: Sight[] = []
  readonly #status = new Map<string, string>()
  readonly #tableOf = new Map<string, string>()
  readonly #progress = new Map<string, Progress>()
  /** The record of the run, for a test that fails. */
  readonly #lines: string[] = []

  heard(player: Player, event: PublicEvent | null): void {
    const { name, tableId } = player
    const seen = { atMs: performance.now(), player: name, tableId }
    this.#progressOf(tableId).heard(name, tableId, event, seen.atMs)
    if (event !== null) return void this.#sights.push({ ...seen, what: 'event', event })
    const { status } = JSON.parse(player.sharedState ?? '{}') as SharedTable
    if (status === undefined || this.#status.get(name) === status) return
    this.#status.set(name, status)
    this.#tableOf.set(name, tableId)
    this.#sights.push({ ...seen, what: 'status', status })
    this.#line(`${name} at ${tableId} reads: ${status}`)
  }

  note(what: string, detail: object = {}): void {
    this.#line(`${what} ${JSON.stringify(detail)}`)
    const { player = '', tableId = '', code = 0 } = detail as { player?: string; tableId?: string; code?: number }
    const seen = { atMs: performance.now(), player, tableId }
    if (what === 'dropped' || what === 'gave up') this.#sights.push({ ...seen, what, code })
    if (what === 'back') this.#sights.push({ ...seen, what })
  }

  say(text: string): void {
    this.#line(text)
  }

  since(fromMs: number): readonly Sight[] {
    return this.#sights.filter(({ atMs }) => atMs >= fromMs)
  }

  /**
   * What the players of these tables read as its status since then that was not `running`, each word once, in order,
   * and what they read now; nothing when they read nothing else.
   */
  statuses(tableIds: readonly string[], fromMs: number): readonly string[] {
    const words = this.since(fromMs).flatMap((sight) =>
      sight.what === 'status' && sight.status !== 'running' && tableIds.includes(sight.tableId) ? [sight.status] : [],
    )
    const now = [...this.#status].flatMap(([player, status]) =>
      tableIds.includes(this.#tableOf.get(player) ?? '') ? [status] : [],
    )
    return words.length === 0 ? [] : [...new Set([...words, ...now])]
  }

  /** True when every player reads that his table runs. */
  get allRun(): boolean {
    return [...this.#status.values()].every((status) => status === 'running')
  }

  /** Close codes of the connections that broke since then. */
  drops(tableIds: readonly string[], fromMs: number): readonly number[] {
    return this.since(fromMs).flatMap((sight) =>
      sight.what === 'dropped' && tableIds.includes(sight.tableId) ? [sight.code] : [],
    )
  }

  /** Forgets how long anybody waited for news before now. */
  listenAnew(): void {
    for (const progress of this.#progress.values()) progress.listenAnew()
  }

  /** The longest that any player of these tables was without any news since `listenAnew`; 0 of no players. */
  silenceMs(tableIds: readonly string[]): number {
    const nowMs = performance.now()
    return Math.max(0, ...tableIds.flatMap((tableId) => this.#progressOf(tableId).silences(nowMs)))
  }

  /** The longest time from one round's opening to the next at one of the tables, of those that ended since then. */
  slowestRoundMs(tableIds: readonly string[], fromMs: number): number {
    const times = tableIds.map((tableId) => {
      const opened = new Map<string, number>()
      for (const sight of this.#sights)
        if (sight.tableId === tableId && sight.what === 'event' && sight.event.type === 'opened')
          if (!opened.has(sight.event.roundId)) opened.set(sight.event.roundId, sight.atMs)
      const atMs = [...opened.values(), performance.now()]
      return Math.max(...atMs.map((ms, i) => (ms < fromMs ? 0 : ms - (atMs[i - 1] ?? ms))))
    })
    return Math.max(0, ...times)
  }

  /** The round that was last seen to open at the table. Errors: throws when none was. */
  roundOf(tableId: string): string {
    const last = this.#sights.findLast(
      (sight) => sight.tableId === tableId && sight.what === 'event' && sight.event.type === 'opened',
    )
    if (last?.what !== 'event') throw new Error(`nobody saw a round open at ${tableId}`)
    return last.event.roundId
  }

  /** Rounds that were seen from their opening to the end of their betting by the same connection since then. */
  bettings(fromMs: number): readonly Betting[] {
    const opened = new Map<string, { readonly roundId: string; readonly atMs: number }>()
    const seen: Betting[] = []
    for (const sight of this.since(fromMs)) {
      const { player, atMs } = sight
      if (sight.what === 'dropped') opened.delete(player)
      if (sight.what !== 'event') continue
      const { type, roundId } = sight.event
      if (type === 'opened') opened.set(player, { roundId, atMs })
      const open = opened.get(player)
      if (type !== 'closing' || open?.roundId !== roundId) continue
      seen.push({ roundId, player, ms: atMs - open.atMs })
      opened.delete(player)
    }
    return seen
  }

  get record(): string {
    return this.#lines.join('\n')
  }

  #progressOf(tableId: string): Progress {
    const known = this.#progress.get(tableId) ?? new Progress()
    this.#progress.set(tableId, known)
    return known
  }

  #line(text: string): void {
    if (this.#lines.length < MOST_LINES) this.#lines.push(`${Math.round(performance.now())} ${text}`)
  }
}
