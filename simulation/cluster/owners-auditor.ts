import { LEASE_MS, type OwnProcess, type OwnRoom, type OwnTable, type Register } from './register.ts'
import type { ClusterTestimony } from './testimony.ts'

type Of<W extends ClusterTestimony['what']> = Extract<ClusterTestimony, { what: W }>

/** Timers ring late, and looks come now and then. */
const LATE_MS = 150
/** Whoever has stood for so long, unhindered, is known to all, and so are its tables. */
const KNOWN_AFTER_MS = 4_000
/** A claim may have been under way when the order to drain came. */
const UNDER_WAY_MS = 3_500
const MOVES_END_MS = 6_000
/** Who is linked with the owner of a table has heard of it after this time. */
const TOLD_AFTER_MS = 1_000

/**
 * Says who may run a table, by what the books and the stores told: claims, rooms, proofs, hand-overs. It shares nothing
 * with the code that decides. Rules: RULES.md, SIM-16 to SIM-22.
 */
export class OwnersAuditor {
  readonly complaints: string[] = []
  readonly #register: Register
  readonly #nowMs: () => number
  readonly #heldBets: (roundId: string) => readonly string[]
  /** The room of every epoch, and the newest life of every node. */
  readonly #roomOfEpoch = new Map<string, number>()
  readonly #lives = new Map<string, number>()
  /** When a process last claimed a table, or was asked to take it; and those it was asked for only once it drained. */
  readonly #triedAtMs = new Map<string, number>()
  readonly #askedTooLate = new Set<string>()

  /** `heldBets` are the stakes that the books hold in a round that has not ended. */
  constructor(register: Register, nowMs: () => number, heldBets: (roundId: string) => readonly string[]) {
    this.#register = register
    this.#nowMs = nowMs
    this.#heldBets = heldBets
  }

  /** To be asked before the register hears of it. */
  hear(seen: ClusterTestimony): void {
    if (seen.what === 'entered') this.#entered(seen)
    else if (seen.what === 'claimed') this.#claimed(seen)
    else if (seen.what === 'asked') this.#asked(seen)
    else if (seen.what === 'ran') this.#ran(seen)
    else if (seen.what === 'gives') this.#gives(seen)
  }

