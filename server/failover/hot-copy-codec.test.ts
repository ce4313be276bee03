import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toCents } from '../../engine/money.ts'
import { rebuild } from '../../engine/round/rebuild.ts'
import { openRound, stepAll } from '../../engine/round/step.ts'
import { accepted, placed, roundIn, testBet, testOpening, walk } from '../../engine/round/testing.ts'
import type { Facts, Opening, Round, RoundEvent } from '../../engine/round/types.ts'
import {
  decodeHotCopy,
  encodeHotCopy,
  HOT_COPY_FORMAT,
  HOT_COPY_MIGRATIONS,
  HotCopyDamaged,
  HotCopyTooNew,
  hotCopyCodec,
  MOST_HOT_BETS,
} from './hot-copy-codec.ts'

const ref = { release: '1.2.3' }
const opening = testOpening({ limits: { perTableCents: toCents(4_000), perPlayerCents: toCents(3_000) } })
const { roundId } = opening
const draw = { outcome: { pocket: 17 }, seedHex: 'ab'.repeat(32) }

/** What the books would prove of a round of which every posting had arrived. */
function factsOf(round: Round): Facts {
  const { phase, betDigest, endedAtMs, voidReason } = round
  const ended = endedAtMs === null ? null : ({ how: phase as 'settled' | 'void', atMs: endedAtMs, voidReason } as const)
  const stakes = [...round.bets.values()]
    .filter(({ status }) => status !== 'reserving')
    .map(({ status, refusal, ...bet }) => {
      const gone = refusal === null ? 'released' : 'refused'
      return { bet, fate: status === 'dead' ? gone : 'reserved', refusal } as const
    })
  return { opening: round.opening, stakes, betDigest, draw: round.draw, ended }
}

const betId = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const playerId = fc.constantFrom('ana', 'eva')
const placing = fc
  .record({
    betId,
    playerId,
    stakeCents: fc.constantFrom(300, 500, 900).map(toCents),
    selection: fc.constantFrom(
      { kind: 'straight', numbers: [17] },
      { kind: 'straight', numbers: [3] },
      { kind: 'red' },
    ),
  })
  .map((bet) => placed(bet))
const answer = fc.record({
  type: fc.constantFrom('stakeReserved' as const, 'stakeReleased' as const),
  roundId: fc.constant(roundId),
  betId,
})
const refusal = betId.map(
  (id) => ({ type: 'stakeRefused', roundId, betId: id, refusal: 'insufficient-funds' }) as const,
)
const withdrawal = fc.record({ type: fc.constant('betWithdrawn' as const), atMs: fc.constant(3_000), betId, playerId })
const later: RoundEvent[] = [
  { type: 'clockReached', atMs: 21_000 },
  { type: 'closeRecorded', roundId, betDigest: 'd' },
  { type: 'drawRecorded', roundId, draw },
  { type: 'payoutsPosted', roundId, atMs: 22_000 },
  { type: 'clockReached', atMs: 60_000 },
  { type: 'voidOrdered', roundId, reason: 'operator-error' },
  { type: 'voidPosted', roundId, atMs: 22_000, draw },
]
const anyEvent: fc.Arbitrary<RoundEvent> = fc.oneof(
  { weight: 5, arbitrary: placing },
  { weight: 4, arbitrary: answer },
  { weight: 1, arbitrary: refusal },
  { weight: 3, arbitrary: withdrawal },
  { weight: 3, arbitrary: fc.constantFrom(...later) },
)
/** Two histories of one round that part at some point: what the hot copy saw, and what the books saw. */
const histories = fc.record({
  both: fc.array(anyEvent, { maxLength: 15 }),
  copied: fc.array(anyEvent, { maxLength: 8 }),
  booked: fc.array(anyEvent, { maxLength: 8 }),
})
const roundAfter = (events: readonly RoundEvent[]): Round => stepAll(openRound(opening), events).round

