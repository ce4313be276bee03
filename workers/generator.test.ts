import { fork } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { CtrDrbg } from './ctr-drbg.ts'
import type { EntropySource } from './entropy.ts'
import { Generator, GeneratorFailure, type GeneratorOptions, type Reseed } from './generator.ts'

const frozen = { label: 'test', identity: () => 'the same for all', processId: () => 1, nowMs: () => 0 }
const PROBE = new URL('./testing/stream-probe.ts', import.meta.url)

/** The first kilobyte of the ring's stream and of the secrets' stream, as hex of 16-byte blocks. */
function opening(generator: Generator): string[] {
  const words = new Uint32Array(256)
  generator.fill(words)
  const text = Buffer.concat([Buffer.from(words.buffer), generator.secret(1024)]).toString('hex')
  return text.match(/.{32}/g) ?? []
}

/** How many blocks were seen before, in this or another stream. */
function repeats(streams: Iterable<readonly string[]>): number {
  const seen = new Set<string>()
  let repeated = 0
  for (const blocks of streams) {
    for (const block of blocks) {
      if (seen.has(block)) repeated++
      seen.add(block)
    }
  }
  return repeated
}

function starts(count: number, options: Partial<GeneratorOptions>): string[][] {
  return Array.from({ length: count }, () => opening(new Generator({ label: 'test', ...options })))
}

describe('[DRW-5 G3] no stream is ever given twice', () => {
  afterEach(() => vi.useRealTimers())

  test('[DRW-5 G3] 1,000 starts share no block', () => {
    expect(repeats(starts(1000, {}))).toBe(0)
  })

  test('[DRW-5 G2 G3] 1,000 starts at one instant under one name share no block: entropy sets them apart', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'hrtime'] })
    expect(repeats(starts(1000, frozen))).toBe(0)
  })

  test('[DRW-5 G2] a build seeded from time alone is caught by that very test', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'hrtime'] })
    const streams = Array.from({ length: 20 }, () => opening(new Generator({ ...frozen, source: fromTimeAlone() })))
    expect(repeats(streams)).toBe(19 * 128)
  })

  test('[DRW-5 G3] with its entropy stuck, who is asking still sets two starts apart', () => {
    const stuck = () => new Generator({ label: 'test', source: fromTimeAlone(() => 0) })
    expect(repeats(Array.from({ length: 20 }, () => opening(stuck())))).toBe(0)
  })

  test('[DRW-5 G3] real processes and threads, started twice each, share no block', async () => {
    const openings: string[][] = []
    for (let round = 0; round < 2; round++) {
      const processes = Array.from({ length: 3 }, () => fork(PROBE))
      const threads = Array.from({ length: 3 }, () => new Worker(PROBE))
      const said = await Promise.all([...processes, ...threads].map((one) => once(one, 'message')))
      openings.push(...said.map(([blocks]) => blocks as string[]))
    }
    expect(openings.map((blocks) => blocks.length)).toEqual(Array.from({ length: 12 }, () => 128))
    expect(repeats(openings)).toBe(0)
  })

  test('[DRW-5 G3] a generator that wakes up in another process starts again', () => {
    let pid = 100
    const reseeds: Reseed[] = []
    const generator = new Generator({ label: 'test', processId: () => pid, onReseed: (reseed) => reseeds.push(reseed) })
    opening(generator)
    pid = 101
    opening(generator)
    expect(reseeds.map(({ reason }) => reason)).toEqual(['start', 'process'])
  })
})

/** What a careless build would do: expand the clock into as many bytes as are asked for. */
function fromTimeAlone(nowMs: () => number = () => Date.now()): EntropySource {
  let reads = 0
  return (bytes) => {
    const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, at) =>
      hash('sha256', `${nowMs()} ${reads} ${at}`, 'buffer'),
    )
    reads++
    return Buffer.concat(blocks).subarray(0, bytes)
  }
}

