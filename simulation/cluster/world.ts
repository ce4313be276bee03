import { toCents } from '../../engine/money.ts'
import { type Opening, VOID_REASONS } from '../../engine/round/types.ts'
import { Agenda } from '../agenda.ts'
import { Auditor, CLOCKS_APART_MS } from '../auditor.ts'
import { Croupier } from '../croupier.ts'
import { type Dice, diceOf } from '../dice.ts'
import { settlePromises } from '../fake-timers.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { Players } from '../players.ts'
import { termsOf } from '../terms.ts'
import type { Testimony } from '../testimony.ts'
import { CalmAuditor } from './calm-auditor.ts'
import { Crowd } from './crowd.ts'
import { DRILLS, type DrillPlan } from './drills.ts'
import { Fleet } from './fleet.ts'
import { type House, HouseList } from './house.ts'
import { Net } from './net.ts'
import { MemoryOwnerBooks } from './owner-books.ts'
import { OwnersAuditor } from './owners-auditor.ts'
import { installProcessTimers } from './process.ts'
import { ForgetfulRedis } from './redis.ts'
import { Register } from './register.ts'
import { brew, Mishaps, type StoreClocks } from './storm.ts'
import { Switchboard } from './switchboard.ts'
import type { ClusterTestimony } from './testimony.ts'
import { type ClusterTally, emptyClusterTally, stormOf } from './weather.ts'

export type ClusterWorldOptions = {
  readonly seed: number
  /** The drill to be held, by its name, if the world allows for it; otherwise the dice pick one. */
  readonly drill?: string | undefined
  /** Also hears every testimony, for a replay in words. */
  readonly listen?: (seen: Testimony | ClusterTestimony, sinceStartMs: number) => void
}
export type ClusterWorldReport = {
  readonly seed: number
  readonly complaints: readonly string[]
  readonly tally: ClusterTally
  /** The same for the same seed; differs when anything happened otherwise. */
  readonly trace: string
}

const START_MS = 1_800_000_000_000
/** No world runs longer than this: what cannot end is a failure (SIM-9). */
const MOST_EVENTS = 200_000
const LOOK_MS = 50
const OPENING_MS = 1_500
const QUIET_MS = 900
const PACE = { bettingMs: 1_500, restMs: 500 }

/** Plays one world of several nodes to its end: the seed decides everything in it. */
export async function playClusterWorld(options: ClusterWorldOptions): Promise<ClusterWorldReport> {
  const world = new ClusterWorld(options)
  const restore = installProcessTimers(world.agenda, diceOf(options.seed ^ 0x71e5))
  try {
    await world.play()
  } finally {
    restore()
  }
  return world.report()
}

class ClusterWorld {
  readonly agenda = new Agenda(START_MS)
  readonly #options: ClusterWorldOptions
  readonly #dice: Dice
  readonly #tally = emptyClusterTally()
  readonly #withRedis: boolean
  readonly #clocks: StoreClocks
  readonly #house: House
  readonly #fleet: Fleet
  readonly #crowd: Crowd
  readonly #mishaps: Mishaps
  readonly #players: Players
  readonly #auditor: Auditor
  readonly #register = new Register()
  readonly #owners: OwnersAuditor
  readonly #calm: CalmAuditor
  readonly #openings = new Map<string, Opening>()
  readonly #failures: string[] = []
  readonly #complaints: string[] = []
  #nextLookMs = START_MS
  #trace = 0

