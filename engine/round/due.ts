import { assert } from '../assert.ts'
import { betDigest } from '../fairness/bet-digest.ts'
import { gameOf } from './game-of.ts'
import { handleCents, restsUntilMs, unresolved } from './step.ts'
import type { Effect, Payout, PlacedBet, Round } from './types.ts'

/**
 * Everything this round still waits for, derived from its state alone. A new owner asks for all of it again; ids made
 * of round and bet make that harmless. Nothing is drawn while a stake is unresolved (RND-7): a stake still moving at
 * the draw would be taken by the house and paid by nobody.
 */
export function due(round: Round): Effect[] {
  const effects: Effect[] = [...stakesDue(round)]
  const { opening, phase } = round
  const { roundId } = opening
  const { bettingMs, restMs } = opening.terms.pace
  if (phase === 'open')
    effects.push({ id: `${roundId}:closes`, type: 'wakeAt', atMs: opening.closesAtMs, withinMs: bettingMs })
  if (phase === 'closing' && !unresolved(round))
    effects.push({ id: `${roundId}:close`, type: 'close', roundId, betDigest: betDigest(acceptedBets(round)) })
  if (phase === 'closed') effects.push({ id: `${roundId}:draw`, type: 'draw', opening })
  if (phase === 'drawn')
    effects.push({
      id: `${roundId}:settle`,
      type: 'settle',
      roundId,
      handleCents: handleCents(round),
      payouts: payouts(round),
    })
  if (phase === 'void' && round.endedAtMs === null && !unresolved(round)) {
    assert(round.voidReason !== null, 'RND-9: a void has a reason')
    effects.push({ id: `${roundId}:void`, type: 'void', opening, reason: round.voidReason })
  }
  const restsUntil = restsUntilMs(round)
  if (restsUntil !== null)
    effects.push(
      round.rested
        ? { id: `${roundId}:next`, type: 'openNext', after: opening }
        : { id: `${roundId}:rests`, type: 'wakeAt', atMs: restsUntil, withinMs: restMs },
    )
  return effects
}

function* stakesDue(round: Round): Iterable<Effect> {
  const { roundId } = round.opening
  for (const placed of round.bets.values()) {
    if (placed.status !== 'reserving' && placed.status !== 'releasing') continue
    const { status, refusal: _, ...bet } = placed
    if (status === 'reserving') yield { id: `${roundId}:${bet.betId}:stake`, type: 'reserve', roundId, bet }
    else yield { id: `${roundId}:${bet.betId}:release`, type: 'release', roundId, bet }
  }
}

export function acceptedBets(round: Round): PlacedBet[] {
  return [...round.bets.values()].filter((bet) => bet.status === 'accepted')
}

/** What every winning bet is credited, stake included. Errors: throws when the round is not drawn. */
export function payouts(round: Round): Payout[] {
  const { draw, opening } = round
  assert(draw !== null, 'RND-10: payouts follow the draw')
  const game = gameOf(opening.terms)
  const { rules } = opening.terms
  return acceptedBets(round)
    .map(({ betId, playerId, selection, stakeCents }) => ({
      betId,
      playerId,
      cents: game.payoutCents(rules, selection, stakeCents, draw.outcome),
    }))
    .filter(({ cents }) => cents > 0)
}
