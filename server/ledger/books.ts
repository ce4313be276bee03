import type { Cents } from '../../engine/money.ts'
import type { Draw, Facts, NewBet, Opening, Payout, Refusal, VoidReason } from '../../engine/round/types.ts'

/** The right to act for one table: every posting carries it, and the books refuse an old epoch. */
export type Fence = { readonly tableId: string; readonly epoch: number }

export type StakeRequest = Fence & { readonly roundId: string; readonly bet: NewBet }

/**
 * To a reservation: `reserved`, `refused` with its code, or `fenced` (another owner runs the table now).
 * To a release: `released` (nothing is held under this id; the code tells when it never was), `reserved` with
 * `bets-closed` (the round was closed before), or `fenced`.
 */
export type StakeAnswer = {
  readonly betId: string
  readonly fate: 'reserved' | 'refused' | 'released' | 'fenced'
  readonly refusal: Refusal | null
  /** The player's balance after all of the call, in cents; null when fenced or when there is no such account. */
  readonly balanceCents: Cents | null
}

export type Settlement = Fence & {
  readonly roundId: string
  readonly handleCents: Cents
  readonly payouts: readonly Payout[]
}
export type Ended = {
  readonly atMs: number
  /** Balance of each player whose money moved, after the posting. */
  readonly balances: ReadonlyMap<string, Cents>
}

/**
 * The casino's books: what a table may ask of the double-entry ledger. One contract suite runs on every
 * implementation (Debian's PostgreSQL, the embedded one, the simulator's memory). Every call may be repeated with the
 * same ids after a lost reply: the same id with the same content gives the same answer, with other content it is
 * refused, and a refused id stays refused. Bet and grant ids are UUIDs in lower case. Errors: rejects with
 * `BooksOutOfReach` when nothing is known and the same may be asked again; any other rejection is a broken invariant.
 */
export interface Books {
  /** Take-over: fences out every earlier owner. Read only after this has returned. Answers the new epoch. */
  raiseEpoch(tableId: string): Promise<number>
  /**
   * Makes a round's opening durable. A round id that exists with other content is a broken invariant, and so is a round
   * of a table whose last one has not ended.
   */
  openRound(fence: Fence, opening: Opening): Promise<'opened' | 'fenced'>
  /** Moves stakes from players to the table's escrow, many at once, each with its own verdict, in one commit. */
  reserve(requests: readonly StakeRequest[]): Promise<readonly StakeAnswer[]>
  /** Gives stakes back; an unknown stake leaves a tombstone, so that its late reservation is refused (`withdrawn`). */
  release(requests: readonly StakeRequest[]): Promise<readonly StakeAnswer[]>
  /**
   * Records the digest of the accepted bets; no stake goes in or out afterwards. Answers the digest that stands; on a
   * round that is void already it records nothing.
   */
  closeRound(fence: Fence, roundId: string, betDigest: string): Promise<string | 'fenced'>
  /** Registers the draw once; answers the one that stands, whoever registered it. Refused once the round is void. */
  registerDraw(fence: Fence, roundId: string, draw: Draw): Promise<Draw | 'fenced' | 'void'>
  /** Pays every winner and books the handle, in one statement. */
  settle(settlement: Settlement): Promise<Ended | 'fenced'>
  /** Returns every stake, records reason, seed and would-be outcome. Answers the standing draw if there is one. */
  voidRound(
    fence: Fence,
    roundId: string,
    reason: VoidReason,
    draw: Draw,
  ): Promise<Ended | 'fenced' | { readonly drawn: Draw }>
  /** The table's latest round as the books prove it; null when it never had one. */
  latestRound(tableId: string): Promise<Facts | null>
  /** Opens a player's account with nothing in it; repeating it changes nothing. */
  openAccount(playerId: string): Promise<void>
  balanceOf(playerId: string): Promise<Cents | null>
  /** Credits play money from the house's grants account (development mode only). `id` is a UUID made by the asker. */
  grant(
    id: string,
    playerId: string,
    cents: Cents,
    memo: string,
  ): Promise<{ readonly balanceCents: Cents } | 'grant-id-taken' | 'unknown-account'>
  /** What must hold at any moment: all lines sum to zero, and every cached balance equals the sum of its lines. */
  audit(): Promise<BooksAudit>
}

export type BooksAudit = {
  readonly linesSumCents: number
  readonly accountsOff: number
  readonly negativePlayers: number
  readonly playersCents: Cents
  /** Money in open rounds. */
  readonly escrowCents: Cents
}
