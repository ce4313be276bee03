import { JEU_ZERO_ARC, RACETRACK } from '../../../../engine/roulette/announced.ts'
import { type Pocket, WHEEL_ORDER, type Wheel } from '../../../../engine/roulette/pockets.ts'
import type { Announced } from '../../../../engine/roulette/selections.ts'
import type { Orientation } from '../felt/geometry.ts'

/** The wheel drawn as a stadium: zero at the right end, or on top when upright, pockets clockwise. */
export type TrackPlan = {
  readonly width: number
  readonly height: number
  readonly pockets: readonly { readonly pocket: Pocket; readonly path: string; readonly at: Point }[]
  /** The field inside the ring. */
  readonly inner: { readonly path: string; readonly at: Point }
  /** The announced bets inside the track; empty on a double-zero wheel, which has none of them. */
  readonly sections: readonly { readonly kind: Announced; readonly path: string; readonly at: Point }[]
}
export type Point = readonly [number, number]

/** Half height, depth of the ring, and length of the straight part. */
const SHAPES: Readonly<
  Record<Orientation, { readonly radius: number; readonly ring: number; readonly straight: number }>
> = {
  horizontal: { radius: 128, ring: 46, straight: 520 },
  vertical: { radius: 166, ring: 48, straight: 210 },
}
const EDGE = 6
const STEPS = 5

export function trackPlan(wheel: Wheel, orientation: Orientation): TrackPlan {
  const { radius, ring, straight } = SHAPES[orientation]
  const order = WHEEL_ORDER[wheel]
  const long = 2 * radius + straight + 2 * EDGE
  const short = 2 * radius + 2 * EDGE
  const [width, height] = orientation === 'horizontal' ? [long, short] : [short, long]
  const turn = ([x, y]: Point): Point => (orientation === 'horizontal' ? [x, y] : [y, long - x])
  const on = (place: number, depth: number): Point =>
    turn(alongStadium(place / order.length, { radius, straight, middle: radius - ring / 2, depth: ring * depth }))
  const edge = (from: number, to: number, depth: number): Point[] => {
    const steps = Math.max(STEPS, Math.ceil(Math.abs(to - from) * STEPS))
    return Array.from({ length: steps + 1 }, (_, i) => on(from + ((to - from) * i) / steps, depth))
  }
  const pockets = order.map((pocket, i) => ({
    pocket,
    path: polygon([...edge(i - 0.5, i + 0.5, 0), ...edge(i + 0.5, i - 0.5, 1)]),
    at: on(i, 0.5),
  }))
  const bulge = turn([EDGE + straight + radius * 0.88, EDGE + radius])
  const inner = { path: polygon(edge(0, order.length, 1)), at: [width / 2, height / 2] as const }
  return { width, height, pockets, inner, sections: wheel === 'single-zero' ? sections(edge, bulge) : [] }
}

type Edge = (from: number, to: number, depth: number) => Point[]

/** The sections lie end to end inside the ring; both parts of the orphelins are one field, the jeu zéro is inset. */
function sections(edge: Edge, bulge: Point): TrackPlan['sections'] {
  const arc = (pockets: readonly Pocket[]): Point[] => {
    const from = WHEEL_ORDER['single-zero'].indexOf(pockets[0] ?? 0) - 0.5
    return edge(from, from + pockets.length, 1)
  }
  const inside = (kind: Announced): Point[] =>
    RACETRACK.filter((section) => section.kind === kind).flatMap(({ pockets }) => arc(pockets))
  const voisins = RACETRACK.find(({ kind }) => kind === 'voisins')?.pockets ?? []
  const [first, last] = [voisins.indexOf(JEU_ZERO_ARC[0] ?? 0), voisins.indexOf(JEU_ZERO_ARC.at(-1) ?? 0)]
  const inner = bulged(arc(JEU_ZERO_ARC), bulge)
  const outer = [...arc(voisins.slice(0, first)), ...inner.slice(arc(JEU_ZERO_ARC).length).toReversed()]
  const fields: { kind: Announced; points: Point[] }[] = [
    { kind: 'tiers', points: inside('tiers') },
    { kind: 'orphelins', points: inside('orphelins') },
    { kind: 'voisins', points: [...outer, ...arc(voisins.slice(last + 1))] },
    { kind: 'jeu-zero', points: inner },
  ]
  return fields.map(({ kind, points }) => ({ kind, path: polygon(points), at: centroid(points) }))
}

/** The points closed by a curve from the last back to the first, drawn towards `bulge`. */
function bulged(points: readonly Point[], bulge: Point): Point[] {
  const [from, to] = [points.at(-1) ?? bulge, points[0] ?? bulge]
  const curve = Array.from({ length: 11 }, (_, i): Point => {
    const s = (i + 1) / 12
    const [a, b, c] = [(1 - s) * (1 - s), 2 * s * (1 - s), s * s]
    return [a * from[0] + b * bulge[0] + c * to[0], a * from[1] + b * bulge[1] + c * to[1]]
  })
  return [...points, ...curve]
}

/** The middle of a field, where its name is written. */
function centroid(points: readonly Point[]): Point {
  let [area, x, y] = [0, 0, 0]
  for (const [i, [ax, ay]] of points.entries()) {
    const [bx, by] = points[(i + 1) % points.length] ?? [ax, ay]
    const cross = ax * by - bx * ay
    area += cross
    x += (ax + bx) * cross
    y += (ay + by) * cross
  }
  return [x / (3 * area), y / (3 * area)]
}

type Stadium = { readonly radius: number; readonly straight: number; readonly middle: number; readonly depth: number }

/**
 * The point at `share` (0 to 1, clockwise from the middle of the right end) of the ring's middle line, moved to `depth`
 * below its outer edge. Pockets are equally long on the middle line.
 */
function alongStadium(share: number, { radius, straight, middle, depth }: Stadium): Point {
  const halfTurn = Math.PI * middle
  const whole = 2 * straight + 2 * halfTurn
  const way = (((share % 1) + 1) % 1) * whole
  const r = radius - depth
  const left = EDGE + radius
  const right = left + straight
  const cy = EDGE + radius
  if (way < halfTurn / 2) return round(right, cy, r, way / middle)
  if (way < halfTurn / 2 + straight) return [right - (way - halfTurn / 2), cy + r]
  if (way < halfTurn * 1.5 + straight) return round(left, cy, r, Math.PI / 2 + (way - halfTurn / 2 - straight) / middle)
  if (way < halfTurn * 1.5 + 2 * straight) return [left + (way - halfTurn * 1.5 - straight), cy - r]
  return round(right, cy, r, Math.PI * 1.5 + (way - halfTurn * 1.5 - 2 * straight) / middle)
}

function round(cx: number, cy: number, r: number, angle: number): Point {
  return [cx + r * Math.cos(angle), cy + r * Math.sin(angle)]
}

function text([x, y]: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`
}

function polygon(points: readonly Point[]): string {
  return `M${points.map(text).join('L')}Z`
}
