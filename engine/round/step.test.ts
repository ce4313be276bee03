import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toCents } from '../money.ts'
import { due, payouts } from './due.ts'
import { handleCents, openRound, restsUntilMs, step, stepAll } from './step.ts'
import { accepted, placed, roundIn, testBet, testOpening, walk } from './testing.ts'
import type { Limits, NewBet, Phase, Refusal, Round, RoundEvent } from './types.ts'
import { spots } from './view.ts'

const roundId = 'lima.1.0'
const draw = { outcome: { pocket: 17 }, seedHex: 'ab'.repeat(32) }
const PHASES: Phase[] = ['open', 'closing', 'closed', 'drawn', 'settled', 'void']

function refusalOf(round: Round, event: RoundEvent): Refusal | null {
  const decided = step(round, event)
  return decided.ok ? null : decided.refusal
}

describe('phases', () => {
  const transitions: Record<string, { event: RoundEvent; from: Phase[]; to: Phase }> = {
    closing: { event: { type: 'clockReached', atMs: 21_000 }, from: ['open'], to: 'closing' },
    closed: { event: { type: 'closeRecorded', roundId, betDigest: 'd' }, from: ['closing'], to: 'closed' },
    drawn: { event: { type: 'drawRecorded', roundId, draw }, from: ['closed'], to: 'drawn' },
    settled: { event: { type: 'payoutsPosted', roundId, atMs: 22_000 }, from: ['drawn'], to: 'settled' },
    void: {
      event: { type: 'voidOrdered', roundId, reason: 'operator-error' },
      from: ['open', 'closing', 'closed'],
      to: 'void',
    },
  }
  for (const [name, { event, from, to }] of Object.entries(transitions))
    for (const phase of PHASES)
      test(`[RND-1] ${name} from ${phase} is ${from.includes(phase) ? 'taken' : 'refused'}`, () => {
        const round = roundIn(phase)
        const decided = step(round, event)
        if (from.includes(phase)) expect(decided.ok && decided.round.phase).toBe(to)
        else if (phase === 'void' && name === 'void') expect(decided).toEqual({ ok: true, round })
        else expect(decided.ok).toBe(false)
      })

  test('[RND-1] an event of another round is stale', () => {
    expect(refusalOf(roundIn('closing'), { type: 'closeRecorded', roundId: 'lima.1.9', betDigest: 'd' })).toBe(
      'stale-event',
    )
  })

  test('[RND-1] an answer about a bet of an earlier round says nothing about a bet that uses its id again', () => {
    const again = walk(roundIn('open', []), placed(testBet()))
    const late = { type: 'stakeReserved', roundId: 'lima.1.9', betId: 'bet-1' } as const
    expect(refusalOf(again, late)).toBe('stale-event')
  })

  test('[RND-7] a closing round with a stake on its way is due neither close nor draw', () => {
    const round = walk(roundIn('open'), placed(testBet({ betId: 'b2' })), { type: 'clockReached', atMs: 21_000 })
    expect(due(round).map(({ type }) => type)).toEqual(['reserve'])
    expect(refusalOf(round, { type: 'closeRecorded', roundId, betDigest: 'd' })).toBe('stale-event')
    const resolved = walk(round, { type: 'stakeReserved', roundId, betId: 'b2' })
    expect(due(resolved).map(({ type }) => type)).toEqual(['close'])
  })

  test('[RND-8] a drawn round is not voided, and a draw that the books took first wins over a void', () => {
    expect(refusalOf(roundIn('drawn'), { type: 'voidOrdered', roundId, reason: 'draw-failed' })).toBe('round-drawn')
    const crossed = walk(roundIn('closed'), { type: 'voidOrdered', roundId, reason: 'operator-error' })
    const drawn = walk(crossed, { type: 'drawRecorded', roundId, draw })
    expect([drawn.phase, drawn.voidReason]).toEqual(['drawn', null])
    expect(refusalOf(roundIn('void'), { type: 'drawRecorded', roundId, draw })).toBe('stale-event')
  })

  test('[RND-9] a void waits for stakes on their way, then ends with every bet dead and the draw shown', () => {
    const round = walk(roundIn('open'), placed(testBet({ betId: 'b2' })), {
      type: 'voidOrdered',
      roundId,
      reason: 'equipment-fault',
    })
    expect(due(round).map(({ type }) => type)).toEqual(['release'])
    const returned = walk(round, { type: 'stakeReleased', roundId, betId: 'b2' })
    expect(due(returned)).toMatchObject([{ type: 'void', reason: 'equipment-fault' }])
    const ended = walk(returned, { type: 'voidPosted', roundId, atMs: 9_000, draw })
    expect([...ended.bets.values()].map(({ status }) => status)).toEqual(['dead', 'dead'])
    expect([ended.draw, ended.atStakeCents]).toEqual([draw, 0])
  })

  test('[RND-13] the next round opens only when the result has stood for the rest time', () => {
    const settled = roundIn('settled')
    const next = { type: 'nextOpened', afterRoundId: roundId, opening: testOpening({ roundId: 'lima.1.1' }) } as const
    expect(restsUntilMs(settled)).toBe(30_000)
    expect(refusalOf(settled, { type: 'clockReached', atMs: 29_999 })).toBe('stale-event')
    expect(refusalOf(settled, next)).toBe('stale-event')
    const rested = walk(settled, { type: 'clockReached', atMs: 30_000 })
    expect(due(rested).map(({ type }) => type)).toEqual(['openNext'])
    const opened = walk(rested, next)
    expect([opened.phase, opened.bets.size, opened.opening.roundId]).toEqual(['open', 0, 'lima.1.1'])
    const later = { ...rested, opening: testOpening({ roundId: 'lima.1.2' }) }
    expect(refusalOf(later, next)).toBe('stale-event') // heard once more, a round too late
  })
})

