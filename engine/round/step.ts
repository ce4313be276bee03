import { assert, unreachable } from '../assert.ts'
import { type Cents, toCents } from '../money.ts'
import { gameOf } from './game-of.ts'
import { checkBet, isLive, overLimit } from './limits.ts'
import type { BetStatus, NewBet, Opening, PlacedBet, Refusal, Round, RoundEvent, Step } from './types.ts'

/** A private copy of a round, changed in place while a batch of events is applied, and never seen half done. */
type Draft = { -readonly [K in keyof Round]: Round[K] } & {
  bets: Map<string, PlacedBet>
  betsOfPlayer: Map<string, readonly string[]>
}

export function openRound(opening: Opening): Round {
  return {
    opening,
    phase: 'open',
    bets: new Map(),
    betsOfPlayer: new Map(),
    atStakeCents: toCents(0),
    betDigest: null,
    draw: null,
    voidReason: null,
    endedAtMs: null,
    rested: false,
  }
}

/** Decides one event. The same round and the same event always give the same step: no clock, no dice. */
export function step(round: Round, event: RoundEvent): Step {
  const { round: next, refusals } = stepAll(round, [event])
  const refusal = refusals[0] ?? null
  return refusal === null ? { ok: true, round: next } : { ok: false, refusal }
}

/**
 * Decides a batch of events in order, as `step` one by one would, at the cost of one copy of the bets instead of one
 * for each event. `refusals[i]` is null when event i was taken. The same object comes back when nothing changed.
 */
export function stepAll(
  round: Round,
  events: readonly RoundEvent[],
): { round: Round; refusals: readonly (Refusal | null)[] } {
  let draft: Draft = { ...round, bets: new Map(round.bets), betsOfPlayer: new Map(round.betsOfPlayer) }
  let changed = false
  const refusals = events.map((event) => {
    if (event.type === 'nextOpened') {
      if (!draft.rested || event.afterRoundId !== draft.opening.roundId) return 'stale-event'
      draft = { ...openRound(event.opening), bets: new Map(), betsOfPlayer: new Map() }
      changed = true
      return null
    }
    const taken = apply(draft, event)
    if (taken === 'taken') changed = true
    return taken === 'taken' || taken === 'repeated' ? null : taken
  })
  return { round: changed ? draft : round, refusals }
}

type Taken = 'taken' | 'repeated' | Refusal

function apply(draft: Draft, event: Exclude<RoundEvent, { type: 'nextOpened' }>): Taken {
  switch (event.type) {
    case 'betPlaced':
      return placeBet(draft, event)
    case 'betWithdrawn':
      return withdrawBet(draft, event)
    case 'stakeReserved':
      return resolve(draft, event, 'reserving', 'accepted', null)
    case 'stakeRefused':
      return resolve(draft, event, 'reserving', 'dead', event.refusal)
    case 'stakeReleased':
      return resolve(draft, event, 'releasing', 'dead', null)
    case 'clockReached':
      return reachClock(draft, event.atMs)
    case 'closeRecorded':
      if (isStale(draft, event.roundId) || draft.phase !== 'closing' || unresolved(draft)) return 'stale-event'
      draft.phase = 'closed'
      draft.betDigest = event.betDigest
      return 'taken'
    case 'drawRecorded':
      return takeDraw(draft, event)
    case 'payoutsPosted':
      if (isStale(draft, event.roundId) || draft.phase !== 'drawn') return 'stale-event'
      draft.phase = 'settled'
      draft.endedAtMs = event.atMs
      return 'taken'
    case 'voidOrdered':
      return orderVoid(draft, event)
    case 'voidPosted':
      return postVoid(draft, event)
    default:
      return unreachable(event)
  }
}

const isStale = (draft: Draft, roundId: string): boolean => draft.opening.roundId !== roundId

// G14: the server's clock alone decides.
const takesBets = (draft: Draft, atMs: number): boolean => draft.phase === 'open' && atMs < draft.opening.closesAtMs

function placeBet(draft: Draft, { bet: asked, atMs, roundId }: Extract<RoundEvent, { type: 'betPlaced' }>): Taken {
  const game = gameOf(draft.opening.terms)
  const checked = checkBet(game, draft.opening.terms, asked)
  const known = draft.bets.get(asked.betId)
  if (known !== undefined)
    // RND-2: a resent bet is no new bet, even after the close; another bet under its id is refused.
    return typeof checked !== 'string' && sameBet(known, checked.bet) ? 'repeated' : 'bet-id-taken'
  // The round that the player named may have given way to the next one while his message waited.
  if (isStale(draft, roundId) || !takesBets(draft, atMs)) return 'bets-closed'
  if (typeof checked === 'string') return checked
  const refusal = overLimit(game, draft, checked)
  if (refusal !== null) return refusal
  const { bet } = checked
  draft.bets.set(bet.betId, { ...bet, status: 'reserving', refusal: null })
  draft.betsOfPlayer.set(bet.playerId, [...(draft.betsOfPlayer.get(bet.playerId) ?? []), bet.betId])
  draft.atStakeCents = toCents(draft.atStakeCents + bet.stakeCents)
  return 'taken'
}

