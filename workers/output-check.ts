/** Why a slab may not be given out. */
export type OutputFault = 'stuck-words' | 'unbalanced-bits'

const REPEATS = 3
const MOST_SIGMAS = 10

/**
 * A last look at what the generator made: the same 32-bit word three times running (2^-64 for each place), or a count
 * of ones ten standard deviations off (about 2^-75), means hardware or code has failed. It says nothing about quality.
 * Null when nothing is wrong. Source: rule DRW-4 (G8).
 */
export function outputFault(words: Uint32Array): OutputFault | null {
  let ones = 0
  let last = -1
  let repeats = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as number
    repeats = word === last ? repeats + 1 : 1
    if (repeats === REPEATS) return 'stuck-words'
    last = word
    ones += onesIn(word)
  }
  const bits = words.length * 32
  return Math.abs(2 * ones - bits) > MOST_SIGMAS * Math.sqrt(bits) ? 'unbalanced-bits' : null
}

function onesIn(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
