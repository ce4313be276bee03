/**
 * The motion of one spin as a pure function of the time since the draw, so that every screen shows the same spin,
 * a late viewer can join it, and the ball can rest in no other pocket than the drawn one (FELT-1).
 * Angles are degrees clockwise from twelve o'clock, radii are fractions of the wheel's radius, times are milliseconds.
 */
export type SpinInput = {
  /** How many pockets the wheel has. */
  readonly slots: number
  /** Index of the drawn pocket in the wheel's clockwise order. */
  readonly slot: number
  /** Index of the pocket that stands at twelve o'clock before the spin: the last result, or 0. */
  readonly fromSlot: number
}
export type Hop = { readonly slots: number; readonly ms: number; readonly height: number }
export type Spin = SpinInput & {
  readonly rotorFromDeg: number
  /** Total turn of the rotor, clockwise. */
  readonly rotorTurnDeg: number
  readonly hops: readonly Hop[]
}
export type BallPose = { readonly angleDeg: number; readonly radius: number }

/** When the ball first touches a pocket, when it rests, and when the rotor has come to a stand. */
export const CONTACT_MS = 5_000
export const REST_MS = 6_300
export const STILL_MS = 10_400

export const TRACK_RADIUS = 0.873
export const POCKET_RADIUS = 0.53
const DEFLECTOR_RADIUS = 0.775
const LEAVES_TRACK_MS = 3_900
const DEFLECTED_MS = 4_560
const RAMP_MS = 900
/** Degrees per second of the ball against the rotor, at the launch and when it reaches the pockets. */
const LAUNCH_SPEED = 640
const CONTACT_SPEED = 250

/**
 * Ways in which a ball comes to rest: hops in pockets travelled (against the rotor is negative), each with its time and
 * height. Every list lasts exactly from contact to rest.
 */
const LANDINGS: readonly (readonly Hop[])[] = [
  [hop(-5, 420, 0.085), hop(-3, 360, 0.05), hop(-1, 260, 0.02), hop(0, 260, 0.008)],
  [hop(-7, 480, 0.11), hop(2, 340, 0.04), hop(-1, 260, 0.018), hop(0, 220, 0.006)],
  [hop(-4, 380, 0.07), hop(-4, 400, 0.06), hop(1, 280, 0.02), hop(0, 240, 0.007)],
  [hop(-9, 560, 0.13), hop(-2, 320, 0.035), hop(0, 220, 0.012), hop(0, 200, 0.005)],
]

function hop(slots: number, ms: number, height: number): Hop {
  return { slots, ms, height }
}

export function slotAngleDeg(slots: number, slot: number): number {
  return (360 * slot) / slots
}

/** Errors: none; any slot of the wheel has a spin. The winning pocket ends at twelve o'clock. */
export function planSpin(input: SpinInput): Spin {
  const from = -slotAngleDeg(input.slots, input.fromSlot)
  const to = -slotAngleDeg(input.slots, input.slot)
  const least = 400
  const rotorTurnDeg = least + modulo(to - from - least, 360)
  const hops = LANDINGS[(input.slot * 5 + input.fromSlot) % LANDINGS.length] ?? []
  return { ...input, rotorFromDeg: from, rotorTurnDeg, hops }
}

export function rotorAngleDeg(spin: Spin, tMs: number): number {
  return spin.rotorFromDeg + spin.rotorTurnDeg * turned(tMs)
}

/** Where the ball is on the screen. Before the launch it stands on the track. */
export function ballPose(spin: Spin, tMs: number): BallPose {
  const t = Math.max(0, tMs)
  const step = 360 / spin.slots
  const relative = slotAngleDeg(spin.slots, spin.slot)
  const rotor = rotorAngleDeg(spin, t)
  if (t < CONTACT_MS) {
    const behind = spin.hops.reduce((sum, { slots }) => sum - slots, 0) * step
    return { angleDeg: rotor + relative + behind + travelDeg(t), radius: bowlRadius(t) }
  }
  const { slotsLeft, height } = hopping(spin.hops, t - CONTACT_MS)
  return { angleDeg: rotor + relative - slotsLeft * step, radius: POCKET_RADIUS + height }
}

/** Share of the rotor's turn that is done: it speeds up, runs evenly until the ball rests, then slows to a stand. */
function turned(tMs: number): number {
  const t = Math.min(Math.max(tMs, 0), STILL_MS)
  const slowing = STILL_MS - REST_MS
  const whole = RAMP_MS / 2 + (REST_MS - RAMP_MS) + slowing / 2
  if (t < RAMP_MS) return (t * t) / (2 * RAMP_MS) / whole
  if (t < REST_MS) return (RAMP_MS / 2 + (t - RAMP_MS)) / whole
  const left = STILL_MS - t
  return (whole - (left * left) / (2 * slowing)) / whole
}

/** Degrees that the ball still has to run against the rotor before it touches a pocket; its speed decays evenly. */
function travelDeg(tMs: number): number {
  const rate = Math.log(LAUNCH_SPEED / CONTACT_SPEED) / CONTACT_MS
  return (CONTACT_SPEED / 1000 / rate) * (Math.exp(rate * (CONTACT_MS - tMs)) - 1)
}

/** The ball holds the track, slides down to a deflector, is thrown up a little, and falls to the pockets. */
function bowlRadius(tMs: number): number {
  if (tMs < LEAVES_TRACK_MS) return TRACK_RADIUS
  if (tMs < DEFLECTED_MS) {
    const s = (tMs - LEAVES_TRACK_MS) / (DEFLECTED_MS - LEAVES_TRACK_MS)
    return TRACK_RADIUS - (TRACK_RADIUS - DEFLECTOR_RADIUS) * s * s
  }
  const s = (tMs - DEFLECTED_MS) / (CONTACT_MS - DEFLECTED_MS)
  return DEFLECTOR_RADIUS + 0.26 * s * (1 - s) - (DEFLECTOR_RADIUS - POCKET_RADIUS) * s * s
}

function hopping(hops: readonly Hop[], sinceMs: number): { slotsLeft: number; height: number } {
  let slotsLeft = hops.reduce((sum, { slots }) => sum + slots, 0)
  let from = 0
  for (const { slots, ms, height } of hops) {
    if (sinceMs < from + ms) {
      const s = (sinceMs - from) / ms
      return { slotsLeft: slotsLeft - slots * s, height: 4 * height * s * (1 - s) }
    }
    slotsLeft -= slots
    from += ms
  }
  return { slotsLeft: 0, height: 0 }
}

function modulo(n: number, by: number): number {
  return ((n % by) + by) % by
}
