import { chiSquareTest, groupedTest, normalTail, twoSided } from './stats.ts'

/** One test's name and the chance that a fair source looks at least so odd. */
export type TestResult = { readonly test: string; readonly p: number }

/** The lags at which pairs are compared: neighbours, every other, and one turn of a wheel. */
const LAGS = [1, 2, 37] as const
const LEAST_CLASS = 30
const HAND = 5
const ORDER = 4

/**
 * Every test of a sequence of numbers in [0, k). Needs about 20 k^2 of them.
 * Source: Knuth, The Art of Computer Programming 2, 3.3.2; the kinds are those of GLI-19 3.2.2 and Pa. Code 58 § 810.5.
 */
export function sequenceTests(values: ArrayLike<number>, k: number): TestResult[] {
  return [
    { test: `frequency ${k}`, p: frequency(values, k) },
    ...LAGS.map((lag) => ({ test: `pairs ${k} lag ${lag}`, p: pairs(values, k, lag) })),
    { test: `gaps ${k}`, p: gaps(values, k) },
    { test: `poker ${k}`, p: poker(values, k) },
    { test: `orders ${k}`, p: orders(values) },
    { test: `coupons ${k}`, p: coupons(values, k) },
    { test: `runs ${k}`, p: runs(values, k) },
  ]
}

export function frequency(values: ArrayLike<number>, k: number): number {
  const counts = new Float64Array(k)
  for (let at = 0; at < values.length; at++) counts[values[at] as number]! += 1
  return chiSquareTest(counts, values.length / k)
}

/** Pairs a lag apart that share no member, so that they are independent. */
export function pairs(values: ArrayLike<number>, k: number, lag: number): number {
  const counts = new Float64Array(k * k)
  let total = 0
  for (let from = 0; from + 2 * lag <= values.length; from += 2 * lag) {
    for (let at = from; at < from + lag; at++) {
      counts[(values[at] as number) * k + (values[at + lag] as number)]! += 1
      total++
    }
  }
  return chiSquareTest(counts, total / (k * k))
}

/** How many numbers lie between two that fall into the first third of the range. */
export function gaps(values: ArrayLike<number>, k: number): number {
  const bound = Math.max(1, Math.floor(k / 3))
  const hit = bound / k
  const counts: number[] = []
  let gap = -1
  for (let at = 0; at < values.length; at++) {
    if ((values[at] as number) >= bound) {
      if (gap >= 0) gap++
      continue
    }
    if (gap >= 0) counts[gap] = (counts[gap] ?? 0) + 1
    gap = 0
  }
  const chances = Array.from({ length: Math.max(counts.length, 200) }, (_, length) => hit * (1 - hit) ** length)
  return groupedTest(filled(counts, chances.length), chances, LEAST_CLASS)
}

/** How many different numbers there are in a hand of five. */
export function poker(values: ArrayLike<number>, k: number): number {
  const counts = Array.from({ length: HAND + 1 }, () => 0)
  for (let from = 0; from + HAND <= values.length; from += HAND) {
    const different = new Set(Array.prototype.slice.call(values, from, from + HAND)).size
    counts[different]! += 1
  }
  const chances = distinctChances(k, HAND)
  return groupedTest(counts, chances, LEAST_CLASS)
}

/** The order of four numbers that are all different: each of the 24 is as likely. */
export function orders(values: ArrayLike<number>): number {
  const counts = new Float64Array(24)
  let total = 0
  for (let from = 0; from + ORDER <= values.length; from += ORDER) {
    const index = orderIndex(values, from)
    if (index === null) continue
    counts[index]! += 1
    total++
  }
  return chiSquareTest(counts, total / 24)
}

/** The order's number in the factorial system, or null when two of the four are equal. */
function orderIndex(values: ArrayLike<number>, from: number): number | null {
  let index = 0
  for (let left = 0; left < ORDER - 1; left++) {
    let smaller = 0
    for (let right = left + 1; right < ORDER; right++) {
      const difference = (values[from + right] as number) - (values[from + left] as number)
      if (difference === 0) return null
      if (difference < 0) smaller++
    }
    index = index * (ORDER - left) + smaller
  }
  return index
}

/** How many numbers it takes until every one has come up. */
export function coupons(values: ArrayLike<number>, k: number): number {
  const counts: number[] = []
  let seen = new Uint8Array(k)
  let missing = k
  let length = 0
  for (let at = 0; at < values.length; at++) {
    length++
    const value = values[at] as number
    if (seen[value] === 1) continue
    seen[value] = 1
    if (--missing > 0) continue
    counts[length] = (counts[length] ?? 0) + 1
    seen = new Uint8Array(k)
    missing = k
    length = 0
  }
  const longest = Math.max(counts.length, 40 * k)
  return groupedTest(filled(counts, longest), couponChances(k, longest), LEAST_CLASS)
}

/** Runs of numbers from the lower and from the upper half; mean and variance of Bernoulli trials with known chance. */
export function runs(values: ArrayLike<number>, k: number): number {
  const half = Math.floor(k / 2)
  const low = half / k
  const n = values.length
  let changes = 0
  for (let at = 1; at < n; at++) {
    if ((values[at] as number) < half !== (values[at - 1] as number) < half) changes++
  }
  const change = 2 * low * (1 - low)
  const covariance = low * (1 - low) - change * change
  const variance = (n - 1) * change * (1 - change) + 2 * (n - 2) * covariance
  return twoSided(normalTail((changes - (n - 1) * change) / Math.sqrt(variance)))
}

/** Chance of each count of different numbers among `size` numbers in [0, k). */
export function distinctChances(k: number, size: number): number[] {
  let chances = [1]
  for (let drawn = 0; drawn < size; drawn++) chances = oneMore(chances, k)
  return filled(chances, size + 1)
}

/** Chance that the last of k numbers comes up at exactly the n-th, for n below `longest`. */
export function couponChances(k: number, longest: number): number[] {
  const result = [0]
  let chances = [1]
  let before = 0
  for (let drawn = 1; drawn < longest; drawn++) {
    chances = oneMore(chances, k)
    const done = chances[k] ?? 0
    result.push(done - before)
    before = done
  }
  return result
}

/** One more number is drawn: it is new, or one of those already there. */
function oneMore(chances: readonly number[], k: number): number[] {
  const length = Math.min(k + 1, chances.length + 1)
  return Array.from({ length }, (_, different) => {
    const stays = (chances[different] ?? 0) * (different / k)
    const grows = different === 0 ? 0 : (chances[different - 1] ?? 0) * (1 - (different - 1) / k)
    return stays + grows
  })
}

function filled(counts: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, at) => counts[at] ?? 0)
}
