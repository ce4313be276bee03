import { useEffect } from 'preact/hooks'

const HOUSE = 'Crupier'

/** What the browser's tab and a screen reader call the page. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? HOUSE : `${title} · ${HOUSE}`
  }, [title])
}
