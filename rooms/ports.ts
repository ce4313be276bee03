import type { Json } from '../engine/game.ts'
import type { Cents } from '../engine/money.ts'
import type { Effect, Phase, Refusal, Round, RoundEvent } from '../engine/round/types.ts'
import type { LobbyTable, MessageRefusal } from './protocol.ts'

/** The right to run one table; the epoch is the fencing token that every posting carries. */
export type Lease = { readonly tableId: string; readonly epoch: number }

/** What came back for one effect: the event it caused, and balances that players must be told. */
export type EffectAnswer = {
  readonly event: RoundEvent
  readonly balances: ReadonlyMap<string, Cents>
}

export type TakenOver = {
  readonly lease: Lease
  readonly round: Round
  readonly name: string
  /** Outcomes of the last settled rounds, newest first. */
  readonly lastOutcomes: readonly Json[]
  /** The last token that each session is known to have got, by its generation; a session may be missing. */
  readonly seats: ReadonlyMap<string, number>
}

/** What a reconnection token proves: whose seat it is, in which room, and how often it was renewed. */
export type SeatClaim = {
  readonly roomId: string
  readonly sessionId: string
  /** Null for who only watches. */
  readonly playerId: string | null
  readonly name: string
  /** 0 for the token of the first join; each return makes one of the next generation. Less than 2^32. */
  readonly generation: number
  /** Stands for the layout of the shared state that the client was told when it joined. Less than 2^32. */
  readonly layout: number
  readonly issuedAtMs: number
}

/** Seals and opens reconnection tokens. */
export interface SeatSealer {
  /** Printable, without `:`, at most 250 bytes. */
  sealSeat(claim: SeatClaim): string
  /** Null for a token that is forged, changed, too old or sealed by another house. */
  openSeat(token: string): SeatClaim | null
}

/** What a table counts and times; see `monitoring/metrics.ts`. */
export interface TableMeter {
  /** A message that never reached the game. */
  refused(code: MessageRefusal): void
  /** Null when the bet was accepted; the time from its message to its answer. */
  betAnswered(code: Refusal | null, ms: number): void
  /** Null when the table is no longer run here. */
  phaseReached(tableId: string, phase: Phase | null): void
  /** From the closing time until all payouts were committed. */
  betSettled(ms: number): void
  socketOpened(room: 'table' | 'lobby'): void
  socketClosed(room: 'table' | 'lobby'): void
  /** A broken invariant or a failed handler: the pit is paged. */
  failed(where: string, error: unknown): void
}

/** Told why a table stops at its present owner. */
export type Ended = (why: 'lost' | 'suspended') => void

/** Told true once the books have not answered for a while, and false once they do again. */
export type Stalled = (stalled: boolean) => void

/** Everything a table needs from outside. A room does no I/O of its own. */
export interface TablePorts extends SeatSealer {
  readonly meter: TableMeter
  nowMs(): number
  /** Resolves after so many milliseconds. */
  after(ms: number): Promise<void>
  /** Raises the table's epoch in the books, then rebuilds its round from them (opening the first one if need be). */
  takeOver(tableId: string): Promise<TakenOver>
  /**
   * Stores the hot copy; never fatal, since the books decide. `urgent` is false where nothing has changed but bets that
   * wait for their answer, or got it: nobody has been promised anything.
   */
  save(lease: Lease, round: Round, urgent: boolean): void
  /**
   * Starts whatever is due and not yet running; retries with the same ids; reports each answer in turn.
   * `ended` is called when the table must stop here: `lost` when the books refuse the epoch, so another owner runs it,
   * `suspended` when an invariant of the house is broken. `stalled` is called when an effect has been tried in vain for
   * a while, and again when all are answered.
   */
  perform(
    lease: Lease,
    effects: readonly Effect[],
    answer: (answer: EffectAnswer) => void,
    ended: Ended,
    stalled: Stalled,
  ): void
  /** Ends every timer and retry of this lease. */
  stop(lease: Lease): void
  /** Spends a single-use ticket; null when it is unknown, used or expired. */
  spendTicket(ticket: string): Promise<Seat | null>
  /**
   * Remembers for the next owner which token of a player's session is the last that its client surely has; null when
   * the session is over. Fire and forget: where it is not remembered, any token of the session is good.
   */
  seatKept(lease: Lease, sessionId: string, generation: number | null): void
  balanceOf(playerId: string): Promise<Cents | null>
  /** Offers a player's own seed for the table's next series. */
  contribute(
    tableId: string,
    playerId: string,
    seed: string,
  ): Promise<'taken' | 'already-contributed' | 'too-late' | 'full'>
  /** Tells the lobby what the table looks like now; null when the table is gone. */
  list(tableId: string, row: LobbyTable | null): void
}

/** Who joins a table with a ticket. */
export type Seat = { readonly playerId: string; readonly name: string; readonly tableId: string }
