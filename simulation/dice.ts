/** The simulator's only source of chance. A seed gives the same throws for ever; never for a draw that pays money. */
export type Dice = {
  /** True with probability p. */
  chance(p: number): boolean
  /** A whole number in [0, n). */
  upTo(n: number): number
  /** A whole number in [from, to]. */
  between(from: number, to: number): number
  pick<T>(list: readonly T[]): T
  /** `digits` random hexadecimal digits. */
  hex(digits: number): string
}

/** Source: mulberry32 by Tommy Ettinger; 32 bits of state are plenty for one small world. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const upTo = (n: number): number => Math.floor(next() * n)
  return {
    chance: (p) => next() < p,
    upTo,
    between: (from, to) => from + upTo(to - from + 1),
    pick: (list) => {
      const picked = list[upTo(list.length)]
      if (picked === undefined) throw new Error('nothing to pick from')
      return picked
    },
    hex: (digits) => Array.from({ length: digits }, () => upTo(16).toString(16)).join(''),
  }
}
