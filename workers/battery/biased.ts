import type { DrawSource } from '../../engine/game.ts'

/** Uniform bytes and words; what every biased generator here is fed with is itself flawless. */
export type Bits = { readonly byte: () => number; readonly u16: () => number }

/** Mistakes seen in the field. Each maps good bits to bad draws, and the battery has to notice. */
export const byteRemainder = (byte: number, n: number) => byte % n
export const byteFloor = (byte: number, n: number) => Math.floor((byte / 256) * n)
export const u16Remainder = (word: number, n: number) => word % n

/** How often each number below n comes up over all words of 16 bits; a negative answer is a rejection. */
export function scalerCounts(scale: (word: number) => number, n: number): number[] {
  const counts = Array.from({ length: n }, () => 0)
  for (let word = 0; word < 65_536; word++) {
    const value = scale(word)
    if (value >= 0) counts[value]! += 1
  }
  return counts
}

export type BiasedShuffle = (n: number) => number[]

/** Swaps each place with any place at all, instead of one not yet settled. */
export function naiveShuffle(fair: DrawSource): BiasedShuffle {
  return (n) => swapped(n, () => fair.below(n))
}

/** Sattolo's off-by-one: no card ever stays where it was. */
export function sattoloShuffle(fair: DrawSource): BiasedShuffle {
  return (n) => swapped(n, (place) => (place === 0 ? 0 : fair.below(place)))
}

/** A sort that is lied to. */
export function sortShuffle(fair: DrawSource): BiasedShuffle {
  return (n) => Array.from({ length: n }, (_, at) => at).sort(() => fair.below(2) - 0.5)
}

/** The right shuffle with the wrong choice of place. */
export function byteRemainderShuffle(bits: Bits): BiasedShuffle {
  return (n) => swapped(n, (place) => bits.byte() % (place + 1))
}

function swapped(n: number, choose: (place: number) => number): number[] {
  const order = Array.from({ length: n }, (_, at) => at)
  for (let place = n - 1; place >= 0; place--) {
    const other = choose(place)
    const held = order[place] as number
    order[place] = order[other] as number
    order[other] = held
  }
  return order
}
