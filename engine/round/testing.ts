import { toCents } from '../money.ts'
import { defaultLimits } from '../roulette/limits.ts'
import { due } from './due.ts'
import { openRound, stepAll } from './step.ts'
import type { Limits, NewBet, Opening, Round, RoundEvent } from './types.ts'

/** A round of the plain European wheel, open from 1,000 to 21,000 ms. */
export function testOpening(over: { roundId?: string; limits?: Partial<Limits> } = {}): Opening {
  const rules = { wheel: 'single-zero', laPartage: false } as const
  return {
    roundId: over.roundId ?? 'lima.1.0',
    tableId: 'lima',
    seriesId: 'lima.1',
    roundNo: 0,
    commitment: 'c0'.repeat(32),
    openedAtMs: 1_000,
    closesAtMs: 21_000,
    terms: {
      gameId: 'roulette',
      rulesVersion: 1,
      rules,
      limits: { ...defaultLimits(rules), ...over.limits },
      pace: { bettingMs: 20_000, restMs: 8_000 },
      currency: 'PEN',
    },
  }
}

export function testBet(over: Partial<NewBet> = {}): NewBet {
  return {
    betId: 'bet-1',
    playerId: 'ana',
    selection: { kind: 'straight', numbers: [17] },
    stakeCents: toCents(500),
    ...over,
  }
}

export const placed = (bet: NewBet, atMs = 2_000): RoundEvent => ({ type: 'betPlaced', roundId: 'lima.1.0', atMs, bet })
export const accepted = (bet: NewBet): RoundEvent[] => [
  placed(bet),
  { type: 'stakeReserved', roundId: 'lima.1.0', betId: bet.betId },
]

/** The round after the events; throws on the first that is refused. */
export function walk(round: Round, ...events: RoundEvent[]): Round {
  const { round: next, refusals } = stepAll(round, events)
  const refused = refusals.findIndex((refusal) => refusal !== null)
  if (refused >= 0) throw new Error(`${events[refused]?.type} was refused: ${refusals[refused]}`)
  return next
}

/** A fresh round with these bets accepted, walked to the wanted phase. */
export function roundIn(phase: Round['phase'], bets: readonly NewBet[] = [testBet()]): Round {
  const roundId = 'lima.1.0'
  const open = walk(openRound(testOpening()), ...bets.flatMap(accepted))
  const draw = { outcome: { pocket: 17 }, seedHex: 'ab'.repeat(32) }
  if (phase === 'open') return open
  if (phase === 'void')
    return walk(
      open,
      { type: 'voidOrdered', roundId, reason: 'operator-error' },
      { type: 'voidPosted', roundId, atMs: 19_000, draw },
    )
  const closing = walk(open, { type: 'clockReached', atMs: 21_000 })
  if (phase === 'closing') return closing
  const close = due(closing).find((effect) => effect.type === 'close')
  if (close?.type !== 'close') throw new Error('a closing round with resolved stakes is due its close')
  const closed = walk(closing, { type: 'closeRecorded', roundId, betDigest: close.betDigest })
  if (phase === 'closed') return closed
  const drawn = walk(closed, { type: 'drawRecorded', roundId, draw })
  return phase === 'drawn' ? drawn : walk(drawn, { type: 'payoutsPosted', roundId, atMs: 22_000 })
}
