import { assert } from '../../engine/assert.ts'

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const
const MAX_TERMS = 100_000
const PRECISION = 1e-15

/** ln of the gamma function, for x > 0 (Lanczos, g = 7; relative error about 1e-15). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const shifted = x - 1
  const base = shifted + 7.5
  const sum = LANCZOS.reduce((total, term, at) => (at === 0 ? term : total + term / (shifted + at)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum)
}

/** Q(a, x), the regularised upper incomplete gamma function; Source: DLMF 8.11.4 (series) and 8.9.2 (fraction). */
export function gammaQ(a: number, x: number): number {
  assert(a > 0 && x >= 0, 'the incomplete gamma function is asked for a > 0, x >= 0')
  if (x === 0) return 1
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a))
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x)
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let at = 1; at < MAX_TERMS && term > sum * PRECISION; at++) {
    term *= x / (a + at)
    sum += term
  }
  return sum
}

/** Lentz's method. */
function upperFraction(a: number, x: number): number {
  const tiny = 1e-300
  let b = x + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let value = d
  for (let at = 1; at < MAX_TERMS; at++) {
    const numerator = -at * (at - a)
    b += 2
    d = 1 / nonZero(numerator * d + b, tiny)
    c = nonZero(b + numerator / c, tiny)
    value *= d * c
    if (Math.abs(d * c - 1) < PRECISION) break
  }
  return value
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value
}

export function erfc(x: number): number {
  return x >= 0 ? gammaQ(0.5, x * x) : 2 - gammaQ(0.5, x * x)
}

/** Chance that a chi-square variable of `freedom` degrees is at least `statistic`. */
export function chiSquareTail(statistic: number, freedom: number): number {
  return gammaQ(freedom / 2, statistic / 2)
}

/** Chance that a standard normal variable is at least `z`. */
export function normalTail(z: number): number {
  return 0.5 * erfc(z / Math.SQRT2)
}

/** Chance that a Poisson variable of that mean is at least `count`. */
export function poissonTail(count: number, mean: number): number {
  return count === 0 ? 1 : 1 - gammaQ(count, mean)
}

/** A tail's chance turned into that of being so far out on either side: too good is as suspect as too bad. */
export function twoSided(tail: number): number {
  return Math.min(1, 2 * Math.min(tail, 1 - tail))
}

/** Pearson's statistic as a chance; `expected` are counts, all of them at least about 5. */
export function chiSquareTest(observed: ArrayLike<number>, expected: ArrayLike<number> | number): number {
  let statistic = 0
  for (let at = 0; at < observed.length; at++) {
    const mean = typeof expected === 'number' ? expected : (expected[at] as number)
    statistic += ((observed[at] as number) - mean) ** 2 / mean
  }
  return twoSided(chiSquareTail(statistic, observed.length - 1))
}

/**
 * Pearson's test of a count by value whose chances are known: values are put together, from the first on, until
 * each class may expect at least `least` of them; the last class takes the rest.
 */
export function groupedTest(counts: readonly number[], chances: readonly number[], least: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const classes: { observed: number; expected: number }[] = []
  let open = { observed: 0, expected: 0 }
  for (const [at, chance] of chances.entries()) {
    open.observed += counts[at] ?? 0
    open.expected += chance * total
    if (open.expected < least) continue
    classes.push(open)
    open = { observed: 0, expected: 0 }
  }
  const last = classes.at(-1)
  assert(last !== undefined, 'a test has enough data for one class')
  last.observed = total - classes.slice(0, -1).reduce((sum, one) => sum + one.observed, 0)
  last.expected = total - classes.slice(0, -1).reduce((sum, one) => sum + one.expected, 0)
  return chiSquareTest(
    classes.map((one) => one.observed),
    classes.map((one) => one.expected),
  )
}
