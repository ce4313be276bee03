import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatCents } from '../web/format/money.ts'
import { keep, openChromium } from './support/browser.ts'
import { RunningHouse } from './support/house.ts'
import { PASSWORD, Player } from './support/player.ts'
import { TablePage } from './support/table-page.ts'
import { until } from './support/until.ts'

let house: RunningHouse
let browser: Browser

beforeAll(async () => {
  house = await RunningHouse.open()
  browser = await openChromium()
  await house.openTable('europea', 'european')
})

afterAll(async () => {
  await browser?.close()
  await house?.stop()
})

test('[U1 U3 M1 L3] somebody registers, takes play money, bets, and is paid to the céntimo', async () => {
  const player = await Player.arrive(browser, house)
  const { page } = player
  await page.goto(house.url)
  await page.getByRole('link', { name: 'Crear cuenta' }).click()
  await page.getByLabel('Nombre que verán en tu cuenta').fill('Rosa')
  await page.getByLabel('Correo electrónico').fill(player.email)
  await page.getByLabel('Contraseña', { exact: true }).fill(PASSWORD)
  await page.getByLabel('Declaro que soy mayor de 18 años.').check()
  await page.getByRole('button', { name: 'Crear cuenta' }).click()
  await page.getByRole('link', { name: 'Mi cuenta' }).click()
  await page.getByLabel('Monto').fill('S/ 1,234.50')
  await page.getByRole('button', { name: 'Recibir dinero de práctica' }).click()
  await until('the play money is in the books', async () => (await player.balanceCents()) === 123_450)

  const table = new TablePage(page)
  await table.open(house.url, 'europea')
  expect(await table.balance()).toBe('S/\u00a01,234.50')
  const roundId = await table.freshRound(5_000)
  await table.takeChip('S/ 5.00')
  await table.clickSpot('red')
  const [bet] = await table.accepted(1)
  expect(bet).toMatchObject({ name: 'Rojo', stake: 'S/\u00a05.00' })
  expect(await player.balanceCents()).toBe(122_950)
  expect(await table.balance()).toBe(formatCents(122_950))

  const ended = await until('the round has ended', async () => {
    const last = await player.lastRound()
    return last?.roundId === roundId ? last : null
  })
  await table.phaseBecomes('settled')
  await keep(page, 'desktop-result')
  expect([0, 1_000]).toContain(ended.paidCents)
  expect(await player.balanceCents()).toBe(122_950 + ended.paidCents)
  await until('the balance is shown', async () => (await table.balance()) === formatCents(122_950 + ended.paidCents))
  expect(player.visit.problems).toEqual([])
})
