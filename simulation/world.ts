import { toCents } from '../engine/money.ts'
import { type Opening, type Terms, VOID_REASONS } from '../engine/round/types.ts'
import { Agenda } from './agenda.ts'
import { Auditor, CLOCKS_APART_MS } from './auditor.ts'
import { Croupier } from './croupier.ts'
import { type Dice, diceOf } from './dice.ts'
import { installFakeTimers, settlePromises } from './fake-timers.ts'
import { emptyTally, type Faults, faultsOf, type Tally } from './faults.ts'
import type { Wire } from './faulty-books.ts'
import { HotStore } from './hot-store.ts'
import { MemoryLedger } from './memory-ledger.ts'
import { Owner } from './owner.ts'
import { type Move, Players } from './players.ts'
import { termsOf } from './terms.ts'
import type { Testimony } from './testimony.ts'

export type WorldOptions = {
  readonly seed: number
  /** Rounds that each table plays. */
  readonly rounds: number
  /** Also hears every testimony, for a replay in words. */
  readonly listen?: (seen: Testimony, sinceStartMs: number) => void
}
export type WorldReport = {
  readonly seed: number
  readonly complaints: readonly string[]
  readonly tally: Tally
  /** The same for the same seed; differs when anything happened otherwise. */
  readonly trace: string
}

const START_MS = 1_800_000_000_000
/** No world runs longer than this, in events and in its own time: a round that cannot end is a failure (SIM-9). */
const MOST_EVENTS = 60_000
const MOST_MS_A_ROUND = 600_000
const MOST_OWNERS = 60
const WATCH_MS = 2_000

type Table = {
  readonly tableId: string
  readonly terms: Terms
  readonly hot: HotStore
  readonly owners: Owner[]
  roundsOpened: number
  done: boolean
}

/** The secrets of a world, apart from its other dice. */
export function croupierOf(seed: number): Croupier {
  return new Croupier(diceOf(seed ^ 0x5eed))
}

/** Plays one world to its end: the seed decides everything in it. */
export async function playWorld(options: WorldOptions): Promise<WorldReport> {
  const world = new World(options)
  const restore = installFakeTimers(world.agenda, diceOf(options.seed ^ 0x71e5))
  try {
    await world.play()
  } finally {
    restore()
  }
  return world.report()
}

class World {
  readonly agenda = new Agenda(START_MS)
  readonly #options: WorldOptions
  readonly #dice: Dice
  readonly #faults: Faults
  readonly #tally = emptyTally()
  readonly #croupier: Croupier
  readonly #auditor: Auditor
  readonly #ledger: MemoryLedger
  readonly #players: Players
  readonly #tables: Table[]
  readonly #openings = new Map<string, Opening>()
  readonly #failures: string[] = []
  readonly #complaints: string[] = []
  #trace = 0
  #noDrawsUntilMs = 0
  #calm = false

