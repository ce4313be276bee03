import { type ClockSample, clockOffsetMs } from './clock.ts'
import { type LinkListener, type LinkState, Refused, type TableLink } from './link.ts'
import { askAgain, betsOnFelt, canBet, givenUp, undoable } from './table-selectors.ts'
import type { BetSpec, OwnBetSpec, Reason, RoundResult, TableAction, TableState, Tally } from './table-state.ts'
import { openingState } from './table-state.ts'
import { tableAfter } from './table-store.ts'

/** What a session needs from the browser, so that tests bring their own. */
export type Surroundings = {
  nowMs(): number
  newId(): string
  /** Runs `work` once after the delay; answers how to call it off. */
  after(delayMs: number, work: () => void): () => void
  openLink(listener: LinkListener): TableLink
}

/** Clicks within this time travel in one message, so that a quick hand does not spend the message budget. */
const GATHER_MS = 60
const BETS_PER_MESSAGE = 64
const IDS_PER_MESSAGE = 200
const CLOCK_SAMPLES = 3
const CLOCK_EVERY_MS = 30_000
/** How often an unanswered message is asked again with the same ids before the page waits for the table's own word. */
const ASKS = 3

/** One page at one table: keeps its state, places and takes back bets, finds the truth after a lost connection. */
export class TableSession {
  readonly #world: Surroundings
  readonly #listeners = new Set<() => void>()
  readonly #link: TableLink
  #state: TableState
  #samples: readonly ClockSample[] = []
  #gathered: OwnBetSpec[] = []
  #gatheredFor = ''
  #resuming = false
  #stopped = false
  #cancel = new Map<string, () => void>()

