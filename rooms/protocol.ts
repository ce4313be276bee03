/**
 * The messages between a browser and a table, as `docs/protocol.md` describes them for other clients.
 * Types only, so that the page can import them. Money is whole cents, times are milliseconds of the server's clock.
 * Requests travel as Colyseus room requests (`room.request(type, message)`); an answer is either resolved with the type
 * beside it, or rejected with `{ code }`.
 */
import type { Json } from '../engine/game.ts'
import type { BetStatus, Limits, Pace, Phase, Refusal, VoidReason } from '../engine/round/types.ts'

/** Codes of messages that never reach the game. */
export type MessageRefusal =
  | 'malformed'
  | 'unknown-message'
  | 'too-fast'
  | 'wrong-round'
  | 'not-a-player'
  | 'table-stopping'
  | 'already-contributed'
  | 'too-late'
  | 'full'
  | 'failed'
export type RefusalCode = Refusal | MessageRefusal

export type BetMessage = { readonly betId: string; readonly selection: Json; readonly stakeCents: number }
/** At most 64 bets in one message. */
export type BetRequest = { readonly roundId: string; readonly bets: readonly BetMessage[] }
/** At most 200 ids in one message. */
export type WithdrawRequest = { readonly roundId: string; readonly betIds: readonly string[] }
export type BetAnswer = { readonly betId: string; readonly status: BetStatus; readonly code: RefusalCode | null }
export type BetsAnswer = { readonly answers: readonly BetAnswer[]; readonly balanceCents: number | null }

export type OwnBet = {
  readonly betId: string
  readonly selection: Json
  readonly stakeCents: number
  readonly status: BetStatus
}
/** Versions of the last public and the last private event that the client has; 0 when it has none. */
export type ResumeRequest = { readonly publicVersion: number; readonly privateVersion: number }
export type Resumed = {
  readonly serverNowMs: number
  /**
   * What was missed, oldest first; or null when the gap is too long (or the client is new): then `snapshot` stands for
   * all.
   */
  readonly missed: { readonly public: readonly PublicEvent[]; readonly private: readonly PrivateEvent[] } | null
  readonly snapshot: {
    readonly publicVersion: number
    readonly privateVersion: number
    readonly roundId: string
    readonly balanceCents: number | null
    readonly bets: readonly OwnBet[]
  }
}
/** A player's own seed for the table's next series: 1 to 64 printable characters of ASCII. */
export type ContributeRequest = { readonly seed: string }
export type ClockRequest = { readonly clientMs: number }
export type ClockAnswer = { readonly clientMs: number; readonly serverNowMs: number }

/** Everything a client may ask of a table. */
export type TableRequests = {
  bet: { ask: BetRequest; answer: BetsAnswer }
  withdraw: { ask: WithdrawRequest; answer: BetsAnswer }
  resume: { ask: ResumeRequest; answer: Resumed }
  contribute: { ask: ContributeRequest; answer: { readonly taken: true } }
  clock: { ask: ClockRequest; answer: ClockAnswer }
}

/** Message type `public`: what happened at the table, the same for everyone. */
export type PublicEvent = { readonly version: number; readonly atMs: number } & (
  | { readonly type: 'opened'; readonly roundId: string; readonly closesAtMs: number; readonly commitment: string }
  | { readonly type: 'closing'; readonly roundId: string }
  | { readonly type: 'closed'; readonly roundId: string; readonly betDigest: string }
  | { readonly type: 'drawn'; readonly roundId: string; readonly outcome: Json; readonly seedHex: string }
  | { readonly type: 'settled'; readonly roundId: string; readonly nextOpensAtMs: number }
  | { readonly type: 'void'; readonly roundId: string; readonly reason: VoidReason; readonly nextOpensAtMs: number }
)

/** Message type `private`: what concerns one player, sent to each of his tabs. */
export type PrivateEvent = { readonly version: number; readonly atMs: number } & (
  | { readonly type: 'bet'; readonly roundId: string; readonly bet: OwnBet; readonly code: RefusalCode | null }
  | { readonly type: 'balance'; readonly balanceCents: number }
  | {
      readonly type: 'result'
      readonly roundId: string
      readonly stakedCents: number
      readonly paidCents: number
      readonly payouts: readonly { readonly betId: string; readonly cents: number }[]
      readonly balanceCents: number | null
    }
  | {
      readonly type: 'refunded'
      readonly roundId: string
      readonly cents: number
      readonly balanceCents: number | null
    }
)

/**
 * The table's shared state (Colyseus schema), the same for everyone; it changes at most twice a second at a crowded
 * table.
 */
export type SharedTable = {
  readonly tableId: string
  readonly gameId: string
  /**
   * `running`, `paused` (no next round until it is resumed), `draining` (this round is the last), `closed` (its last
   * round has ended), `waiting` (the books do not answer), `moving` (another node runs it now, or in a moment) or
   * `suspended` (an invariant broke; people look at it).
   */
  readonly status: string
  readonly roundId: string
  readonly seriesId: string
  readonly roundNo: number
  readonly phase: Phase
  readonly openedAtMs: number
  readonly closesAtMs: number
  /** 0 until the round has ended. */
  readonly nextOpensAtMs: number
  readonly commitment: string
  readonly betDigest: string
  /** JSON of the outcome; empty until the draw is durable. */
  readonly outcome: string
  readonly seedHex: string
  readonly voidReason: string
  /** Players who joined with a ticket; one in two tabs is one, and who only watches is none. */
  readonly players: number
  readonly atStakeCents: number
  /** By position on the felt ("straight:17"): all accepted chips of everyone, in cents. */
  readonly spotCents: ReadonlyMap<string, number>
  /** By position: how many players have chips there. */
  readonly spotPlayers: ReadonlyMap<string, number>
  /** JSON of the last 20 outcomes, newest first. */
  readonly lastOutcomes: readonly string[]
}

/** One row of the lobby (room `lobby`, state `tables: map<SharedLobbyTable>`) and of GET /api/tables. */
export type LobbyTable = {
  readonly tableId: string
  readonly name: string
  readonly gameId: string
  readonly status: string
  readonly phase: string
  readonly closesAtMs: number
  readonly players: number
  readonly minCents: number
  readonly maxCents: number
  readonly lastOutcomes: readonly string[]
}

/** GET /api/tables/:tableId */
export type TableInfo = {
  readonly tableId: string
  readonly name: string
  readonly gameId: string
  readonly rules: Json
  readonly rulesVersion: number
  readonly limits: Limits
  readonly pace: Pace
  readonly currency: string
  readonly returns: readonly {
    readonly bet: string
    readonly return: string
    readonly returnPct: number
    readonly hitPct: number
  }[]
}
