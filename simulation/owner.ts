import { rebuild } from '../engine/round/rebuild.ts'
import type { Draw, Facts, Opening, Round, Terms, VoidReason } from '../engine/round/types.ts'
import type { EffectAnswer, TablePorts } from '../rooms/ports.ts'
import type { PrivateEvent, PublicEvent } from '../rooms/protocol.ts'
import { type Audience, TableActor } from '../rooms/table-actor.ts'
import { HouseTablePorts, type TablePortsDeps } from '../server/tables/table-ports.ts'
import type { Croupier } from './croupier.ts'
import { CONNECTION_LOST, faultyBooks, lossyRoad, type OwnersBooks, type Wire } from './faulty-books.ts'
import type { HotStore } from './hot-store.ts'
import { plainHouse, tableOf, unused } from './plain-house.ts'
import type { Move } from './players.ts'
import { announced, shown, toldTo } from './what-is-told.ts'

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
    const asked = faultyBooks(
      wire,
      number,
      lossyRoad(wire, () => this.#lives()),
    )
    const books: OwnersBooks = {
      ...asked,
      latestRound: async () => {
        const facts = await asked.latestRound(tableId)
        if (this.#actor === null) this.#facts = facts
        return facts
      },
    }
    const silent = (): void => undefined
    return {
      ...plainHouse({
        books,
        croupier,
        draw: (opening) => this.#draw(opening),
        nowMs: () => this.#nowMs(),
        broke,
      }),
      tables: {
        get: async () => tableOf(tableId, terms, status()),
        closeDrained: async () => undefined,
        refusalOf: () => null,
      },
      drawsHealthy: () => this.#options.drawsWork(),
      statusChanged: silent,
      changed: (_tableId, ms) => new Promise((resolve) => wire.agenda.in(ms, resolve)),
      claim: (id) => books.raiseEpoch(id),
      // The copy is held against the books once both are known; see `#start`.
      hot: { save: silent, read: async () => null, seats: async () => new Map(), seat: silent },
      fenced: silent,
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
      perform: (lease, effects, answer, ...told) => {
        if (this.#lives(DEADLIER)) house.perform(lease, effects, (said) => this.#answer(wire, said, answer), ...told)
      },
      after: (ms) => new Promise((resolve) => wire.agenda.in(ms, resolve)),
      stop: (lease) => house.stop(lease),
      takeOver: unused,
      spendTicket: unused,
      sealSeat: unused,
      openSeat: unused,
      seatKept: unused,
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
      stalled: () => undefined,
      ended: () => this.kill(),
    }
  }

  #announce(event: PublicEvent): void {
    if (this.#lives()) this.#options.wire.witness(announced(event))
  }

  #tell(playerId: string, event: PrivateEvent): void {
    if (!this.#lives()) return
    const told = toldTo(playerId, event)
    if (told !== null) this.#options.wire.witness(told)
  }

  #show(round: Round): void {
    if (this.#lives(round.phase === 'open' ? 1 : DEADLIER)) this.#options.wire.witness(shown(round))
  }
}

/** Between what was saved and what is done about it, and around the draw, lie the best moments to die. */
const DEADLIER = 4
