import { assert } from '../assert.ts'
import { toCents } from '../money.ts'
import { gameOf } from './game-of.ts'
import { isLive } from './limits.ts'
import { openRound } from './step.ts'
import type { Facts, Phase, PlacedBet, Round, StakeFact } from './types.ts'

/**
 * The round as the books prove it. `hint` is the hot copy: missing, of another round, old or ahead of the books; money,
 * draws and endings always come from the books, and the hint only tells what was asked and not yet answered (RND-11).
 */
export function rebuild(hint: Round | null, facts: Facts): Round {
  const known = hint?.opening.roundId === facts.opening.roundId ? hint : null
  const phase = provedPhase(known, facts)
  const bets = new Map<string, PlacedBet>()
  for (const stake of facts.stakes) bets.set(stake.bet.betId, provedBet(stake, known, facts))
  for (const bet of known?.bets.values() ?? []) {
    const asked = bet.status === 'reserving' || bet.status === 'releasing'
    // Once the close is recorded every stake has its row, so a bet without one never existed for the books.
    if (bets.has(bet.betId) || !asked || facts.betDigest !== null || facts.ended !== null) continue
    // Past the close nobody knows whether the first request arrived: a release settles it either way.
    bets.set(bet.betId, phase === 'open' ? bet : { ...bet, status: 'releasing' })
  }
  return {
    ...openRound(facts.opening),
    phase,
    bets,
    betsOfPlayer: groupByPlayer(bets),
    atStakeCents: toCents([...bets.values()].filter(isLive).reduce((sum, { stakeCents }) => sum + stakeCents, 0)),
    betDigest: facts.betDigest,
    draw: facts.draw,
    voidReason: facts.ended?.voidReason ?? (phase === 'void' ? (known?.voidReason ?? null) : null),
    endedAtMs: facts.ended?.atMs ?? null,
    rested: facts.ended !== null && (known?.rested ?? false),
  }
}

function provedPhase(known: Round | null, facts: Facts): Phase {
  if (facts.ended !== null) return facts.ended.how
  if (facts.draw !== null) return 'drawn'
  if (known?.phase === 'void') return 'void' // ordered, not yet posted
  if (facts.betDigest !== null) return 'closed'
  return known === null || known.phase === 'open' ? 'open' : 'closing'
}

function provedBet({ bet, fate, refusal }: StakeFact, known: Round | null, facts: Facts): PlacedBet {
  const { rules } = facts.opening.terms
  const selection = gameOf(facts.opening.terms).readSelection(rules, bet.selection)
  assert(selection !== null, `RND-11: the books hold bets of the layout, not ${bet.betId}`)
  const proved = { ...bet, selection }
  if (fate !== 'reserved' || facts.ended?.how === 'void') return { ...proved, status: 'dead', refusal }
  const leaving = facts.betDigest === null && known?.bets.get(bet.betId)?.status === 'releasing'
  return { ...proved, status: leaving ? 'releasing' : 'accepted', refusal: null }
}

function groupByPlayer(bets: ReadonlyMap<string, PlacedBet>): Map<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { playerId, betId } of bets.values()) {
    const ids = groups.get(playerId)
    if (ids === undefined) groups.set(playerId, [betId])
    else ids.push(betId)
  }
  return groups
}
