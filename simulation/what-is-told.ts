import type { Round } from '../engine/round/types.ts'
import type { PrivateEvent, PublicEvent } from '../rooms/protocol.ts'
import type { Testimony } from './testimony.ts'

/** What everybody at the table hears. */
export function announced(event: PublicEvent): Testimony {
  const { roundId } = event
  const phase = event.type === 'opened' ? 'open' : event.type
  const betDigest = event.type === 'closed' ? event.betDigest : null
  const draw = event.type === 'drawn' ? { outcome: event.outcome, seedHex: event.seedHex } : null
  const ended = event.type === 'settled' || event.type === 'void'
  return { what: 'shown', roundId, phase, betDigest, draw, ended }
}

/** What one player hears of his bets and of what they brought; null for anything else. */
export function toldTo(playerId: string, event: PrivateEvent): Testimony | null {
  if (event.type === 'bet') {
    const { betId, status } = event.bet
    return { what: 'told', roundId: event.roundId, betId, status }
  }
  if (event.type !== 'result') return null
  const { roundId, stakedCents, paidCents } = event
  return { what: 'paid', roundId, playerId, stakedCents, paidCents }
}

/** What everybody at the table sees. */
export function shown({ opening, phase, betDigest, draw, endedAtMs }: Round): Testimony {
  return { what: 'shown', roundId: opening.roundId, phase, betDigest, draw, ended: endedAtMs !== null }
}
