import { useMemo, useRef, useState } from 'preact/hooks'
import type { FeltPlan, Spot } from './geometry.ts'
import { keyTarget } from './keyboard.ts'

export type FeltGridProps = {
  readonly plan: FeltPlan
  /** Accessible name of each place. */
  readonly labels: ReadonlyMap<string, string>
  readonly label: string
  readonly enabled: boolean
  readonly onPoint: (name: string | null) => void
  readonly onPlace: (name: string) => void
  readonly onTake: (name: string) => void
}

/** Two digits typed within this time are one number. */
const TYPING_MS = 900
/** A click that follows a touch this soon is the same gesture; a touch still going on was never long ago. */
const SAME_GESTURE_MS = 800

/**
 * The touch areas over the felt: one grid for keyboard and screen reader, one tab stop, arrows to move (`keyTarget`),
 * a number to jump to it, Enter or Space to place, Backspace or Delete to take back. A mouse clicks, its right button
 * takes back; a finger may slide to the place it means before it lifts.
 */
export function FeltGrid({ plan, labels, label, enabled, onPoint, onPlace, onTake }: FeltGridProps) {
  const [current, setCurrent] = useState('straight:0')
  const grid = useRef<HTMLDivElement>(null)
  const typed = useRef({ text: '', atMs: 0 })
  const touchedAtMs = useRef(Number.NEGATIVE_INFINITY)

  const moveTo = (name: string): void => {
    setCurrent(name)
    grid.current?.querySelector<HTMLElement>(`[data-spot="${name}"]`)?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const spot = plan.spots.get(spotOf(event.target) ?? current)
    if (spot === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    if (!actOnKey(event, spot)) return
    event.preventDefault()
  }
  const actOnKey = (event: KeyboardEvent, spot: Spot): boolean => {
    const { key } = event
    if (key === 'Enter' || key === ' ') onPlace(spot.name)
    else if (key === 'Backspace' || key === 'Delete') onTake(spot.name)
    else if (/^\d$/.test(key)) typeDigit(key, event.timeStamp)
    else {
      const target = keyTarget(plan, spot, key, event.shiftKey)
      if (target !== null) moveTo(target.name)
      return target !== null || key.startsWith('Arrow')
    }
    return true
  }
  const typeDigit = (digit: string, atMs: number): void => {
    const { text, atMs: before } = typed.current
    const joined = atMs - before < TYPING_MS ? `${text}${digit}` : digit
    const known = plan.spots.has(`straight:${joined}`) ? joined : digit
    typed.current = { text: known, atMs }
    moveTo(`straight:${known}`)
  }
  const pointer = pointerHandlers(touchedAtMs, onPoint, onPlace, onTake)

  const rows = useMemo(() => gridRows(plan, labels, current, enabled), [plan, labels, current, enabled])
  return (
    // biome-ignore lint/a11y/useSemanticElements: touch areas of all sizes cannot be laid out as a table.
    <div
      ref={grid}
      class="rf-grid"
      role="grid"
      aria-label={label}
      aria-rowcount={plan.rows.length}
      aria-colcount={plan.columns}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => {
        const name = spotOf(event.target)
        if (name !== null) setCurrent(name)
        if (event.target instanceof HTMLElement && event.target.matches(':focus-visible')) onPoint(name)
      }}
      onFocusOut={() => onPoint(null)}
      {...pointer}
    >
      {rows}
    </div>
  )
}

function gridRows(plan: FeltPlan, labels: ReadonlyMap<string, string>, current: string, enabled: boolean) {
  return plan.rows.map((row, i) => (
    // biome-ignore lint/a11y/useSemanticElements: as for the grid.
    // biome-ignore lint/a11y/useFocusableInteractive: the cells of a grid take the focus, its rows do not.
    <div key={i} role="row" aria-rowindex={i + 1}>
      {row.map((spot) => (
        // biome-ignore lint/a11y/useSemanticElements: as for the grid.
        <div
          key={spot.name}
          role="gridcell"
          class="rf-spot"
          data-spot={spot.name}
          tabIndex={spot.name === current ? 0 : -1}
          aria-colindex={spot.col + 1}
          aria-label={labels.get(spot.name) ?? spot.name}
          aria-disabled={enabled ? undefined : true}
          style={{
            left: `${(100 * spot.rect.x) / plan.width}%`,
            top: `${(100 * spot.rect.y) / plan.height}%`,
            width: `${(100 * spot.rect.w) / plan.width}%`,
            height: `${(100 * spot.rect.h) / plan.height}%`,
          }}
        />
      ))}
    </div>
  ))
}

function pointerHandlers(
  touchedAtMs: { current: number },
  onPoint: FeltGridProps['onPoint'],
  onPlace: FeltGridProps['onPlace'],
  onTake: FeltGridProps['onTake'],
) {
  return {
    onPointerDown(event: PointerEvent): void {
      if (event.pointerType !== 'touch' || !(event.target instanceof HTMLElement)) return
      // Without the capture that a touch has by itself, the finger can slide to another place before it lifts.
      if (event.target.hasPointerCapture(event.pointerId)) event.target.releasePointerCapture(event.pointerId)
      touchedAtMs.current = Number.POSITIVE_INFINITY
      onPoint(spotOf(event.target))
    },
    onPointerOver: (event: PointerEvent): void => onPoint(spotOf(event.target)),
    onPointerLeave: (): void => onPoint(null),
    onPointerCancel(event: PointerEvent): void {
      if (event.pointerType === 'touch') touchedAtMs.current = event.timeStamp
      onPoint(null)
    },
    onPointerUp(event: PointerEvent): void {
      if (event.pointerType !== 'touch') return
      touchedAtMs.current = event.timeStamp
      const name = spotOf(event.target)
      if (name !== null) onPlace(name)
      onPoint(null)
    },
    onClick(event: MouseEvent): void {
      const name = spotOf(event.target)
      if (name !== null && event.timeStamp - touchedAtMs.current > SAME_GESTURE_MS) onPlace(name)
    },
    onContextMenu(event: MouseEvent): void {
      const name = spotOf(event.target)
      if (name === null) return
      event.preventDefault()
      if (event.timeStamp - touchedAtMs.current > SAME_GESTURE_MS) onTake(name)
    },
  }
}

function spotOf(target: EventTarget | null): string | null {
  return target instanceof Element ? target.getAttribute('data-spot') : null
}