function listed({ bets, betsOfPlayer, ...rest }: Round) {
  return { ...rest, bets: [...bets], betsOfPlayer: [...betsOfPlayer] } // lists, since their order counts too
}

describe('the thin copy', () => {
  test('[FOV-11] rebuilds every round as the whole round would have, in the same order', () => {
    let telling = 0
    fc.assert(
      fc.property(histories, ({ both, copied, booked }) => {
        const hint = roundAfter([...both, ...copied])
        const facts = factsOf(roundAfter([...both, ...booked]))
        const thin = decodeHotCopy(encodeHotCopy(hint, ref), opening)
        const rebuilt = listed(rebuild(hint, facts))
        expect(listed(rebuild(thin, facts))).toEqual(rebuilt)
        if (JSON.stringify(rebuilt) !== JSON.stringify(listed(rebuild(null, facts)))) telling++
      }),
      { numRuns: 2_000 },
    )
    expect(telling).toBeGreaterThan(500) // histories in which the copy knew what the books do not
  })

  test('[FOV-11] carries the bets on their way and no others, and is a round in itself', () => {
    const leaving = testBet({ betId: 'b2', playerId: 'eva' })
    const hint = walk(
      roundIn('open'),
      ...accepted(leaving),
      { type: 'betWithdrawn', atMs: 3_000, betId: 'b2', playerId: 'eva' },
      placed(testBet({ betId: 'b3', stakeCents: toCents(700) })),
    )
    const text = encodeHotCopy(hint, ref)
    expect(JSON.parse(text)).toEqual({
      format: 2,
      release: '1.2.3',
      roundId,
      phase: 'open',
      voidReason: null,
      rested: false,
      bets: [
        { ...leaving, status: 'releasing' },
        { ...testBet({ betId: 'b3', stakeCents: toCents(700) }), status: 'reserving' },
      ],
    })
    const thin = decodeHotCopy(text, hint.opening)
    expect(thin?.atStakeCents).toBe(1_200)
    expect([...(thin?.betsOfPlayer ?? [])]).toEqual([
      ['eva', ['b2']],
      ['ana', ['b3']],
    ])
  })

  test('[FOV-11] of another round than the one that the books name is no hint', () => {
    const text = encodeHotCopy(roundIn('open'), ref)
    expect(decodeHotCopy(text, testOpening({ roundId: 'lima.1.1' }))).toBe(null)
    expect(decodeHotCopy(text, opening)).not.toBe(null)
  })

  test('[FOV-11] of a round with very many bets on their way carries a bounded number', () => {
    const status = 'reserving'
    const bets = Array.from({ length: MOST_HOT_BETS + 5 }, (_, i) => [
      `b${i}`,
      { ...testBet({ betId: `b${i}` }), status },
    ])
    const crowded = { ...openRound(opening), bets: new Map(bets as never) } as Round
    const thin = decodeHotCopy(encodeHotCopy(crowded, ref), opening)
    expect(thin?.bets.size).toBe(MOST_HOT_BETS)
  })
})

