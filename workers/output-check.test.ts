import { randomFillSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { outputFault } from './output-check.ts'

const slab = () => randomFillSync(new Uint32Array(16_384))

test('[DRW-4 G8] good slabs pass', () => {
  for (let at = 0; at < 200; at++) expect(outputFault(slab())).toBe(null)
})

test('[DRW-4 G8] three equal words in a row are refused anywhere in the slab, two are not', () => {
  for (const at of [0, 1, 8000, 16_381]) {
    const words = slab()
    words.fill(0x12345678, at, at + 2)
    words[at + 2] = 1
    expect(outputFault(words)).toBe(null)
    words.fill(0x12345678, at, at + 3)
    expect(outputFault(words)).toBe('stuck-words')
  }
})

test('[DRW-4 G8] a surplus or a lack of ones beyond ten standard deviations is refused, one just within is not', () => {
  const withOnes = (ones: number) => {
    const words = new Uint32Array(16_384)
    // Words are spread so that no three in a row are alike.
    for (let at = 0; at < words.length; at++) words[at] = at % 2 === 0 ? 0xffff0000 : 0x0000ffff
    let surplus = ones - 16_384 * 16
    for (let at = 0; surplus !== 0; at = (at + 1) % words.length) {
      const word = words[at] as number
      const bit = at % 2 === 0 ? 1 << (at % 15) : 1 << (16 + (at % 15))
      words[at] = surplus > 0 ? word | bit : word & ~(at % 2 === 0 ? bit << 16 : bit >>> 16)
      surplus -= Math.sign(surplus)
    }
    return words
  }
  // The standard deviation of 524,288 fair bits is 362.04.
  expect(outputFault(withOnes(262_144 + 3620))).toBe(null)
  expect(outputFault(withOnes(262_144 + 3621))).toBe('unbalanced-bits')
  expect(outputFault(withOnes(262_144 - 3620))).toBe(null)
  expect(outputFault(withOnes(262_144 - 3621))).toBe('unbalanced-bits')
})
