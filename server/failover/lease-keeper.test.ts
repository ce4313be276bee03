import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LeaseKeeper } from './lease-keeper.ts'

const LEASE_MS = 1_000
let redis: 'up' | 'down' | 'refuses'
let books: 'up' | 'down'
let owned: ReadonlyMap<string, number> | null
let alone: boolean
let told: string[]
/** What Redis refuses when it does; null: every table. */
let refused: readonly string[] | null
let beats: number
let keeper: LeaseKeeper

beforeEach(() => {
  vi.useFakeTimers()
  redis = books = 'up'
  refused = null
  beats = 0
  alone = false
  owned = new Map([['lima', 3]])
  told = []
  keeper = new LeaseKeeper({
    life: () => ({ nodeId: 'a', incarnation: 1 }),
    leaseMs: LEASE_MS,
    steadyMs: () => performance.now(),
    alone: () => alone,
    lost: (tableId) => told.push(`lost ${tableId}`),
    unproven: () => told.push('unproven'),
    outlived: () => told.push('outlived'),
    failed: () => undefined,
    book: {
      beat: async () => {
        beats++
        if (books === 'down') throw new Error('out of reach')
        return owned
      },
    },
    leases: {
      hold: async (_life, leases) => {
        if (redis === 'down') throw new Error('out of reach')
        return redis === 'refuses' ? (refused ?? [...leases.keys()]) : []
      },
      release: async () => undefined,
    },
  })
  keeper.start()
  keeper.keep('lima', 3)
})

afterEach(() => {
  keeper.stop()
  vi.useRealTimers()
})

/** What a keeper of its own needs beside the stores. */
const plain = {
  life: () => ({ nodeId: 'a', incarnation: 1 }),
  leaseMs: LEASE_MS,
  steadyMs: () => performance.now(),
  alone: () => true,
  unproven: () => undefined,
  outlived: () => undefined,
  failed: () => undefined,
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('[FOV-41] Redis or the books alone prove the right to a table, for any length of time', async () => {
  redis = 'down'
  await pass(20_000)
  redis = 'up'
  books = 'down'
  await pass(20_000)
  expect(told).toEqual([])
  expect(keeper.epochOf('lima')).toBe(3)
})

test('[FOV-41] without either, the node stops before its leases can end', async () => {
  await pass(5_000)
  redis = books = 'down'
  const last = performance.now() - keeper.ageMs
  while (told.length === 0 && performance.now() - last < 2 * LEASE_MS) await pass(1)
  expect(told).toEqual(['unproven'])
  expect(performance.now() - last).toBeGreaterThan(0.7 * LEASE_MS)
  expect(performance.now() - last).toBeLessThan(LEASE_MS)
  expect(keeper.tables.size).toBe(0)
})

test('[FOV-41] a node that knows of no other waits for the books instead of sending its players away', async () => {
  alone = true
  redis = books = 'down'
  await pass(30_000)
  expect(told).toEqual([])
})

test('[FOV-41] proof counts from when it was asked for: an answer that comes late proves as much less', async () => {
  let answer: (owned: ReadonlyMap<string, number>) => void = () => undefined
  const slow = new LeaseKeeper({
    ...plain,
    lost: () => undefined,
    book: { beat: () => new Promise((resolve) => (answer = resolve)) },
    leases: null,
  })
  slow.start()
  await pass(900)
  answer(new Map())
  await pass(0)
  expect(slow.ageMs).toBe(900)
  slow.stop()
})

test('[FOV-42] an epoch that the books do not confirm is lost', async () => {
  owned = new Map([['lima', 9]])
  await pass(LEASE_MS)
  expect(told).toEqual(['lost lima'])
})

test('[FOV-95] a greater epoch in Redis is a hint: what the books confirm is kept, always', async () => {
  redis = 'refuses'
  await pass(20 * LEASE_MS)
  expect(told).toEqual([])
  expect(keeper.epochOf('lima')).toBe(3)
})

test('[FOV-95] upon such a hint the books are asked at once, and what they do not confirm is lost', async () => {
  await pass(LEASE_MS * 1.1)
  owned = new Map([['lima', 4]])
  keeper.doubt()
  await pass(1)
  expect(told).toEqual(['lost lima'])
})

test('[FOV-95] however many hints there are, the books are not asked all the time', async () => {
  await pass(LEASE_MS)
  beats = 0
  for (let i = 0; i < 1_000; i++) {
    keeper.doubt()
    await pass(1)
  }
  expect(beats).toBeGreaterThan(4)
  expect(beats).toBeLessThan(20)
})

test('[FOV-95] a hint that comes while the books are being asked is asked about once more', async () => {
  let answer: (owned: ReadonlyMap<string, number>) => void = () => undefined
  let asked = 0
  const slow = new LeaseKeeper({
    ...plain,
    lost: () => undefined,
    book: {
      beat: () => {
        asked++
        return new Promise((resolve) => (answer = resolve))
      },
    },
    leases: null,
  })
  slow.start()
  await pass(200)
  slow.doubt()
  answer(new Map())
  await pass(1)
  expect(asked).toBe(2)
  slow.stop()
})

test('[FOV-95] a table whose lease Redis refuses has no proof there: without the books it is stopped', async () => {
  keeper.keep('cusco', 5)
  owned = new Map([
    ['lima', 3],
    ['cusco', 5],
  ])
  await pass(5_000)
  books = 'down'
  redis = 'refuses'
  refused = ['lima']
  await pass(0.5 * LEASE_MS)
  expect(told).toEqual([])
  await pass(0.5 * LEASE_MS)
  expect(told).toEqual(['lost lima'])
  await pass(20 * LEASE_MS)
  expect([told, keeper.epochOf('cusco')]).toEqual([['lost lima'], 5])
})

test('[FOV-42] a claim that was won after the books were asked is not lost by their answer', async () => {
  owned = new Map()
  let answer: (owned: ReadonlyMap<string, number>) => void = () => undefined
  const lost: string[] = []
  const slow = new LeaseKeeper({
    ...plain,
    lost: (tableId) => lost.push(tableId),
    book: { beat: () => new Promise((resolve) => (answer = resolve)) },
    leases: null,
  })
  slow.start()
  await pass(10)
  slow.keep('lima', 1)
  answer(new Map())
  await pass(0)
  expect(lost).toEqual([])
  await pass(LEASE_MS)
  answer(new Map())
  await pass(0)
  expect(lost).toEqual(['lima'])
  slow.stop()
})

test('[FOV-42] a node whose later life has begun is told so', async () => {
  owned = null
  await pass(LEASE_MS)
  expect(told).toContain('outlived')
})

test('[FOV-42] letting go of an earlier epoch does not touch the present one', () => {
  keeper.letGo('lima', 2)
  expect(keeper.epochOf('lima')).toBe(3)
  keeper.letGo('lima', 3)
  expect(keeper.epochOf('lima')).toBeNull()
})
