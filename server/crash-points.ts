import { writeSync } from 'node:fs'

/**
 * Every step between two durable effects, by the name of what has just become durable or is about to. A test ends the
 * process at each of them and looks whether the house is still right (FOV-70).
 */
export const CRASH_POINTS = [
  'takeover.claimed',
  'takeover.rebuilt',
  'round.opened',
  'stake.asked',
  'stake.committed',
  'release.committed',
  'close.committed',
  'draw.made',
  'draw.committed',
  'settle.committed',
  'settle.logged',
  'void.committed',
  'series.kept',
  'series.committed',
  'series.salted',
  'series.salt-logged',
  'handover.stopped',
  'handover.taken',
  'drain.done',
] as const
export type CrashPoint = (typeof CRASH_POINTS)[number]

let armed: { readonly point: CrashPoint; left: number } | null = null

/** The process ends itself when it comes to this point for the `times`-th time. */
export function armCrashPoint(point: CrashPoint, times: number): void {
  armed = { point, left: times }
}

/** Does nothing unless this point is armed; then nothing of the process runs any more, not even what is under way. */
export function crashPoint(point: CrashPoint): void {
  if (armed?.point !== point || --armed.left > 0) return
  // Said in the log, so that nobody takes another death for this one.
  writeSync(2, `crash point ${point}\n`)
  process.kill(process.pid, 'SIGKILL')
}
