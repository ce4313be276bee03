import { expect, test } from 'vitest'
import { ClockWatch } from './clock-watch.ts'

test('[O8] a wall clock that is set forward or back is told, once each; a late look is no jump', () => {
  const clock = { wall: 1_000_000, steady: 500 }
  const jumps: number[] = []
  const watch = new ClockWatch({
    nowMs: () => clock.wall,
    steadyMs: () => clock.steady,
    jumped: (ms) => jumps.push(ms),
  })
  const pass = (ms: number, setByMs = 0) => {
    clock.wall += ms + setByMs
    clock.steady += ms
    watch.look()
  }
  pass(1_000)
  pass(30_000)
  pass(1_000, 99)
  expect(jumps).toEqual([])
  pass(1_000, 3_600_000)
  pass(1_000)
  pass(1_000, -3_600_000)
  expect(jumps).toEqual([3_600_000, -3_600_000])
})
