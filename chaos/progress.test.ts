import { expect, test } from 'vitest'
import { Progress } from './progress.ts'

const opened = (roundId: string) =>
  ({ version: 1, atMs: 0, type: 'opened', roundId, closesAtMs: 0, commitment: '' }) as const

test('[CHA-7] a table goes on when a round opens that had not been open before', () => {
  const progress = new Progress()
  progress.heard('ana', 'uno', opened('uno.1.1'), 100)
  expect(progress.waiting(['uno', 'dos'], 50)).toEqual(['dos'])
  progress.heard('ana', 'uno', opened('uno.1.1'), 300)
  expect(progress.waiting(['uno'], 200)).toEqual(['uno'])
  progress.heard('bea', 'uno', opened('uno.1.2'), 400)
  expect(progress.waiting(['uno'], 200)).toEqual([])
})

test('[CHA-3] a silence that still lasts counts as long as it has lasted', () => {
  const progress = new Progress()
  progress.heard('ana', 'uno', null, 0)
  progress.heard('ana', 'uno', null, 700)
  progress.heard('bea', 'uno', null, 700)
  expect(progress.silences(800)).toEqual([700, 100])
  progress.listenAnew()
  expect(progress.silences(1_800)).toEqual([1_100, 1_100])
})
