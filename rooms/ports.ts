import type { Cents } from '../engine/money.ts'
import type { Effect, Round, RoundEvent } from '../engine/round/types.ts'

/** The right to run one table; the epoch is the fencing token that every posting carries. */
export type Lease = { readonly tableId: string; readonly epoch: number }

/** What came back for one effect: the event it caused, and balances that players must be told. */
export type EffectAnswer = {
  readonly event: RoundEvent | null
  readonly balances: ReadonlyMap<string, Cents>
}

/** Everything a table needs from outside. A room does no I/O of its own. */
export interface TablePorts {
  nowMs(): number
  /** Raises the table's epoch in the books, then rebuilds its round from them (opening the first one if need be). */
  takeOver(tableId: string): Promise<{ lease: Lease; round: Round }>
  /** Stores the hot copy; never fatal, since the books decide. */
  save(lease: Lease, round: Round): void
  /**
   * Starts whatever is due and not yet running; retries with the same ids; reports each answer in turn.
   * `lost` is called when the books refuse the epoch: another owner runs the table.
   */
  perform(lease: Lease, effects: readonly Effect[], answer: (answer: EffectAnswer) => void, lost: () => void): void
  /** Ends every timer and retry of this lease. */
  stop(lease: Lease): void
  /** Spends a single-use ticket; null when it is unknown, used, expired or for another table. */
  spendTicket(ticket: string, tableId: string): Promise<Seat | null>
  balanceOf(playerId: string): Promise<Cents | null>
  /** Offers a player's own seed for the table's next series. */
  contribute(
    tableId: string,
    playerId: string,
    seed: string,
  ): Promise<'taken' | 'already-contributed' | 'too-late' | 'full'>
}

/** Who joins: a player, or an observer without an account (playerId null). */
export type Seat = { readonly playerId: string | null; readonly name: string }
