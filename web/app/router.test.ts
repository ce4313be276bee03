import { expect, test } from 'vitest'
import { hrefOf, type Route, routeOf } from './router.ts'

const routes: Exclude<Route, { page: 'not-found' }>[] = [
  { page: 'lobby' },
  { page: 'table', tableId: 'ruleta 1/a' },
  { page: 'history' },
  { page: 'round', roundId: 'r1.3.44' },
  { page: 'rules', section: null },
  { page: 'rules', section: 'conexion' },
  { page: 'account' },
  { page: 'sign-in' },
  { page: 'sign-up' },
]

test.each(routes)('[WEB-18] the address of %o leads back to it', (route) => {
  expect(routeOf(hrefOf(route))).toEqual(route)
})

test.each([
  '#/nada',
  '#/mesa',
  '#/mesa/',
  '#/cuenta/x',
  '#/mesa/a/b',
  '#/mesa/%E0%A4%A',
])('[WEB-18] %s is no page, and no crash', (hash) => {
  expect(routeOf(hash)).toEqual({ page: 'not-found' })
})

test('[WEB-18] without an address the lobby is shown', () => {
  expect([routeOf(''), routeOf('#'), routeOf('#/')].map((route) => route.page)).toEqual(['lobby', 'lobby', 'lobby'])
})
