import { expect, test } from 'vitest'
import { couponChances, distinctChances } from './sequence-tests.ts'
import {
  chiSquareTail,
  chiSquareTest,
  erfc,
  gammaQ,
  groupedTest,
  logGamma,
  normalTail,
  poissonTail,
  twoSided,
} from './stats.ts'

test('[DRW-16] ln gamma of whole and half numbers', () => {
  let factorial = 1
  for (let n = 1; n <= 20; n++) {
    expect(Math.abs(logGamma(n) - Math.log(factorial))).toBeLessThan(1e-12)
    factorial *= n
  }
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13)
  expect(logGamma(0.25)).toBeCloseTo(Math.log(3.625609908221908), 12)
})

test('[DRW-16] the incomplete gamma function in closed form: Q(n, x) is a Poisson sum', () => {
  for (const n of [1, 2, 5, 20]) {
    for (const x of [0.1, 1, 3, 10, 40]) {
      let term = Math.exp(-x)
      let sum = 0
      for (let k = 0; k < n; k++) {
        sum += term
        term *= x / (k + 1)
      }
      expect(gammaQ(n, x) / sum, `Q(${n}, ${x})`).toBeCloseTo(1, 11)
    }
  }
  expect(gammaQ(3, 0)).toBe(1)
})

test('[DRW-16] erfc and the normal tail at tabulated points (Abramowitz and Stegun 7.1, 26.1)', () => {
  const table: [number, number][] = [
    [0, 1],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [2, 0.004677734981047266],
    [3, 2.209049699858544e-5],
    [5, 1.5374597944280349e-12],
    [-1, 1.842700792949715],
  ]
  for (const [x, value] of table) expect(erfc(x) / value, `erfc(${x})`).toBeCloseTo(1, 10)
  expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 12)
  expect(normalTail(-1.2815515655446004)).toBeCloseTo(0.9, 12)
})

test('[DRW-16] chi-square tails at tabulated critical values', () => {
  const table: [number, number, number][] = [
    [3.841458820694124, 1, 0.05],
    [18.307038053275146, 10, 0.05],
    [23.209251158954356, 10, 0.01],
    [58.61921450168706, 36, 0.01],
    [124.34211340400407, 100, 0.05],
  ]
  for (const [statistic, freedom, p] of table) expect(chiSquareTail(statistic, freedom)).toBeCloseTo(p, 10)
  // Large degrees of freedom, against the Wilson-Hilferty approximation.
  const z = (freedom: number, x: number) =>
    (Math.cbrt(x / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom))
  for (const x of [2400, 2601, 2800]) expect(chiSquareTail(x, 2601)).toBeCloseTo(normalTail(z(2601, x)), 4)
  for (const x of [171_000, 172_225, 174_000])
    expect(chiSquareTail(x, 172_225)).toBeCloseTo(normalTail(z(172_225, x)), 4)
})

test('[DRW-16] the Poisson tail, and both sides', () => {
  expect(poissonTail(0, 3)).toBe(1)
  expect(poissonTail(1, 3)).toBeCloseTo(1 - Math.exp(-3), 12)
  expect(poissonTail(4, 3)).toBeCloseTo(1 - Math.exp(-3) * (1 + 3 + 4.5 + 4.5), 12)
  expect(twoSided(0.001)).toBeCloseTo(0.002, 15)
  expect(twoSided(0.999)).toBeCloseTo(0.002, 12)
  expect(twoSided(0.5)).toBe(1)
})

test('[DRW-16] a perfect fit is as suspect as a bad one', () => {
  expect(
    chiSquareTest(
      Array.from({ length: 100 }, () => 1000),
      1000,
    ),
  ).toBeLessThan(1e-12)
  expect(groupedTest([500, 250, 125, 125], [0.5, 0.25, 0.125, 0.125], 30)).toBeLessThan(1e-4)
  expect(groupedTest([520, 240, 130, 110], [0.5, 0.25, 0.125, 0.125], 30)).toBeGreaterThan(0.01)
})

test('[DRW-16] chances of poker hands and of coupon lengths', () => {
  // Five dice: 6/7776 all alike, 720/7776 all different.
  const dice = distinctChances(6, 5)
  expect(dice.map((chance) => Math.round(chance * 7776))).toEqual([0, 6, 450, 3000, 3600, 720])
  const chances = couponChances(37, 4000)
  expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 10)
  const mean = chances.reduce((sum, chance, length) => sum + chance * length, 0)
  const harmonic = Array.from({ length: 37 }, (_, at) => 37 / (at + 1)).reduce((sum, term) => sum + term, 0)
  expect(mean).toBeCloseTo(harmonic, 8)
  expect(chances.slice(0, 37).every((chance) => chance === 0)).toBe(true)
})
