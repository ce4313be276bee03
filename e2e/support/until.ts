import { setTimeout as after } from 'node:timers/promises'

const EVERY_MS = 50
const PATIENCE_MS = 30_000

/**
 * Waits for a condition of the running product, looking again every 50 ms if not told otherwise. Answers what the
 * condition answered.
 * Errors: rejects naming the condition when it does not come true in time, and with whatever the condition throws.
 */
export async function until<Value>(
  what: string,
  holds: () => Value | Promise<Value>,
  withinMs = PATIENCE_MS,
  everyMs = EVERY_MS,
): Promise<Exclude<Value, false | null | undefined>> {
  const lastMs = Date.now() + withinMs
  for (;;) {
    const value = await holds()
    if (value !== false && value !== null && value !== undefined)
      return value as Exclude<Value, false | null | undefined>
    if (Date.now() > lastMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await after(everyMs)
  }
}
