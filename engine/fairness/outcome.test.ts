import { expect, test } from 'vitest'
import { toHex } from './hex.ts'
import { leafHash, root, verifyInclusion } from './merkle.ts'
import { drawSource, mapWord } from './outcome.ts'
import { roundCommitment, roundSeed, seriesLeaves, seriesPath, seriesRoot } from './seeds.ts'
import { sha256 } from './sha256.ts'

const secret = sha256(new TextEncoder().encode('a secret for tests'))
const salt = sha256(new TextEncoder().encode('a salt for tests'))
const source = (roundNo: number) =>
  drawSource(roundSeed(secret, 'table', 'table.1', roundNo), salt, 'table', 'table.1', roundNo)

test('[FAI-2] each of secret, table, series and round number changes seed and commitment', () => {
  const seeds = [
    roundSeed(secret, 't', 't.1', 0),
    roundSeed(salt, 't', 't.1', 0),
    roundSeed(secret, 'u', 't.1', 0),
    roundSeed(secret, 't', 't.2', 0),
    roundSeed(secret, 't', 't.1', 1),
  ]
  expect(new Set(seeds.map(toHex)).size).toBe(5)
  const seed = roundSeed(secret, 't', 't.1', 0)
  const commitments = [
    roundCommitment('t', 't.1', 0, seed),
    roundCommitment('u', 't.1', 0, seed),
    roundCommitment('t', 't.2', 0, seed),
    roundCommitment('t', 't.1', 1, seed),
    roundCommitment('t', 't.1', 0, secret),
  ]
  expect(new Set(commitments.map(toHex)).size).toBe(5)
})

test('[FAI-2] every commitment of a series leads to its root', () => {
  const top = seriesRoot(secret, 't', 't.1', 11)
  expect(toHex(root(seriesLeaves(secret, 't', 't.1', 11)))).toBe(toHex(top))
  for (let roundNo = 0; roundNo < 11; roundNo++) {
    const commitment = roundCommitment('t', 't.1', roundNo, roundSeed(secret, 't', 't.1', roundNo))
    const path = seriesPath(secret, 't', 't.1', 11, roundNo)
    expect(verifyInclusion(roundNo, 11, leafHash(commitment), path, top)).toBe(true)
  }
})

test('[FAI-3] the same seed gives the same choices; another salt, table, series or round gives others', () => {
  const choices = (draws: ReturnType<typeof drawSource>) => Array.from({ length: 12 }, () => draws.below(1000)).join()
  const seed = roundSeed(secret, 't', 't.1', 0)
  expect(choices(drawSource(seed, salt, 't', 't.1', 0))).toBe(choices(drawSource(seed, salt, 't', 't.1', 0)))
  const others = [
    choices(drawSource(seed, salt, 't', 't.1', 0)),
    choices(drawSource(seed, secret, 't', 't.1', 0)),
    choices(drawSource(seed, salt, 'u', 't.1', 0)),
    choices(drawSource(seed, salt, 't', 't.2', 0)),
    choices(drawSource(seed, salt, 't', 't.1', 1)),
  ]
  expect(new Set(others).size).toBe(5)
})

test('[FAI-3] the mapping of words has no bias: over all words of 16 bits every number comes up as often', () => {
  for (const n of [1, 2, 3, 5, 6, 37, 38, 52, 255, 256, 416, 1000, 65_535, 65_536]) {
    const counts = new Int32Array(n)
    let word = 0
    let taken = 0
    const nextWord = () => (taken = word++)
    while (word < 65_536) {
      const value = mapWord(n, () => (word < 65_536 ? nextWord() : 0), 65_536)
      // Past the last word the stand-in answers 0, which must not be counted.
      if (taken < 65_536 - (65_536 % n)) counts[value]! += 1
    }
    expect(new Set(counts), `n = ${n}`).toEqual(new Set([Math.floor(65_536 / n)]))
  }
})

test('[FAI-3] a word in the part that does not divide evenly is passed over', () => {
  const words = [2 ** 32 - 1, 2 ** 32 - 4, 40]
  expect(mapWord(37, () => words.shift() ?? 0)).toBe(3)
  expect(words).toEqual([])
})

test('[FAI-3] choices of 5,000 rounds on a wheel of 37 are spread as chance has it', () => {
  const counts = new Int32Array(37)
  for (let roundNo = 0; roundNo < 5000; roundNo++) counts[source(roundNo).below(37)]! += 1
  const chiSquare = counts.reduce((sum, count) => sum + (count - 5000 / 37) ** 2 / (5000 / 37), 0)
  expect(chiSquare).toBeLessThan(67.99) // 36 degrees of freedom, one in a thousand
})

test('[FAI-3] all 24 orders of four things come up as often, and a shuffle holds each thing once', () => {
  const counts = new Map<string, number>()
  for (let roundNo = 0; roundNo < 4800; roundNo++) {
    const order = source(roundNo).permutation(4).join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  expect(counts.size).toBe(24)
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0)
  expect(chiSquare).toBeLessThan(49.73) // 23 degrees of freedom, one in a thousand
  const shoe = source(0).permutation(416)
  expect(shoe.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 416 }, (_, i) => i))
})

test('[FAI-3] a shuffle takes its choices from the last place down', () => {
  const draws = source(3)
  const expected = [0, 1, 2, 3, 4]
  for (let i = 4; i > 0; i--) {
    const j = draws.below(i + 1)
    const held = expected[i]!
    expected[i] = expected[j]!
    expected[j] = held
  }
  expect(source(3).permutation(5)).toEqual(expected)
})

test('[FAI-3] a range outside 1 to 2^21 is a broken invariant', () => {
  for (const n of [0, -1, 1.5, 2 ** 21 + 1, Number.NaN]) expect(() => source(0).below(n)).toThrow('2^21')
  expect(() => source(0).permutation(-1)).toThrow('2^21')
  expect(source(0).below(1)).toBe(0)
})
