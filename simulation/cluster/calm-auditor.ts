import { ownPlace } from './own-placement.ts'
import { LEASE_MS, type OwnProcess, type OwnRoom, type Register } from './register.ts'
import type { ClusterTestimony, Drill } from './testimony.ts'

type Of<W extends ClusterTestimony['what']> = Extract<ClusterTestimony, { what: W }>
type Phase =
  | { readonly what: 'storm' }
  | { readonly what: 'calm'; readonly sinceMs: number }
  | { readonly what: 'settled'; readonly sinceMs: number }
  | { readonly what: 'drill'; readonly sinceMs: number; readonly drill: Drill; readonly nodeIds: readonly string[] }
  | { readonly what: 'closing'; readonly sinceMs: number }

/** From the end of a storm: until every table runs at one node, and until each is where it belongs. */
const RUNS_WITHIN_MS = 6 * LEASE_MS
const PLACED_WITHIN_MS = 14 * LEASE_MS
const ANSWERS_WITHIN_MS = 1_000
const CLOSES_WITHIN_MS = 6 * LEASE_MS
/** A table that has not moved for so long rests where it is. */
const REST_MS = 800
const AWAKE_MS = 500
/** A node that has just come is known to all others after this time. */
const KNOWN_MS = 2_000
/** A planned move is done within this time. */
const MOVE_MS = 500

/**
 * Says what must come about once a storm is over, and in what time: every table runs at one node, then where it
 * belongs, and stays there; bets are answered; a mishap moves what it must and nothing else. Rules: SIM-23 to SIM-27.
 */
export class CalmAuditor {
  readonly complaints: string[] = []
  readonly #register: Register
  readonly #nowMs: () => number
  readonly #isWanted: (tableId: string) => boolean
  readonly #unanswered = new Map<number, { readonly tableId: string; readonly sinceMs: number }>()
  readonly #moves = new Map<string, number>()
  /** Since when a table runs nowhere that should run. */
  readonly #downSince = new Map<string, number>()
  #phase: Phase = { what: 'storm' }
  #lastMoveMs = 0
  #calmSinceMs = 0
  #settledSinceMs = Number.POSITIVE_INFINITY

  constructor(register: Register, nowMs: () => number, isWanted: (tableId: string) => boolean) {
    this.#register = register
    this.#nowMs = nowMs
    this.#isWanted = isWanted
  }

  hear(seen: ClusterTestimony): void {
    const sinceMs = this.#nowMs()
    if (seen.what === 'claimed') this.#claimed(seen)
    else if (seen.what === 'bets-sent') this.#unanswered.set(seen.message, { tableId: seen.tableId, sinceMs })
    else if (seen.what === 'bets-answered') this.#unanswered.delete(seen.message)
    else if (seen.what === 'bets-given-up') this.#givenUp(seen.message)
    else if (seen.what === 'wrong-door') this.#expect(!this.#isQuiet(), `SIM-26: ${seen.tableId} was not where it is`)
    else if (seen.what === 'not-ready') this.#notReady(seen)
    else if (seen.what === 'calm' || seen.what === 'settled') this.#phase = { what: seen.what, sinceMs }
    else if (seen.what === 'drill') this.#phase = { what: 'drill', sinceMs, drill: seen.drill, nodeIds: seen.nodeIds }
    else if (seen.what === 'closing-time') this.#phase = { what: 'closing', sinceMs }
    if (seen.what === 'calm') this.#calmSinceMs = sinceMs
    if (seen.what === 'settled') this.#settledSinceMs = Math.min(this.#settledSinceMs, sinceMs)
    if (seen.what !== 'drill' && seen.what !== 'settled') return
    this.#moves.clear()
    this.#downSince.clear()
  }

  /** To be asked every now and then. */
  look(): void {
    const nowMs = this.#nowMs()
    const phase = this.#phase
    if (phase.what === 'storm') return
    const forMs = nowMs - phase.sinceMs
    const runsWithinMs = phase.what === 'drill' ? phase.drill.runsWithinMs : phase.what === 'calm' ? RUNS_WITHIN_MS : 0
    if (phase.what === 'closing')
      this.#expect(forMs < CLOSES_WITHIN_MS || !this.#anyWanted(), 'SIM-9: a table cannot end')
    else if (forMs > runsWithinMs) this.#allRun()
    if (phase.what === 'calm' || phase.what === 'drill')
      this.#expect(forMs < PLACED_WITHIN_MS, `SIM-24: the tables do not come to rest ${this.#name()}`)
    this.#answersCome(phase)
  }

  /** Every table runs where it belongs, and has for a moment. */
  get isSettled(): boolean {
    const nodeIds = this.#register.processes.values().filter(isWell)
    const well = [...nodeIds].map(({ nodeId }) => nodeId)
    const entries = [...this.#register.processes.values()].filter(isWell).map(({ enteredAtMs }) => enteredAtMs)
    if (this.#nowMs() - Math.max(0, ...entries) < KNOWN_MS) return false
    const sinceMs = this.#phase.what === 'storm' ? this.#nowMs() : this.#phase.sinceMs
    return (
      this.#nowMs() - Math.max(this.#lastMoveMs, sinceMs) > REST_MS &&
      this.#wanted().every((tableId) => {
        const rooms = this.#register.openRooms.filter((room) => room.tableId === tableId)
        const [room] = rooms
        return rooms.length === 1 && room?.process.nodeId === ownPlace(tableId, well)
      })
    )
  }

