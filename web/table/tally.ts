import type { RoundDetail, RoundRow } from '../net/api.ts'
import type { RoundResult, Tally } from '../net/table-state.ts'

/** A session of play ends when the page has been away for this long. */
const SESSION_GAP_MS = 30 * 60_000
/** Rounds remembered by id, so that none counts twice; older ones are out of every answer's reach. */
const MOST_ROUNDS = 300

type Kept = { startedAtMs: number; seenAtMs: number; stakedCents: number; paidCents: number; roundIds: string[] }
type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>

const keyOf = (playerId: string): string => `crupier.session.${playerId}`

/** The session that this tab left behind on a reload, or a new one. */
export function readTally(storage: Storage, playerId: string, nowMs: number): Tally {
  const fresh: Tally = { startedAtMs: nowMs, stakedCents: 0, paidCents: 0, roundIds: new Set() }
  try {
    const kept = JSON.parse(storage.getItem(keyOf(playerId)) ?? 'null') as Kept | null
    if (kept === null || nowMs - kept.seenAtMs > SESSION_GAP_MS) return fresh
    const { startedAtMs, stakedCents, paidCents } = kept
    return { startedAtMs, stakedCents, paidCents, roundIds: new Set(kept.roundIds) }
  } catch {
    return fresh
  }
}

export function keepTally(storage: Storage, playerId: string, tally: Tally, nowMs: number): void {
  const roundIds = [...tally.roundIds].slice(-MOST_ROUNDS)
  const { startedAtMs, stakedCents, paidCents } = tally
  const kept: Kept = { startedAtMs, seenAtMs: nowMs, stakedCents, paidCents, roundIds }
  storage.setItem(keyOf(playerId), JSON.stringify(kept))
}

/** Adds the rounds of the session that ended while this page was away; the history is the books' own word. */
export function recounted(tally: Tally, rounds: readonly RoundRow[]): Tally {
  const missed = rounds.filter((row) => row.endedAtMs >= tally.startedAtMs && !tally.roundIds.has(row.roundId))
  if (missed.length === 0) return tally
  let { stakedCents, paidCents } = tally
  for (const row of missed) {
    stakedCents += row.stakedCents
    paidCents += row.how === 'void' ? row.stakedCents : row.paidCents
  }
  return {
    ...tally,
    stakedCents,
    paidCents,
    roundIds: new Set([...tally.roundIds, ...missed.map((row) => row.roundId)]),
  }
}

/** A round of the history as the table would have told it. */
export function resultOf(detail: RoundDetail): RoundResult {
  const { roundId, how, stakedCents } = detail
  const payouts = new Map(detail.bets.filter((bet) => bet.paidCents > 0).map((bet) => [bet.betId, bet.paidCents]))
  return { roundId, how, stakedCents, paidCents: how === 'void' ? stakedCents : detail.paidCents, payouts }
}
