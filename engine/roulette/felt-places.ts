import { EVEN_CHANCES, type Position } from './layout.ts'
import type { Pocket, Wheel } from './pockets.ts'

/**
 * Where a chip lies on a felt drawn lengthwise, in cells: x from 0 at the line between the zero and 1-2-3 to 12 at the
 * far end, y downwards from 0 above the row of 3, 6, 9. The zero lies left of x = 0, columns are paid right of x = 12,
 * dozens and even chances below y = 3 and y = 4.
 */
export type Place = { readonly x: number; readonly y: number }

/** The middle of the cell, line or crossing that means this position; no two positions share one. */
export function placeOf(wheel: Wheel, { kind, selection, covers }: Position): Place {
  const numbers = [...covers].filter((pocket) => pocket !== 0 && pocket !== '00') as number[]
  const touchesZero = numbers.length < covers.size
  switch (kind) {
    case 'straight':
    case 'corner':
      return middle(wheel, [...covers])
    case 'split':
      return touchesZero ? splitAtZero(wheel, numbers[0] ?? null, covers) : middle(wheel, [...covers])
    case 'street':
    case 'line':
      return { x: middle(wheel, numbers).x, y: 3 }
    case 'trio':
      return { x: 0, y: trioHeight(numbers) }
    case 'first-four':
    case 'basket':
      return { x: 0, y: 3 }
    case 'dozen':
      return { x: middle(wheel, numbers).x, y: 3.5 }
    case 'column':
      return { x: 12.5, y: middle(wheel, numbers).y }
    case 'even-chance':
      return { x: 2 * (EVEN_CHANCES as readonly string[]).indexOf(selection.kind) + 1, y: 4.5 }
  }
}

/** On the line that a number shares with a zero; 2 borders on both zeros of an American felt, half its height each. */
function splitAtZero(wheel: Wheel, number: number | null, covers: ReadonlySet<Pocket>): Place {
  if (number === null) return { x: -0.5, y: 1.5 }
  const y = middle(wheel, [number]).y
  if (wheel === 'single-zero' || number !== 2) return { x: 0, y }
  return { x: 0, y: covers.has(0) ? y + 0.25 : y - 0.25 }
}

/** 0-1-2 lies at the crossing below 2, 0-2-3 and 00-2-3 at the one above it, 0-00-2 where both zeros meet. */
function trioHeight(numbers: readonly number[]): number {
  if (numbers.length === 1) return 1.5
  return numbers.includes(1) ? 2 : 1
}

function middle(wheel: Wheel, pockets: readonly Pocket[]): Place {
  const cells = pockets.map((pocket) => cell(wheel, pocket))
  const mean = (of: (place: Place) => number) => cells.reduce((sum, place) => sum + of(place), 0) / cells.length
  return { x: mean(({ x }) => x), y: mean(({ y }) => y) }
}

function cell(wheel: Wheel, pocket: Pocket): Place {
  if (pocket === '00') return { x: -0.5, y: 0.75 }
  if (pocket === 0) return { x: -0.5, y: wheel === 'single-zero' ? 1.5 : 2.25 }
  return { x: Math.ceil(pocket / 3) - 0.5, y: 2.5 - ((pocket - 1) % 3) }
}