describe('[DRW-4 G4] fresh entropy is mixed in', () => {
  function watched(limits: { bytes: number; requests: number; ageMs: number }) {
    const clock = { nowMs: 0 }
    const reseeds: Reseed[] = []
    let bytesRead = 0
    const generator = new Generator({
      label: 'test',
      limits,
      nowMs: () => clock.nowMs,
      onReseed: (reseed) => reseeds.push(reseed),
      source: (bytes) => {
        bytesRead += bytes
        return randomBytes(bytes)
      },
    })
    return { generator, clock, reseeds, bytesRead: () => bytesRead }
  }
  const never = { bytes: Infinity, requests: Infinity, ageMs: Infinity }

  test('[DRW-4 G4] after so many bytes', () => {
    const { generator, reseeds } = watched({ ...never, bytes: 2048 })
    for (let at = 0; at < 5; at++) generator.fill(new Uint32Array(256))
    expect(reseeds).toEqual([
      { generator: 'test', reason: 'start', count: 1 },
      { generator: 'test', reason: 'bytes', count: 2 },
      { generator: 'test', reason: 'bytes', count: 3 },
    ])
  })

  test('[DRW-4 G4] after so many requests, secrets included', () => {
    const { generator, reseeds } = watched({ ...never, requests: 3 })
    for (let at = 0; at < 7; at++) generator.secret(16)
    expect(reseeds.map(({ reason }) => reason)).toEqual(['start', 'requests', 'requests'])
  })

  test('[DRW-4 G4] by age, also while nobody asks; each time with entropy for both generators', () => {
    const { generator, clock, reseeds, bytesRead } = watched({ ...never, ageMs: 60_000 })
    const before = bytesRead()
    clock.nowMs = 59_999
    generator.reseedIfDue()
    expect(reseeds).toHaveLength(1)
    clock.nowMs = 60_000
    generator.reseedIfDue()
    expect(reseeds.map(({ reason }) => reason)).toEqual(['start', 'age'])
    expect(bytesRead() - before).toBe(32 + 48)
  })

  test('[DRW-4 G4] a reseed changes what follows, even from one and the same start', () => {
    const streams = [1, 2].map(() => {
      const sameStart = fromTimeAlone(() => 0)
      let reads = 0
      const generator = new Generator({
        ...frozen,
        limits: { ...never, requests: 1 },
        // Four reads make a start: the start-up test, entropy and nonce of one generator, entropy of the other.
        source: (bytes) => (reads++ < 4 ? sameStart(bytes) : randomBytes(bytes)),
      })
      return [generator.secret(32).toString('hex'), generator.secret(32).toString('hex')]
    })
    expect(streams[0]?.[0]).toBe(streams[1]?.[0])
    expect(streams[0]?.[1]).not.toBe(streams[1]?.[1])
  })
})

describe('[DRW-3 DRW-4 G8] a failed health test stops everything', () => {
  test('[DRW-3 G8] entropy that fails at a reseed: the generator gives nothing more, and says so once', () => {
    let good = true
    const faults: string[] = []
    const generator = new Generator({
      label: 'test',
      limits: { bytes: Infinity, requests: 2, ageMs: Infinity },
      onFailure: (fault) => faults.push(fault),
      source: (bytes) => (good ? randomBytes(bytes) : new Uint8Array(bytes)),
    })
    good = false
    generator.secret(32)
    generator.secret(32)
    expect(() => generator.secret(32)).toThrow(GeneratorFailure)
    good = true
    expect(() => generator.secret(32)).toThrow('entropy:repetition')
    expect(() => generator.fill(new Uint32Array(16))).toThrow('entropy:repetition')
    expect(faults).toEqual(['entropy:repetition'])
  })

  test('[DRW-3 G8] entropy that fails at the start: there is no generator', () => {
    expect(() => new Generator({ label: 'test', source: (bytes) => new Uint8Array(bytes) })).toThrow(GeneratorFailure)
  })

  test('[DRW-4 G8] output that is stuck is not given out', () => {
    const generator = new Generator({ label: 'test' })
    const stuck = vi.spyOn(CtrDrbg.prototype, 'generate').mockImplementation((target) => void target.fill(0x5a))
    const words = new Uint32Array(16_384)
    expect(() => generator.fill(words)).toThrow('output:stuck-words')
    expect(words.every((word) => word === 0)).toBe(true)
    stuck.mockRestore()
    expect(() => generator.fill(words)).toThrow('output:stuck-words')
  })
})
