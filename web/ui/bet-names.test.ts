import { createInstance } from 'i18next'
import { beforeAll, expect, test } from 'vitest'
import { roulette } from '../../engine/roulette/roulette.ts'
import { ROULETTE_VARIANTS } from '../../engine/roulette/rules.ts'
import { esPE } from '../i18n/es-PE.ts'
import { limitKind, lineName, paysText, returnLines } from './bet-names.ts'

const i18n = createInstance()
beforeAll(() => i18n.init({ lng: 'es-PE', ns: ['page'], defaultNS: 'page', resources: { 'es-PE': { page: esPE } } }))

const published = (variant: keyof typeof ROULETTE_VARIANTS) =>
  roulette
    .returns(ROULETTE_VARIANTS[variant])
    .map(({ bet, return: { num, den } }) => ({ bet, return: `${num}/${den}`, returnPct: 0, hitPct: 0 }))

test.each([
  'european',
  'la-partage',
  'american',
] as const)('[WEB-21] every published bet of the %s table has a name, a limit and what it pays', (variant) => {
  const kinds = roulette.betKinds(ROULETTE_VARIANTS[variant])
  for (const line of returnLines(published(variant))) {
    expect(lineName(i18n.t, line), line.bet).not.toBe(line.bet)
    expect(kinds).toContain(limitKind(line.bet))
    expect(paysText(i18n.t, 'roulette', line.bet)).not.toBe('–')
  }
})

test('[WEB-21] the lines leave no published bet out and join only bets of one return', () => {
  const rows = published('american')
  const lines = returnLines(rows)
  expect(lines.flatMap((line) => line.rows)).toEqual(rows)
  for (const line of lines) expect(new Set(line.rows.map((row) => row.return)).size).toBe(1)
})

test('[WEB-21] odds are told without the stake', () => {
  expect(paysText(i18n.t, 'roulette', 'straight')).toBe('35 a 1')
  expect(paysText(i18n.t, 'roulette', 'red')).toBe('1 a 1')
  expect(paysText(i18n.t, 'roulette', 'voisins')).toBe('según sus fichas')
})
