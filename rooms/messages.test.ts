import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { MOST_BETS_PER_MESSAGE, MOST_IDS_PER_MESSAGE, newBets, parsers } from './messages.ts'

const betOf = (over: object = {}) => ({ betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 100, ...over })
const bets = (...all: unknown[]) => ({ roundId: 'lima.1.0', bets: all })
const taken = (type: keyof typeof parsers, value: unknown): boolean => parsers[type].safeParse(value).success

test('[ROM-9] well-formed requests are taken', () => {
  expect(taken('bet', bets(betOf(), betOf({ stakeCents: -5 })))).toBe(true)
  expect(taken('withdraw', { roundId: 'lima.1.0', betIds: [randomUUID()] })).toBe(true)
  expect(taken('resume', { publicVersion: 0, privateVersion: 1_700_000_000_000 })).toBe(true)
  expect(taken('contribute', { seed: 'my dog is called Pisco' })).toBe(true)
  expect(taken('clock', { clientMs: 12.5 })).toBe(true)
})

test('[ROM-9] wrong types, sizes, spellings and strange keys are malformed', () => {
  const id = randomUUID()
  const wrong: [keyof typeof parsers, unknown][] = [
    ['bet', null],
    ['bet', []],
    ['bet', { roundId: 'x' }],
    ['bet', bets()],
    ['bet', bets(...Array.from({ length: MOST_BETS_PER_MESSAGE + 1 }, () => betOf()))],
    ...[0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '100', 100n, null, undefined].map(
      (stakeCents): [keyof typeof parsers, unknown] => ['bet', bets(betOf({ stakeCents }))],
    ),
    ['bet', bets(betOf({ betId: 'mine' }))],
    // The books know ids in lower case alone; one in capitals would wait in its round for ever.
    ['bet', bets(betOf({ betId: id.toUpperCase() }))],
    ['bet', bets(betOf({ playerId: 'somebody' }))],
    ['bet', { ...bets(betOf()), playerId: 'somebody' }],
    ['bet', { ...bets(betOf()), roundId: '' }],
    ['bet', { ...bets(betOf()), roundId: 'x'.repeat(121) }],
    ['withdraw', { roundId: 'x', betIds: [] }],
    ['withdraw', { roundId: 'x', betIds: [id.toUpperCase()] }],
    ['withdraw', { roundId: 'x', betIds: Array.from({ length: MOST_IDS_PER_MESSAGE + 1 }, () => randomUUID()) }],
    ['resume', { publicVersion: -1, privateVersion: 0 }],
    ['resume', { publicVersion: 0 }],
    ...['', 'x'.repeat(65), 'a\0b', '\ud800', 'ñandú', 'a\nb', 5].map((seed): [keyof typeof parsers, unknown] => [
      'contribute',
      { seed },
    ]),
    ['clock', { clientMs: 'now' }],
    ['clock', { clientMs: Number.NaN }],
  ]
  expect(wrong.filter(([type, value]) => taken(type, value))).toEqual([])
})

test('[ROM-9] bets are placed in the name of who sent them', () => {
  const { betId } = betOf()
  const [placed] = newBets(
    { roundId: 'lima.1.0', bets: [{ betId, selection: { kind: 'red' }, stakeCents: 300 }] },
    'ana',
  )
  expect(placed).toEqual({ betId, playerId: 'ana', selection: { kind: 'red' }, stakeCents: 300 })
})
