import { type BallPose, ballPose, REST_MS, rotorAngleDeg, type Spin, STILL_MS } from './spin.ts'

/** Diameter of the ball as a share of the wheel's radius; the ball's own size is what its CSS percentages refer to. */
export const BALL_SHARE = 0.06

export function rotorTransform(angleDeg: number): string {
  return `rotate(${angleDeg.toFixed(3)}deg)`
}

/** Turned back at the end, so that the light on the ball stays where the light is. */
export function ballTransform({ angleDeg, radius }: BallPose): string {
  const angle = angleDeg.toFixed(3)
  const away = ((radius / BALL_SHARE) * 100).toFixed(2)
  return `rotate(${angle}deg) translateY(-${away}%) rotate(${(-angleDeg).toFixed(3)}deg)`
}

/**
 * Runs the spin on both elements from `elapsedMs` into it, by the Web Animations API. The browser interpolates between
 * the poses off the main thread. Returns the two animations; the caller cancels them.
 */
export function playSpin(rotor: HTMLElement, ball: HTMLElement, spin: Spin, elapsedMs: number): Animation[] {
  const rotorFrames = times(80, STILL_MS).map((ms) => ({
    offset: ms / STILL_MS,
    transform: rotorTransform(rotorAngleDeg(spin, ms)),
  }))
  const ballFrames = [...times(25, REST_MS), ...times(80, STILL_MS).filter((ms) => ms > REST_MS)].map((ms) => ({
    offset: ms / STILL_MS,
    transform: ballTransform(ballPose(spin, ms)),
    opacity: Math.min(1, ms / 250),
  }))
  const timing: KeyframeAnimationOptions = { duration: STILL_MS, fill: 'both' }
  const animations = [rotor.animate(rotorFrames, timing), ball.animate(ballFrames, timing)]
  for (const animation of animations) animation.currentTime = elapsedMs
  return animations
}

/** Shows how the spin ends, without moving. */
export function showEnd(rotor: HTMLElement, ball: HTMLElement, spin: Spin): void {
  rotor.style.transform = rotorTransform(rotorAngleDeg(spin, STILL_MS))
  ball.style.transform = ballTransform(ballPose(spin, STILL_MS))
}

function times(everyMs: number, untilMs: number): number[] {
  const list = Array.from({ length: Math.floor(untilMs / everyMs) + 1 }, (_, i) => i * everyMs)
  if (list.at(-1) !== untilMs) list.push(untilMs)
  return list
}
