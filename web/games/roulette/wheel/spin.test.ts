import { describe, expect, test } from 'vitest'
import { WHEEL_ORDER } from '../../../../engine/roulette/pockets.ts'
import {
  ballPose,
  CONTACT_MS,
  POCKET_RADIUS,
  planSpin,
  REST_MS,
  rotorAngleDeg,
  STILL_MS,
  TRACK_RADIUS,
} from './spin.ts'

describe.each(['single-zero', 'double-zero'] as const)('%s', (wheel) => {
  const slots = WHEEL_ORDER[wheel].length
  const every = WHEEL_ORDER[wheel].flatMap((_, slot) => [0, 1, 9, slots - 1].map((fromSlot) => ({ slot, fromSlot })))

  test('[FELT-1] the ball comes to rest in the middle of the drawn pocket, from wherever the wheel stood', () => {
    for (const { slot, fromSlot } of every) {
      const spin = planSpin({ slots, slot, fromSlot })
      for (const ms of [REST_MS, REST_MS + 1_500, STILL_MS, STILL_MS + 60_000]) {
        const { angleDeg, radius } = ballPose(spin, ms)
        const onRotor = modulo(angleDeg - rotorAngleDeg(spin, ms), 360)
        expect(slotUnder(onRotor, slots), `slot ${slot} from ${fromSlot} at ${ms}`).toBe(slot)
        expect(Math.abs(nearZero(onRotor - (360 * slot) / slots))).toBeLessThan(1e-6)
        expect(radius).toBe(POCKET_RADIUS)
      }
    }
  })

  test('[FELT-1] the wheel starts where it stood and ends with the winning pocket at twelve o\u2019clock', () => {
    for (const { slot, fromSlot } of every) {
      const spin = planSpin({ slots, slot, fromSlot })
      expect(nearZero(rotorAngleDeg(spin, 0) + (360 * fromSlot) / slots)).toBeCloseTo(0, 6)
      expect(nearZero(rotorAngleDeg(spin, STILL_MS) + (360 * slot) / slots)).toBeCloseTo(0, 6)
      expect(nearZero(ballPose(spin, STILL_MS).angleDeg)).toBeCloseTo(0, 6)
    }
  })

  test('[FELT-2] ball and rotor run against each other, without a jump, and the ball never leaves the bowl', () => {
    const most = { rotorBack: 0, ballBack: 0, turn: 0, slide: 0, radius: 0 }
    let leastRadius = 1
    for (const { slot, fromSlot } of every) {
      const spin = planSpin({ slots, slot, fromSlot })
      for (let ms = 10; ms <= STILL_MS; ms += 10) {
        const [before, after] = [ballPose(spin, ms - 10), ballPose(spin, ms)]
        most.rotorBack = Math.max(most.rotorBack, rotorAngleDeg(spin, ms - 10) - rotorAngleDeg(spin, ms))
        if (ms <= CONTACT_MS) most.ballBack = Math.max(most.ballBack, after.angleDeg - before.angleDeg)
        most.turn = Math.max(most.turn, Math.abs(after.angleDeg - before.angleDeg))
        most.slide = Math.max(most.slide, Math.abs(after.radius - before.radius))
        most.radius = Math.max(most.radius, after.radius)
        leastRadius = Math.min(leastRadius, after.radius)
      }
    }
    expect(most.rotorBack).toBeLessThanOrEqual(0)
    expect(most.ballBack).toBeLessThanOrEqual(0)
    expect(most.turn, 'degrees in 10 ms').toBeLessThan(7)
    expect(most.slide, 'wheel radii in 10 ms').toBeLessThan(0.02)
    expect(most.radius).toBeLessThanOrEqual(TRACK_RADIUS)
    expect(leastRadius).toBeGreaterThanOrEqual(POCKET_RADIUS - 1e-9)
  })
})

test('[FELT-2] every way of landing lasts exactly from the first contact to the rest', () => {
  for (let slot = 0; slot < 8; slot += 1) {
    const { hops } = planSpin({ slots: 37, slot, fromSlot: 0 })
    expect(hops.reduce((sum, { ms }) => sum + ms, 0)).toBe(REST_MS - CONTACT_MS)
  }
})

/** Which pocket lies under an angle on the rotor, read as a spectator would: the nearest middle. */
function slotUnder(angleDeg: number, slots: number): number {
  return Math.round((angleDeg * slots) / 360) % slots
}

function nearZero(deg: number): number {
  return modulo(deg + 180, 360) - 180
}

function modulo(n: number, by: number): number {
  return ((n % by) + by) % by
}
