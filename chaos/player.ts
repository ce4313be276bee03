import { randomUUID } from 'node:crypto'
import type { BetsAnswer, PrivateEvent, PublicEvent, Resumed, SharedTable } from '../rooms/protocol.ts'
import type { Dice } from '../simulation/dice.ts'
import { Refused, Seat } from './seat.ts'
import { CHIP_CENTS, SELECTIONS } from './selections.ts'
import type { Stopwatch } from './stopwatch.ts'
import type { Testimony, ToldBet } from './testimony.ts'
import type { Visitor } from './visitor.ts'

export type PlayerDeps = {
  readonly url: string
  readonly visitor: Visitor
  readonly watch: Stopwatch
  readonly testimony: Testimony
  readonly dice: Dice
  readonly nowMs: () => number
  /** Any news of the table; null for a change of its shared state. */
  readonly heard: (player: Player, event: PublicEvent | null) => void
  /** What is worth a line in the run's log. */
  readonly note: (what: string, detail: object) => void
}

const REJOIN_FIRST_MS = 100
const REJOIN_MOST_MS = 2_000
const RESUME_TRIES = 20
const RESUME_PAUSE_MS = 250
/** Some bets are sent at the last moment, and some after it. */
const LATE_MS = 60
const HOUSE_CLOSED_TABLE = 4020

/**
 * A player at one table: bets in every round at any moment of it, asks again under the same id whatever was not
 * answered, resumes after every break, and joins anew when the SDK gave up. He remembers all that he was told.
 */
export class Player {
  readonly name: string
  readonly tableId: string
  readonly visitor: Visitor
  readonly #deps: PlayerDeps
  #seat: Seat | null = null
  #publicVersion = 0
  #privateVersion = 0
  #standing = false
  #satSinceMs = 0
  #resuming = false
  #plannedFor = ''
  readonly #unanswered = new Map<string, ToldBet>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #betting = false
  #ended = false
  /** The last balance that he was told; null before the first. */
  believedCents: number | null = null
  /** Close codes of the rooms that ended under him, so that he had to join anew. */
  readonly reloads: number[] = []

  constructor(name: string, tableId: string, deps: PlayerDeps) {
    this.name = name
    this.tableId = tableId
    this.visitor = deps.visitor
    this.#deps = deps
  }

  /** Whether he may speak: between a socket that opens and the join that it carries, nothing may be sent. */
  get seated(): boolean {
    return this.#standing && this.#seat?.isOpen === true && !this.#resuming
  }

  /** Since when his present room stands, by the steady clock; null without one. */
  get satSinceMs(): number | null {
    return this.#seat === null ? null : this.#satSinceMs
  }

