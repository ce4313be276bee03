import type { RoundView } from '../net/round-view.ts'

/** What the page says about the round. `last-call`: bets are taken for a few seconds more. */
export type Moment = 'waiting' | 'open' | 'last-call' | 'closed' | 'drawn' | 'settled' | 'void'

/** Bets are still taken this long after the last call. */
export const LAST_CALL_MS = 5_000

/** The round as a player sees it at a time of the server's clock: the ball runs until it rests, whatever is booked. */
export function momentOf(round: RoundView | null, serverNowMs: number, ballAtRest: boolean): Moment {
  if (round === null) return 'waiting'
  switch (round.phase) {
    case 'open': {
      const leftMs = round.closesAtMs - serverNowMs
      if (leftMs <= 0) return 'closed'
      return leftMs <= LAST_CALL_MS ? 'last-call' : 'open'
    }
    case 'closing':
    case 'closed':
      return 'closed'
    case 'drawn':
      return ballAtRest ? 'settled' : 'drawn'
    case 'settled':
      return ballAtRest ? 'settled' : 'drawn'
    case 'void':
      return 'void'
  }
}

/** Whole seconds until a time, never below zero; the last second counts as one. */
export function secondsUntil(atMs: number, serverNowMs: number): number {
  return Math.max(0, Math.ceil((atMs - serverNowMs) / 1000))
}