describe('formats', () => {
  /** As the first release wrote it. */
  const old = (round: Round): string => {
    const { phase, voidReason, rested, bets } = round
    const those = (wanted: string) =>
      [...bets.values()].flatMap(({ status, refusal: _, ...bet }) => (status === wanted ? [bet] : []))
    const lists = { reserving: those('reserving'), releasing: those('releasing') }
    return JSON.stringify({ format: 1, roundId: round.opening.roundId, phase, voidReason, rested, ...lists })
  }
  const sorted = (round: Round) => ({ ...round, bets: [...round.bets].sort(), betsOfPlayer: null })

  test('[FOV-12] a copy of the first format is migrated, and rebuilds the same round but for the order of bets', () => {
    const roomy: Opening = testOpening() // where nothing is near a limit, so that the order decides nothing
    const start = openRound(roomy)
    fc.assert(
      fc.property(histories, ({ both, copied, booked }) => {
        const hint = stepAll(start, [...both, ...copied]).round
        const facts = factsOf(stepAll(start, [...both, ...booked]).round)
        const migrated = decodeHotCopy(old(hint), roomy)
        expect(sorted(rebuild(migrated, facts))).toEqual(sorted(rebuild(hint, facts)))
      }),
      { numRuns: 500 },
    )
  })

  const next = hotCopyCodec({
    format: HOT_COPY_FORMAT + 1,
    migrations: { ...HOT_COPY_MIGRATIONS, [HOT_COPY_FORMAT]: (older) => ({ ...(older as object), format: 3 }) },
  })

  test('[FOV-12] a later release reads the copies of this one and of the first', () => {
    const asked = walk(roundIn('open'), placed(testBet({ betId: 'b2' })))
    const now = decodeHotCopy(encodeHotCopy(asked, ref), asked.opening)
    expect(now?.bets.get('b2')?.status).toBe('reserving')
    expect(next.decode(encodeHotCopy(asked, ref), asked.opening)).toEqual(now)
    expect(next.decode(old(asked), asked.opening)).toEqual(now)
  })

  test('[FOV-12] a copy of a later format is refused by name', () => {
    const text = next.encode(roundIn('open'), { release: '9.0.0' })
    const read = () => decodeHotCopy(text, opening)
    expect(read).toThrow(HotCopyTooNew)
    expect(read).toThrow('format 3, written by release 9.0.0')
    // Whatever a later format may look like.
    expect(() => decodeHotCopy('{"format":99,"entirely":"other"}', opening)).toThrow(HotCopyTooNew)
  })

  test('[FOV-12] a codec that cannot read every earlier format is not made', () => {
    expect(() => hotCopyCodec({ format: 3, migrations: HOT_COPY_MIGRATIONS })).toThrow('migration from format 2')
  })

  const good = JSON.parse(encodeHotCopy(walk(roundIn('open'), placed(testBet({ betId: 'b2' }))), ref))
  const [bet] = good.bets
  const damaged: Record<string, unknown> = {
    'a list': [good],
    null: null,
    'no format': { ...good, format: undefined },
    'format 0': { ...good, format: 0 },
    'format 1.5': { ...good, format: 1.5 },
    'a field too many': { ...good, extra: 1 },
    'a field too few': { ...good, rested: undefined },
    'an unknown phase': { ...good, phase: 'paused' },
    'a void without a reason': { ...good, phase: 'void' },
    'a reason without a void': { ...good, voidReason: 'operator-error' },
    'a bet that is not on its way': { ...good, bets: [{ ...bet, status: 'accepted' }] },
    'a stake of no cents': { ...good, bets: [{ ...bet, stakeCents: 0 }] },
    'a fraction of a cent': { ...good, bets: [{ ...bet, stakeCents: 0.5 }] },
    'a bet on nothing': { ...good, bets: [{ ...bet, selection: undefined }] },
    'a bet twice': { ...good, bets: [bet, bet] },
    'too many bets': { ...good, bets: Array(MOST_HOT_BETS + 1).fill(bet) },
    'the first format with the fields of the second': { ...good, format: 1 },
  }
  for (const [what, copy] of Object.entries(damaged))
    test(`[FOV-12] ${what} is a damaged copy`, () => {
      expect(() => decodeHotCopy(JSON.stringify(copy), opening)).toThrow(HotCopyDamaged)
    })

  test('[FOV-12] any text is a copy or a named error', () => {
    const text = encodeHotCopy(walk(roundIn('open'), placed(testBet({ betId: 'b2' }))), ref)
    const cut = fc.record({ from: fc.nat(text.length), to: fc.nat(text.length), put: fc.string({ maxLength: 3 }) })
    const bent = cut.map(({ from, to, put }) => text.slice(0, from) + put + text.slice(to))
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), bent), (any) => {
        try {
          decodeHotCopy(any, opening)
        } catch (error) {
          expect(error instanceof HotCopyDamaged || error instanceof HotCopyTooNew).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
