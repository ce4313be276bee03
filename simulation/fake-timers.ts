import type { Agenda } from './agenda.ts'
import type { Dice } from './dice.ts'

const realImmediate = globalThis.setImmediate
const LATEST_MS = 20
type Timers = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout' | 'setImmediate'>

/**
 * Puts the world's clock behind the timers that the code under test uses, so that its waits, retries and turns happen
 * in the world's time and in an order that the seed decides. Answers how to put the real ones back.
 */
export function installFakeTimers(agenda: Agenda, dice: Dice): () => void {
  const { setTimeout, clearTimeout, setImmediate } = globalThis
  const real: Timers = { setTimeout, clearTimeout, setImmediate }
  const cancelled = new WeakSet<object>()
  const later = (run: () => void, ms = 0): object => {
    const handle = {}
    // A busy process notices its timers late.
    agenda.in(ms === 0 ? 0 : ms + dice.upTo(LATEST_MS), () => {
      if (!cancelled.has(handle)) run()
    })
    return handle
  }
  const fake = {
    setTimeout: later,
    clearTimeout: (handle: object | undefined) => {
      if (handle !== undefined) cancelled.add(handle)
    },
    setImmediate: (run: () => void) => later(run),
  }
  Object.assign(globalThis, fake)
  return () => void Object.assign(globalThis, real)
}

/** Lets every promise that can go on do so, before the world's clock moves. */
export function settlePromises(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve))
}
