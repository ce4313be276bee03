import type { VoidReason } from '../../engine/round/types.ts'
import type { BetAnswer } from '../../rooms/protocol.ts'
import { type Audience, TableActor } from '../../rooms/table-actor.ts'
import type { HotState } from '../../server/failover/hot-state.ts'
import { sleep } from '../../server/tables/effect-runner.ts'
import { HouseTablePorts } from '../../server/tables/table-ports.ts'
import { faultyBooks } from '../faulty-books.ts'
import { plainHouse } from '../plain-house.ts'
import type { Move } from '../players.ts'
import { announced, shown, toldTo } from '../what-is-told.ts'
import type { House } from './house.ts'
import { AGAIN } from './net.ts'
import type { Process } from './process.ts'

export type RoomOptions = {
  readonly house: House
  readonly process: Process
  readonly tableId: string
  readonly nowMs: () => number
  readonly claim: (tableId: string) => Promise<number>
  readonly hot: HotState
  /** The books refused its epoch. */
  readonly fenced: () => void
  /** The house has closed the table, and its last round is over. */
  readonly closed: () => void
}

/** The books answer within this time or are out of reach, whatever is asked of the ledger. */
export const LEDGER_LIMIT_MS = 3_000
export const QUICK_LIMIT_MS = 600

/** One table at one process, from its opening until it ends there: the real actor on the real ports. */
export class Room {
  readonly number: number
  readonly tableId: string
  readonly process: Process
  readonly #options: RoomOptions
  readonly #house: HouseTablePorts
  readonly #gone = new Set<() => void>()
  #actor: TableActor | null = null
  #over = false

