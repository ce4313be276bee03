import type { Json } from '../game.ts'
import type { Cents } from '../money.ts'

/**
 * A round's life. `open`: bets are taken. `closing`: the closing time has passed, stakes on their way are resolved.
 * `closed`: every stake is in or out, and the digest of the accepted bets is durable. `drawn`: the outcome is durable.
 * `settled`: everybody is paid. `void`: all stakes go back. Illegal transitions are refused (G13).
 */
export type Phase = 'open' | 'closing' | 'closed' | 'drawn' | 'settled' | 'void'

/** Why a round may be voided; anything else is refused (R16). */
export const VOID_REASONS = ['draw-failed', 'equipment-fault', 'operator-error', 'regulator-order'] as const
export type VoidReason = (typeof VOID_REASONS)[number]

/** `minCents`: least stake of one bet. `maxCents`: most that one player may have on one position in one round. */
export type Range = { readonly minCents: Cents; readonly maxCents: Cents }

export type Limits = {
  /** By bet kind, as the game names them. A kind that is missing is not offered at this table. */
  readonly perBet: { readonly [kind: string]: Range }
  /** Most that one player may have at stake in one round. */
  readonly perPlayerCents: Cents
  /** Most that all players together may have at stake in one round. */
  readonly perTableCents: Cents
}

/** Milliseconds: how long bets are taken, and how long the result stands before the next round may open. */
export type Pace = { readonly bettingMs: number; readonly restMs: number }

/** What was agreed when the round opened. Frozen: a later change of the table touches later rounds only (G16). */
export type Terms = {
  readonly gameId: string
  readonly rulesVersion: number
  readonly rules: Json
  readonly limits: Limits
  readonly pace: Pace
  readonly currency: string
}

/** What is durable, and shown to everyone, before the first bet of a round is taken. */
export type Opening = {
  /** `tableId.seriesNo.roundNo`, unique for ever. */
  readonly roundId: string
  readonly tableId: string
  readonly seriesId: string
  /** Index of the round in its series, from 0. */
  readonly roundNo: number
  /** SHA-256 commitment to the round's seed, hex. */
  readonly commitment: string
  readonly openedAtMs: number
  readonly closesAtMs: number
  readonly terms: Terms
}

/**
 * `reserving`: the books have been asked. `accepted`: the stake is committed. `releasing`: on its way back. `dead`:
 * refused or returned.
 */
export type BetStatus = 'reserving' | 'accepted' | 'releasing' | 'dead'

export type NewBet = {
  /** Made by the client, a UUID; asking again with the same id and content changes nothing. */
  readonly betId: string
  readonly playerId: string
  /** Canonical, as `Game.readSelection` returned it. */
  readonly selection: Json
  readonly stakeCents: Cents
}
export type PlacedBet = NewBet & { readonly status: BetStatus; readonly refusal: Refusal | null }

/** A draw as the books registered it: the outcome and the seed (hex) that proves it. */
export type Draw = { readonly outcome: Json; readonly seedHex: string }

export type Round = {
  readonly opening: Opening
  readonly phase: Phase
  /** In the order of arrival. */
  readonly bets: ReadonlyMap<string, PlacedBet>
  readonly betsOfPlayer: ReadonlyMap<string, readonly string[]>
  /** Stakes of all bets that are not dead: one on its way back counts until the books have returned it. */
  readonly atStakeCents: Cents
  /** Merkle root over the accepted bets in order of id, hex; null until it is durable. */
  readonly betDigest: string | null
  readonly draw: Draw | null
  readonly voidReason: VoidReason | null
  /** When the books recorded settlement or void; null before. */
  readonly endedAtMs: number | null
  /** True once the result has stood for the table's rest time, so that the next round may open. */
  readonly rested: boolean
}

export type RoundEvent =
  | { readonly type: 'betPlaced'; readonly roundId: string; readonly atMs: number; readonly bet: NewBet }
  | { readonly type: 'betWithdrawn'; readonly atMs: number; readonly betId: string; readonly playerId: string }
  | { readonly type: 'stakeReserved'; readonly roundId: string; readonly betId: string }
  | { readonly type: 'stakeRefused'; readonly roundId: string; readonly betId: string; readonly refusal: Refusal }
  | { readonly type: 'stakeReleased'; readonly roundId: string; readonly betId: string }
  | { readonly type: 'clockReached'; readonly atMs: number }
  | { readonly type: 'closeRecorded'; readonly roundId: string; readonly betDigest: string }
  | { readonly type: 'drawRecorded'; readonly roundId: string; readonly draw: Draw }
  | { readonly type: 'payoutsPosted'; readonly roundId: string; readonly atMs: number }
  | { readonly type: 'voidOrdered'; readonly roundId: string; readonly reason: VoidReason }
  | { readonly type: 'voidPosted'; readonly roundId: string; readonly atMs: number; readonly draw: Draw }
  | { readonly type: 'nextOpened'; readonly afterRoundId: string | null; readonly opening: Opening }

/** Why an event was not taken. Every code is answered to whoever sent it, and has a test. */
export type Refusal =
  | 'bets-closed'
  | 'no-such-bet'
  | 'kind-not-offered'
  | 'stake-not-playable'
  | 'below-minimum'
  | 'above-maximum'
  | 'player-limit'
  | 'table-limit'
  | 'too-many-bets'
  | 'bet-id-taken'
  | 'insufficient-funds'
  | 'account-blocked'
  | 'withdrawn'
  | 'unknown-bet'
  | 'not-withdrawable'
  | 'round-drawn'
  | 'stale-event'

export type Payout = { readonly betId: string; readonly playerId: string; readonly cents: Cents }

export type Effect =
  | {
      readonly id: string
      readonly type: 'wakeAt'
      readonly atMs: number
      /** As long as this may take at most, whatever the wall clock says meanwhile. */
      readonly withinMs: number
    }
  | { readonly id: string; readonly type: 'reserve'; readonly roundId: string; readonly bet: NewBet }
  | { readonly id: string; readonly type: 'release'; readonly roundId: string; readonly bet: NewBet }
  | { readonly id: string; readonly type: 'close'; readonly roundId: string; readonly betDigest: string }
  | { readonly id: string; readonly type: 'draw'; readonly opening: Opening }
  | {
      readonly id: string
      readonly type: 'settle'
      readonly roundId: string
      readonly handleCents: Cents
      /** Winning bets only, each with all that is credited for it. */
      readonly payouts: readonly Payout[]
    }
  | { readonly id: string; readonly type: 'void'; readonly opening: Opening; readonly reason: VoidReason }
  | { readonly id: string; readonly type: 'openNext'; readonly after: Opening }

export type Step = { readonly ok: true; readonly round: Round } | { readonly ok: false; readonly refusal: Refusal }

/** What the books prove about one round; everything `rebuild` needs when the hot copy is gone. */
export type Facts = {
  readonly opening: Opening
  readonly stakes: readonly StakeFact[]
  readonly betDigest: string | null
  readonly draw: Draw | null
  readonly ended: {
    readonly how: 'settled' | 'void'
    readonly atMs: number
    readonly voidReason: VoidReason | null
  } | null
}
export type StakeFact = {
  readonly bet: NewBet
  readonly fate: 'reserved' | 'released' | 'refused'
  readonly refusal: Refusal | null
}
