import { expect, test } from 'vitest'
import { ClockOffset } from './clock-offset.ts'

test('[O8] a node ahead of the database by an hour, or behind, is told so; the way is not its fault', async () => {
  const clock = { aheadMs: 3_600_000, ms: 1_000_000, answersAfterMs: 40 }
  const measured: number[] = []
  const heard: number[] = []
  const offset = new ClockOffset({
    databaseMs: async () => {
      clock.ms += clock.answersAfterMs / 2
      const there = clock.ms
      clock.ms += clock.answersAfterMs / 2
      return there
    },
    nowMs: () => clock.ms + clock.aheadMs,
    steadyMs: () => clock.ms,
    measured: (ms) => measured.push(ms),
    heard: (_there, tookMs) => heard.push(tookMs),
  })
  await offset.look()
  clock.aheadMs = -150
  await offset.look()
  clock.answersAfterMs = 500
  await offset.look()
  expect(measured).toEqual([3_600_000, -150])
  expect(heard).toEqual([40, 40, 500])
})

test('[O8] a database that does not answer tells nothing of the clock', async () => {
  const offset = new ClockOffset({
    databaseMs: () => Promise.reject(new Error('out of reach')),
    nowMs: () => 0,
    steadyMs: () => 0,
    measured: () => {
      throw new Error('nothing was measured')
    },
    heard: () => {
      throw new Error('nothing was heard')
    },
  })
  await offset.look()
})
