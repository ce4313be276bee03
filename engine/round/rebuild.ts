import { assert } from '../assert.ts'
import { toCents } from '../money.ts'
import { gameOf } from './game-of.ts'
import { checkBet, isLive, overLimit } from './limits.ts'
import { openRound, sameBet } from './step.ts'
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
  const round: Draft = {
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
  // Once the close is recorded every stake has its row, so a bet without one never existed for the books.
  if (known !== null && facts.betDigest === null && facts.ended === null) addAsked(round, known)
  return round
}

type Draft = { -readonly [K in keyof Round]: Round[K] } & {
  bets: Map<string, PlacedBet>
  betsOfPlayer: Map<string, readonly string[]>
}

/**
 * Adds the bets that the hot copy knows as asked for and the books do not know at all. They are asked for again while
 * bets are taken. Past the close nobody knows whether the first request arrived, and the copy of an earlier owner may
 * hold more bets than there is room for by now: such a bet is released, which settles it either way.
 */
function addAsked(round: Draft, known: Round): void {
  for (const asked of known.bets.values()) {
    const { betId, playerId, status, stakeCents } = asked
    if (round.bets.has(betId) || (status !== 'reserving' && status !== 'releasing')) continue
    const stays = status === 'reserving' && round.phase === 'open' && fits(round, asked)
    round.bets.set(betId, stays ? asked : { ...asked, status: 'releasing' })
    round.betsOfPlayer.set(playerId, [...(round.betsOfPlayer.get(playerId) ?? []), betId])
    round.atStakeCents = toCents(round.atStakeCents + stakeCents)
  }
}

function fits(round: Round, { status: _, refusal: __, ...bet }: PlacedBet): boolean {
  const game = gameOf(round.opening.terms)
  const checked = checkBet(game, round.opening.terms, bet)
  return typeof checked !== 'string' && overLimit(game, round, checked) === null
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
  const asked = known?.bets.get(bet.betId)
  // Under the same id an earlier owner may have known another bet, which the books never had.
  const leaving = facts.betDigest === null && asked?.status === 'releasing' && sameBet(asked, proved)
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