function walkRefusal(perBet: Limits['perBet'], bet: NewBet): Refusal | null {
  return refusalOf(openRound(testOpening({ limits: { perBet } })), placed(bet))
}

describe('bets', () => {
  const open = openRound(testOpening())
  const refused = (bet: Parameters<typeof testBet>[0], atMs = 2_000) => refusalOf(open, placed(testBet(bet), atMs))

  test('[RND-2] the same bet again changes nothing, also after the close; other content is refused', () => {
    const round = roundIn('open')
    expect(step(round, placed(testBet()))).toEqual({ ok: true, round })
    const drawn = roundIn('drawn')
    expect(step(drawn, placed(testBet(), 99_000))).toEqual({ ok: true, round: drawn })
    for (const other of [{ stakeCents: toCents(600) }, { playerId: 'eva' }, { selection: { kind: 'red' } }])
      expect(refusalOf(round, placed(testBet(other)))).toBe('bet-id-taken')
  })

  test('[RND-3] no such bet, a kind not offered, a stake that cannot be played', () => {
    expect(refused({ selection: { kind: 'straight', numbers: [37] } })).toBe('no-such-bet')
    expect(refused({ selection: 'red' })).toBe('no-such-bet')
    expect(refused({ stakeCents: toCents(0) })).toBe('stake-not-playable')
    expect(refused({ stakeCents: toCents(-500) })).toBe('stake-not-playable')
    const noStraight = openRound(
      testOpening({ limits: { perBet: { red: { minCents: toCents(1), maxCents: toCents(9) } } } }),
    )
    expect(refusalOf(noStraight, placed(testBet()))).toBe('kind-not-offered')
  })

  test('[RND-4] minimum by bet, maximum by position, by player and by table', () => {
    const range = { minCents: toCents(100), maxCents: toCents(1_000) }
    const limits = {
      perBet: { straight: range, split: range },
      perPlayerCents: toCents(1_500),
      perTableCents: toCents(2_000),
    }
    const table = openRound(testOpening({ limits }))
    const at = (round: Round, betId: string, stakeCents: number, number = 17, playerId = 'ana') =>
      refusalOf(
        round,
        placed(
          testBet({
            betId,
            playerId,
            stakeCents: toCents(stakeCents),
            selection: { kind: 'straight', numbers: [number] },
          }),
        ),
      )
    expect(at(table, 'b1', 99)).toBe('below-minimum')
    expect(at(table, 'b1', 1_001)).toBe('above-maximum')
    const neighbours = { kind: 'neighbours', of: 17, reach: 2 } as const
    const thin = walkRefusal(
      { ...limits.perBet, neighbours: range },
      testBet({ selection: neighbours, stakeCents: toCents(495) }),
    )
    expect(thin).toBe('below-minimum')
    const one = walk(table, ...accepted(testBet({ betId: 'b0', stakeCents: toCents(950) })))
    expect(at(one, 'b1', 100)).toBe('above-maximum')
    const leaving = walk(one, { type: 'betWithdrawn', atMs: 2_000, betId: 'b0', playerId: 'ana' })
    expect(at(leaving, 'b1', 100)).toBe('above-maximum') // until the books have returned it
    expect(at(walk(leaving, { type: 'stakeReleased', roundId, betId: 'b0' }), 'b1', 100)).toBe(null)
    expect(at(one, 'b1', 100, 18)).toBe(null)
    expect(at(one, 'b1', 600, 18)).toBe('player-limit')
    expect(at(one, 'b1', 1_000, 18, 'eva')).toBe(null)
    const two = walk(one, ...accepted(testBet({ betId: 'b9', playerId: 'eva', stakeCents: toCents(1_000) })))
    expect(at(two, 'b1', 100, 18, 'joe')).toBe('table-limit')
  })

  test('[RND-4] a player has a bounded number of bets in a round', () => {
    const many = Array.from({ length: 400 }, (_, i) =>
      testBet({ betId: `m${i}`, stakeCents: toCents(100), selection: { kind: 'straight', numbers: [i % 37] } }),
    )
    const wide = {
      perBet: { straight: { minCents: toCents(1), maxCents: toCents(1e9) } },
      perPlayerCents: toCents(1e9),
      perTableCents: toCents(1e9),
    }
    const round = walk(openRound(testOpening({ limits: wide })), ...many.map((bet) => placed(bet)))
    expect(refusalOf(round, placed(testBet({ betId: 'm400' })))).toBe('too-many-bets')
  })

  test('[RND-5] players withdraw their own bets while bets are taken', () => {
    const round = roundIn('open')
    const withdraw = (playerId: string, atMs = 3_000, betId = 'bet-1') =>
      ({ type: 'betWithdrawn', atMs, betId, playerId }) as const
    expect(refusalOf(round, withdraw('eva'))).toBe('unknown-bet')
    expect(refusalOf(round, withdraw('ana', 3_000, 'none'))).toBe('unknown-bet')
    expect(refusalOf(round, withdraw('ana', 21_000))).toBe('bets-closed')
    expect(refusalOf(roundIn('closed'), withdraw('ana'))).toBe('bets-closed')
    const leaving = walk(round, withdraw('ana'))
    expect(due(leaving).map(({ type }) => type)).toEqual(['release', 'wakeAt'])
    expect(leaving.atStakeCents).toBe(500)
    const gone = walk(leaving, { type: 'stakeReleased', roundId, betId: 'bet-1' })
    expect(step(gone, withdraw('ana'))).toEqual({ ok: true, round: gone })
    const broke = walk(openRound(testOpening()), placed(testBet()), {
      type: 'stakeRefused',
      roundId,
      betId: 'bet-1',
      refusal: 'insufficient-funds',
    })
    expect(refusalOf(broke, withdraw('ana'))).toBe('not-withdrawable')
  })

  test('[RND-6] a bet for another round than the one that is open is late', () => {
    expect(refusalOf(open, { ...placed(testBet()), roundId: 'lima.0.9' } as RoundEvent)).toBe('bets-closed')
  })

  test('[RND-6 G14] a bet at the closing instant is late, whatever the phase says', () => {
    expect(refused({}, 20_999)).toBe(null)
    expect(refused({}, 21_000)).toBe('bets-closed')
    expect(refusalOf(roundIn('closing'), placed(testBet({ betId: 'b2' })))).toBe('bets-closed')
  })

  test('[RND-10 G16 G17] accepted bets are paid once by the terms of the opening, refused ones never', () => {
    const bets = [testBet(), testBet({ betId: 'b2', selection: { kind: 'straight', numbers: [3] } })]
    const refusedBet = testBet({ betId: 'b3' })
    const open3 = walk(roundIn('open', bets), placed(refusedBet), {
      type: 'stakeRefused',
      roundId,
      betId: 'b3',
      refusal: 'insufficient-funds',
    })
    const closing = walk(open3, { type: 'clockReached', atMs: 21_000 })
    const drawn = walk(
      closing,
      { type: 'closeRecorded', roundId, betDigest: 'd' },
      { type: 'drawRecorded', roundId, draw },
    )
    expect(payouts(drawn)).toEqual([{ betId: 'bet-1', playerId: 'ana', cents: 36 * 500 }])
    expect(handleCents(drawn)).toBe(1_000)
    expect(due(drawn)).toMatchObject([{ type: 'settle', handleCents: 1_000 }])
    expect(due(walk(drawn, { type: 'payoutsPosted', roundId, atMs: 1 })).map(({ type }) => type)).toEqual(['wakeAt'])
  })

  test('[RND-12] the table sees accepted chips by position, a compound bet as the chips it lays', () => {
    const voisins = testBet({ betId: 'v', playerId: 'eva', selection: { kind: 'voisins' }, stakeCents: toCents(900) })
    const round = walk(roundIn('open'), ...accepted(voisins), placed(testBet({ betId: 'pending' })))
    const seen = spots(round)
    expect(seen.get('straight:17')).toEqual({ cents: 500, players: 1 })
    expect([...seen.values()].reduce((sum, { cents }) => sum + cents, 0)).toBe(1_400)
  })
})

