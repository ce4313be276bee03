import type { RoundResult, TableBet, TableState, Tally } from './table-state.ts'
import { isAlive } from './table-state.ts'

/** The balance to show: that of before the draw until the ball rests. Null for an observer. */
export function shownBalanceCents(state: TableState): number | null {
  return state.held === null ? state.balanceCents : state.held.balanceCents
}

export function shownLastOutcomes(state: TableState): readonly string[] {
  return state.held === null ? (state.shared?.lastOutcomes ?? []) : state.held.lastOutcomes
}

export function shownTally(state: TableState): Tally {
  return state.held === null ? state.tally : state.held.tally
}

export function shownLastWinCents(state: TableState): number | null {
  return state.held === null ? state.lastWinCents : state.held.lastWinCents
}

/** The player's result of the round at the table, once the ball rests. */
export function shownResult(state: TableState): RoundResult | null {
  return state.held === null && state.result?.roundId === state.round?.roundId ? state.result : null
}

/** The round whose result this page should have and lacks: it is over, and this player had chips in it. */
export function lackedResult(state: TableState): string | null {
  const { round, held, result, bets } = state
  if (round === null || held !== null || (round.phase !== 'settled' && round.phase !== 'void')) return null
  const played = bets.some((bet) => bet.roundId === round.roundId && bet.status === 'accepted')
  return played && result?.roundId !== round.roundId ? round.roundId : null
}

/** Own chips on the felt, those on their way back left out. */
export function betsOnFelt(state: TableState): readonly TableBet[] {
  return state.bets.filter((bet) => isAlive(bet) && !bet.leaving)
}

export function totalStakeCents(state: TableState): number {
  let sum = 0
  for (const bet of betsOnFelt(state)) sum += bet.stakeCents
  return sum
}

/** What a table says of itself while it takes no bets, whatever its round says. */
const HOLDS = new Set(['waiting', 'moving', 'suspended'])

/** Whether table and page are well connected: to each other, and to the books. */
export function isRunning({ link, shared }: TableState): boolean {
  return link === 'live' && !HOLDS.has(shared?.status ?? '')
}

/** Whether the table takes bets from this page now. `serverNowMs` is the server's clock. */
export function canBet(state: TableState, serverNowMs: number): boolean {
  return (
    isRunning(state) &&
    state.synced &&
    state.balanceCents !== null &&
    state.round?.phase === 'open' &&
    serverNowMs < state.round.closesAtMs
  )
}

/** Ids of the bets that an undo takes back: the last group placed of which anything is left. */
export function undoable(state: TableState): readonly string[] {
  const alive = new Set(betsOnFelt(state).map((bet) => bet.betId))
  for (const group of state.groups.toReversed()) {
    const left = group.filter((id) => alive.has(id))
    if (left.length > 0) return left
  }
  return []
}

/** Bets whose answer was lost and that may be asked again, since their round is still the one at the table. */
export function askAgain(state: TableState): readonly TableBet[] {
  if (state.round?.phase !== 'open') return []
  return state.bets.filter((bet) => bet.status === 'unsure' && bet.roundId === state.round?.roundId)
}

/** Bets whose answer was lost and that can no longer be asked again: the table does not know them. */
export function givenUp(state: TableState): readonly TableBet[] {
  const asked = new Set(askAgain(state).map((bet) => bet.betId))
  return state.bets.filter((bet) => bet.status === 'unsure' && !asked.has(bet.betId))
}
