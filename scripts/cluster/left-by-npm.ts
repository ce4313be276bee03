import { readFileSync } from 'node:fs'

const LOOK_MS = 500

/**
 * Resolves when npm, which started this process by way of a shell, has ended. npm passes no SIGTERM on: it dies with
 * its shell, and what they started goes on. Never resolves for a process that npm did not start.
 */
export function leftByNpm(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (process.env.npm_lifecycle_event === undefined) return promise
  const ancestors = (): string => `${process.ppid} ${parentOf(process.ppid)}`
  const before = ancestors()
  const timer = setInterval(() => {
    if (ancestors() !== before) resolve()
  }, LOOK_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
  return promise
}

/** Null when there is no such process. */
function parentOf(pid: number): number | null {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return null
  }
}
