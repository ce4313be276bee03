import { type Place, placeOf } from '../../../../engine/roulette/felt-places.ts'
import { FELT, type Position } from '../../../../engine/roulette/layout.ts'
import { POCKETS, type Pocket, type Wheel } from '../../../../engine/roulette/pockets.ts'

/** Lengthwise for a desktop, upright with the zero on top for a phone. */
export type Orientation = 'horizontal' | 'vertical'
export type Rect = { readonly x: number; readonly y: number; readonly w: number; readonly h: number }

/** One place for a chip: what it means, where it is touched, where the chip lies, and its place in the logical grid. */
export type Spot = {
  readonly name: string
  readonly position: Position
  readonly rect: Rect
  readonly anchor: { readonly x: number; readonly y: number }
  readonly row: number
  readonly col: number
}
export type FeltPlan = {
  readonly orientation: Orientation
  /** Size of the whole drawing, frame included, in its own units; a unit is about a pixel. */
  readonly width: number
  readonly height: number
  readonly spots: ReadonlyMap<string, Spot>
  /** The spots row by row as the grid shows them, each row from left to right. */
  readonly rows: readonly (readonly Spot[])[]
  readonly columns: number
  /** The whole cell of each number and zero, and of each outside bet by its name. */
  readonly cells: ReadonlyMap<Pocket | string, Rect>
}

/** Sizes along the felt (zero, numbers, columns), across it (numbers, outside bets), and half the width of a line. */
type Sizes = {
  readonly zero: number
  readonly along: number
  readonly columnBet: number
  readonly across: number
  readonly outside: number
  readonly pad: number
  readonly lineAlong: number
  readonly lineAcross: number
}
const SIZES: Readonly<Record<Orientation, Sizes>> = {
  horizontal: { zero: 62, along: 60, columnBet: 58, across: 68, outside: 52, pad: 12, lineAlong: 11, lineAcross: 11 },
  vertical: { zero: 40, along: 37, columnBet: 36, across: 73, outside: 60, pad: 8, lineAlong: 9, lineAcross: 13 },
}

/** A box in the felt's own cells (see `placeOf`): x along it from the line at the zero, y across it. */
type Box = { readonly x0: number; readonly x1: number; readonly y0: number; readonly y1: number }

const plans = new Map<string, FeltPlan>()

/** The felt of a wheel, drawn lengthwise or upright; made once. */
export function feltPlan(wheel: Wheel, orientation: Orientation): FeltPlan {
  const key = `${wheel} ${orientation}`
  const known = plans.get(key)
  if (known !== undefined) return known
  const made = makePlan(wheel, orientation)
  plans.set(key, made)
  return made
}

function makePlan(wheel: Wheel, orientation: Orientation): FeltPlan {
  const sizes = SIZES[orientation]
  const positions = [...FELT[wheel].values()]
  const placed = positions.map((position) => {
    const place = placeOf(wheel, position)
    const anchor = center(project({ x0: place.x, x1: place.x, y0: place.y, y1: place.y }, orientation))
    const rect = project(touchBox(wheel, position, place, sizes), orientation)
    return { name: position.name, position, rect, anchor }
  })
  const rowKeys = ranks(placed.map(({ anchor }) => anchor.y))
  const colKeys = ranks(placed.map(({ anchor }) => anchor.x))
  const spots = placed.map((spot) => ({
    ...spot,
    row: rowKeys.indexOf(round(spot.anchor.y)),
    col: colKeys.indexOf(round(spot.anchor.x)),
  }))
  const rows = rowKeys.map((_, row) => spots.filter((spot) => spot.row === row).toSorted((a, b) => a.col - b.col))
  const whole = project({ x0: -1, x1: 13, y0: 0, y1: 5 }, orientation)
  return {
    orientation,
    width: whole.w + 2 * sizes.pad,
    height: whole.h + 2 * sizes.pad,
    spots: new Map(spots.map((spot) => [spot.name, spot])),
    rows,
    columns: colKeys.length,
    cells: cellRects(wheel, positions, orientation),
  }
}

/** From cells to the drawing: the upright felt is the lengthwise one turned a quarter, dozens on its left. */
function project({ x0, x1, y0, y1 }: Box, orientation: Orientation): Rect {
  const { pad } = SIZES[orientation]
  const [from, to] = [along(x0, orientation), along(x1, orientation)]
  const [top, bottom] = [across(y0, orientation), across(y1, orientation)]
  if (orientation === 'horizontal') return { x: pad + from, y: pad + top, w: to - from, h: bottom - top }
  return { x: pad + across(5, orientation) - bottom, y: pad + from, w: bottom - top, h: to - from }
}

function along(x: number, orientation: Orientation): number {
  const { zero, along, columnBet } = SIZES[orientation]
  if (x <= 0) return (x + 1) * zero
  return zero + Math.min(x, 12) * along + Math.max(0, x - 12) * columnBet
}

