import { rebuild } from '../engine/round/rebuild.ts'
import type { Draw, Facts, Opening, Round, Terms, VoidReason } from '../engine/round/types.ts'
import type { EffectAnswer, TablePorts } from '../rooms/ports.ts'
import type { PrivateEvent, PublicEvent } from '../rooms/protocol.ts'
import { type Audience, TableActor } from '../rooms/table-actor.ts'
import type { Books } from '../server/ledger/books.ts'
import { HouseTablePorts, type TablePortsDeps } from '../server/tables/table-ports.ts'
import type { Croupier } from './croupier.ts'
import { CONNECTION_LOST, faultyBooks, type Wire } from './faulty-books.ts'
import type { HotStore } from './hot-store.ts'
import type { Move } from './players.ts'

export type OwnerOptions = {
  readonly wire: Wire
  readonly number: number
  readonly tableId: string
  readonly terms: Terms
  /** How far this node's clock is from the world's. */
  readonly skewMs: number
  readonly hot: HotStore
  readonly croupier: Croupier
  /** What the operator has decided for the table. */
  readonly status: () => 'open' | 'paused' | 'draining'
  /** False for a while in which no draw can be had. */
  readonly drawsWork: () => boolean
  /** Called before each act; answers whether the process dies there, `deadlier` times as likely as usual. */
  readonly dies: (deadlier: number) => boolean
  /** An invariant broke in the code under test. */
  readonly broke: (where: string, error: unknown) => void
}

/**
 * One process that runs a table: the real actor on the real ports, in a process that may die between any two of their
 * acts. Whatever a dead process would still do is lost, except what it had already sent.
 */
export class Owner {
  readonly number: number
  readonly #options: OwnerOptions
  /** What the books told at the take-over, so that the hot copy can be held against it. */
  #facts: Facts | null = null
  /** The last answer about each bet. */
  readonly #heard = new Map<string, { readonly roundId: string; readonly again: () => void }>()
  #alive = true
  #epoch = 0
  #actor: TableActor | null = null

  constructor(options: OwnerOptions) {
    this.#options = options
    this.number = options.number
    void this.#start()
  }

  /** The epoch under which it runs the table; 0 until it has taken over. */
  get epoch(): number {
    return this.#epoch
  }

  get alive(): boolean {
    return this.#alive
  }

  /** What this owner believes; null until it has taken over. */
  get round(): Round | null {
    return this.#actor?.round ?? null
  }

  kill(): void {
    this.#alive = false
    this.#actor?.stop()
  }

