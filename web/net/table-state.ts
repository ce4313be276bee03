import type { Json } from '../../engine/game.ts'
import type { BetStatus } from '../../engine/round/types.ts'
import type { BetAnswer, OwnBet, PrivateEvent, PublicEvent, RefusalCode, Resumed } from '../../rooms/protocol.ts'
import type { LinkState, SharedSnapshot } from './link.ts'
import type { RoundView } from './round-view.ts'

/** Codes that the page itself gives to a bet. */
export type LocalReason = 'not-sent' | 'never-arrived' | 'round-over'
export type Reason = RefusalCode | LocalReason

/** `sending`: asked, no answer yet. `unsure`: the answer was lost. The others are the table's own words. */
export type OwnStatus = 'sending' | 'unsure' | BetStatus

export type TableBet = {
  readonly betId: string
  readonly roundId: string
  readonly selection: Json
  readonly stakeCents: number
  readonly status: OwnStatus
  /** True while its withdrawal has been asked and not answered. */
  readonly leaving: boolean
  readonly reason: Reason | null
}

/** A bet to place: what it is on, and how much. */
export type BetSpec = { readonly selection: Json; readonly stakeCents: number }

export type RoundResult = {
  readonly roundId: string
  readonly how: 'settled' | 'void'
  readonly stakedCents: number
  readonly paidCents: number
  readonly payouts: ReadonlyMap<string, number>
}

/** What the player has staked and been paid since the session began (H7). */
export type Tally = {
  readonly startedAtMs: number
  readonly stakedCents: number
  readonly paidCents: number
  /** The rounds counted so far, so that none counts twice. */
  readonly roundIds: ReadonlySet<string>
}

/** What is held back until the ball rests, so that the numbers around the wheel do not tell the result first. */
export type Held = {
  readonly roundId: string
  readonly untilMs: number
  readonly balanceCents: number | null
  readonly lastWinCents: number | null
  readonly tally: Tally
  readonly lastOutcomes: readonly string[]
}

/** A refusal to be shown and read out; `id` grows. */
export type Notice = { readonly id: number; readonly reason: Reason; readonly betIds: readonly string[] }

export type TableState = {
  readonly link: LinkState
  /** False between a lost connection and the answer to `resume`. */
  readonly synced: boolean
  /** True when an event was missed: `resume` must be asked. */
  readonly gap: boolean
  readonly shared: SharedSnapshot | null
  readonly round: RoundView | null
  readonly publicVersion: number
  readonly privateVersion: number
  /** Null for an observer, and before the first answer. */
  readonly balanceCents: number | null
  /** Own bets of the round, in the order of placing. */
  readonly bets: readonly TableBet[]
  /** Ids placed together, oldest group first: what one undo takes back. */
  readonly groups: readonly (readonly string[])[]
  /** The accepted bets of the last round in which there were any. */
  readonly lastBets: readonly BetSpec[]
  readonly result: RoundResult | null
  readonly lastWinCents: number | null
  readonly tally: Tally
  readonly held: Held | null
  readonly notices: readonly Notice[]
  readonly noticeCount: number
}

/** Everything that can happen to the table page; `nowMs` is this device's clock. */
export type TableAction =
  | { readonly type: 'linkChanged'; readonly link: LinkState }
  | {
      readonly type: 'sharedChanged'
      readonly shared: SharedSnapshot
      readonly fresh: boolean
      readonly nowMs: number
    }
  | { readonly type: 'publicHappened'; readonly event: PublicEvent; readonly nowMs: number }
  | { readonly type: 'privateHappened'; readonly event: PrivateEvent; readonly nowMs: number }
  | { readonly type: 'resumed'; readonly answer: Resumed; readonly nowMs: number }
  | { readonly type: 'betsSent'; readonly roundId: string; readonly bets: readonly OwnBetSpec[] }
  | { readonly type: 'betsAnswered'; readonly answers: readonly BetAnswer[]; readonly balanceCents: number | null }
  | { readonly type: 'betsRefused'; readonly betIds: readonly string[]; readonly reason: Reason }
  | { readonly type: 'betsUnanswered'; readonly betIds: readonly string[] }
  | { readonly type: 'withdrawSent'; readonly betIds: readonly string[] }
  | { readonly type: 'withdrawFailed'; readonly betIds: readonly string[]; readonly reason: Reason | null }
  | { readonly type: 'ballRested'; readonly roundId: string }
  | { readonly type: 'timePassed'; readonly nowMs: number }
  /** The result as the history tells it, for a page whose event was lost. */
  | { readonly type: 'resultRead'; readonly result: RoundResult }
  | { readonly type: 'tallyCounted'; readonly tally: Tally }
  | { readonly type: 'noticeSeen'; readonly id: number }

export type OwnBetSpec = BetSpec & { readonly betId: string }

/** The longest that a result is held back from balance and last numbers. */
export const HOLD_MS = 8_000
/** Notices kept at a time; older ones make room. */
export const NOTICES = 4

export function openingState(startedAtMs: number): TableState {
  return {
    link: 'connecting',
    synced: false,
    gap: false,
    shared: null,
    round: null,
    publicVersion: 0,
    privateVersion: 0,
    balanceCents: null,
    bets: [],
    groups: [],
    lastBets: [],
    result: null,
    lastWinCents: null,
    tally: { startedAtMs, stakedCents: 0, paidCents: 0, roundIds: new Set() },
    held: null,
    notices: [],
    noticeCount: 0,
  }
}

/** Whether the bet's chips lie on the felt. */
export function isAlive(bet: TableBet): boolean {
  return bet.status !== 'dead'
}

export function ownBet(roundId: string, bet: OwnBet, reason: Reason | null): TableBet {
  return { ...bet, roundId, leaving: bet.status === 'releasing', reason }
}
