import { useEffect, useState } from 'preact/hooks'

/** Whether a media query holds, now and after every change. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches)
  useEffect(() => {
    const list = window.matchMedia(query)
    const changed = (): void => setMatches(list.matches)
    changed()
    list.addEventListener('change', changed)
    return () => list.removeEventListener('change', changed)
  }, [query])
  return matches
}

/** Draws the component again every `everyMs`. */
export function useTick(everyMs: number): void {
  const [, draw] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => draw((n) => n + 1), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
}
