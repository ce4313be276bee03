import { setTimeout as after } from 'node:timers/promises'

const EVERY_MS = 40

/** True as soon as the condition holds, false when it did not within the limit (CHA-10). */
export async function within(holds: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  const lastMs = performance.now() + limitMs
  for (;;) {
    if (await holds()) return true
    if (performance.now() > lastMs) return false
    await after(EVERY_MS)
  }
}

/** Errors: rejects naming what did not come true in time. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  if (!(await within(holds, limitMs))) throw new Error(`not within ${limitMs} ms: ${what}`)
}