  #name(): string {
    return this.#phase.what === 'drill' ? `after the drill "${this.#phase.drill.name}"` : `(${this.#phase.what})`
  }

  #isQuiet(): boolean {
    return this.#phase.what === 'settled' && this.#nowMs() - this.#phase.sinceMs > REST_MS
  }

  #anyWanted(): boolean {
    return this.#wanted().length > 0
  }

  #wanted(): string[] {
    return [...this.#register.tables.keys()].filter(this.#isWanted)
  }

  #allRun(): void {
    const phase = this.#phase
    const mayStandStill = phase.what === 'drill' && phase.drill.moves === 0
    for (const tableId of this.#wanted()) {
      const rooms = this.#register.openRooms.filter((room) => room.tableId === tableId)
      const { epoch } = this.#register.table(tableId)
      const standing = rooms.filter((room) => room.epoch === epoch && (mayStandStill || isRunning(room)))
      // A process that has only just woken learns in a moment that it is over.
      const former = rooms.filter((room) => room.epoch !== epoch && isRunning(room) && this.#isAwake(room))
      if (standing.length === 1) this.#downSince.delete(tableId)
      const downSinceMs = this.#downSince.get(tableId) ?? this.#nowMs()
      if (standing.length !== 1) this.#downSince.set(tableId, downSinceMs)
      const movesInTime = this.#nowMs() - downSinceMs <= MOVE_MS
      this.#expect(movesInTime, `SIM-23: ${tableId} runs at ${standing.length} nodes ${this.#name()}`)
      this.#expect(former.length === 0, `SIM-23: ${tableId} still runs at a former owner ${this.#name()}`)
    }
  }

  #isAwake({ process }: OwnRoom): boolean {
    return this.#nowMs() - process.wokeAtMs > AWAKE_MS
  }

  #claimed({ process: number, tableId, stood, epoch, won }: Of<'claimed'>): void {
    if (!won || epoch === stood) return
    this.#lastMoveMs = this.#nowMs()
    const phase = this.#phase
    if (phase.what === 'storm' || phase.what === 'calm') return
    // A table that has just been closed may be claimed by who has not heard of it; nothing is opened.
    if (!this.#isWanted(tableId)) return
    const moves = (this.#moves.get(tableId) ?? 0) + 1
    this.#moves.set(tableId, moves)
    const { nodeId } = this.#register.process(number)
    const why = `SIM-25: ${nodeId} took ${tableId} ${this.#name()}`
    if (phase.what !== 'drill' || phase.drill.moves === 0) return void this.#complain(why)
    const all = [...this.#register.processes.values()].filter(isKnown).map((process) => process.nodeId)
    const concerned = phase.nodeIds.includes(ownPlace(tableId, [...new Set([...all, ...phase.nodeIds])]) ?? '')
    const others = all.filter((id) => !phase.nodeIds.includes(id))
    const most = phase.drill.moves + returnsBetween(tableId, phase.nodeIds, others)
    this.#expect(concerned && moves <= most, `${why}, for the ${moves}. time`)
    const belongs = phase.nodeIds.includes(nodeId) || others.length === 0 || nodeId === ownPlace(tableId, others)
    this.#expect(belongs, `${why}, and another one is before it`)
  }

  #givenUp(message: number): void {
    const sent = this.#unanswered.get(message)
    this.#unanswered.delete(message)
    const { what } = this.#phase
    if (sent !== undefined && (what === 'settled' || what === 'drill'))
      this.#complain(`SIM-26: nobody answered a bet at ${sent.tableId} ${this.#name()}`)
  }

  #notReady({ process }: Of<'not-ready'>): void {
    const { nodeId } = this.#register.process(process)
    this.#expect(this.#phase.what !== 'settled', `SIM-27: ${nodeId} is not ready, and every table runs`)
  }

  #answersCome(phase: Exclude<Phase, { what: 'storm' }>): void {
    if (phase.what === 'closing') return
    const withinMs = phase.what === 'drill' ? phase.drill.answersWithinMs : ANSWERS_WITHIN_MS
    for (const { tableId, sinceMs } of this.#unanswered.values()) {
      // What was lost in the storm is asked again only when its player has waited for a while.
      const fromMs = Math.max(sinceMs, sinceMs < this.#settledSinceMs ? this.#calmSinceMs + RUNS_WITHIN_MS : 0)
      const waitedMs = this.#nowMs() - Math.max(fromMs, phase.what === 'drill' ? phase.sinceMs : 0)
      this.#expect(waitedMs < withinMs, `SIM-26: a bet at ${tableId} waits for its answer ${this.#name()}`)
    }
  }

  #complain(complaint: string): void {
    this.complaints.push(complaint)
  }

  #expect(isSo: boolean, complaint: string): void {
    if (!isSo) this.#complain(complaint)
  }
}

/** Of several nodes that come back one by one, each that ranks before all others has the table until the next one. */
function returnsBetween(tableId: string, nodeIds: readonly string[], others: readonly string[]): number {
  if (others.length === 0) return 0
  return Math.max(0, nodeIds.filter((id) => ownPlace(tableId, [id, ...others]) === id).length - 1)
}

function isKnown({ state, enteredAtMs }: OwnProcess): boolean {
  return state !== 'dead' && enteredAtMs !== Number.POSITIVE_INFINITY
}

function isWell(process: OwnProcess): boolean {
  return isKnown(process) && process.state === 'running' && process.drainsSinceMs === Number.POSITIVE_INFINITY
}

function isRunning({ process }: OwnRoom): boolean {
  return process.state === 'running'
}
