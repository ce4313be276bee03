/** Line icons of one family, 24 units square; they take the colour of the text they stand beside. */
const PATHS = {
  sound: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4Zm11.5-1a5 5 0 0 1 0 7M18 6a8.5 8.5 0 0 1 0 12',
  muted: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4Zm12 0 5 5m0-5-5 5',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'm6 6 12 12M18 6 6 18',
  shield: 'M12 3.5 5 6v5.5c0 4.3 2.9 7.3 7 9 4.1-1.7 7-4.7 7-9V6l-7-2.5Zm-3 8.7 2.2 2.2 4-4.4',
  help: 'M9.2 9.3a2.9 2.9 0 1 1 4.3 2.5c-1 .6-1.5 1.1-1.5 2.4M12 17.3v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  undo: 'M8.5 5 4 9.5 8.5 14M4.5 9.5H14a5.5 5.5 0 0 1 0 11h-4',
  clear: 'M5 7h14M10 7V4.5h4V7m-7.5 0 1 12.5h9l1-12.5',
  rebet: 'M5 11a7 7 0 0 1 12-4.5L19.5 9m0-5v5h-5M19 13a7 7 0 0 1-12 4.5L4.5 15m0 5v-5h5',
  star: 'm12 4 2.5 5.2 5.7.7-4.2 3.9 1.1 5.7-5.1-2.8-5.1 2.8L8 13.8 3.8 9.9l5.7-.7L12 4Z',
  download: 'M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14',
  back: 'M14.5 5 8 12l6.5 7',
  forward: 'M9.5 5 16 12l-6.5 7',
  check: 'm5 12.5 4.5 4.5L19 7',
  people:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6 8q1-5 6-5t6 5M15.5 4.8a3.5 3.5 0 0 1 0 6.4M17.5 15q3 1 3.5 4.5',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}

/** The house's mark: a wheel seen from above. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <circle cx="16" cy="16" r="14.5" fill="none" stroke="currentColor" stroke-width="2" />
      <circle cx="16" cy="16" r="9.5" fill="none" stroke="currentColor" stroke-width="5" stroke-dasharray="3.73 3.73" />
      <circle cx="16" cy="16" r="3" fill="currentColor" />
      <circle cx="22.7" cy="9.3" r="2" fill="var(--ivory)" />
    </svg>
  )
}
