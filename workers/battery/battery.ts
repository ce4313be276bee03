import type { DrawSource } from '../../engine/game.ts'
import { sequenceTests, type TestResult } from './sequence-tests.ts'
import { chiSquareTail, chiSquareTest, normalTail, poissonTail, twoSided } from './stats.ts'

/** Joint confidence of 99%: a fair source fails the whole battery once in a hundred runs (G6). */
export const JOINT_SIGNIFICANCE = 0.01

export type Verdict = { readonly passed: boolean; readonly tests: number; readonly failed: readonly TestResult[] }

/** Bonferroni: each of m tests may fail by chance once in 100 m runs. */
export function verdict(results: readonly TestResult[], significance = JOINT_SIGNIFICANCE): Verdict {
  const failed = results.filter(({ p }) => !(p >= significance / results.length))
  return { passed: failed.length === 0, tests: results.length, failed }
}

/** `count` draws below k, through all tests of a sequence. */
export function rangeTests(source: DrawSource, k: number, count: number): TestResult[] {
  const values = new Uint16Array(count)
  for (let at = 0; at < count; at++) values[at] = source.below(k)
  return sequenceTests(values, k)
}

/** Whether draws of two ranges taken in turn tell anything of each other ("interplay"). */
export function interplay(source: DrawSource, left: number, right: number, count: number): TestResult {
  const counts = new Float64Array(left * right)
  for (let at = 0; at < count; at++) counts[source.below(left) * right + source.below(right)]! += 1
  return { test: `interplay ${left} and ${right}`, p: chiSquareTest(counts, count / (left * right)) }
}

/**
 * Where each card ends up: the table of place by card, over that many shuffles of n cards. Rows and columns both have
 * fixed sums, so Pearson's statistic times (n - 1) / n has (n - 1)^2 degrees of freedom. Then, how often a card is
 * followed by the next one up.
 */
export function shuffleTests(source: Pick<DrawSource, 'permutation'>, n: number, shuffles: number): TestResult[] {
  const places = new Float64Array(n * n)
  let rising = 0
  for (let count = 0; count < shuffles; count++) {
    const order = source.permutation(n)
    for (let place = 0; place < n; place++) {
      const card = order[place] as number
      places[place * n + card]! += 1
      if (place > 0 && card === (order[place - 1] as number) + 1) rising++
    }
  }
  const mean = shuffles / n
  const statistic = places.reduce((sum, seen) => sum + (seen - mean) ** 2 / mean, 0)
  const placesP = twoSided(chiSquareTail((statistic * (n - 1)) / n, (n - 1) ** 2))
  return [
    { test: `places of ${n}`, p: placesP },
    { test: `neighbours of ${n}`, p: neighbours(rising, n, shuffles) },
  ]
}

/** Neighbours one step up the pack: n - 1 possible ones, each with chance 1/n, any two with chance 1/n/(n - 1). */
function neighbours(rising: number, n: number, shuffles: number): number {
  const mean = 1 - 1 / n
  const variance = (n - 2) / n + mean - mean * mean
  return twoSided(normalTail((rising - shuffles * mean) / Math.sqrt(shuffles * variance)))
}

/** Tests of raw words: balance of all bits and of each of the 32 places, frequency of bytes, words that come twice. */
export function wordTests(words: Uint32Array): TestResult[] {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
  const counts = new Float64Array(256)
  for (const byte of bytes) counts[byte]! += 1
  let ones = 0
  for (const [byte, count] of counts.entries()) ones += count * onesIn(byte)
  const bits = bytes.length * 8
  return [
    { test: 'monobit', p: twoSided(normalTail((2 * ones - bits) / Math.sqrt(bits))) },
    { test: 'bit places', p: bitPlaces(words) },
    { test: 'bytes', p: chiSquareTest(counts, bytes.length / 256) },
    { test: 'duplicates', p: duplicates(words) },
  ]
}

function bitPlaces(words: Uint32Array): number {
  let statistic = 0
  for (let place = 0; place < 32; place++) {
    let ones = 0
    for (let at = 0; at < words.length; at++) ones += ((words[at] as number) >>> place) & 1
    statistic += (2 * ones - words.length) ** 2 / words.length
  }
  return twoSided(chiSquareTail(statistic, 32))
}

function duplicates(words: Uint32Array): number {
  const sorted = words.slice().sort()
  let repeated = 0
  for (let at = 1; at < sorted.length; at++) if (sorted[at] === sorted[at - 1]) repeated++
  const mean = (sorted.length * (sorted.length - 1)) / 2 / 2 ** 32
  // Halfway between this count's tail and the next one's, since a count cannot be split.
  return twoSided((poissonTail(repeated, mean) + poissonTail(repeated + 1, mean)) / 2)
}

function onesIn(byte: number): number {
  let ones = 0
  for (let rest = byte; rest > 0; rest >>>= 1) ones += rest & 1
  return ones
}
