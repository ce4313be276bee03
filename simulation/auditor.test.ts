import { beforeAll, describe, expect, test } from 'vitest'
import { toCents } from '../engine/money.ts'
import { Auditor } from './auditor.ts'
import { diceOf } from './dice.ts'
import { Players } from './players.ts'
import type { Testimony } from './testimony.ts'
import { croupierOf, playWorld } from './world.ts'

type Of<W extends Testimony['what']> = Extract<Testimony, { what: W }>

/** The first world of one table that has a void, a withdrawal and a winner to tell lies about. */
let seed = 0
let honest: Testimony[] = []

beforeAll(async () => {
  for (seed = 0; seed < 500; seed++) {
    const story: Testimony[] = []
    const { complaints, tally } = await playWorld({ seed, rounds: 6, listen: (seen) => story.push(seen) })
    expect(complaints).toEqual([])
    honest = story
    const tables = new Set(story.map((seen) => (seen.what === 'raised' ? seen.tableId : 't1')))
    const pays = story.some((seen) => seen.what === 'settled' && paid(seen))
    // A wrong draw takes from the croupier's dice, so that his later secrets could not be made again here.
    if (tables.size === 1 && pays && tally.voids > 0 && tally.withdrawn > 0 && tally.wrongDraws === 0) return
  }
  throw new Error('no world has all that a liar needs')
})

/** What the auditor says of a story; the books hold what he expects unless `balances` says otherwise. */
function complaintsOf(story: readonly Testimony[], balances?: (playerId: string) => number | null): string[] {
  const croupier = croupierOf(seed)
  const auditor = new Auditor((seriesId) => croupier.secretOf(seriesId))
  for (const seen of story) auditor.hear(seen)
  auditor.close({ balanceOf: balances ?? lastBalances(story) })
  return auditor.complaints
}

function lastBalances(story: readonly Testimony[]): (playerId: string) => number | null {
  const last = new Map<string, number | null>()
  for (const seen of story) {
    if (seen.what === 'balance') last.set(seen.playerId, seen.cents)
    if (seen.what === 'granted') last.set(seen.playerId, seen.balanceCents)
    if ((seen.what === 'settled' || seen.what === 'voided') && typeof seen.answer === 'object' && 'atMs' in seen.answer)
      for (const [playerId, cents] of seen.answer.balances) last.set(playerId, cents)
  }
  return (playerId) => last.get(playerId) ?? null
}

/** The story with its first testimony of one kind that `fits` told otherwise; null leaves it out. */
function lie<W extends Testimony['what']>(
  what: W,
  tell: (seen: Of<W>) => Testimony | readonly Testimony[] | null,
  fits: (seen: Of<W>) => boolean = () => true,
): Testimony[] {
  const at = honest.findIndex((seen) => seen.what === what && fits(seen as Of<W>))
  if (at < 0) throw new Error(`the story has no such ${what}`)
  return honest.toSpliced(at, 1, ...[tell(honest[at] as Of<W>) ?? []].flat())
}

const taken = ({ answer }: Of<'reserved'>): boolean => answer.fate === 'reserved'
const ended = ({ answer }: Of<'settled'> | Of<'voided'>): boolean => typeof answer === 'object' && 'atMs' in answer
const paid = (seen: Of<'settled'>): boolean => ended(seen) && seen.payouts.length > 0
const drawn = ({ answer }: Of<'drawn'>): boolean => typeof answer === 'object'
const shownDrawn = ({ phase }: Of<'shown'>): boolean => phase === 'drawn'
const without = (drop: (seen: Testimony) => boolean): Testimony[] => honest.filter((seen) => !drop(seen))
const firstTaken = (): Of<'reserved'> =>
  honest.find((seen) => seen.what === 'reserved' && taken(seen)) as Of<'reserved'>

test('an honest story leaves the auditor nothing to say', () => {
  expect(complaintsOf(honest)).toEqual([])
})

