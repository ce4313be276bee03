import { createServer } from 'node:net'

/**
 * Below the ports that Linux hands out by itself, so that a part that was killed finds its own port free again. All
 * have five digits: the links rely on it.
 */
const RANGE = { from: 22_000, to: 26_999 }
const given = new Set<number>()

/**
 * A port of the loopback address that nobody listens on and that was not given out in this process before. Each process
 * starts to look at a place of its own, so that two that run side by side rarely meet.
 */
export async function freePort(): Promise<number> {
  const count = RANGE.to - RANGE.from + 1
  for (let i = 0; i < count; i += 1) {
    const port = RANGE.from + ((process.pid * 101 + i) % count)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no port is free from ${RANGE.from} to ${RANGE.to}`)
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
