/** Every time of the page is Lima's, whatever the device's own zone (L4); the server speaks UTC milliseconds. */
const ZONE = 'America/Lima'

export type Language = 'es-PE' | 'en'

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(language: Language, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}|${name}`
  const known = formats.get(key)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat(language, { timeZone: ZONE, ...options })
  formats.set(key, made)
  return made
}

/** "14:05" on a 24-hour clock. */
export function formatTime(ms: number, language: Language): string {
  return formatOf(language, 'time', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(ms)
}

/** "22 nov. 2026, 14:05:09". */
export function formatDateTime(ms: number, language: Language): string {
  return formatOf(language, 'date-time', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(ms)
}

/** "0:07", "12:30" or "1:02:03": hours only when there are any. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number): string => String(n).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds % 60)}`
  return `${minutes}:${two(seconds % 60)}`
}
