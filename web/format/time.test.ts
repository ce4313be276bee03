import { expect, test } from 'vitest'
import { formatDateTime, formatElapsed, formatTime } from './time.ts'

const JUST_AFTER_MIDNIGHT_UTC = Date.UTC(2026, 10, 22, 0, 5, 9)

test('[WEB-3] times are of Lima, five hours behind UTC, in both languages', () => {
  expect(formatTime(JUST_AFTER_MIDNIGHT_UTC, 'es-PE')).toBe('19:05')
  expect(formatTime(JUST_AFTER_MIDNIGHT_UTC, 'en')).toBe('19:05')
})

test('[WEB-3] a date is the date in Lima, not that of UTC', () => {
  expect(formatDateTime(JUST_AFTER_MIDNIGHT_UTC, 'es-PE')).toMatch(/^21 nov/)
  expect(formatDateTime(JUST_AFTER_MIDNIGHT_UTC, 'en')).toMatch(/^Nov 21, 2026/)
})

test('[WEB-3] midnight is 00, not 24', () => {
  expect(formatTime(Date.UTC(2026, 10, 22, 5, 0), 'es-PE')).toBe('00:00')
})

test('[WEB-3] elapsed time shows hours only when there are any', () => {
  expect([0, 7_999, 750_000, 3_723_000].map(formatElapsed)).toEqual(['0:00', '0:07', '12:30', '1:02:03'])
})
