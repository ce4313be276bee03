import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventLog, type Versioned } from './event-log.ts'

const event = (version: number): Versioned => ({ version, atMs: version * 2 })

test('[ROM-7] a client gets exactly what it missed, or null when the log does not reach so far back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(60), fc.integer({ min: -5, max: 70 }), (limit, count, ago) => {
      const log = new EventLog(limit, 1_000, 0)
      const all = Array.from({ length: count }, () => log.append(event))
      const missed = log.since(log.version - ago)
      if (ago === 0) expect(missed).toEqual([])
      else if (ago < 0 || ago > Math.min(limit, count)) expect(missed).toBeNull()
      else expect(missed).toEqual(all.slice(-ago))
    }),
  )
})

test('[ROM-7] versions go on without gaps from the first one', () => {
  const log = new EventLog(5, 1_000, 77)
  expect([log.version, log.lastAtMs]).toEqual([1_000, 77])
  expect([log.append(event), log.append(event)].map(({ version }) => version)).toEqual([1_001, 1_002])
  expect(log.lastAtMs).toBe(2_004)
})
