import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { toCents } from '../engine/money.ts'
import { defaultLimits } from '../engine/roulette/limits.ts'
import { ROULETTE_VARIANTS } from '../engine/roulette/rules.ts'
import type { Limits } from '../engine/round/types.ts'
import { formatCents } from '../web/format/money.ts'
import { closePages, keep, openChromium } from './support/browser.ts'
import { PACE, RunningHouse } from './support/house.ts'
import { Player } from './support/player.ts'
import { TablePage } from './support/table-page.ts'
import { until } from './support/until.ts'

let house: RunningHouse
let browser: Browser

beforeAll(async () => {
  house = await RunningHouse.open()
  browser = await openChromium()
})

afterEach((context) => closePages(browser, context))

afterAll(async () => {
  await browser?.close()
  await house?.stop()
})

test('[U3] chips are taken back, doubled, kept as favourites and laid again in the next round', async () => {
  const player = await Player.seated(browser, house, 50_000)
  const { page } = player
  const table = new TablePage(page)
  await page.goto(house.url)
  await house.openTable('fichas', 'european')
  await table.open(house.url, 'fichas')
  await table.freshRound(PACE.bettingMs / 2)
  await table.clickSpot('straight:17')
  await table.clickSpot('red')
  await table.accepted(2)
  await table.click('Deshacer')
  expect((await table.accepted(1)).filter(alive).map(({ name }) => name)).toEqual(['Pleno 17'])
  await table.click('Duplicar')
  await table.accepted(2)
  expect(await table.spotLabel('straight:17')).toContain(`tu apuesta ${formatCents(1_000)}`)

  await table.click('Favoritas')
  await page.getByLabel('Nombre').fill('La diecisiete')
  await page.getByRole('button', { name: 'Guardar las apuestas del paño' }).click()
  await page.getByText('Favorita guardada.').waitFor()
  await page.keyboard.press('Escape')
  await table.click('Retirar todo')
  await table.accepted(0)
  expect(await table.staked()).toBe(formatCents(0))
  expect(await player.balanceCents()).toBe(50_000)
  await table.click('Favoritas')
  await page.getByRole('button', { name: `Apostar ${formatCents(1_000)}` }).click()
  await table.accepted(2)
  await page.locator('[data-spot="straight:17"]').click({ button: 'right' })
  await table.accepted(1)
  await page.locator('[data-spot="straight:17"]').focus()
  await page.keyboard.press('Delete')
  await table.accepted(0)
  await table.clickSpot('high')
  await table.accepted(1)

  await table.phaseBecomes('settled')
  await table.phaseBecomes('open')
  await until('the felt is clear', async () => (await table.bets()).length === 0)
  const before = await player.balanceCents()
  await table.click('Repetir')
  const [again] = await table.accepted(1)
  expect(again).toMatchObject({ name: 'Pasa, del 19 al 36', stake: formatCents(500) })
  expect(await player.balanceCents()).toBe(before - 500)
  expect(player.visit.problems).toEqual([])
})

test('[M9 G15] a bet beyond a limit is refused in words, and costs nothing', async () => {
  const player = await Player.seated(browser, house, 3_000)
  const { page } = player
  const table = new TablePage(page)
  await page.goto(house.url)
  await house.openTable('limites', 'european', { limits: LIMITS })
  await table.open(house.url, 'limites')
  await table.freshRound(PACE.bettingMs / 2)
  const refused = async (chip: string, spot: string, reason: string): Promise<void> => {
    await table.takeChip(chip)
    await table.clickSpot(spot)
    await until(`the page says: ${reason}`, async () => (await table.notice()).includes(reason))
  }
  await refused('S/ 1.00', 'straight:17', 'Está por debajo del mínimo de esa apuesta.')
  await refused('S/ 25.00', 'straight:17', 'Pasa el máximo de esa apuesta.')
  await table.clickSpot('red')
  await table.accepted(1)
  await refused('S/ 25.00', 'black', 'Pasa tu máximo por ronda en esta mesa.')
  await refused('S/ 10.00', 'black', 'No te alcanza el saldo.')
  await keep(page, 'desktop-refused')
  const bets = await table.accepted(1)
  expect(bets.filter(({ fate }) => fate === 'dead')).toHaveLength(4)
  expect(await player.balanceCents()).toBe(500)
  expect(await table.balance()).toBe(formatCents(500))
  await page.locator('[data-spot="first-four"]').click()
  expect(await table.spotLabel('first-four')).toContain('no se ofrece en esta mesa')
  expect((await table.bets()).length).toBe(bets.length)
  expect(player.visit.problems).toEqual([])
})

const LIMITS = limits()

/** Pleno from S/ 2.00 to S/ 20.00, S/ 40.00 in all, and no first four. */
function limits(): Limits {
  const { perBet, perTableCents } = defaultLimits(ROULETTE_VARIANTS.european)
  const { 'first-four': _, ...offered } = perBet
  const straight = { minCents: toCents(200), maxCents: toCents(2_000) }
  return { perBet: { ...offered, straight }, perPlayerCents: toCents(4_000), perTableCents }
}

function alive({ fate }: { readonly fate: string }): boolean {
  return fate !== 'dead'
}
