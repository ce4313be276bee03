import type { FeltPlan, Spot } from './geometry.ts'

/**
 * How the keys move over the felt (FELT-5): an arrow goes to the nearest place in its direction, lines and crossings
 * included; with Shift to the next place of the same kind; Home and End to the ends of the row.
 */
export type Direction = 'left' | 'right' | 'up' | 'down'

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

/** The place that a key leads to, or null when it leads nowhere. */
export function keyTarget(plan: FeltPlan, from: Spot, key: string, shift: boolean): Spot | null {
  const direction = ARROWS[key]
  if (direction !== undefined) return nearest(plan, from, direction, shift)
  const row = plan.rows[from.row] ?? []
  if (key === 'Home') return row[0] ?? null
  if (key === 'End') return row.at(-1) ?? null
  return null
}

function nearest(plan: FeltPlan, from: Spot, direction: Direction, sameKind: boolean): Spot | null {
  let best: Spot | null = null
  let least = Number.POSITIVE_INFINITY
  for (const spot of plan.spots.values()) {
    if (sameKind && spot.position.kind !== from.position.kind) continue
    const cost = effort(from, spot, direction)
    if (cost < least) [best, least] = [spot, cost]
  }
  return best
}

/** Way ahead plus three times the way beside; what lies more beside than ahead is not in that direction. */
function effort(from: Spot, to: Spot, direction: Direction): number {
  const dx = to.anchor.x - from.anchor.x
  const dy = to.anchor.y - from.anchor.y
  const sideways = direction === 'left' || direction === 'right'
  const ahead = { left: -dx, right: dx, up: -dy, down: dy }[direction]
  const beside = Math.max(0, Math.abs(sideways ? dy : dx) - (sideways ? to.rect.h : to.rect.w) / 2)
  if (ahead < 1 || beside > ahead) return Number.POSITIVE_INFINITY
  return ahead + 3 * beside
}