function across(y: number, orientation: Orientation): number {
  const { across, outside } = SIZES[orientation]
  return Math.min(y, 3) * across + Math.max(0, y - 3) * outside
}

/**
 * The box in which a finger or mouse means this place. Lines and crossings take a strip on both sides of the line,
 * cells what is left of them; no two boxes overlap (FELT-4).
 */
function touchBox(wheel: Wheel, position: Position, { x, y }: Place, sizes: Sizes): Box {
  const mx = sizes.lineAlong / sizes.along
  const my = sizes.lineAcross / sizes.across
  const zeroMx = sizes.lineAlong / sizes.zero
  const belowMy = sizes.lineAcross / sizes.outside
  const cell = cellBox(wheel, position, { x, y })
  if (position.kind === 'straight' && x < 0) {
    const above = wheel === 'double-zero' && y > 1.5 ? my : 0
    const below = wheel === 'double-zero' && y < 1.5 ? my : 0
    return { x0: cell.x0, x1: -zeroMx, y0: cell.y0 + above, y1: cell.y1 - below }
  }
  if (position.kind === 'straight') {
    return {
      x0: cell.x0 + mx,
      x1: cell.x1 === 12 ? 12 : cell.x1 - mx,
      y0: cell.y0 === 0 ? 0 : cell.y0 + my,
      y1: cell.y1 - my,
    }
  }
  if (position.kind === 'dozen') return { ...cell, y0: 3 + belowMy }
  if (position.kind === 'column' || position.kind === 'even-chance') return cell
  const bottom = y === 3 ? 3 + belowMy : y + my
  if (x < 0) return { x0: -1, x1: -zeroMx, y0: y - my, y1: y + my }
  if (x === 0) return { x0: -zeroMx, x1: mx, ...spanAtZero(wheel, y, my), ...(y === 3 ? { y1: bottom } : {}) }
  if (!Number.isInteger(x)) return { x0: x - 0.5 + mx, x1: x === 11.5 ? 12 : x + 0.5 - mx, y0: y - my, y1: bottom }
  if (Number.isInteger(y)) return { x0: x - mx, x1: x + mx, y0: y - my, y1: bottom }
  return { x0: x - mx, x1: x + mx, y0: y === 0.5 ? 0 : y - 0.5 + my, y1: y + 0.5 - my }
}

/** The whole cell of a number, a zero or an outside bet; for the places on lines only their point. */
function cellBox(wheel: Wheel, { kind }: Position, { x, y }: Place): Box {
  if (kind === 'dozen') return { x0: x - 2, x1: x + 2, y0: 3, y1: 4 }
  if (kind === 'even-chance') return { x0: x - 1, x1: x + 1, y0: 4, y1: 5 }
  if (kind === 'column') return { x0: 12, x1: 13, y0: y - 0.5, y1: y + 0.5 }
  if (kind === 'straight' && x < 0) {
    if (wheel === 'single-zero') return { x0: -1, x1: 0, y0: 0, y1: 3 }
    return { x0: -1, x1: 0, y0: y < 1.5 ? 0 : 1.5, y1: y < 1.5 ? 1.5 : 3 }
  }
  return { x0: x - 0.5, x1: x + 0.5, y0: y - 0.5, y1: y + 0.5 }
}

/** The line at the zero holds splits and trios closely together: each takes up to half the way to the next. */
function spanAtZero(wheel: Wheel, y: number, my: number): { y0: number; y1: number } {
  const heights = wheel === 'single-zero' ? [0.5, 1, 1.5, 2, 2.5, 3] : [0.5, 1, 1.25, 1.5, 1.75, 2, 2.5, 3]
  const at = heights.indexOf(y)
  const edge = (a: number, b: number) => {
    const [low, high] = a < b ? [a, b] : [b, a]
    if (high - low < 0.5) return (low + high) / 2
    return Number.isInteger(low) ? low + my : high - my
  }
  const above = heights[at - 1]
  const below = heights[at + 1]
  return { y0: above === undefined ? 0 : edge(above, y), y1: below === undefined ? y : edge(y, below) }
}

function cellRects(wheel: Wheel, positions: readonly Position[], orientation: Orientation): Map<Pocket | string, Rect> {
  const rects = new Map<Pocket | string, Rect>()
  for (const position of positions) {
    const box = cellBox(wheel, position, placeOf(wheel, position))
    const pocket = POCKETS[wheel].find((pocket) => position.name === `straight:${pocket}`)
    if (pocket !== undefined) rects.set(pocket, project(box, orientation))
    else if (['dozen', 'column', 'even-chance'].includes(position.kind))
      rects.set(position.name, project(box, orientation))
  }
  return rects
}

function center({ x, y, w, h }: Rect): { x: number; y: number } {
  return { x: x + w / 2, y: y + h / 2 }
}

function ranks(values: readonly number[]): number[] {
  return [...new Set(values.map(round))].toSorted((a, b) => a - b)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