  constructor(options: ClusterWorldOptions) {
    this.#options = options
    const dice = diceOf(options.seed)
    this.#dice = dice
    const nowMs = (): number => this.agenda.nowMs
    this.#clocks = { booksOffMs: 0, redisOffMs: 0, redisSpeed: dice.pick([1, 1, 0.6, 1.4]) }
    const croupier = new Croupier(diceOf(options.seed ^ 0x5eed))
    // Clocks are set by seconds in a storm; by how much a rest was shortened is not asked here.
    this.#auditor = new Auditor((seriesId) => croupier.secretOf(seriesId), 30 * CLOCKS_APART_MS)
    this.#owners = new OwnersAuditor(this.#register, nowMs, (roundId) => this.#auditor.heldBets(roundId))
    this.#house = this.#build(croupier)
    this.#calm = new CalmAuditor(this.#register, nowMs, (tableId) => this.#house.tables.isWanted(tableId))
    this.#players = new Players(dice, ['player-0', 'player-1', 'player-2'].slice(0, dice.between(1, 3)))
    this.#withRedis = !dice.chance(0.08)
    this.#fleet = new Fleet({
      house: this.#house,
      withRedis: this.#withRedis,
      moved: (member, tableId) => this.#crowd.moved(member, tableId),
      died: (member, withHost) => this.#crowd.died(member, withHost),
    })
    this.#crowd = new Crowd(this.#house, () => this.#fleet)
    this.#mishaps = new Mishaps(this.#house, this.#fleet, this.#clocks)
  }

  async play(): Promise<void> {
    try {
      this.#open()
      await this.#until(OPENING_MS, () => false)
      const stormMs = this.#dice.between(3_000, 9_000)
      brew(this.#house, this.#mishaps, this.#fleet, stormOf(this.#dice), stormMs)
      await this.#until(stormMs, () => false)
      this.#mishaps.mendAll()
      await this.#settles({ what: 'calm' })
      await this.#drill(this.#drillPlan())
      await this.#close()
    } catch (error) {
      this.#broke('the world', error)
    }
    // A world that stopped early has rounds that never ended; why it stopped comes first.
    this.#complaints.push(...this.#spoken(), ...this.#failures)
    this.#auditor.close(this.#house.ledger)
    this.#auditBooks()
    this.#complaints.push(...this.#spoken())
  }

  report(): ClusterWorldReport {
    const { seed } = this.#options
    return { seed, complaints: this.#complaints, tally: this.#tally, trace: (this.#trace >>> 0).toString(16) }
  }

  #build(croupier: Croupier): House {
    const nowMs = (): number => this.agenda.nowMs
    const ledger = new MemoryLedger(nowMs)
    const trouble = (of: string, untilMs: number): void => this.#hear({ what: 'trouble', with: of, untilMs })
    const net = new Net(this.agenda, this.#dice, this.#tally, trouble)
    let number = 0
    return {
      net,
      board: new Switchboard(net),
      ledger,
      owners: new MemoryOwnerBooks(ledger, () => this.agenda.nowMs + this.#clocks.booksOffMs),
      redis: new ForgetfulRedis(
        () => START_MS + (this.agenda.nowMs - START_MS) * this.#clocks.redisSpeed + this.#clocks.redisOffMs,
      ),
      tables: new HouseList(
        (tableId) => ledger.latestRound(tableId)?.ended === null,
        (tableId, status) => this.#hear({ what: 'house', tableId, status }),
      ),
      croupier,
      wrongDraw: (roundId) => {
        const opening = this.#openings.get(roundId)
        if (opening === undefined) throw new Error(`${roundId} was drawn and never opened`)
        return croupier.wrongDraw(opening)
      },
      hear: (seen) => this.#hearTable(seen),
      witness: (seen) => this.#hear(seen),
      broke: (where, error) => this.#broke(where, error),
      nextNumber: () => ++number,
    }
  }

  #open(): void {
    const { ledger, tables } = this.#house
    const dice = this.#dice
    for (const playerId of this.#players.ids) {
      ledger.openAccount(playerId)
      this.#deposit(playerId, dice.between(10, 60) * 100)
    }
    for (const tableId of ['t1', 't2', 't3'].slice(0, dice.between(1, 3)))
      tables.add(tableId, { ...termsOf(dice), pace: PACE })
    const newer = dice.chance(0.3)
    for (let n = 1; n <= (dice.chance(0.05) ? 1 : dice.between(2, 3)); n++) {
      const machine = this.#fleet.add(`n${n}`, newer)
      this.agenda.in(dice.upTo(600), () => this.#fleet.start(machine))
    }
  }

  /** A calm world comes to rest, and then nothing happens for a while. */
  async #settles(calm: ClusterTestimony): Promise<void> {
    if (!this.#running()) return
    this.#hear(calm)
    await this.#until(60_000, () => this.#isSettled())
    if (!this.#running()) return
    this.#hear({ what: 'settled' })
    await this.#until(QUIET_MS, () => false)
    if (!this.#running()) return
    for (const { node, process } of this.#fleet.running)
      if (!node.ready) this.#hear({ what: 'not-ready', process: process.number })
  }

  #drillPlan(): DrillPlan {
    const plans = DRILLS.filter((plan) => this.#mayDrill(plan))
    const picked = this.#dice.pick(plans)
    return plans.find(({ name }) => name === this.#options.drill) ?? picked
  }

  #mayDrill({ needsRedis = false, leastNodes = 1 }: DrillPlan): boolean {
    return (this.#withRedis || !needsRedis) && this.#fleet.machines.length >= leastNodes
  }

  async #drill(plan: DrillPlan): Promise<void> {
    if (!this.#running()) return
    this.#tally.drills++
    const { machines } = this.#fleet
    const { begin, lastsMs, ends = false, name, moves, runsWithinMs, answersWithinMs } = plan
    const drill = { name, moves, runsWithinMs, answersWithinMs }
    const concerned = begin(this.#mishaps, this.#dice.pick(machines), this.#fleet, this.#house)
    // The only node there is has nobody to give its tables to, and nobody who could take them.
    const alone = machines.length === 1
    const patient = { ...drill, moves: ends ? 4 : 0, runsWithinMs: 9_000, answersWithinMs: 14_000 }
    const nodeIds = concerned.map(({ nodeId }) => nodeId)
    await this.#settlesAfter({ what: 'drill', drill: alone ? patient : drill, nodeIds }, lastsMs)
  }

  async #settlesAfter(drill: ClusterTestimony, lastsMs: number): Promise<void> {
    this.#hear(drill)
    await this.#until(lastsMs + 300, () => false)
    await this.#until(60_000, () => this.#isSettled())
  }

  async #close(): Promise<void> {
    if (!this.#running()) return
    this.#hear({ what: 'closing-time' })
    for (const tableId of this.#house.tables.ids) this.#order(tableId, 'draining')
    await this.#until(60_000, () => this.#house.tables.wanted().length === 0)
    if (!this.#running()) return
    for (const { process, node } of this.#fleet.members) process.deliver(() => void node.stop())
    await this.#until(300, () => false)
    this.#fleet.end()
    // Whatever is still on its way arrives.
    for (let left = MOST_EVENTS; left > 0 && this.agenda.size > 0; left--) await this.#next()
  }

  #isSettled(): boolean {
    const { machines, members } = this.#fleet
    const entered = machines.every(({ member }) => (member?.node.life.incarnation ?? 0) > 0)
    return this.#house.net.isClear && this.#calm.isSettled && entered && members.length === machines.length
  }

  /** Lets the world go on for so long, or until it is so, or something has failed. */
  async #until(withinMs: number, isSo: () => boolean): Promise<void> {
    const untilMs = this.agenda.nowMs + withinMs
    this.agenda.at(untilMs, () => undefined)
    while (this.#running() && this.agenda.nowMs < untilMs && !isSo()) await this.#next()
  }

  async #next(): Promise<void> {
    if (this.agenda.ran > MOST_EVENTS) throw new Error(`SIM-9: the world cannot end (${this.agenda.ran} events)`)
    this.agenda.runNext()
    await settlePromises()
    if (this.agenda.nowMs < this.#nextLookMs) return
    this.#nextLookMs = this.agenda.nowMs + LOOK_MS
    this.#owners.look()
    this.#calm.look()
  }

  #running(): boolean {
    return [this.#failures, this.#auditor.complaints, this.#owners.complaints, this.#calm.complaints].every(
      ({ length }) => length === 0,
    )
  }

  #spoken(): string[] {
    return [this.#owners, this.#calm, this.#auditor].flatMap(({ complaints }) => complaints.splice(0))
  }

  #broke(where: string, error: unknown): void {
    this.#failures.push(`SIM-9: ${where}: ${error instanceof Error ? error.message : String(error)}`)
  }

  #auditBooks(): void {
    const audit = this.#house.ledger.audit()
    const wrong = audit.linesSumCents !== 0 || audit.accountsOff !== 0 || audit.negativePlayers !== 0
    if (wrong || audit.escrowCents !== 0) this.#complaints.push(`SIM-1: the books say ${JSON.stringify(audit)}`)
  }

  #hear(seen: ClusterTestimony): void {
    if (seen.what === 'claimed' && seen.won && this.#leavesZombie(seen)) this.#tally.zombies++
    this.#owners.hear(seen)
    this.#calm.hear(seen)
    this.#register.hear(seen, this.agenda.nowMs)
    this.#note(seen)
  }

  /** The former owner still runs the table, and learns later that it is over. */
  #leavesZombie({ tableId, process, epoch }: Extract<ClusterTestimony, { what: 'claimed' }>): boolean {
    const others = this.#register.openRooms.filter((room) => room.process.number !== process)
    return others.some((room) => room.tableId === tableId && room.epoch < epoch)
  }

  #hearTable(seen: Testimony): void {
    this.#auditor.hear(seen)
    this.#note(seen)
    if (seen.what === 'opened' && seen.answer === 'opened') this.#opened(seen.opening, seen.owner)
    else if (seen.what === 'reserved' && seen.answer.fate !== 'fenced')
      this.#tally[seen.answer.fate === 'reserved' ? 'accepted' : 'refusedStakes']++
    else if (seen.what === 'released' && seen.answer.fate === 'released') this.#tally.withdrawn++
    else if (seen.what === 'voided' && typeof seen.answer === 'object' && 'atMs' in seen.answer) this.#tally.voids++
  }

  #note(seen: Testimony | ClusterTestimony): void {
    this.#options.listen?.(seen, this.agenda.nowMs - START_MS)
    const text = JSON.stringify([this.agenda.nowMs, seen])
    for (let i = 0; i < text.length; i++) this.#trace = Math.imul(this.#trace ^ text.charCodeAt(i), 0x01000193)
  }

  /** The crowd hears of a new round, and plays by the clock of whoever opened it. */
  #opened(opening: Opening, process: number): void {
    if (this.#openings.has(opening.roundId)) return
    this.#openings.set(opening.roundId, opening)
    this.#tally.rounds++
    const { tableId, roundId } = opening
    const offMs = this.#fleet.clockOffMs(process)
    for (const move of this.#players.movesIn(opening)) {
      if (this.#dice.chance(0.4)) continue
      const atMs = move.atMs - offMs
      if (move.type === 'deposit') this.agenda.at(atMs, () => this.#deposit(move.playerId, move.cents))
      else {
        const who = move.type === 'bet' ? (move.bets[0]?.playerId ?? '') : move.playerId
        this.agenda.at(atMs, () => this.#crowd.send(tableId, who, move))
      }
    }
    if (!this.#dice.chance(0.04)) return
    const reason = this.#dice.pick(VOID_REASONS)
    this.agenda.in(this.#dice.upTo(PACE.bettingMs + 300), () => {
      const { running } = this.#fleet
      if (running.length === 0) return
      const member = this.#dice.pick(running)
      member.process.deliver(() => void member.orderVoid({ tableId, reason, roundId }))
    })
  }

  #deposit(playerId: string, amount: number): void {
    const cents = toCents(amount)
    const id = `grant-${this.agenda.ran}-${playerId}-${amount}`
    const granted = this.#house.ledger.grant(id, playerId, cents, 'play')
    if (typeof granted === 'object')
      this.#hearTable({ what: 'granted', playerId, cents, balanceCents: granted.balanceCents })
  }

  /** An operator changes a table, at any node. */
  #order(tableId: string, status: 'open' | 'paused' | 'draining'): void {
    this.#house.tables.setStatus(tableId, status)
    const { running } = this.#fleet
    if (running.length === 0) return
    const { process, node } = this.#dice.pick(running)
    process.deliver(() => node.tableChanged(tableId))
  }
}
