import { describe, expect, test } from 'vitest'
import { toCents } from '../money.ts'
import { due } from './due.ts'
import { rebuild } from './rebuild.ts'
import { openRound } from './step.ts'
import { accepted, placed, roundIn, testBet, testOpening, walk } from './testing.ts'
import type { Facts, Round } from './types.ts'

const draw = { outcome: { pocket: 17 }, seedHex: 'ab'.repeat(32) }

/** What the books would prove of a round whose every posting arrived. */
function factsOf(round: Round): Facts {
  return {
    opening: round.opening,
    stakes: [...round.bets.values()]
      .filter(({ status }) => status !== 'reserving')
      .map(({ status, refusal, ...bet }) => ({
        bet,
        fate: refusal !== null ? 'refused' : status === 'dead' && round.phase !== 'void' ? 'released' : 'reserved',
        refusal,
      })),
    betDigest: round.betDigest,
    draw: round.draw,
    ended:
      round.endedAtMs === null
        ? null
        : { how: round.phase === 'void' ? 'void' : 'settled', atMs: round.endedAtMs, voidReason: round.voidReason },
  }
}

describe('[RND-11] rebuild', () => {
  for (const phase of ['open', 'closed', 'drawn', 'settled', 'void'] as const)
    test(`a ${phase} round comes back from the books alone`, () => {
      const round = roundIn(phase)
      expect(rebuild(null, factsOf(round))).toEqual(round)
    })

  test('a hot copy that is behind the books gives way to them', () => {
    const settled = roundIn('settled')
    for (const phase of ['open', 'closing', 'closed', 'drawn'] as const)
      expect(rebuild(roundIn(phase), factsOf(settled))).toEqual(settled)
  })

  test('a hot copy of another round is ignored', () => {
    const other = { ...roundIn('open'), opening: testOpening({ roundId: 'lima.1.7' }) }
    expect(rebuild(other, factsOf(roundIn('closed')))).toEqual(roundIn('closed'))
  })

  test('a stake asked for and not answered is asked for again while bets are taken, and given back after', () => {
    const asked = walk(roundIn('open'), placed(testBet({ betId: 'b2' })))
    const again = rebuild(asked, factsOf(asked))
    expect(again.bets.get('b2')?.status).toBe('reserving')
    const closing = walk(asked, { type: 'clockReached', atMs: 21_000 })
    const rebuilt = rebuild(closing, factsOf(closing))
    expect(rebuilt.bets.get('b2')?.status).toBe('releasing')
    expect(due(rebuilt).map(({ type }) => type)).toEqual(['release'])
  })

  test('a stake asked for by an earlier owner, for which the table has no room any more, is given back', () => {
    const limits = { perTableCents: toCents(1_000) }
    const empty = openRound(testOpening({ limits }))
    const hint = walk(empty, placed(testBet({ betId: 'b2', stakeCents: toCents(600) })))
    const booked = walk(empty, ...accepted(testBet()))
    const rebuilt = rebuild(hint, factsOf(booked))
    expect([...rebuilt.bets.values()].map(({ status }) => status)).toEqual(['accepted', 'releasing'])
    expect(rebuilt.atStakeCents).toBe(1_100)
    expect(rebuild(hint, factsOf(empty)).bets.get('b2')?.status).toBe('reserving')
  })

  test('a stake that the books hold is accepted, though the hot copy still waits for it', () => {
    const asked = walk(roundIn('open', []), placed(testBet()))
    const facts = { ...factsOf(roundIn('open')), opening: asked.opening }
    expect(rebuild(asked, facts)).toEqual(roundIn('open'))
  })

  test('a withdrawal that was asked for is carried through, unless the bets are digested', () => {
    const leaving = walk(roundIn('open'), { type: 'betWithdrawn', atMs: 3_000, betId: 'bet-1', playerId: 'ana' })
    const facts = factsOf(roundIn('open'))
    expect(rebuild(leaving, facts).bets.get('bet-1')?.status).toBe('releasing')
    const digested = { ...facts, betDigest: 'd' }
    expect(rebuild(leaving, digested).bets.get('bet-1')?.status).toBe('accepted')
  })

  test('a withdrawal of another bet under the same id is not carried through', () => {
    const hers = walk(roundIn('open', []), placed(testBet({ playerId: 'eva' })))
    const leaving = walk(hers, { type: 'betWithdrawn', atMs: 3_000, betId: 'bet-1', playerId: 'eva' })
    expect(rebuild(leaving, factsOf(roundIn('open')))).toEqual(roundIn('open'))
  })

  test('a void that was ordered and not posted goes on; one that the draw overtook does not', () => {
    const ordered = walk(roundIn('closed'), { type: 'voidOrdered', roundId: 'lima.1.0', reason: 'operator-error' })
    expect(due(rebuild(ordered, factsOf(roundIn('closed'))))).toMatchObject([{ type: 'void' }])
    expect(rebuild(ordered, { ...factsOf(roundIn('closed')), draw }).phase).toBe('drawn')
  })

  test('a bet of the hot copy that a digested round does not know never existed', () => {
    const hint = walk(roundIn('open'), placed(testBet({ betId: 'ghost', stakeCents: toCents(700) })))
    const rebuilt = rebuild(hint, factsOf(roundIn('closed')))
    expect(rebuilt.bets.has('ghost')).toBe(false)
  })
})
