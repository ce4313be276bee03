import { randomFillSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { SLAB_BYTES, SlabRing } from './ring.ts'

const WORDS = SLAB_BYTES / 4

/** A ring whose refills finish when the test says, with words that count up from 1 unless told otherwise. */
function ringOf({ slabs = 4, lowWatermark = 1, fill = countingUp() } = {}) {
  const asked: Uint32Array[] = []
  const waiting: ((good: boolean) => void)[] = []
  const fallbacks: Uint32Array[] = []
  const ring = new SlabRing({
    slabs,
    lowWatermark,
    refill: (words) => {
      asked.push(words)
      return new Promise((resolve) => waiting.push(resolve))
    },
    fillNow: (words) => {
      fallbacks.push(words)
      fill(words)
    },
  })
  const finish = async (good = true, write = good) => {
    const words = asked.shift()
    if (words !== undefined && write) fill(words)
    waiting.shift()?.(good)
    await Promise.resolve()
  }
  return { ring, asked, fallbacks, finish }
}

function countingUp() {
  let next = 1
  return (words: Uint32Array) => {
    for (let at = 0; at < words.length; at++) words[at] = next++
  }
}

/** The word itself, seen through two draws below 2^16 being impossible: bytes give words as they are. */
const word = (ring: SlabRing) => new DataView(ring.bytes(4).slice().buffer).getUint32(0, true)

test('[DRW-7] opening asks for every slab but the one in use; words come in order, slab after slab', async () => {
  const { ring, asked, finish } = ringOf()
  ring.open()
  expect(asked).toHaveLength(3)
  await finish()
  await finish()
  expect(ring.counters()).toMatchObject({ slabsReady: 2, slabsFilling: 1, fallbacks: 0 })
  for (let at = 1; at <= WORDS + 5; at++) expect(word(ring)).toBe(at)
  expect(ring.counters()).toMatchObject({ slabsReady: 0, wordsTaken: WORDS + 5, fallbacks: 0 })
})

test('[DRW-7] a word is overwritten as it is taken, by every kind of take', async () => {
  const { ring, asked, finish } = ringOf()
  ring.open()
  const slab = asked[0] as Uint32Array
  await finish()
  ring.bytes(40)
  expect([...slab.subarray(0, 11)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11])
  ring.below(37)
  expect(slab[10]).toBe(0)
  ring.permutation(5)
  expect([...slab.subarray(0, 16)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16])
})

test('[DRW-7] refills are asked for at the low watermark and never for more slabs than the ring has', async () => {
  const { ring, asked, finish } = ringOf({ slabs: 4, lowWatermark: 1 })
  ring.open()
  for (let at = 0; at < 3; at++) await finish()
  expect(asked).toHaveLength(0)
  ring.bytes(4)
  expect(ring.counters().slabsReady).toBe(2)
  expect(asked).toHaveLength(0)
  ring.bytes(SLAB_BYTES)
  expect(ring.counters().slabsReady).toBe(1)
  expect(asked).toHaveLength(1)
  for (let at = 0; at < 40; at++) ring.bytes(SLAB_BYTES)
  const { slabsReady, slabsFilling } = ring.counters()
  expect(slabsReady + slabsFilling).toBeLessThanOrEqual(3)
})

test('[DRW-7] when no slab is ready the words are made here and now, and counted', async () => {
  const { ring, fallbacks, finish } = ringOf()
  ring.open()
  expect(word(ring)).toBe(1)
  ring.bytes(SLAB_BYTES)
  expect(ring.counters().fallbacks).toBe(2)
  expect(fallbacks).toHaveLength(2)
  await finish()
  ring.bytes(SLAB_BYTES)
  expect(ring.counters().fallbacks).toBe(2)
})

test('[DRW-8] a failed refill, or a slab nobody wrote, gives no words; its memory is not used again', async () => {
  const { ring, asked, finish } = ringOf()
  ring.open()
  const [failed, unwritten] = asked
  await finish(false)
  await finish(true, false)
  expect(ring.counters().slabsReady).toBe(0)
  ring.refill()
  expect(asked).toHaveLength(3)
  expect(asked).not.toContain(failed)
  expect(asked).not.toContain(unwritten)
  await finish()
  await finish()
  expect(ring.counters().slabsReady).toBe(2)
  expect(word(ring)).toBe(1)
})

test('[DRW-8] a slab written halfway is not used', async () => {
  const { ring, asked, finish } = ringOf()
  ring.open()
  randomFillSync((asked[0] as Uint32Array).subarray(0, WORDS / 2))
  await finish(true, false)
  expect(ring.counters().slabsReady).toBe(0)
})

test('[DRW-8 G8] closing forgets every ready word, late slabs too, and refuses takes with its code', async () => {
  const { ring, asked, finish } = ringOf()
  expect(() => ring.below(37)).toThrow('stopped')
  ring.open()
  const slabs = [...asked]
  await finish()
  await finish()
  ring.below(37)
  ring.close('unhealthy')
  expect(slabs.slice(0, 2).every((slab) => slab.every((one) => one === 0))).toBe(true)
  await finish()
  expect(ring.counters()).toMatchObject({ slabsReady: 0, slabsFilling: 0, wordsTaken: 1 })
  for (const take of [() => ring.below(37), () => ring.bytes(1), () => ring.permutation(2)]) {
    expect(take).toThrow(expect.objectContaining({ code: 'unhealthy' }))
  }
})

test('[DRW-6] a rejected word is passed over', () => {
  // 2^32 mod 37 is 7: a product whose low part is below 7 is rejected, so the word 0 is.
  const words = [0, 2 ** 31]
  const { ring } = ringOf({ fill: (slab) => slab.set([...words, 1, 1]) })
  ring.open()
  expect(ring.below(37)).toBe(18)
  expect(ring.counters().wordsTaken).toBe(2)
})

test('[DRW-6] ranges, sizes and shuffles out of bounds are refused', () => {
  const { ring } = ringOf()
  ring.open()
  for (const n of [0, -1, 1.5, 2 ** 21 + 1, Number.NaN, Infinity]) expect(() => ring.below(n)).toThrow(RangeError)
  for (const n of [-1, 0.5, 2 ** 20 + 1, Number.NaN]) expect(() => ring.bytes(n)).toThrow(RangeError)
  for (const n of [-1, 0.5, 65_537]) expect(() => ring.permutation(n)).toThrow(RangeError)
  expect(ring.below(1)).toBe(0)
  expect(ring.bytes(0)).toHaveLength(0)
  expect(ring.bytes(5)).toHaveLength(5)
  expect(ring.permutation(0)).toEqual([])
  expect(ring.permutation(1)).toEqual([0])
})

test('[DRW-6 G5] a shuffle takes its choices from the last place down and keeps every card', () => {
  const { ring } = ringOf({ fill: (words) => randomFillSync(words) })
  ring.open()
  for (const n of [2, 52, 416]) {
    const order = ring.permutation(n)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, at) => at))
  }
  // With every word at its highest, each place keeps its own card.
  const highest = ringOf({ fill: (words) => words.fill(0xffffffff) })
  highest.ring.open()
  expect(highest.ring.permutation(10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})