describe('the auditor catches', () => {
  const lies: readonly [rule: string, lie: string, story: () => Testimony[]][] = [
    [
      'SIM-1',
      'a deposit that nobody made',
      () => lie('granted', (seen) => ({ ...seen, cents: toCents(seen.cents + 1) })),
    ],
    [
      'SIM-1',
      'a payout that is a cent short',
      () =>
        lie(
          'settled',
          (seen) => ({
            ...seen,
            payouts: seen.payouts.map((each, i) => (i === 0 ? { ...each, cents: toCents(each.cents - 1) } : each)),
          }),
          paid,
        ),
    ],
    ['SIM-2', 'a winner who is left out', () => lie('settled', (seen) => ({ ...seen, payouts: [] }), paid)],
    [
      'SIM-2',
      'a stake that is refused after it was taken',
      () =>
        lie(
          'reserved',
          (seen) => [seen, { ...seen, answer: { ...seen.answer, fate: 'refused', refusal: 'insufficient-funds' } }],
          taken,
        ),
    ],
    [
      'SIM-2',
      'a void that nobody ordered',
      () => without(({ what }) => what === 'void-asked' || what === 'draw-failed'),
    ],
    [
      'SIM-3',
      'a draw other than the committed one',
      () => lie('drawn', (seen) => ({ ...seen, answer: { outcome: { pocket: 99 }, seedHex: 'ab' } }), drawn),
    ],
    [
      'SIM-3',
      'a commitment to another seed',
      () => lie('opened', (seen) => ({ ...seen, opening: { ...seen.opening, commitment: 'c0'.repeat(32) } })),
    ],
    [
      'SIM-4',
      'a result that is shown before it is durable',
      () => {
        const shown = honest.find((seen) => seen.what === 'shown' && shownDrawn(seen)) as Testimony
        return lie('drawn', (seen) => [shown, seen], drawn)
      },
    ],
    [
      'SIM-4',
      'an accepted bet that the books do not hold',
      () => lie('told', (seen) => [{ ...seen, betId: 'none', status: 'accepted' }, seen]),
    ],
    [
      'SIM-4',
      'a bet that is told dead while its stake is held',
      () =>
        lie(
          'told',
          (seen) => [seen, { ...seen, status: 'dead' }],
          ({ status }) => status === 'accepted',
        ),
    ],
    ['SIM-4', 'a result that is told wrong', () => lie('paid', (seen) => ({ ...seen, paidCents: seen.paidCents + 1 }))],
    ['SIM-5', 'a posting of an old epoch', () => lie('reserved', (seen) => ({ ...seen, epoch: 0 }), taken)],
    [
      'SIM-5',
      'a posting with the epoch of another owner',
      () => lie('reserved', (seen) => ({ ...seen, owner: 99 }), taken),
    ],
    ['SIM-5', 'an epoch that is given out twice', () => lie('raised', (seen) => [seen, seen])],
    [
      'SIM-6',
      'a stake above the limits',
      () => {
        const { bet, roundId } = firstTaken()
        const huge = { ...bet, stakeCents: toCents(36_000_000) }
        const asked: Testimony = { what: 'bet-asked', roundId, bet: huge, atMs: 0 }
        return lie('reserved', (seen) => [asked, { ...seen, bet: huge }], taken)
      },
    ],
    ['SIM-7', 'a digest of other bets', () => lie('closed', (seen) => ({ ...seen, answer: 'd0' }))],
    ['SIM-7', 'a draw before the close', () => without(({ what }) => what === 'closed')],
    ['SIM-8', 'a bet that nobody asked for', () => without(({ what }) => what === 'bet-asked')],
    [
      'SIM-8',
      'a bet that was asked for at the closing instant',
      () =>
        honest.map((seen) => {
          const opened = honest.find((other) => other.what === 'opened' && other.roundId === firstTaken().roundId)
          const isIt = seen.what === 'bet-asked' && seen.bet.betId === firstTaken().bet.betId
          return isIt && opened?.what === 'opened' ? { ...seen, atMs: opened.opening.closesAtMs } : seen
        }),
    ],
    [
      'SIM-9',
      'a round that never ends',
      () => {
        const last = honest.findLast((seen) => seen.what === 'opened' && seen.answer === 'opened') as Of<'opened'>
        return without((seen) => (seen.what === 'settled' || seen.what === 'voided') && seen.roundId === last.roundId)
      },
    ],
    [
      'SIM-10',
      'a round that opens too early',
      () => {
        const second = honest
          .filter((seen) => seen.what === 'opened')
          .find(({ opening, answer }) => opening.roundNo === 1 && answer === 'opened')
        const early = (seen: Of<'opened'>) => ({ ...seen.opening, openedAtMs: seen.opening.openedAtMs - 60_000 })
        return lie(
          'opened',
          (seen) => ({ ...seen, opening: early(seen) }),
          (seen) => seen === second,
        )
      },
    ],
    [
      'SIM-11',
      'a stake that goes back unasked',
      () => without(({ what }) => what === 'withdrawal-asked' || what === 'void-asked' || what === 'draw-failed'),
    ],
  ]
  for (const [rule, what, story] of lies)
    test(`[${rule}] ${what}`, () => {
      expect(complaintsOf(story())).toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(`^${rule}: `))]))
    })

  test('[SIM-1] a cent that is missing in the books at the end', () => {
    const right = lastBalances(honest)
    const short = (playerId: string): number | null => (right(playerId) ?? 0) - (playerId === 'player-0' ? 1 : 0)
    expect(complaintsOf(honest, short)).toEqual([expect.stringMatching(/^SIM-1: player-0 should have/)])
  })
})

test('the crowd plays every kind of bet and tries every trick', () => {
  const opened = honest.find((seen) => seen.what === 'opened')
  if (opened?.what !== 'opened') throw new Error('the story opens no round')
  const players = new Players(diceOf(1), ['ana', 'eva'])
  const moves = Array.from({ length: 200 }, () => players.movesIn(opened.opening)).flat()
  const bets = moves.flatMap((move) => (move.type === 'bet' ? move.bets : []))
  const ids = new Map<string, number>()
  for (const { betId } of bets) ids.set(betId, (ids.get(betId) ?? 0) + 1)
  expect([...ids.values()].filter((times) => times > 1).length).toBeGreaterThan(10)
  expect(moves.filter(({ atMs }) => Math.abs(atMs - opened.opening.closesAtMs) <= 2).length).toBeGreaterThan(10)
  const kinds = new Set(bets.map(({ selection }) => (selection as { kind?: string } | null)?.kind))
  for (const kind of ['straight', 'corner', 'dozen', 'red', 'neighbours']) expect(kinds).toContain(kind)
  expect(new Set(moves.map(({ type }) => type))).toEqual(new Set(['bet', 'withdraw', 'deposit', 'resume']))
})