  constructor(world: Surroundings, tally: Tally | null) {
    this.#world = world
    const opening = openingState(world.nowMs())
    this.#state = tally === null ? opening : { ...opening, tally }
    this.#link = world.openLink({
      state: (link) => this.#onLink(link),
      shared: (shared, fresh) => this.#take({ type: 'sharedChanged', shared, fresh, nowMs: world.nowMs() }),
      public: (event) => this.#take({ type: 'publicHappened', event, nowMs: world.nowMs() }),
      private: (event) => this.#take({ type: 'privateHappened', event, nowMs: world.nowMs() }),
    })
  }

  get state(): TableState {
    return this.#state
  }

  /** The server's clock as this page knows it. */
  serverNowMs(): number {
    return this.#world.nowMs() + (clockOffsetMs(this.#samples) ?? 0)
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#cancel.values()) cancel()
    this.#link.close()
  }

  hurry(): void {
    this.#link.hurry()
  }

  canBet(): boolean {
    return canBet(this.#state, this.serverNowMs())
  }

  /** Places bets together: one undo takes them all back. Does nothing while the table takes no bets from this page. */
  place(specs: readonly BetSpec[]): void {
    const round = this.#state.round
    if (round === null || specs.length === 0 || !this.canBet()) return
    const bets = specs.map((spec) => ({ ...spec, betId: this.#world.newId() }))
    this.#take({ type: 'betsSent', roundId: round.roundId, bets })
    if (this.#gathered.length === 0) this.#later('gather', GATHER_MS, () => this.#sendGathered())
    this.#gathered.push(...bets)
    this.#gatheredFor = round.roundId
  }

  undo(): void {
    void this.#withdraw(undoable(this.#state))
  }

  clear(): void {
    void this.#withdraw(betsOnFelt(this.#state).map((bet) => bet.betId))
  }

  /** Takes back the given bets. */
  withdraw(betIds: readonly string[]): void {
    void this.#withdraw(betIds)
  }

  double(): void {
    this.place(betsOnFelt(this.#state).map(({ selection, stakeCents }) => ({ selection, stakeCents })))
  }

  rebet(): void {
    this.place(this.#state.lastBets)
  }

  ballRested(roundId: string): void {
    this.#take({ type: 'ballRested', roundId })
  }

  dismiss(noticeId: number): void {
    this.#take({ type: 'noticeSeen', id: noticeId })
  }

  counted(tally: Tally): void {
    this.#take({ type: 'tallyCounted', tally })
  }

  /** Takes the result of a round from the history, since its event was lost with the connection. */
  resultRead(result: RoundResult): void {
    this.#take({ type: 'resultRead', result })
  }

  /** Offers a seed for the table's next series. Answers null when it was taken. */
  async contribute(seed: string): Promise<Reason | 'lost' | null> {
    try {
      await this.#link.request('contribute', { seed })
      return null
    } catch (error) {
      return error instanceof Refused ? error.code : 'lost'
    }
  }

  #take(action: TableAction): void {
    if (this.#stopped) return
    const before = this.#state
    this.#state = tableAfter(before, action)
    if (this.#state === before) return
    const { held } = this.#state
    if (held !== null && held !== before.held) {
      const waitMs = Math.max(0, held.untilMs - this.#world.nowMs())
      this.#later('hold', waitMs, () => this.#take({ type: 'timePassed', nowMs: this.#world.nowMs() }))
    }
    if (this.#state.gap && !before.gap) void this.#resume()
    for (const listener of this.#listeners) listener()
  }

  #onLink(link: LinkState): void {
    this.#take({ type: 'linkChanged', link })
    if (link !== 'live') return
    void this.#resume()
    void this.#readClock()
  }

  /** Asks what was missed; then asks again for the bets whose answer was lost. */
  async #resume(): Promise<void> {
    if (this.#resuming) return
    this.#resuming = true
    try {
      const { publicVersion, privateVersion } = this.#state
      const answer = await this.#link.request('resume', { publicVersion, privateVersion })
      this.#take({ type: 'resumed', answer, nowMs: this.#world.nowMs() })
      this.#settleUnsure()
      const { snapshot } = answer
      // A player's balance that the books did not tell just now is asked for again; who only watches has none.
      if (snapshot.balanceCents === null && snapshot.privateVersion > 0) this.#resumeSoon()
    } catch {
      // A lost connection comes back as `live` and resumes then; a table that refused is asked again in a moment.
      this.#resumeSoon()
    } finally {
      this.#resuming = false
    }
  }

  #resumeSoon(): void {
    this.#later('resume', 1_000, () => {
      if (this.#state.link === 'live') void this.#resume()
    })
  }

  #settleUnsure(): void {
    const again = askAgain(this.#state)
    const lost = givenUp(this.#state).map((bet) => bet.betId)
    if (lost.length > 0) this.#take({ type: 'betsRefused', betIds: lost, reason: 'never-arrived' })
    const first = again[0]
    if (first !== undefined) void this.#send(first.roundId, again, ASKS)
  }

  #sendGathered(): void {
    const bets = this.#gathered
    this.#gathered = []
    if (bets.length === 0) return
    const betIds = bets.map((bet) => bet.betId)
    if (this.#state.link !== 'live' || this.#state.round?.roundId !== this.#gatheredFor) {
      this.#take({ type: 'betsRefused', betIds, reason: 'not-sent' })
      return
    }
    for (let from = 0; from < bets.length; from += BETS_PER_MESSAGE) {
      void this.#send(this.#gatheredFor, bets.slice(from, from + BETS_PER_MESSAGE), 1)
    }
  }

  /** Asks for bets. An unanswered message is asked again with the same ids, but only while its round is open. */
  async #send(roundId: string, specs: readonly OwnBetSpec[], ask: number): Promise<void> {
    const bets = specs.map(({ betId, selection, stakeCents }) => ({ betId, selection, stakeCents }))
    const betIds = bets.map((bet) => bet.betId)
    this.#take({ type: 'betsSent', roundId, bets })
    try {
      const { answers, balanceCents } = await this.#link.request('bet', { roundId, bets })
      this.#take({ type: 'betsAnswered', answers, balanceCents })
    } catch (error) {
      // A repeat that is refused says nothing about the first asking, which may have been taken: the table must tell.
      const repeated = ask > 1 && ask < ASKS
      if (error instanceof Refused && !repeated) {
        this.#take({ type: 'betsRefused', betIds, reason: error.code })
        return
      }
      this.#take({ type: 'betsUnanswered', betIds })
      if (this.#state.link !== 'live') return
      if (error instanceof Refused || ask >= ASKS) void this.#resume()
      else if (this.#state.round?.roundId === roundId && this.canBet()) void this.#send(roundId, specs, ask + 1)
    }
  }

  async #withdraw(wanted: readonly string[]): Promise<void> {
    const roundId = this.#state.round?.roundId
    if (roundId === undefined || wanted.length === 0 || !this.canBet()) return
    const betIds = this.#forgetUnsent(wanted)
    for (let from = 0; from < betIds.length; from += IDS_PER_MESSAGE) {
      const some = betIds.slice(from, from + IDS_PER_MESSAGE)
      this.#take({ type: 'withdrawSent', betIds: some })
      try {
        const { answers, balanceCents } = await this.#link.request('withdraw', { roundId, betIds: some })
        this.#take({ type: 'betsAnswered', answers, balanceCents })
      } catch (error) {
        this.#take({ type: 'withdrawFailed', betIds: some, reason: error instanceof Refused ? error.code : null })
        if (this.#state.link === 'live') void this.#resume()
      }
    }
  }

  /** Drops bets that have not left this page yet; answers the ids that the table must be asked about. */
  #forgetUnsent(betIds: readonly string[]): readonly string[] {
    const unsent = new Set(this.#gathered.map((bet) => bet.betId).filter((id) => betIds.includes(id)))
    this.#gathered = this.#gathered.filter((bet) => !unsent.has(bet.betId))
    const answers = [...unsent].map((betId) => ({ betId, status: 'dead', code: 'withdrawn' }) as const)
    if (answers.length > 0) this.#take({ type: 'betsAnswered', answers, balanceCents: null })
    return betIds.filter((id) => !unsent.has(id))
  }

  async #readClock(): Promise<void> {
    const samples: ClockSample[] = []
    for (let n = 0; n < CLOCK_SAMPLES; n += 1) {
      const askedAtMs = this.#world.nowMs()
      try {
        const { serverNowMs } = await this.#link.request('clock', { clientMs: askedAtMs })
        samples.push({ askedAtMs, answeredAtMs: this.#world.nowMs(), serverNowMs })
      } catch {
        break
      }
    }
    if (samples.length > 0) this.#samples = samples
    for (const listener of this.#listeners) listener()
    this.#later('clock', CLOCK_EVERY_MS, () => {
      if (this.#state.link === 'live') void this.#readClock()
    })
  }

  /** One timer per name; a new one replaces the old. */
  #later(name: string, delayMs: number, work: () => void): void {
    this.#cancel.get(name)?.()
    if (this.#stopped) return
    this.#cancel.set(name, this.#world.after(delayMs, work))
  }
}
