import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  EntropyFailure,
  EntropyIntake,
  type EntropySource,
  FALSE_ALARM_LOG2,
  PROPORTION_CUTOFF,
  PROPORTION_WINDOW,
  REPETITION_CUTOFF,
  START_UP_BYTES,
} from './entropy.ts'

/** Good entropy until the intake has started, then what the test says. */
function afterStart(broken: EntropySource): EntropySource {
  let started = false
  return (bytes) => {
    if (started) return broken(bytes)
    started = true
    return randomBytes(bytes)
  }
}

function faultOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof EntropyFailure ? error.fault : String(error)
  }
  return 'none'
}

test('[DRW-3] the cut-offs are those of SP 800-90B for 8 bits a byte and one false alarm in 2^40', () => {
  expect(REPETITION_CUTOFF).toBe(1 + Math.ceil(FALSE_ALARM_LOG2 / 8))
  const p = 1 / 256
  let term = (1 - p) ** PROPORTION_WINDOW
  const terms = [term]
  for (let k = 1; k <= 100; k++) {
    term *= ((PROPORTION_WINDOW - k + 1) / k) * (p / (1 - p))
    terms.push(term)
  }
  const atLeast = (k: number) => terms.slice(k).reduce((sum, one) => sum + one, 0)
  // 1 + the smallest c with P(X <= c) >= 1 - alpha.
  let c = 0
  while (atLeast(c + 1) > 2 ** -FALSE_ALARM_LOG2) c++
  expect(PROPORTION_CUTOFF).toBe(1 + c)
})

test('[DRW-3 G2] the start-up test reads at least 1,024 samples before anything is given', () => {
  const asked: number[] = []
  new EntropyIntake((bytes) => {
    asked.push(bytes)
    return randomBytes(bytes)
  })
  expect(asked).toEqual([START_UP_BYTES])
  expect(START_UP_BYTES).toBeGreaterThanOrEqual(1024)
})

test('[DRW-3 G8] a byte repeated up to the cut-off fails, across two reads as well; one fewer passes', () => {
  const run = (repeats: number) => {
    const chunks = [
      Buffer.concat([randomBytes(32 - 3).fill(1, 28), Buffer.alloc(3, 7)]),
      Buffer.concat([Buffer.alloc(repeats - 3, 7), Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789')]).subarray(
        0,
        32,
      ),
    ]
    const intake = new EntropyIntake(afterStart(() => chunks.shift() ?? randomBytes(32)))
    intake.read(32)
    intake.read(32)
  }
  expect(faultOf(() => run(REPETITION_CUTOFF))).toBe('repetition')
  expect(faultOf(() => run(REPETITION_CUTOFF - 1))).toBe('none')
})

test('[DRW-3 G8] a byte that takes too large a share of a window fails, without ever repeating', () => {
  const lumpy = (bytes: number) => randomBytes(bytes).map((byte, at) => (at % 16 === 0 ? 42 : byte === 42 ? 41 : byte))
  const intake = new EntropyIntake(afterStart(lumpy))
  const fault = faultOf(() => {
    for (let at = 0; at < 20_000; at++) intake.read(32)
  })
  expect(fault).toBe('proportion')
})

test('[DRW-3 G8] a source stuck on one good-looking block, giving too little, or throwing, fails', () => {
  const block = randomBytes(32)
  const stuck = new EntropyIntake(afterStart(() => block))
  stuck.read(32)
  expect(faultOf(() => stuck.read(32))).toBe('repeated-read')
  expect(faultOf(() => new EntropyIntake((bytes) => randomBytes(bytes - 1)))).toBe('short-read')
  const broken = () => {
    throw new Error('no device')
  }
  expect(faultOf(() => new EntropyIntake(broken))).toBe('source-failed')
  expect(faultOf(() => new EntropyIntake((bytes) => new Uint8Array(bytes)))).toBe('repetition')
})

test('[DRW-3 G8] a failure is final, even when the source recovers', () => {
  let good = true
  const intake = new EntropyIntake((bytes) => (good ? randomBytes(bytes) : new Uint8Array(bytes)))
  good = false
  expect(faultOf(() => intake.read(32))).toBe('repetition')
  good = true
  expect(faultOf(() => intake.read(32))).toBe('repetition')
})

test('[DRW-3] a healthy source passes ten megabytes', () => {
  const intake = new EntropyIntake()
  for (let at = 0; at < 160; at++) intake.read(65_536)
})
