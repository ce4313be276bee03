import { colourOf, comparePockets, POCKETS, type Pocket, type Wheel } from './pockets.ts'
import { type EvenChance, type NumbersKind, placeName, type RouletteSelection } from './selections.ts'

/** The kinds of chip a felt has room for, in the order a player reads them; a table sets limits by these names. */
export const FELT_KINDS = [
  'straight',
  'split',
  'street',
  'trio',
  'corner',
  'first-four',
  'basket',
  'line',
  'dozen',
  'column',
  'even-chance',
] as const
export type FeltKind = (typeof FELT_KINDS)[number]

export const EVEN_CHANCES = ['low', 'even', 'red', 'black', 'odd', 'high'] as const satisfies readonly EvenChance[]

/** One place on the felt for a chip, and the pockets that a chip there covers, as the felt shows them. */
export type Position = {
  readonly name: string
  readonly kind: FeltKind
  readonly selection: RouletteSelection
  readonly covers: ReadonlySet<Pocket>
}

/** The rows of three numbers across the felt, and the twelve numbers of each of its columns. */
export const ROWS: readonly (readonly [number, number, number])[] = Array.from({ length: 12 }, (_, row) => [
  3 * row + 1,
  3 * row + 2,
  3 * row + 3,
])
const NUMBERS = ROWS.flat()

/** What differs between the felts: which places touch a zero. Source: RULES.md ROU-6. */
const AT_ZERO: Readonly<Record<Wheel, { readonly splits: readonly Pocket[][]; readonly trios: readonly Pocket[][] }>> =
  {
    'single-zero': {
      splits: [
        [0, 1],
        [0, 2],
        [0, 3],
      ],
      trios: [
        [0, 1, 2],
        [0, 2, 3],
      ],
    },
    'double-zero': {
      splits: [
        [0, '00'],
        [0, 1],
        [0, 2],
        ['00', 2],
        ['00', 3],
      ],
      trios: [
        [0, '00', 2],
        [0, 1, 2],
        ['00', 2, 3],
      ],
    },
  }

/** Every place of each felt by its name, inside bets first. */
export const FELT: Readonly<Record<Wheel, ReadonlyMap<string, Position>>> = {
  'single-zero': felt('single-zero'),
  'double-zero': felt('double-zero'),
}

function felt(wheel: Wheel): ReadonlyMap<string, Position> {
  return new Map([...insidePositions(wheel), ...outsidePositions()].map((position) => [position.name, position]))
}

function insidePositions(wheel: Wheel): Position[] {
  const zeroBet =
    wheel === 'single-zero'
      ? position('first-four', { kind: 'first-four' }, [0, 1, 2, 3])
      : position('basket', { kind: 'basket' }, [0, '00', 1, 2, 3])
  return [
    ...onNumbers(
      'straight',
      POCKETS[wheel].map((pocket) => [pocket]),
    ),
    ...onNumbers('split', [...AT_ZERO[wheel].splits, ...splits()]),
    ...onNumbers('street', ROWS),
    ...onNumbers('trio', AT_ZERO[wheel].trios),
    ...onNumbers('corner', corners()),
    zeroBet,
    ...onNumbers(
      'line',
      ROWS.slice(1).map((row, above) => [...(ROWS[above] ?? []), ...row]),
    ),
  ]
}

/** Neighbours across a row, then along a column. */
function splits(): Pocket[][] {
  const across = NUMBERS.filter((n) => n % 3 !== 0).map((n) => [n, n + 1])
  return [...across, ...NUMBERS.filter((n) => n <= 33).map((n) => [n, n + 3])]
}

function corners(): Pocket[][] {
  return NUMBERS.filter((n) => n % 3 !== 0 && n <= 33).map((n) => [n, n + 1, n + 3, n + 4])
}

function outsidePositions(): Position[] {
  const thirds = [1, 2, 3]
  return [
    ...thirds.map((index) =>
      position(
        'dozen',
        { kind: 'dozen', index },
        NUMBERS.filter((n) => Math.ceil(n / 12) === index),
      ),
    ),
    ...thirds.map((index) =>
      position(
        'column',
        { kind: 'column', index },
        NUMBERS.filter((n) => (n - index) % 3 === 0),
      ),
    ),
    ...EVEN_CHANCES.map((kind) =>
      position(
        'even-chance',
        { kind },
        NUMBERS.filter((n) => isOn(kind, n)),
      ),
    ),
  ]
}

/** Whether an even chance wins on a number from 1 to 36; no zero is odd, even, red, black, low or high (ROU-7). */
function isOn(chance: EvenChance, n: number): boolean {
  if (chance === 'red' || chance === 'black') return colourOf(n) === chance
  if (chance === 'odd' || chance === 'even') return (n % 2 === 1) === (chance === 'odd')
  return n <= 18 === (chance === 'low')
}

function onNumbers(kind: NumbersKind, sets: readonly (readonly Pocket[])[]): Position[] {
  return sets.map((numbers) => position(kind, { kind, numbers: numbers.toSorted(comparePockets) }, numbers))
}

function position(kind: FeltKind, selection: RouletteSelection, covers: readonly Pocket[]): Position {
  return { name: placeName(selection) ?? '', kind, selection, covers: new Set(covers.toSorted(comparePockets)) }
}
