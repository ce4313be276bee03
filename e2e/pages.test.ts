import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { formatCents } from '../web/format/money.ts'
import { seriousFaults } from './support/axe.ts'
import { closePages, keep, openChromium, visit } from './support/browser.ts'
import { PACE, RunningHouse } from './support/house.ts'
import { PASSWORD, Player } from './support/player.ts'
import { TablePage } from './support/table-page.ts'
import { until } from './support/until.ts'

/** The first table of a house that was given none. */
const TABLE = 'lima'
const FUNDS_CENTS = 123_450

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

/** Pages that need nobody signed in, and what shows that they are there. */
const OPEN_PAGES = [
  { name: 'lobby', path: '/', shows: '.card' },
  { name: 'table-watched', path: `/#/mesa/${TABLE}`, shows: '.rf-grid' },
  { name: 'rules', path: '/#/reglas', shows: '.data' },
  { name: 'sign-in', path: '/#/ingresar', shows: '#sign-password' },
  { name: 'sign-up', path: '/#/registro', shows: '#sign-name' },
  { name: 'verify', path: '/verify/', shows: '#file' },
  { name: 'unknown', path: '/#/nada', shows: '.page' },
] as const
const OWN_PAGES = [
  { name: 'table', path: `/#/mesa/${TABLE}`, shows: '.rf-grid' },
  { name: 'account', path: '/#/cuenta', shows: '.account-balance' },
  { name: 'history-empty', path: '/#/historial', shows: '.empty' },
] as const

for (const phone of [false, true]) {
  const device = phone ? 'phone' : 'desktop'
  test(`[U2 U8] ${device}: no page that is open to all has a serious fault, an error or a violation`, async () => {
    const { page, problems } = await visit(browser, { phone })
    for (const { name, path, shows } of OPEN_PAGES) await inspect(page, `${device}-${name}`, path, shows)
    expect(problems).toEqual([])
  })

  test(`[U1 U8] ${device}: nor has a page of a player`, async () => {
    const { page, visit: own } = await Player.seated(browser, house, FUNDS_CENTS, { phone })
    for (const { name, path, shows } of OWN_PAGES) await inspect(page, `${device}-${name}`, path, shows)
    await page.goto(`${house.url}/#/mesa/${TABLE}`)
    await page.getByRole('button', { name: 'Ayuda' }).click()
    await page.getByRole('dialog').waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await keep(page, `${device}-help`)
    expect(own.problems).toEqual([])
  })
}

async function inspect(page: Page, name: string, path: string, shows: string): Promise<void> {
  await page.goto(`${house.url}${path}`)
  await page.locator(shows).first().waitFor()
  await settled(page)
  expect(await seriousFaults(page), name).toEqual([])
  expect(await sidewaysScroll(page), `${name} scrolls sideways`).toBe(0)
  await keep(page, name)
}

/** Waits until what fades in has faded in: a half-shown text has no contrast to measure. Wheel and clock go on. */
async function settled(page: Page): Promise<void> {
  await until('transitions are over', () =>
    page.evaluate(() => {
      const endless = (one: Animation) => one.effect?.getTiming().iterations === Number.POSITIVE_INFINITY
      const moving = document.getAnimations().filter((one) => one.playState === 'running' && !endless(one))
      return moving.every((one) => (one.effect as KeyframeEffect).target?.closest('.rw, .ring') != null)
    }),
  )
}

test('[U2 U6] rules, limits, returns and disconnection are open before the first bet, without an account', async () => {
  const { page, problems } = await visit(browser)
  await page.goto(house.url)
  await page.getByRole('link', { name: 'Reglas y pagos', exact: true }).click()
  await page.getByRole('heading', { name: '¿Qué pasa si se corta mi conexión?' }).waitFor()
  await page.locator('#rules-table').selectOption(TABLE)
  const row = page.locator('.data tbody tr').filter({ hasText: '36/37' }).first()
  await row.waitFor()
  expect(await row.textContent()).toContain('97.30')
  await page.getByText('generador de números aleatorios').first().waitFor()
  await page.goto(`${house.url}/#/mesa/${TABLE}`)
  await page.getByText('Estás mirando. Ingresa para apostar.').waitFor()
  expect(await new TablePage(page).takesBets()).toBe(false)
  await page.getByRole('button', { name: 'Ayuda' }).click()
  await page.getByRole('dialog').getByText('97.30').first().waitFor()
  expect(problems).toEqual([])
})