  /** Asked for and not answered yet, and not found in the statements either. */
  get openBets(): readonly ToldBet[] {
    return [...this.#unanswered.values()]
  }

  /** The shared state as this client has it, as JSON. */
  get sharedState(): string | null {
    return this.#seat?.plainState ?? null
  }

  /** Joins, asking again until it succeeds. */
  async sit(): Promise<void> {
    for (let delayMs = REJOIN_FIRST_MS; !this.#ended; delayMs = Math.min(REJOIN_MOST_MS, delayMs * 2)) {
      try {
        await this.#join()
        return
      } catch (error) {
        this.#deps.note('no seat', { player: this.name, why: String(error) })
        await this.#pause(delayMs / 2 + this.#deps.dice.upTo(delayMs))
      }
    }
  }

  startBetting(): void {
    this.#betting = true
    if (this.#seat !== null) this.#plan(this.#seat.state)
  }

  stopBetting(): void {
    this.#betting = false
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  leave(): void {
    this.#ended = true
    this.stopBetting()
    this.#seat?.leave()
    this.#seat = null
  }

  /** Asks the table for the present; what comes is believed. Errors: rejects when the table does not answer. */
  async resume(): Promise<void> {
    const seat = this.#seat
    if (seat === null) throw new Error(`${this.name} has no seat`)
    const ask = { publicVersion: this.#publicVersion, privateVersion: this.#privateVersion }
    this.#resumed(await seat.request('resume', ask))
  }

  /** Looks in the statements for the bets that nobody answered; their rounds must be over. */
  async lookUp(): Promise<void> {
    for (const bet of this.openBets) {
      const bets = await this.visitor.betsOf(bet.roundId)
      // A round that is over and knows nothing of the bet never got it.
      const found = bets?.find(({ betId }) => betId === bet.betId)
      if (found?.fate === 'released' && !bet.withdrawn) this.#deps.note('returned unasked', { betId: bet.betId })
      bet.told = 'looked-up'
      this.#unanswered.delete(bet.betId)
    }
  }

  async #join(): Promise<void> {
    const { url, visitor, watch, nowMs } = this.#deps
    const ticket = await visitor.ticket(this.tableId)
    const current = (): boolean => seat === this.#seat
    const seat: Seat = await Seat.take(url, this.tableId, ticket, {
      public: (event) => current() && this.#heardPublic(event),
      private: (event) => current() && this.#heardPrivate(event),
      state: (state, full) => current() && this.#saw(state, full),
      dropped: (code) => current() && this.#dropped(code),
      back: () => current() && this.#back(),
      left: (code) => current() && this.#left(code),
    })
    if (this.#ended) return seat.leave()
    this.#seat = seat
    this.#standing = true
    this.#satSinceMs = nowMs()
    watch.back(this.name, nowMs(), this.reloads.length > 0)
    await this.#catchUp()
  }

  #dropped(code: number): void {
    this.#standing = false
    const { watch, note, nowMs } = this.#deps
    watch.dropped(this.name, this.tableId, code, nowMs())
    note('dropped', { player: this.name, tableId: this.tableId, code })
  }

  #back(): void {
    this.#standing = true
    const { watch, note, nowMs } = this.#deps
    watch.back(this.name, nowMs(), false)
    note('back', { player: this.name, tableId: this.tableId })
    void this.#catchUp()
  }

  #left(code: number): void {
    this.#seat = null
    this.#standing = false
    if (this.#ended || code === HOUSE_CLOSED_TABLE) return
    const { watch, note, nowMs } = this.#deps
    this.reloads.push(code)
    watch.dropped(this.name, this.tableId, code, nowMs())
    note('gave up', { player: this.name, tableId: this.tableId, code })
    void this.sit()
  }

  /** After every join and every return: the gap first, then whatever was not answered. */
  async #catchUp(): Promise<void> {
    const seat = this.#seat
    if (this.#resuming) return
    this.#resuming = true
    try {
      for (let tries = 1; this.#standing && seat?.isOpen === true && seat === this.#seat; tries++) {
        try {
          await this.resume()
          break
        } catch (error) {
          if (tries === RESUME_TRIES) throw error
          await this.#pause(RESUME_PAUSE_MS)
        }
      }
    } catch (error) {
      this.#deps.note('no resume', { player: this.name, why: String(error) })
    } finally {
      this.#resuming = false
    }
    if (seat !== this.#seat && this.#seat !== null) void this.#catchUp()
  }

  #resumed({ missed, snapshot }: Resumed): void {
    const { testimony, watch, nowMs, heard } = this.#deps
    for (const event of missed?.public ?? []) {
      testimony.public(event)
      watch.event(this.name, nowMs())
      heard(this, event)
    }
    for (const event of missed?.private ?? []) testimony.private(this.visitor.playerId, event)
    this.#publicVersion = snapshot.publicVersion
    this.#privateVersion = snapshot.privateVersion
    this.believedCents = snapshot.balanceCents ?? this.believedCents
    for (const { betId, status } of snapshot.bets) {
      if (status !== 'accepted') continue
      testimony.accepted(betId)
      this.#unanswered.delete(betId)
    }
    const again = this.openBets.filter(({ roundId }) => roundId === snapshot.roundId)
    if (again.length > 0) void this.#send(snapshot.roundId, again, true)
  }

  #heardPublic(event: PublicEvent): void {
    const { testimony, watch, nowMs, heard } = this.#deps
    testimony.public(event)
    watch.event(this.name, nowMs())
    heard(this, event)
    if (event.version > this.#publicVersion + 1 && !this.#resuming) void this.#catchUp()
    this.#publicVersion = Math.max(this.#publicVersion, event.version)
  }

  #heardPrivate(event: PrivateEvent): void {
    this.#deps.testimony.private(this.visitor.playerId, event)
    if (event.version > this.#privateVersion + 1 && !this.#resuming) void this.#catchUp()
    this.#privateVersion = Math.max(this.#privateVersion, event.version)
    if ('balanceCents' in event) this.believedCents = event.balanceCents ?? this.believedCents
    if (event.type === 'bet' && event.bet.status === 'accepted') this.#unanswered.delete(event.bet.betId)
  }

  #saw(state: SharedTable, full: boolean): void {
    const { testimony, watch, nowMs, heard } = this.#deps
    testimony.state(state)
    if (full) watch.state(this.name, nowMs())
    else watch.event(this.name, nowMs())
    heard(this, null)
    this.#plan(state)
  }

  /** One to three messages at random moments of a round that has just been seen open. */
  #plan({ roundId, phase, openedAtMs, closesAtMs }: SharedTable): void {
    if (!this.#betting || phase !== 'open' || roundId === this.#plannedFor) return
    this.#plannedFor = roundId
    const { dice } = this.#deps
    // The table's node may have another clock, but no round lasts longer than it does by that clock.
    const leftMs = Math.max(0, Math.min(closesAtMs - Date.now(), closesAtMs - openedAtMs))
    for (let message = dice.between(1, 3); message > 0; message--) {
      this.#later(dice.upTo(leftMs + LATE_MS), () => void this.#bet(roundId))
    }
  }

  async #bet(roundId: string): Promise<void> {
    if (!this.seated) return
    const { dice, testimony } = this.#deps
    const bets = Array.from({ length: dice.between(1, 3) }, (): ToldBet => {
      const { selection, chips } = dice.pick(SELECTIONS)
      const stakeCents = CHIP_CENTS * chips * dice.between(1, 3)
      const { tableId } = this
      const made = { betId: randomUUID(), playerId: this.visitor.playerId, tableId, roundId, selection, stakeCents }
      return { ...made, told: 'asked', withdrawn: false }
    })
    for (const bet of bets) {
      testimony.bets.set(bet.betId, bet)
      this.#unanswered.set(bet.betId, bet)
    }
    await this.#send(roundId, bets, false)
    const first = bets[0]
    if (first?.told === 'accepted' && dice.chance(0.08)) await this.#withdraw(first)
  }