  /** To be asked every now and then. */
  look(): void {
    const nowMs = this.#nowMs()
    for (const room of this.#register.openRooms) {
      const { process, tableId, epoch, dueMs, provedAtMs } = room
      const awakeMs = nowMs - process.wokeAtMs
      if (process.state !== 'running' || awakeMs < LATE_MS) continue
      const unprovenMs = nowMs - Math.min(process.provedAtMs, provedAtMs)
      const where = `${process.nodeId}.${process.number}`
      this.#expect(
        unprovenMs <= LEASE_MS || nowMs - process.peersSinceMs < LATE_MS || process.peersSinceMs > nowMs,
        `SIM-19: ${where} has no proof for ${unprovenMs} ms and runs ${tableId}`,
      )
      this.#expect(
        nowMs <= Math.max(dueMs, process.wokeAtMs + LATE_MS),
        `SIM-20: ${where} was told that epoch ${epoch} of ${tableId} is over, and runs it`,
      )
    }
  }

  #entered({ nodeId, incarnation }: Of<'entered'>): void {
    this.#expect(incarnation > (this.#lives.get(nodeId) ?? 0), `SIM-16: life ${incarnation} of ${nodeId} is not new`)
    this.#lives.set(nodeId, incarnation)
  }

  #claimed({ process: number, incarnation, tableId, seen, stood, won, epoch, askedAtMs }: Of<'claimed'>): void {
    const process = this.#register.process(number)
    const table = this.#register.table(tableId)
    const where = `${process.nodeId}.${number}`
    this.#triedAtMs.set(`${number} ${tableId}`, this.#nowMs())
    this.#expect(stood === table.epoch, `SIM-16: epoch ${stood} of ${tableId} stands, and ${table.epoch} was raised`)
    if (!won) return
    if (epoch === stood) {
      this.#expect(table.owner === process, `SIM-16: ${where} wins epoch ${epoch} of ${tableId}, which is another's`)
      return
    }
    this.#expect(
      seen === stood && epoch === stood + 1,
      `SIM-16: ${where} saw ${seen} and raised ${tableId} from ${stood} to ${epoch}`,
    )
    this.#expect(this.#lives.get(process.nodeId) === incarnation, `SIM-16: an ended life of ${where} claims ${tableId}`)
    this.#expect(
      askedAtMs < process.drainsSinceMs + UNDER_WAY_MS && !this.#askedTooLate.has(`${number} ${tableId}`),
      `SIM-22: ${where} drains and takes ${tableId}`,
    )
    if (table.owner !== null) this.#mayTake(process, table.owner, tableId)
  }

  /** What a node had tried before the order to drain may still be under way. */
  #asked({ process: number, kind, tableId }: Of<'asked'>): void {
    if (kind !== 'take') return
    const nowMs = this.#nowMs()
    const key = `${number} ${tableId}`
    const before = this.#triedAtMs.get(key) ?? Number.NEGATIVE_INFINITY
    const drains = this.#register.process(number).drainsSinceMs <= nowMs
    if (drains && nowMs - before > UNDER_WAY_MS) this.#askedTooLate.add(key)
    this.#triedAtMs.set(key, nowMs)
  }

  /** A table is not taken from a node that runs it, stands well with the taker, and does not give it away. */
  #mayTake(taker: OwnProcess, owner: OwnProcess, tableId: string): void {
    if (taker === owner || owner.state !== 'running') return
    const nowMs = this.#nowMs()
    const room = this.#register.openRooms.find((open) => open.process === owner && open.tableId === tableId)
    if (room === undefined || (room.givenAtMs <= nowMs && nowMs - room.givenAtMs < MOVES_END_MS)) return
    const known = [room.sinceMs, owner.enteredAtMs, taker.enteredAtMs, owner.wokeAtMs, taker.wokeAtMs]
    if (known.some((sinceMs) => nowMs - sinceMs < KNOWN_AFTER_MS)) return
    const ways = [taker.place, owner.place, [taker.place, owner.place].sort().join('-'), 'books clock']
    if (this.#register.isTroubled(ways, nowMs, KNOWN_AFTER_MS)) return
    this.#complain(`SIM-18: ${taker.nodeId} took ${tableId} from ${owner.nodeId}, which was well`)
  }

  #ran({ process: number, room, tableId, epoch, roundId, bets }: Of<'ran'>): void {
    const process = this.#register.process(number)
    const table = this.#register.table(tableId)
    const rooms = this.#register.openRooms.filter((open) => open.tableId === tableId && open.process === process)
    this.#expect(rooms.length === 0, `SIM-17: ${tableId} is opened twice at ${process.nodeId}`)
    this.#expect(
      table.epoch > epoch || table.owner === process,
      `SIM-17: ${process.nodeId} runs ${tableId} under epoch ${epoch}, which is another's`,
    )
    const key = `${tableId} ${epoch}`
    this.#expect(!this.#roomOfEpoch.has(key), `SIM-17: two rooms of ${tableId} under epoch ${epoch}`)
    this.#roomOfEpoch.set(key, room)
    if (table.epoch !== epoch) return void this.#overtaken(process, table, epoch)
    const listed = new Map(bets.map(({ betId, status }) => [betId, status]))
    for (const betId of this.#heldBets(roundId)) {
      const status = listed.get(betId)
      this.#expect(
        status === 'accepted' || status === 'releasing',
        `SIM-21: ${tableId} moved, and its new owner knows nothing of ${betId}`,
      )
    }
  }

  /** It was taken over while it read, and will be told; unless its new owner has told it long since. */
  #overtaken(process: OwnProcess, { tableId, owner, claimedAtMs }: OwnTable, epoch: number): void {
    const nowMs = this.#nowMs()
    if (owner === null || owner.state !== 'running' || nowMs - claimedAtMs < TOLD_AFTER_MS) return
    if ([process, owner].some(({ wokeAtMs, enteredAtMs }) => nowMs - Math.max(wokeAtMs, enteredAtMs) < KNOWN_AFTER_MS))
      return
    const ways = [process.place, owner.place, [process.place, owner.place].sort().join('-'), 'books clock']
    if (this.#register.isTroubled(ways, nowMs, KNOWN_AFTER_MS)) return
    this.#complain(`SIM-17: ${process.nodeId} opens ${tableId} under epoch ${epoch}, which is over`)
  }

  #gives({ process: number, tableId, atRest }: Of<'gives'>): void {
    const process = this.#register.process(number)
    if (process.drainsSinceMs !== Number.POSITIVE_INFINITY) return
    this.#expect(atRest, `SIM-22: ${process.nodeId} gives ${tableId} away during a round`)
    const others = this.#register.openRooms.filter(
      (room): room is OwnRoom => room.process === process && room.tableId !== tableId && room.givenAtMs < this.#nowMs(),
    )
    this.#expect(
      others.every(({ givenAtMs }) => givenAtMs < this.#nowMs() - MOVES_END_MS),
      `SIM-22: ${process.nodeId} gives several tables away at once`,
    )
  }

  #complain(complaint: string): void {
    this.complaints.push(complaint)
  }

  #expect(isSo: boolean, complaint: string): void {
    if (!isSo) this.#complain(complaint)
  }
}
