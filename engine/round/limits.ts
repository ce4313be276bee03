import type { BetPart, Game } from '../game.ts'
import type { Cents } from '../money.ts'
import type { NewBet, PlacedBet, Refusal, Round, Terms } from './types.ts'

/** Most bets, dead ones included, that one player may place in one round: bounds memory and the work per message. */
export const MOST_BETS_PER_PLAYER = 400

/** A bet in its canonical form with its chips as they lie on the felt. */
export type CheckedBet = { readonly bet: NewBet; readonly parts: readonly BetPart[] }

/** Reads what a client asked for into a bet of this game, or says why the layout has no such bet (RND-3). */
export function checkBet(game: Game, terms: Terms, asked: NewBet): CheckedBet | Refusal {
  const selection = game.readSelection(terms.rules, asked.selection)
  if (selection === null) return 'no-such-bet'
  const kind = game.betKind(terms.rules, selection)
  if (terms.limits.perBet[kind] === undefined) return 'kind-not-offered'
  if (asked.stakeCents <= 0) return 'stake-not-playable'
  const parts = game.parts(terms.rules, selection, asked.stakeCents)
  if (parts === null) return 'stake-not-playable'
  return { bet: { ...asked, selection }, parts }
}

/**
 * Why the table's limits forbid one more bet, or null when they allow it (RND-4). The minimum holds for each bet and
 * for each chip of a compound bet; the maximum for all that the player has on one position, alone or in compound bets.
 */
export function overLimit(game: Game, round: Round, { bet, parts }: CheckedBet): Refusal | null {
  const { rules, limits } = round.opening.terms
  const own = liveBetsOf(round, bet.playerId)
  if ((round.betsOfPlayer.get(bet.playerId)?.length ?? 0) >= MOST_BETS_PER_PLAYER) return 'too-many-bets'
  const range = limits.perBet[game.betKind(rules, bet.selection)]
  if (range === undefined) return 'kind-not-offered'
  if (bet.stakeCents < range.minCents) return 'below-minimum'
  if (bet.stakeCents > range.maxCents) return 'above-maximum'
  const onPosition = chipsByPosition(game, round, own)
  for (const part of parts) {
    const most = limits.perBet[part.kind]
    if (most === undefined) return 'kind-not-offered'
    if (part.stakeCents < most.minCents) return 'below-minimum'
    const total = (onPosition.get(part.position) ?? 0) + part.stakeCents
    if (total > most.maxCents) return 'above-maximum'
    onPosition.set(part.position, total)
  }
  const ownCents = own.reduce((sum, { stakeCents }) => sum + stakeCents, 0)
  if (ownCents + bet.stakeCents > limits.perPlayerCents) return 'player-limit'
  if (round.atStakeCents + bet.stakeCents > limits.perTableCents) return 'table-limit'
  return null
}

/**
 * Counts against the limits: a stake on its way back may still be found in the books by the next owner of the table.
 */
export function isLive(bet: PlacedBet): boolean {
  return bet.status !== 'dead'
}

export function liveBetsOf(round: Round, playerId: string): PlacedBet[] {
  const ids = round.betsOfPlayer.get(playerId) ?? []
  return ids.map((id) => round.bets.get(id)).filter((bet) => bet !== undefined && isLive(bet)) as PlacedBet[]
}

function chipsByPosition(game: Game, round: Round, bets: readonly PlacedBet[]): Map<string, number> {
  const chips = new Map<string, number>()
  for (const bet of bets)
    for (const part of partsOf(game, round, bet))
      chips.set(part.position, (chips.get(part.position) ?? 0) + part.stakeCents)
  return chips
}

/** The chips of a placed bet; it was divisible when it was taken, so it still is. */
export function partsOf(game: Game, round: Round, bet: { selection: PlacedBet['selection']; stakeCents: Cents }) {
  return game.parts(round.opening.terms.rules, bet.selection, bet.stakeCents) ?? []
}