  constructor(options: WorldOptions) {
    this.#options = options
    this.#dice = diceOf(options.seed)
    this.#faults = faultsOf(this.#dice)
    this.#croupier = croupierOf(options.seed)
    this.#auditor = new Auditor((seriesId) => this.#croupier.secretOf(seriesId))
    this.#ledger = new MemoryLedger(() => this.agenda.nowMs)
    const seats = this.#dice.between(2, 5)
    this.#players = new Players(
      this.#dice,
      Array.from({ length: seats }, (_, i) => `player-${i}`),
    )
    this.#tables = ['t1', 't2'].slice(0, this.#dice.chance(0.25) ? 2 : 1).map((tableId) => ({
      tableId,
      terms: termsOf(this.#dice),
      hot: new HotStore(),
      owners: [],
      roundsOpened: 0,
      done: false,
    }))
  }

  async play(): Promise<void> {
    for (const playerId of this.#players.ids) {
      this.#ledger.openAccount(playerId)
      this.#deposit(playerId, this.#dice.between(10, 60) * 100)
    }
    for (const table of this.#tables) this.#watch(table)
    const { rounds } = this.#options
    const until = START_MS + MOST_MS_A_ROUND * rounds
    try {
      while (this.#running() && this.agenda.ran < MOST_EVENTS && this.agenda.nowMs < until) await this.#next()
      if (this.#running()) this.#failures.push(`SIM-9: a round cannot end (${this.agenda.ran} events)`)
      // Whatever is still on its way arrives, at owners that have nothing more to do.
      this.#calm = true
      for (let left = MOST_EVENTS; left > 0 && this.agenda.size > 0; left--) await this.#next()
    } catch (error) {
      this.#broke('the books', error)
    }
    // A world that stopped early has rounds that never ended; why it stopped comes first.
    this.#complaints.push(...this.#auditor.complaints.splice(0), ...this.#failures)
    this.#auditor.close(this.#ledger)
    this.#auditBooks()
    this.#complaints.push(...this.#auditor.complaints)
  }

  report(): WorldReport {
    return {
      seed: this.#options.seed,
      complaints: this.#complaints,
      tally: this.#tally,
      trace: (this.#trace >>> 0).toString(16),
    }
  }

  async #next(): Promise<void> {
    this.agenda.runNext()
    await settlePromises()
  }

  #running(): boolean {
    return (
      this.#failures.length === 0 && this.#auditor.complaints.length === 0 && !this.#tables.every(({ done }) => done)
    )
  }

  #broke(where: string, error: unknown): void {
    this.#failures.push(`SIM-9: ${where}: ${error instanceof Error ? error.message : String(error)}`)
  }

  #auditBooks(): void {
    const audit = this.#ledger.audit()
    const wrong = audit.linesSumCents !== 0 || audit.accountsOff !== 0 || audit.negativePlayers !== 0
    if (wrong || audit.escrowCents !== 0) this.#complaints.push(`SIM-1: the books say ${JSON.stringify(audit)}`)
  }

  #hear(seen: Testimony): void {
    this.#auditor.hear(seen)
    this.#options.listen?.(seen, this.agenda.nowMs - START_MS)
    const text = JSON.stringify([this.agenda.nowMs, seen])
    for (let i = 0; i < text.length; i++) this.#trace = Math.imul(this.#trace ^ text.charCodeAt(i), 0x01000193)
    if (seen.what === 'opened' && seen.answer === 'opened') this.#opened(seen.opening)
    else if (seen.what === 'reserved' && seen.answer.fate !== 'fenced')
      this.#tally[seen.answer.fate === 'reserved' ? 'accepted' : 'refusedStakes']++
    else if (seen.what === 'released' && seen.answer.fate === 'released') this.#tally.withdrawn++
    else if (seen.what === 'voided' && typeof seen.answer === 'object' && 'atMs' in seen.answer) this.#tally.voids++
    else if (seen.what === 'raised') this.#tally.takeOvers++
  }

  /** The crowd hears of a new round. */
  #opened(opening: Opening): void {
    if (this.#openings.has(opening.roundId)) return
    this.#openings.set(opening.roundId, opening)
    this.#tally.rounds++
    const table = this.#tables.find(({ tableId }) => tableId === opening.tableId)
    if (table === undefined) return
    table.roundsOpened++
    for (const move of this.#players.movesIn(opening)) this.agenda.at(move.atMs, () => this.#move(table, move))
    if (this.#dice.chance(this.#faults.noDraws))
      this.agenda.at(opening.closesAtMs, () => {
        this.#noDrawsUntilMs = this.agenda.nowMs + this.#dice.upTo(20_000)
      })
    if (!this.#dice.chance(this.#faults.voidOrder)) return
    const reason = this.#dice.pick(VOID_REASONS)
    const atMs =
      opening.openedAtMs + (this.#dice.chance(0.5) ? this.#dice.upTo(10_000) : this.#dice.between(9_900, 12_000))
    this.agenda.at(atMs, () => this.#reachable(table)?.orderVoid(reason))
  }

  #move(table: Table, move: Move): void {
    if (move.type === 'deposit') this.#deposit(move.playerId, move.cents)
    else this.#reachable(table)?.take(move)
  }

  /** The owner a message reaches: the newest most of the time, sometimes a zombie that nobody has told yet. */
  #reachable({ owners }: Table): Owner | undefined {
    const alive = owners.filter((owner) => owner.alive && owner.round !== null)
    return this.#dice.chance(0.8) || alive.length === 0 ? alive.at(-1) : this.#dice.pick(alive)
  }

  #deposit(playerId: string, amount: number): void {
    const cents = toCents(amount)
    const granted = this.#ledger.grant(`grant-${this.agenda.ran}-${playerId}-${amount}`, playerId, cents, 'play')
    if (typeof granted === 'object')
      this.#hear({ what: 'granted', playerId, cents, balanceCents: granted.balanceCents })
  }

  /** The pit: a table whose rightful owner is gone gets another one, as long as the table plays. */
  #watch(table: Table): void {
    const alive = table.owners.filter((owner) => owner.alive)
    const last = this.#lastRoundOf(table)
    table.done = alive.some(({ round }) => round?.rested === true && round.opening.roundId === last)
    if (table.done || this.#failures.length > 0) return
    const standing = Math.max(0, ...table.owners.map(({ epoch }) => epoch))
    if (!alive.some(({ epoch }) => epoch === 0 || epoch === standing)) this.#appoint(table)
    this.agenda.in(WATCH_MS, () => this.#watch(table))
  }

  /** Id of the table's last round once it was opened. */
  #lastRoundOf({ tableId, roundsOpened }: Table): string | null {
    if (roundsOpened < this.#options.rounds) return null
    return this.#ledger.latestRound(tableId)?.opening.roundId ?? null
  }

  #appoint(table: Table): void {
    const { hot, owners, tableId, terms } = table
    if (this.#dice.chance(this.#faults.forgetSome)) {
      this.#tally.forgets++
      hot.forgetSome(this.#dice)
    }
    if (this.#dice.chance(this.#faults.forgetAll)) {
      this.#tally.forgets++
      hot.forgetAll()
    }
    const skewMs = this.#dice.between(-CLOCKS_APART_MS / 2, CLOCKS_APART_MS / 2)
    const owner: Owner = new Owner({
      wire: this.#wire(),
      number: owners.length,
      tableId,
      skewMs,
      hot,
      terms,
      croupier: this.#croupier,
      status: () => this.#status(table),
      drawsWork: () => this.#calm || this.agenda.nowMs >= this.#noDrawsUntilMs,
      dies: (deadlier) => this.#fate(table, deadlier),
      broke: (where, error) => this.#broke(where, error),
    })
    owners.push(owner)
  }

  /** The operator closes the table after its last round, and pauses it for a moment now and then. */
  #status({ roundsOpened }: Table): 'open' | 'paused' | 'draining' {
    if (roundsOpened >= this.#options.rounds) return 'draining'
    return this.#dice.chance(0.05) ? 'paused' : 'open'
  }

  /** Now and then an owner dies; now and then another node only thinks so. */
  #fate(table: Table, deadlier: number): boolean {
    if (this.#calm || table.owners.length >= MOST_OWNERS) return false
    if (this.#dice.chance(this.#faults.suspect * deadlier)) {
      this.#tally.zombies++
      this.agenda.in(this.#dice.upTo(500), () => this.#appoint(table))
    }
    if (!this.#dice.chance(this.#faults.crash * deadlier)) return false
    this.#tally.crashes++
    return true
  }

  #wire(): Wire {
    return {
      agenda: this.agenda,
      dice: this.#dice,
      faults: this.#faults,
      tally: this.#tally,
      ledger: this.#ledger,
      witness: (seen) => this.#hear(seen),
      wrongDraw: (roundId) => {
        const opening = this.#openings.get(roundId)
        if (opening === undefined) throw new Error(`${roundId} was drawn and never opened`)
        return this.#croupier.wrongDraw(opening)
      },
    }
  }
}
