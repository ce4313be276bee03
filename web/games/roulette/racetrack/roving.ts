import { useState } from 'preact/hooks'

/** One tab stop for a row of controls marked `data-at`; arrows move, and go round at the ends. */
export function useRoving(count: number) {
  const [current, setCurrent] = useState(0)
  return {
    current: Math.min(current, count - 1),
    onFocusIn(event: FocusEvent): void {
      const at = event.target instanceof Element ? event.target.getAttribute('data-at') : null
      if (at !== null) setCurrent(Number(at))
    },
    onKeyDown(event: KeyboardEvent): void {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
      if (step === undefined || !(event.currentTarget instanceof Element)) return
      event.preventDefault()
      const next = (current + step + count) % count
      setCurrent(next)
      event.currentTarget.querySelector<SVGElement | HTMLElement>(`[data-at="${next}"]`)?.focus()
    },
  }
}