  /** A player's message arrives. */
  take(move: Exclude<Move, { type: 'deposit' }>): void {
    const actor = this.#actor
    if (!this.#alive || actor === null) return
    const { witness } = this.#options.wire
    const atMs = this.#nowMs()
    if (move.type === 'resume') {
      const { snapshot } = actor.resume(move.playerId, { publicVersion: 0, privateVersion: 0 }, null)
      for (const { betId, status } of snapshot.bets) witness({ what: 'told', roundId: snapshot.roundId, betId, status })
      return
    }
    const { roundId } = move
    if (roundId !== actor.round.opening.roundId) return // the room answers `wrong-round` before the actor hears of it
    if (move.type === 'withdraw') {
      for (const betId of move.betIds)
        witness({ what: 'withdrawal-asked', roundId, betId, playerId: move.playerId, atMs })
      return void actor.withdraw(move.playerId, move.betIds)
    }
    for (const bet of move.bets) {
      witness({ what: 'bet-asked', roundId, bet, atMs })
      this.#hearAgain(bet.betId, roundId)
    }
    void actor.place(move.bets).then((answers) => {
      if (!this.#alive) return
      for (const [i, { betId, status }] of answers.entries()) {
        const asked = move.bets[i]
        if (status === 'accepted' && asked !== undefined) witness({ what: 'told', roundId, betId, status, asked })
      }
    })
  }

  orderVoid(reason: VoidReason): void {
    const actor = this.#actor
    if (!this.#alive || actor === null) return
    this.#options.wire.witness({ what: 'void-asked', roundId: actor.round.opening.roundId })
    void actor.orderVoid(reason)
  }

  #nowMs(): number {
    return this.#options.wire.agenda.nowMs + this.#options.skewMs
  }

  async #start(): Promise<void> {
    const { tableId, broke } = this.#options
    const house = new HouseTablePorts(this.#deps())
    try {
      const { lease, round: proved } = await house.takeOver(tableId)
      if (!this.#lives()) return
      this.#epoch = lease.epoch
      const round = this.#facts === null ? proved : rebuild(this.#hotCopy(), this.#facts)
      this.#actor = new TableActor(this.#ports(house), this.#audience(), { lease, round })
      this.#show(round)
      this.#actor.start()
    } catch (error) {
      // The node failed to take over; the pit sees a table without an owner and asks another one.
      const expected =
        error instanceof Error && (error.message === CONNECTION_LOST || /opens no round/.test(error.message))
      if (!expected) broke('take-over', error)
      this.kill()
    }
  }

  #hotCopy(): Round | null {
    const { hot, wire } = this.#options
    const stale = wire.dice.chance(wire.faults.staleCopy)
    if (stale) wire.tally.staleCopies++
    return hot.read(wire.dice, stale)
  }

  /** False once this process is dead; now and then it dies of being asked. */
  #lives(deadlier = 1): boolean {
    if (this.#alive && this.#options.dies(deadlier)) this.kill()
    return this.#alive
  }

  #deps(): TablePortsDeps {
    const { wire, number, tableId, terms, croupier, status, broke } = this.#options
    const asked = faultyBooks(wire, number, () => this.#lives())
    const books: Books = {
      ...asked,
      latestRound: async () => {
        const facts = await asked.latestRound(tableId)
        if (this.#actor === null) this.#facts = facts
        return facts
      },
      openAccount: unused,
      grant: unused,
      audit: unused,
    }
    const silent = (): void => undefined
    const { gameId, rules, limits, pace, currency } = terms
    return {
      books,
      series: {
        nextRound: async () => croupier.nextRound(tableId, (await books.latestRound(tableId))?.opening ?? null),
        draw: (opening) => this.#draw(opening),
        roundEnded: async () => undefined,
        contribute: unused,
      },
      tables: {
        get: async () => ({
          tableId,
          name: tableId,
          gameId,
          rules,
          limits,
          pace,
          currency,
          status: status(),
          ...PLAIN,
        }),
        closeDrained: async () => undefined,
        refusalOf: () => null,
      },
      voided: async () => undefined,
      drawsHealthy: () => this.#options.drawsWork(),
      nowMs: () => this.#nowMs(),
      statusChanged: silent,
      changed: (_tableId, ms) => new Promise((resolve) => wire.agenda.in(ms, resolve)),
      history: { resultsOfTable: async () => [] },
      tickets: { spend: unused },
      list: silent,
      meter: {
        refused: silent,
        betAnswered: silent,
        phaseReached: silent,
        betSettled: silent,
        socketOpened: silent,
        socketClosed: silent,
        failed: (where, error) => {
          if (where === 'turn') broke(where, error)
        },
      },
    }
  }

  /** A worker draws; without its secret store it cannot, and says so. */
  async #draw(opening: Opening): Promise<Draw> {
    const { croupier, wire, drawsWork } = this.#options
    if (drawsWork()) return croupier.draw(opening)
    wire.tally.failedDraws++
    wire.witness({ what: 'draw-failed', roundId: opening.roundId })
    throw new Error('no draw can be had')
  }

  /** The house's ports, in a process that may die whenever it is about to act. */
  #ports(house: HouseTablePorts): TablePorts {
    const { hot, wire } = this.#options
    return {
      meter: house.meter,
      list: house.list,
      nowMs: () => this.#nowMs(),
      save: (lease, round) => {
        if (this.#lives()) hot.save(lease.epoch, round)
      },
      perform: (lease, effects, answer, lost) => {
        if (this.#lives(DEADLIER)) house.perform(lease, effects, (told) => this.#answer(wire, told, answer), lost)
      },
      stop: (lease) => house.stop(lease),
      takeOver: unused,
      spendTicket: unused,
      balanceOf: unused,
      contribute: unused,
    }
  }

  #answer({ agenda, dice, faults, tally }: Wire, told: EffectAnswer, answer: (told: EffectAnswer) => void): void {
    if (!this.#lives()) return
    answer(told)
    const { event } = told
    if ('betId' in event && 'roundId' in event)
      this.#heard.set(event.betId, { roundId: event.roundId, again: () => answer(told) })
    if (!dice.chance(faults.repeatedAnswer)) return
    for (let again = dice.between(1, 3); again > 0; again--) {
      tally.repeatedAnswers++
      agenda.in(dice.upTo(dice.pick([10, 4_000, 30_000, 60_000])), () => {
        if (this.#alive) answer(told)
      })
    }
  }

  /** An id is used again, and just then an answer about its first use arrives once more. */
  #hearAgain(betId: string, roundId: string): void {
    const { agenda, dice, faults, tally } = this.#options.wire
    const heard = this.#heard.get(betId)
    if (heard === undefined || heard.roundId === roundId || !dice.chance(faults.repeatedAnswer * 5)) return
    tally.repeatedAnswers++
    agenda.in(dice.upTo(40), () => {
      if (this.#alive) heard.again()
    })
  }

  #audience(): Audience {
    return {
      toAll: (event) => this.#announce(event),
      toPlayer: (playerId, event) => this.#tell(playerId, event),
      isPresent: () => true,
      changed: (round) => this.#show(round),
      ended: () => this.kill(),
    }
  }

  #announce(event: PublicEvent): void {
    if (!this.#lives()) return
    const { roundId } = event
    const phase = event.type === 'opened' ? 'open' : event.type
    const betDigest = event.type === 'closed' ? event.betDigest : null
    const draw: Draw | null = event.type === 'drawn' ? { outcome: event.outcome, seedHex: event.seedHex } : null
    const ended = event.type === 'settled' || event.type === 'void'
    this.#options.wire.witness({ what: 'shown', roundId, phase, betDigest, draw, ended })
  }

  #tell(playerId: string, event: PrivateEvent): void {
    if (!this.#lives()) return
    const { witness } = this.#options.wire
    if (event.type === 'bet') {
      const { betId, status } = event.bet
      witness({ what: 'told', roundId: event.roundId, betId, status })
    } else if (event.type === 'result') {
      const { roundId, stakedCents, paidCents } = event
      witness({ what: 'paid', roundId, playerId, stakedCents, paidCents })
    }
  }

  #show({ opening, phase, betDigest, draw, endedAtMs }: Round): void {
    if (!this.#lives(phase === 'open' ? 1 : DEADLIER)) return
    const { roundId } = opening
    this.#options.wire.witness({ what: 'shown', roundId, phase, betDigest, draw, ended: endedAtMs !== null })
  }
}

/** Between what was saved and what is done about it, and around the draw, lie the best moments to die. */
const DEADLIER = 4

/** What the house keeps of a table and a round does not need. */
const PLAIN = { revision: 0, createdAtMs: 0 }

const unused = (): never => {
  throw new Error('a table has no business with this part of the house')
}