  async #send(roundId: string, bets: readonly ToldBet[], again: boolean): Promise<void> {
    const message = bets.map(({ betId, selection, stakeCents }) => ({ betId, selection, stakeCents }))
    try {
      this.#answered(await this.#request(roundId, message))
    } catch (error) {
      // A message that the table did not take was not asked, unless it had been sent once before.
      if (error instanceof Refused && !again && ['wrong-round', 'too-fast'].includes(error.code))
        for (const bet of bets) this.#settle(bet, 'refused')
    }
  }

  #request(roundId: string, bets: readonly { betId: string; selection: ToldBet['selection']; stakeCents: number }[]) {
    const seat = this.#seat
    if (seat === null) throw new Error('no seat')
    return seat.request('bet', { roundId, bets })
  }

  #answered({ answers, balanceCents }: BetsAnswer): void {
    this.believedCents = balanceCents ?? this.believedCents
    for (const { betId, status } of answers) {
      const bet = this.#deps.testimony.bets.get(betId)
      if (bet === undefined) continue
      if (status === 'accepted') this.#settle(bet, 'accepted')
      if (status === 'dead' && bet.told !== 'accepted') this.#settle(bet, 'refused')
    }
  }

  #settle(bet: ToldBet, told: 'accepted' | 'refused'): void {
    bet.told = told
    this.#unanswered.delete(bet.betId)
  }

  async #withdraw(bet: ToldBet): Promise<void> {
    if (!this.seated) return
    bet.withdrawn = true
    try {
      await this.#seat?.request('withdraw', { roundId: bet.roundId, betIds: [bet.betId] })
    } catch (error) {
      this.#deps.note('withdrawal not answered', { betId: bet.betId, why: String(error) })
    }
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, ms)
    this.#timers.add(timer)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms))
  }
}
