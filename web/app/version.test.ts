import { expect, test } from 'vitest'
import { isStale } from './version.ts'

test('[WEB-16] a page of another build than the server serves is stale', () => {
  expect(isStale('a1', 'b2')).toBe(true)
  expect(isStale('a1', 'a1')).toBe(false)
})

test('[WEB-16] a server that does not say, or a page without a build, is no reason to stop playing', () => {
  expect(isStale('a1', null)).toBe(false)
  expect(isStale('', 'b2')).toBe(false)
})
