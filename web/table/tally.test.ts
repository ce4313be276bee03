import { expect, test } from 'vitest'
import type { RoundRow } from '../net/api.ts'
import { keepTally, readTally, recounted } from './tally.ts'

function memory(): { getItem(key: string): string | null; setItem(key: string, value: string): void } {
  const kept = new Map<string, string>()
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }
}

const row = (roundId: string, change: Partial<RoundRow> = {}): RoundRow => ({
  roundId,
  tableId: 'r1',
  gameId: 'roulette',
  endedAtMs: 2_000,
  how: 'settled',
  outcome: null,
  stakedCents: 100,
  paidCents: 3_600,
  ...change,
})
const tally = { startedAtMs: 1_000, stakedCents: 100, paidCents: 0, roundIds: new Set(['r1.1.1']) }

test('[WEB-12] a reload goes on with the session of this player, not of another', () => {
  const storage = memory()
  keepTally(storage, 'ana', tally, 5_000)
  expect(readTally(storage, 'ana', 6_000)).toEqual(tally)
  expect(readTally(storage, 'luis', 6_000).stakedCents).toBe(0)
})

test('[WEB-12] after half an hour away a new session begins', () => {
  const storage = memory()
  keepTally(storage, 'ana', tally, 5_000)
  expect(readTally(storage, 'ana', 5_000 + 30 * 60_000 + 1)).toMatchObject({ stakedCents: 0, startedAtMs: 1_805_001 })
})

test('[WEB-12] what another program left in the storage starts a new session instead of failing', () => {
  const storage = memory()
  storage.setItem('crupier.session.ana', '{broken')
  expect(readTally(storage, 'ana', 9).startedAtMs).toBe(9)
})

test('[WEB-12] rounds that ended while the page was away are counted from the history, once', () => {
  const rounds = [
    row('r1.1.3'),
    row('r1.1.2', { how: 'void', paidCents: 0 }),
    row('r1.1.1'),
    row('r1.0.9', { endedAtMs: 999 }),
  ]
  const counted = recounted(tally, rounds)
  expect(counted).toMatchObject({ stakedCents: 300, paidCents: 3_700 })
  expect(recounted(counted, rounds)).toBe(counted)
})