  constructor(options: RoomOptions) {
    this.#options = options
    this.number = options.house.nextNumber()
    this.tableId = options.tableId
    this.process = options.process
    this.#house = new HouseTablePorts({
      ...plainHouse({
        books: this.#books(),
        croupier: options.house.croupier,
        draw: async (opening) => options.house.croupier.draw(opening),
        nowMs: options.nowMs,
        broke: options.house.broke,
      }),
      ...this.#part(),
    })
  }

  /** True while players can reach it. */
  get open(): boolean {
    return this.#actor !== null && !this.#over && this.process.state !== 'dead'
  }

  get atRest(): boolean {
    return this.#actor !== null && this.#actor.round.endedAtMs !== null
  }

  get roundId(): string | null {
    return this.#actor?.round.opening.roundId ?? null
  }

  /** Errors: rejects when the table may not be had, or the books are out of reach. */
  async start(): Promise<void> {
    const taken = await this.#house.takeOver(this.tableId)
    const { lease, round } = taken
    const { house, process } = this.#options
    this.#actor = new TableActor(this.#house, this.#audience(), taken)
    const bets = [...round.bets.values()].map(({ betId, status }) => ({ betId, status }))
    const { roundId } = round.opening
    house.witness({ what: 'ran', process: process.number, room: this.number, ...lease, roundId, bets })
    this.#say(shown(round))
    this.#actor.start()
  }

  /** It is still being opened, and need not be any more. */
  abandon(): void {
    this.#house.abandon(this.tableId)
  }

  quiesce(withinMs: number): Promise<void> {
    return this.#actor?.quiesce(withinMs) ?? Promise.resolve()
  }

  /** Its players are told that the table goes on elsewhere, or no more. */
  end(): void {
    if (this.#over) return
    this.#over = true
    const { house, process, tableId } = this.#options
    this.#actor?.stop()
    house.witness({ what: 'ended', process: process.number, room: this.number, tableId })
    const told = [...this.#gone]
    this.#gone.clear()
    process.act(() => {
      for (const tell of told) tell()
    })
  }

  /** `gone` is called when the room or its process has ended, as far as the network tells. Answers how to leave. */
  enter(gone: () => void): () => void {
    this.#gone.add(gone)
    return () => void this.#gone.delete(gone)
  }

  /** The process is dead: its sockets are reset. */
  reset(): void {
    this.#over = true
    for (const tell of this.#gone) tell()
    this.#gone.clear()
  }

  /** A player's message arrives; `answer` is what he hears, null when he is told to ask elsewhere. */
  take(move: Exclude<Move, { type: 'deposit' }>, answer: (bets: readonly BetAnswer[] | null) => void): void {
    const actor = this.#actor
    if (actor === null || this.#over) return void answer(null)
    const { hear } = this.#options.house
    const atMs = this.#options.nowMs()
    if (move.type === 'resume') {
      const { snapshot } = actor.resume(move.playerId, { publicVersion: 0, privateVersion: 0 }, null)
      for (const { betId, status } of snapshot.bets)
        this.#say({ what: 'told', roundId: snapshot.roundId, betId, status })
      return void answer([])
    }
    const { roundId } = move
    if (roundId !== actor.round.opening.roundId) return void answer([]) // `wrong-round`, before the actor hears of it
    if (move.type === 'withdraw') {
      for (const betId of move.betIds) hear({ what: 'withdrawal-asked', roundId, betId, playerId: move.playerId, atMs })
      return void actor.withdraw(move.playerId, move.betIds).then(answer)
    }
    for (const bet of move.bets) hear({ what: 'bet-asked', roundId, bet, atMs })
    void actor.place(move.bets).then((answers) => {
      for (const [i, { betId, status }] of answers.entries()) {
        const asked = move.bets[i]
        if (status === 'accepted' && asked !== undefined) this.#say({ what: 'told', roundId, betId, status, asked })
      }
      answer(answers)
    })
  }

  async orderVoid(reason: VoidReason, wanted: string | null): Promise<{ roundId: string } | { code: string }> {
    const actor = this.#actor
    if (actor === null || this.#over) return { code: 'no-such-table' }
    const { roundId } = actor.round.opening
    if (wanted !== null && wanted !== roundId) return { code: 'wrong-round' }
    this.#options.house.hear({ what: 'void-asked', roundId })
    const refusal = await actor.orderVoid(reason)
    return refusal === null ? { roundId } : { code: refusal }
  }

  #books() {
    const { house, process } = this.#options
    const { net, ledger, hear: witness, wrongDraw } = house
    const at = { dice: net.dice, tally: net.tally, ledger, witness, wrongDraw }
    return faultyBooks(at, process.number, (run) => net.ask(process, 'books', LEDGER_LIMIT_MS, AGAIN, run))
  }

  /** What differs from table to table, or from node to node. */
  #part() {
    const { house, process, claim, hot, fenced, closed } = this.#options
    const { net, tables } = house
    const ask = <T>(run: () => T): Promise<T> => net.ask(process, 'books', QUICK_LIMIT_MS, AGAIN, run)
    return {
      tables: {
        get: (tableId: string) => ask(() => tables.get(tableId)),
        closeDrained: (tableId: string) => ask(() => tables.closeDrained(tableId)),
        refusalOf: () => null,
      },
      drawsHealthy: () => true,
      statusChanged: (_tableId: string, status: string) => {
        if (status === 'closed' && this.#actor !== null) closed()
      },
      changed: (_tableId: string, ms: number, signal: AbortSignal) => sleep(ms, signal),
      claim,
      hot,
      fenced,
    }
  }

  #audience(): Audience {
    return {
      toAll: (event) => this.#say(announced(event)),
      toPlayer: (playerId, event) => {
        const told = toldTo(playerId, event)
        if (told !== null) this.#say(told)
      },
      isPresent: () => true,
      changed: (round) => this.#say(shown(round)),
      stalled: () => undefined,
      ended: (why) => {
        if (why === 'lost') this.end()
      },
    }
  }

  #say(seen: Parameters<House['hear']>[0]): void {
    const { house, process } = this.#options
    process.act(() => house.hear(seen))
  }
}
