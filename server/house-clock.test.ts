import { expect, test } from 'vitest'
import { HouseClock } from './house-clock.ts'

const HOUR_MS = 3_600_000

test('[O8 FOV-77] a wall clock that is wrong, or set, changes nothing of the time of the house', () => {
  const time = { steady: 500, wall: 1_000_000 + HOUR_MS }
  const clock = new HouseClock(
    () => time.steady,
    () => time.wall,
  )
  clock.correct(1_000_000, 4)
  expect(clock.nowMs()).toBe(1_000_002)
  time.steady += 10_000
  time.wall -= 2 * HOUR_MS
  expect(clock.nowMs()).toBe(1_010_002)
})

test('[O8] what a look cannot tell from the way of its answer sets nothing; what it can tell does', () => {
  let steady = 0
  const clock = new HouseClock(
    () => steady,
    () => 50_000,
  )
  clock.correct(50_015, 2)
  expect(clock.nowMs()).toBe(50_000)
  clock.correct(50_100, 400)
  expect(clock.nowMs()).toBe(50_000)
  clock.correct(50_040, 2)
  expect(clock.nowMs()).toBe(50_041)
  clock.correct(49_000, 2)
  steady += 0.4
  expect(clock.nowMs()).toBe(49_001)
})
