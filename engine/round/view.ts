import { gameOf } from './game-of.ts'
import { isLive, partsOf } from './limits.ts'
import type { PlacedBet, Round } from './types.ts'

export type Spot = { readonly cents: number; readonly players: number }

/** All accepted chips of everyone, by position on the felt; what the whole table may see of the bets (RND-12). */
export function spots(round: Round): Map<string, Spot> {
  const game = gameOf(round.opening.terms)
  const chips = new Map<string, { cents: number; players: Set<string> }>()
  for (const bet of round.bets.values()) {
    if (bet.status !== 'accepted') continue
    for (const { position, stakeCents } of partsOf(game, round, bet)) {
      const spot = chips.get(position) ?? { cents: 0, players: new Set() }
      spot.cents += stakeCents
      spot.players.add(bet.playerId)
      chips.set(position, spot)
    }
  }
  return new Map([...chips].map(([position, { cents, players }]) => [position, { cents, players: players.size }]))
}

/** A player's own bets, in the order of arrival; a bet that is dead is left out. */
export function ownBets(round: Round, playerId: string): PlacedBet[] {
  return (round.betsOfPlayer.get(playerId) ?? [])
    .map((betId) => round.bets.get(betId))
    .filter((bet): bet is PlacedBet => bet !== undefined && isLive(bet))
}
