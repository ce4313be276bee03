import type { Cents } from '../engine/money.ts'
import type { BetStatus, Draw, NewBet, Opening, Payout, Phase, VoidReason } from '../engine/round/types.ts'
import type { Ended, StakeAnswer } from '../server/ledger/books.ts'

/**
 * What happened in a world, in order, as its witnesses saw it: what the books were asked and answered at that moment
 * (whether or not the answer ever arrived), what players and operators asked, what they were told and shown.
 */
export type Testimony =
  | { readonly what: 'granted'; readonly playerId: string; readonly cents: Cents; readonly balanceCents: Cents }
  | { readonly what: 'raised'; readonly owner: number; readonly tableId: string; readonly epoch: number }
  | (Posting & { readonly what: 'opened'; readonly opening: Opening; readonly answer: 'opened' | 'fenced' })
  | (Posting & { readonly what: 'reserved'; readonly bet: NewBet; readonly answer: StakeAnswer })
  | (Posting & { readonly what: 'released'; readonly bet: NewBet; readonly answer: StakeAnswer })
  | (Posting & { readonly what: 'closed'; readonly betDigest: string; readonly answer: string })
  | (Posting & { readonly what: 'drawn'; readonly answer: Draw | 'fenced' | 'void' })
  | (Posting & { readonly what: 'settled'; readonly payouts: readonly Payout[]; readonly answer: Ended | 'fenced' })
  | (Posting & {
      readonly what: 'voided'
      readonly reason: VoidReason
      readonly draw: Draw
      readonly answer: Ended | 'fenced' | { readonly drawn: Draw }
    })
  /** What the books said that a player has. */
  | { readonly what: 'balance'; readonly playerId: string; readonly cents: Cents | null }
  /** A player's message reached an owner whose own clock said `atMs`. */
  | { readonly what: 'bet-asked'; readonly roundId: string; readonly bet: NewBet; readonly atMs: number }
  | {
      readonly what: 'withdrawal-asked'
      readonly roundId: string
      readonly betId: string
      readonly playerId: string
      readonly atMs: number
    }
  | { readonly what: 'void-asked'; readonly roundId: string }
  | { readonly what: 'draw-failed'; readonly roundId: string }
  /** What the whole table is shown. */
  | {
      readonly what: 'shown'
      readonly roundId: string
      readonly phase: Phase
      readonly betDigest: string | null
      readonly draw: Draw | null
      readonly ended: boolean
    }
  /** What one player is told of his bet (in answer to `asked`, if to anything), and of his round once it is paid. */
  | {
      readonly what: 'told'
      readonly roundId: string
      readonly betId: string
      readonly status: BetStatus
      readonly asked?: NewBet
    }
  | {
      readonly what: 'paid'
      readonly roundId: string
      readonly playerId: string
      readonly stakedCents: number
      readonly paidCents: number
    }

/**
 * Every posting carries the fence of the owner who asked for it; owners are numbered in the order they were started.
 */
export type Posting = {
  readonly owner: number
  readonly tableId: string
  readonly epoch: number
  readonly roundId: string
}
export type Witness = (seen: Testimony) => void