test('[L1 L3 L4] Spanish of Peru first, English on request, soles and Lima time in both', async () => {
  const { page, visit: own } = await Player.seated(browser, house, FUNDS_CENTS)
  await page.goto(`${house.url}/#/mesa/${TABLE}`)
  const table = new TablePage(page)
  await until('the balance', async () => (await table.balance()) === 'S/\u00a01,234.50')
  expect(await page.locator('html').getAttribute('lang')).toBe('es-PE')
  await page.getByText('Hora de Lima').waitFor()
  await until('Lima time', async () => (await page.locator('.session').textContent())?.includes(limaTime()))
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByText('Lima time').waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
  expect(await table.balance()).toBe('S/\u00a01,234.50')
  await until('Lima time', async () => (await page.locator('.session').textContent())?.includes(limaTime()))
  await keep(page, 'desktop-table-english')
  await page.goto(`${house.url}/#/cuenta`)
  const amount = page.getByLabel('Amount')
  await amount.fill('1.234,50')
  expect(await amount.getAttribute('aria-invalid')).toBe('true')
  await amount.fill('s/ 2,000.5')
  await page.getByRole('button', { name: 'Get play money' }).click()
  await until('the money', async () => (await page.locator('.account-balance').textContent()) === 'S/\u00a03,235.00')
  expect(own.problems).toEqual([])
})

test('[U8] from the front door to an accepted bet by keyboard alone', async () => {
  const player = await Player.seated(browser, house, FUNDS_CENTS)
  const { page } = player
  await player.visit.context.clearCookies()
  const table = new TablePage(page)
  await page.goto(house.url)
  await table.tabTo('[href="#/ingresar"]')
  await page.keyboard.press('Enter')
  await page.locator('#sign-email').waitFor()
  await table.tabTo('#sign-email')
  await page.keyboard.type(player.email)
  await table.tabTo('#sign-password')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('.wallet').waitFor()
  await house.openTable('teclado', 'european')
  await page.locator('[href="#/mesa/teclado"]').waitFor()
  await table.tabTo('[href="#/mesa/teclado"]')
  await page.keyboard.press('Enter')
  await page.locator('.rf-grid').waitFor()
  await table.freshRound(PACE.bettingMs / 2)
  await table.tabTo('.rf-grid')
  await page.keyboard.type('17')
  await page.keyboard.press('Enter')
  const [bet] = await table.accepted(1)
  expect(bet).toMatchObject({ name: 'Pleno 17', stake: formatCents(500) })
  await keep(page, 'desktop-keyboard')
  expect(player.visit.problems).toEqual([])
})

test('[U1 U3] phone: a finger places a bet, the ball runs, and the result is read', async () => {
  const player = await Player.seated(browser, house, FUNDS_CENTS, { phone: true })
  const { page } = player
  const table = new TablePage(page)
  await page.goto(house.url)
  await house.openTable('celular', 'la-partage', { pace: { ...PACE, bettingMs: 12_000 } })
  await table.open(house.url, 'celular')
  await table.freshRound(6_000)
  await page.locator('[data-spot="straight:17"]').tap()
  await page.locator('[data-spot="red"]').tap()
  await table.accepted(2)
  await keep(page, 'phone-bets')
  await table.phaseBecomes('drawn')
  await keep(page, 'phone-spin')
  await table.phaseBecomes('settled')
  await settled(page)
  await keep(page, 'phone-result')
  await page.goto(`${house.url}/#/historial`)
  await page.locator('.history tbody tr').waitFor()
  await keep(page, 'phone-history')
  expect(await sidewaysScroll(page)).toBe(0)
  expect(await seriousFaults(page)).toEqual([])
  await page.locator('.history tbody tr a').click()
  await page.locator('.round-sum').waitFor()
  expect(await seriousFaults(page)).toEqual([])
  await keep(page, 'phone-round')
  expect(player.visit.problems).toEqual([])
})

/** How far the page can be pushed sideways, in pixels: not at all, on any device. */
function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

function limaTime(): string {
  return new Intl.DateTimeFormat('es-PE', {
    timeZone: 'America/Lima',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(Date.now())
}
