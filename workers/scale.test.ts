import { expect, test } from 'vitest'
import { byteFloor, byteRemainder, scalerCounts, u16Remainder } from './battery/biased.ts'
import { REJECTED, scaled, WORD_SPAN } from './scale.ts'

/** Every range a game of the house may ask for: wheels, dice, reels, decks and shoes of up to eight decks. */
const RANGES = Array.from({ length: 415 }, (_, at) => at + 2)
const SPAN_16 = 65_536

test('[DRW-6 G5] over all 65,536 words of 16 bits, every number of every range 2..416 comes up equally often', () => {
  for (const n of RANGES) {
    const counts = scalerCounts((word) => scaled(word, n, SPAN_16), n)
    expect(new Set(counts), `n = ${n}`).toEqual(new Set([Math.floor(SPAN_16 / n)]))
  }
})

test('[DRW-6 G5] over all 2^32 words too: each number owns a run of words, at most its first is rejected', () => {
  for (const n of RANGES) {
    const each = Math.floor(WORD_SPAN / n)
    for (let value = 0; value < n; value++) {
      const first = Math.ceil((value * WORD_SPAN) / n)
      const last = Math.ceil(((value + 1) * WORD_SPAN) / n) - 1
      const rejected = scaled(first, n, WORD_SPAN) === REJECTED ? 1 : 0
      expect(last - first + 1 - rejected, `n = ${n}, value ${value}`).toBe(each)
      if (rejected === 0) expect(scaled(first, n, WORD_SPAN)).toBe(value)
      // Only words whose low part is below n can be rejected, and the low part grows by n with every word.
      expect(scaled(first + 1, n, WORD_SPAN)).toBe(value)
      expect(scaled(last, n, WORD_SPAN)).toBe(value)
    }
  }
})

test('[DRW-6 G5] the same proof rejects the remainder, which sampling cannot tell from a fair draw', () => {
  const biased = RANGES.filter((n) => new Set(scalerCounts((word) => u16Remainder(word, n), n)).size > 1)
  // All but the eight powers of two.
  expect(biased).toHaveLength(407)
  for (const scaler of [byteRemainder, byteFloor]) {
    expect(new Set(scalerCounts((word) => scaler(word & 0xff, 37), 37)).size).toBeGreaterThan(1)
  }
})

test('[DRW-6] a power of two rejects nothing; the largest range is exact', () => {
  for (const word of [0, 1, 12_345, WORD_SPAN - 1]) {
    expect(scaled(word, 64, WORD_SPAN)).toBe(Math.floor(word / 2 ** 26))
    expect(scaled(word, 2 ** 21, WORD_SPAN)).toBe(Math.floor(word / 2 ** 11))
    expect(scaled(word, 1, WORD_SPAN)).toBe(0)
  }
  const n = 2 ** 21 - 1
  const exact = (word: number) => Number((BigInt(word) * BigInt(n)) >> 32n)
  for (const word of [WORD_SPAN - 1, WORD_SPAN - 2, 3_000_000_019]) expect(scaled(word, n, WORD_SPAN)).toBe(exact(word))
})