test('[RND-14] a batch decides like its events one by one', () => {
  const bet = fc.record({
    betId: fc.constantFrom('a', 'b', 'c'),
    playerId: fc.constantFrom('ana', 'eva'),
    stakeCents: fc.integer({ min: -1, max: 3_000 }).map(toCents),
    selection: fc.constantFrom<never>(
      { kind: 'straight', numbers: [17] } as never,
      { kind: 'voisins' } as never,
      7 as never,
    ),
  })
  const atMs = fc.constantFrom(2_000, 20_999, 21_000, 60_000)
  const betId = fc.constantFrom('a', 'b', 'c')
  const event: fc.Arbitrary<RoundEvent> = fc.oneof(
    fc.record({ type: fc.constant('betPlaced' as const), roundId: fc.constantFrom(roundId, 'lima.1.9'), atMs, bet }),
    fc.record({ type: fc.constant('betWithdrawn' as const), atMs, betId, playerId: fc.constantFrom('ana', 'eva') }),
    fc.record({
      type: fc.constantFrom('stakeReserved' as const, 'stakeReleased' as const),
      roundId: fc.constant(roundId),
      betId,
    }),
    fc.record({ type: fc.constant('clockReached' as const), atMs }),
    fc.constant<RoundEvent>({ type: 'closeRecorded', roundId, betDigest: 'd' }),
    fc.constant<RoundEvent>({ type: 'drawRecorded', roundId, draw }),
    fc.constant<RoundEvent>({ type: 'payoutsPosted', roundId, atMs: 22_000 }),
    fc.constant<RoundEvent>({ type: 'voidOrdered', roundId, reason: 'operator-error' }),
    fc.constant<RoundEvent>({ type: 'voidPosted', roundId, atMs: 22_000, draw }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const start = openRound(testOpening())
      const batch = stepAll(start, events)
      let single = start
      const refusals = events.map((each) => {
        const decided = step(single, each)
        if (decided.ok) single = decided.round
        return decided.ok ? null : decided.refusal
      })
      expect(batch.refusals).toEqual(refusals)
      expect(batch.round).toEqual(single)
      const live = [...single.bets.values()].filter(({ status }) => status !== 'dead')
      expect(single.atStakeCents).toBe(live.reduce((sum, { stakeCents }) => sum + stakeCents, 0))
      due(single) // never throws on a round that events have made
    }),
    { numRuns: 1_000 },
  )
})
