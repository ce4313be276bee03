import { canonicalJson } from '../engine/fairness/encoding.ts'
import { fromHex, isHex, toHex } from '../engine/fairness/hex.ts'
import { drawSource } from '../engine/fairness/outcome.ts'
import { roundCommitment } from '../engine/fairness/seeds.ts'
import type { Game, Json } from '../engine/game.ts'
import { isCents } from '../engine/money.ts'
import { PoolError } from './pool-error.ts'
import { checkRange, checkRef, gameAndRules, MAX_ROUNDS, type SeriesRef } from './series.ts'

const MAX_BETS = 200_000

/** A round as it is stored; `payoutCents` is what was credited for the bet, 0 when it lost. */
export type StoredRound = SeriesRef & {
  readonly roundNo: number
  readonly gameId: string
  readonly rulesVersion: number
  readonly rules: Json
  readonly commitment: string
  readonly seedHex: string
  readonly saltHex: string
  readonly outcome: Json
  readonly bets: readonly StoredBet[]
}
export type StoredBet = {
  readonly betId: string
  readonly selection: Json
  readonly stakeCents: number
  readonly payoutCents: number
}

/** Each fault with what it concerns; `betId` is null for the round itself. */
export type RoundFault = {
  readonly betId: string | null
  readonly fault: 'rules-version' | 'commitment' | 'outcome' | 'selection' | 'stake' | 'payout'
  readonly expected: Json
  readonly stored: Json
}
export type RoundVerdict = { readonly ok: boolean; readonly bets: number; readonly faults: readonly RoundFault[] }

/**
 * Plays a stored round again from its seed and compares the commitment, the outcome and every payout; needs no secret.
 * Errors: throws `PoolError` `malformed`, `round-out-of-range`, `unknown-game`, `bad-rules`. Source: rule DRW-15.
 */
export function verifyRound(round: StoredRound): RoundVerdict {
  checkRef(round)
  checkRange(round.roundNo, 0, MAX_ROUNDS - 1)
  if (!isHex(round.seedHex, 32) || !isHex(round.saltHex)) throw new PoolError('malformed', 'seed or salt is not hex')
  if (round.bets.length > MAX_BETS) throw new PoolError('malformed', 'too many bets for one round')
  const { game, rules } = gameAndRules(round.gameId, round.rules)
  const { tableId, seriesId, roundNo } = round
  const seed = fromHex(round.seedHex)
  const commitment = toHex(roundCommitment(tableId, seriesId, roundNo, seed))
  const outcome = game.drawOutcome(rules, drawSource(seed, fromHex(round.saltHex), tableId, seriesId, roundNo))
  const faults = [
    ...differing(null, 'rules-version', game.rulesVersion, round.rulesVersion),
    ...differing(null, 'commitment', commitment, round.commitment),
    ...differing(null, 'outcome', outcome, round.outcome),
    ...round.bets.flatMap((bet) => betFaults(game, rules, outcome, bet)),
  ]
  return { ok: faults.length === 0, bets: round.bets.length, faults }
}

function betFaults(game: Game, rules: Json, outcome: Json, bet: StoredBet): RoundFault[] {
  const { betId, stakeCents, payoutCents } = bet
  const selection = game.readSelection(rules, bet.selection)
  if (selection === null) return [{ betId, fault: 'selection', expected: null, stored: bet.selection }]
  if (!isCents(stakeCents) || game.parts(rules, selection, stakeCents) === null) {
    return [{ betId, fault: 'stake', expected: null, stored: stakeCents }]
  }
  return differing(betId, 'payout', game.payoutCents(rules, selection, stakeCents, outcome), payoutCents)
}

function differing(betId: string | null, fault: RoundFault['fault'], expected: Json, stored: Json): RoundFault[] {
  return canonicalJson(expected) === canonicalJson(stored) ? [] : [{ betId, fault, expected, stored }]
}
