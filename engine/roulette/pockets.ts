/** Which wheel the ball runs on: 37 pockets with one zero, or 38 with the American double zero. */
export type Wheel = 'single-zero' | 'double-zero'

/**
 * Where the ball may rest: the numbers 0 to 36, and the double zero as the text '00', so that no message, transcript
 * or statistic ever shows it as a number that is not on the wheel. Source: RULES.md ROU-3.
 */
export type Pocket = number | '00'
export type Colour = 'red' | 'black' | 'green'

const RED: ReadonlySet<Pocket> = new Set([1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36])

/** The pockets clockwise around each wheel, from zero. Source: RULES.md ROU-1, ROU-2. */
export const WHEEL_ORDER: Readonly<Record<Wheel, readonly Pocket[]>> = {
  'single-zero': [
    0, 32, 15, 19, 4, 21, 2, 25, 17, 34, 6, 27, 13, 36, 11, 30, 8, 23, 10, 5, 24, 16, 33, 1, 20, 14, 31, 9, 22, 18, 29,
    7, 28, 12, 35, 3, 26,
  ],
  'double-zero': [
    0,
    28,
    9,
    26,
    30,
    11,
    7,
    20,
    32,
    17,
    5,
    22,
    34,
    15,
    3,
    24,
    36,
    13,
    1,
    '00',
    27,
    10,
    25,
    29,
    12,
    8,
    19,
    31,
    18,
    6,
    21,
    33,
    16,
    4,
    23,
    35,
    14,
    2,
  ],
}

const NUMBERS: readonly Pocket[] = Array.from({ length: 37 }, (_, n) => n)

/** The pockets in the order of the draw: a draw of n means pocket n, and 37 means the double zero (ROU-4). */
export const POCKETS: Readonly<Record<Wheel, readonly Pocket[]>> = {
  'single-zero': NUMBERS,
  'double-zero': [...NUMBERS, '00'],
}

export function colourOf(pocket: Pocket): Colour {
  if (pocket === 0 || pocket === '00') return 'green'
  return RED.has(pocket) ? 'red' : 'black'
}

/** True for whatever could be a pocket of some wheel; a layout says whether it has it. */
export function isPocket(value: unknown): value is Pocket {
  return value === '00' || (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 36)
}

/** Orders pockets as the felt shows them: 0, 00, then 1 to 36. */
export function comparePockets(a: Pocket, b: Pocket): number {
  return rank(a) - rank(b)
}

function rank(pocket: Pocket): number {
  return pocket === '00' ? 0.5 : pocket
}