/** Whether two bets under one id are the same bet; both are canonical. */
export function sameBet(a: NewBet, b: NewBet): boolean {
  return (
    a.playerId === b.playerId &&
    a.stakeCents === b.stakeCents &&
    JSON.stringify(a.selection) === JSON.stringify(b.selection)
  )
}

function withdrawBet(draft: Draft, event: { betId: string; playerId: string; atMs: number }): Taken {
  const bet = draft.bets.get(event.betId)
  // RND-5: somebody else's bet is answered like one that never was.
  if (bet === undefined || bet.playerId !== event.playerId) return 'unknown-bet'
  if (bet.status === 'releasing') return 'repeated'
  if (bet.status === 'dead') return bet.refusal === null ? 'repeated' : 'not-withdrawable'
  if (!takesBets(draft, event.atMs)) return 'bets-closed'
  setStatus(draft, bet, 'releasing', null)
  return 'taken'
}

function resolve(
  draft: Draft,
  { roundId, betId }: { roundId: string; betId: string },
  from: BetStatus,
  to: BetStatus,
  refusal: Refusal | null,
): Taken {
  // A client may use an id of an earlier round again; the answer to that one says nothing about this bet.
  const bet = isStale(draft, roundId) ? undefined : draft.bets.get(betId)
  if (bet?.status !== from) return 'stale-event'
  setStatus(draft, bet, to, refusal)
  return 'taken'
}

function setStatus(draft: Draft, bet: PlacedBet, status: BetStatus, refusal: Refusal | null): void {
  const next = { ...bet, status, refusal }
  if (isLive(bet) && !isLive(next)) draft.atStakeCents = toCents(draft.atStakeCents - bet.stakeCents)
  draft.bets.set(bet.betId, next)
}

function reachClock(draft: Draft, atMs: number): Taken {
  if (draft.phase === 'open' && atMs >= draft.opening.closesAtMs) {
    draft.phase = 'closing'
    return 'taken'
  }
  const restsUntil = restsUntilMs(draft)
  if (restsUntil === null || draft.rested || atMs < restsUntil) return 'stale-event'
  draft.rested = true
  return 'taken'
}

/** When the next round may open at the earliest (G34); null while the round runs. */
export function restsUntilMs(round: Round): number | null {
  return round.endedAtMs === null ? null : round.endedAtMs + round.opening.terms.pace.restMs
}

function takeDraw(draft: Draft, event: Extract<RoundEvent, { type: 'drawRecorded' }>): Taken {
  // RND-8: where a void was ordered while the draw was on its way, the books decided which came first.
  const overtaken = draft.phase === 'void' && draft.endedAtMs === null && draft.betDigest !== null
  if (isStale(draft, event.roundId) || (draft.phase !== 'closed' && !overtaken)) return 'stale-event'
  assert(!unresolved(draft), 'RND-7: no draw while a stake is unresolved')
  draft.phase = 'drawn'
  draft.voidReason = null
  draft.draw = event.draw
  return 'taken'
}

function orderVoid(draft: Draft, event: Extract<RoundEvent, { type: 'voidOrdered' }>): Taken {
  if (isStale(draft, event.roundId)) return 'stale-event'
  if (draft.phase === 'drawn' || draft.phase === 'settled') return 'round-drawn'
  if (draft.phase === 'void') return 'repeated'
  draft.phase = 'void'
  draft.voidReason = event.reason
  for (const bet of draft.bets.values()) if (bet.status === 'reserving') setStatus(draft, bet, 'releasing', null)
  return 'taken'
}

function postVoid(draft: Draft, event: Extract<RoundEvent, { type: 'voidPosted' }>): Taken {
  if (isStale(draft, event.roundId) || draft.phase !== 'void' || draft.endedAtMs !== null) return 'stale-event'
  draft.endedAtMs = event.atMs
  draft.draw = event.draw
  for (const bet of draft.bets.values()) if (bet.status === 'accepted') setStatus(draft, bet, 'dead', null)
  return 'taken'
}

/** True while a stake is on its way into the books or out of them. */
export function unresolved(round: Round): boolean {
  for (const { status } of round.bets.values()) if (status === 'reserving' || status === 'releasing') return true
  return false
}

/** Σ accepted stakes, in cents. */
export function handleCents(round: Round): Cents {
  let sum = 0
  for (const bet of round.bets.values()) if (bet.status === 'accepted') sum += bet.stakeCents
  return toCents(sum)
}
