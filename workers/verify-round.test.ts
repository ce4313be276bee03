import { expect, test } from 'vitest'
import { fromHex, toHex } from '../engine/fairness/hex.ts'
import { drawSource } from '../engine/fairness/outcome.ts'
import { roundCommitment, roundSeed } from '../engine/fairness/seeds.ts'
import type { Json } from '../engine/game.ts'
import { toCents } from '../engine/money.ts'
import { roulette } from '../engine/roulette/roulette.ts'
import { ROULETTE_VARIANTS } from '../engine/roulette/rules.ts'
import { PoolError } from './pool-error.ts'
import { type RoundFault, type StoredRound, verifyRound } from './verify-round.ts'

const SALT = 'cd'.repeat(32)
const rules = ROULETTE_VARIANTS['la-partage']
const selections: Json[] = [
  { kind: 'red' },
  { kind: 'straight', numbers: [17] },
  { kind: 'dozen', index: 2 },
  { kind: 'voisins' },
]

function storedRound(roundNo: number): StoredRound {
  const seed = roundSeed(Buffer.alloc(32, 3), 'r', 'r.1', roundNo)
  const outcome = roulette.drawOutcome(rules, drawSource(seed, fromHex(SALT), 'r', 'r.1', roundNo))
  const bets = selections.map((value, at) => {
    const selection = roulette.readSelection(rules, value)
    if (selection === null) throw new Error(`no such bet: ${JSON.stringify(value)}`)
    const payoutCents = roulette.payoutCents(rules, selection, toCents(900), outcome)
    return { betId: `bet-${at}`, selection: value, stakeCents: 900, payoutCents }
  })
  return {
    tableId: 'r',
    seriesId: 'r.1',
    roundNo,
    gameId: 'roulette',
    rulesVersion: roulette.rulesVersion,
    rules,
    commitment: toHex(roundCommitment('r', 'r.1', roundNo, seed)),
    seedHex: toHex(seed),
    saltHex: SALT,
    outcome,
    bets,
  }
}

const faultsOf = (round: StoredRound): RoundFault['fault'][] => verifyRound(round).faults.map(({ fault }) => fault)
const [first, ...others] = storedRound(0).bets
const changed = (change: Partial<NonNullable<typeof first>>): StoredRound => ({
  ...storedRound(0),
  bets: first === undefined ? [] : [{ ...first, ...change }, ...others],
})

test('[DRW-15] 500 rounds as they were stored verify, every bet of them', () => {
  for (let roundNo = 0; roundNo < 500; roundNo++) {
    expect(verifyRound(storedRound(roundNo))).toEqual({ ok: true, bets: selections.length, faults: [] })
  }
})

test('[DRW-15] a payout that differs by a cent is named, with what it should have been', () => {
  const paid = first?.payoutCents ?? 0
  const verdict = verifyRound(changed({ payoutCents: paid + 1 }))
  expect(verdict).toEqual({
    ok: false,
    bets: selections.length,
    faults: [{ betId: 'bet-0', fault: 'payout', expected: paid, stored: paid + 1 }],
  })
})

test('[DRW-15] a change of outcome, seed, salt, round number, commitment or rules version is found', () => {
  const round = storedRound(0)
  const another = storedRound(1)
  expect(faultsOf({ ...round, outcome: { pocket: 99 } })).toEqual(['outcome'])
  expect(faultsOf({ ...round, commitment: another.commitment })).toEqual(['commitment'])
  expect(faultsOf({ ...round, rulesVersion: round.rulesVersion + 1 })).toEqual(['rules-version'])
  expect(faultsOf({ ...round, seedHex: another.seedHex })).toContain('commitment')
  expect(faultsOf({ ...round, roundNo: 7 })).toContain('commitment')
  const salts = Array.from({ length: 20 }, (_, at) => (at + 16).toString(16).repeat(32))
  expect(salts.filter((saltHex) => faultsOf({ ...round, saltHex }).includes('outcome')).length).toBeGreaterThan(15)
})

test('[DRW-15] a selection the layout does not have, and a stake that cannot be paid, are named', () => {
  expect(faultsOf(changed({ selection: { kind: 'split', numbers: [1, 36] } }))).toEqual(['selection'])
  expect(faultsOf(changed({ stakeCents: 0.5 }))).toEqual(['stake'])
})

test('[DRW-15] what cannot be checked at all is refused with a code', () => {
  const codes = [
    { gameId: 'thimblerig' },
    { rules: {} },
    { seedHex: 'ab' },
    { saltHex: 'zz' },
    { roundNo: -1 },
    { tableId: '' },
  ].map((change) => {
    try {
      verifyRound({ ...storedRound(0), ...change })
    } catch (error) {
      return error instanceof PoolError ? error.code : String(error)
    }
    return 'none'
  })
  expect(codes).toEqual(['unknown-game', 'bad-rules', 'malformed', 'malformed', 'round-out-of-range', 'malformed'])
})
