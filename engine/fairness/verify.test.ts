import { expect, test } from 'vitest'
import type { Json } from '../game.ts'
import { fromHex, toHex } from './hex.ts'
import { isHashedJson, readTranscript } from './read-transcript.ts'
import { mutations, SAMPLE, type SampleRound, sampleTranscript } from './testing.ts'
import { contributorTag, seriesSalt, type Transcript } from './transcript.ts'
import { CHECK_IDS, verifyTranscript } from './verify.ts'

const BEACON = { source: 'test beacon', round: 77, randomnessHex: 'ab'.repeat(32) }

const SAMPLES: readonly (readonly [name: string, sample: SampleRound])[] = [
  ['a settled round with two contributors', SAMPLE],
  ['a void round, whose seed is revealed too', { ...SAMPLE, voidReason: 'equipment-fault', roundNo: 0 }],
  ['a round under a beacon, without contributors', { ...SAMPLE, seeds: [], beacon: BEACON }],
  ['a series of one round, alone in its log', { ...SAMPLE, rounds: 1, roundNo: 0, strangers: 0 }],
  ['two zeros', { ...SAMPLE, rules: { wheel: 'double-zero', laPartage: false } }],
]

const failed = (value: unknown) => verifyTranscript(value).checks.flatMap(({ id, ok }) => (ok ? [] : [id]))

test.each(SAMPLES)('[FAI-7] what was issued verifies: %s', async (_name, sample) => {
  const verdict = verifyTranscript(JSON.parse(JSON.stringify(await sampleTranscript(sample))))
  expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([])
  expect(verdict.ok).toBe(true)
  expect(verdict.checks.map(({ id }) => id)).toEqual(CHECK_IDS)
})

test.each(SAMPLES)('[FAI-7] no change of any field passes: %s', async (_name, sample) => {
  const transcript = (await sampleTranscript(sample)) as unknown as Json
  const passed: string[] = []
  let tried = 0
  for (const [what, changed] of mutations(transcript)) {
    tried += 1
    if (verifyTranscript(changed).ok) passed.push(what)
  }
  expect(passed).toEqual([])
  expect(tried).toBeGreaterThan(250)
})

test('[FAI-7] each lie fails the check that is there for it', async () => {
  const honest = await sampleTranscript(SAMPLE)
  const with_ = (change: Partial<Transcript>) => failed({ ...honest, ...change })
  const { committed, salted, ended } = honest
  expect(with_({ ended: { ...ended, seedHex: '00'.repeat(32) } })).toContain('seed-commitment')
  expect(with_({ ended: { ...ended, roundNo: 12 } })).toContain('commitment-in-series')
  expect(with_({ ended: { ...ended, roundId: 'ruleta-1.3.12' } })).toContain('same-round')
  expect(with_({ ended: { ...ended, outcome: { pocket: 99 } } })).toEqual(['outcome', 'ended-in-log'])
  expect(with_({ ended: { ...ended, gameId: 'poker' } })).toContain('outcome')
  expect(with_({ ended: { ...ended, rules: { wheel: 'no-zero' } } })).toContain('outcome')
  expect(with_({ ended: { ...ended, how: 'void' } })).toContain('ending')
  expect(with_({ ended: { ...ended, openedAtMs: committed.saltDeadlineMs - 1 } })).toContain('salt')
  expect(with_({ contributions: honest.contributions.slice(1) })).toEqual(['salt'])
  expect(with_({ salted: { ...salted, beacon: BEACON } })).toContain('salt')
  expect(with_({ committed: { ...committed, rounds: 21 } })).toContain('committed-in-log')
  expect(with_({ operatorTrusted: false })).toEqual(['operator-trust'])
  expect(with_({ log: { ...honest.log, salted: honest.log.ended } })).toEqual(['salted-in-log', 'log-order'])
  const foreign = await sampleTranscript({ ...SAMPLE, strangers: 5 })
  expect(with_({ log: { ...honest.log, checkpoint: foreign.log.checkpoint } })).toContain('ended-in-log')
  expect(with_({ log: { ...honest.log, checkpoint: 'x' } })).toContain('log-signature')
})

test('[FAI-7] an operator who fixes the salt before the root is in the log is caught', async () => {
  // A log that is honest in every hash, but in which the salt came first.
  const honest = await sampleTranscript({ ...SAMPLE, strangers: 0 })
  const swapped = { ...honest, log: { ...honest.log, committed: honest.log.salted, salted: honest.log.committed } }
  expect(failed(swapped)).toContain('log-order')
})

test('[FAI-7] anything that is no transcript is answered, not thrown', () => {
  for (const value of [null, undefined, 7, 'x', [], {}, { format: 'crupier-transcript-1' }, [[[[]]]]]) {
    expect(readTranscript(value)).toBeNull()
    expect(failed(value)).toEqual(['format'])
  }
  const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)
  expect([isHashedJson(deep), isHashedJson(0.5), isHashedJson('\ud800'), isHashedJson({ a: [1, null] })]).toEqual([
    false,
    false,
    false,
    true,
  ])
})

test('[FAI-9] the salt depends on root, beacon, every contributor and every seed, not on their order', async () => {
  const { committed } = await sampleTranscript(SAMPLE)
  const [a, b] = ['ana', 'blas'].map((id) => ({ contributor: contributorTag('s', id), seed: id })) as [
    { contributor: string; seed: string },
    { contributor: string; seed: string },
  ]
  const salts = [
    seriesSalt(committed, null, [a, b]),
    seriesSalt({ ...committed, rootHex: toHex(fromHex('01'.repeat(32))) }, null, [a, b]),
    seriesSalt({ ...committed, tableId: 'other' }, null, [a, b]),
    seriesSalt({ ...committed, seriesId: 'other' }, null, [a, b]),
    seriesSalt(committed, BEACON, [a, b]),
    seriesSalt(committed, { ...BEACON, round: 78 }, [a, b]),
    seriesSalt(committed, null, [a]),
    seriesSalt(committed, null, [a, { ...b, seed: 'other' }]),
    seriesSalt(committed, null, [a, { ...b, contributor: contributorTag('s', 'carla') }]),
  ]
  expect(new Set(salts.map(toHex)).size).toBe(salts.length)
  expect(toHex(seriesSalt(committed, null, [b, a]))).toBe(toHex(salts[0] ?? new Uint8Array()))
  expect(contributorTag('s', 'ana')).not.toBe(contributorTag('t', 'ana'))
})
