import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Pocket } from '../engine/roulette/pockets.ts'
import { ROULETTE_VARIANTS, type RouletteVariant } from '../engine/roulette/rules.ts'
import { formatCents, formatNetCents } from '../web/format/money.ts'
import {
  AMERICAN_FELT,
  EUROPEAN_FELT,
  type FeltBet,
  FINALE,
  type KnownBet,
  NEIGHBOURS,
  paidCents,
  SECTIONS,
  stakedCents,
} from './support/bets.ts'
import { closePages, keep, openChromium } from './support/browser.ts'
import { PACE, RunningHouse } from './support/house.ts'
import { PASSWORD, Player } from './support/player.ts'
import { TablePage } from './support/table-page.ts'
import { until } from './support/until.ts'
import { ballPlace, numberAtBall } from './support/wheel.ts'

const FUNDS_CENTS = 500_000
/** Some hundred and sixty bets are placed by hand meanwhile, in two browsers, on a machine that may be busy. */
const LONG_PACE = { ...PACE, bettingMs: 26_000 }
const SCENE_MS = 150_000
/** A place that no announced bet puts a chip on. */
const NO_COMPOUND = 'street:13-14-15'

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

  await house.openTable('primera', 'european', { pace: { ...PACE, bettingMs: 10_000 } })
  const table = new TablePage(page)
  await table.open(house.url, 'primera')
  expect(await table.balance()).toBe('S/\u00a01,234.50')
  const roundId = await table.freshRound(4_000)
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

type Scene = {
  readonly tableId: string
  readonly variant: RouletteVariant
  readonly felt: readonly FeltBet[]
  readonly announced: readonly KnownBet[]
}
const SCENES: readonly Scene[] = [
  { tableId: 'europea', variant: 'european', felt: EUROPEAN_FELT, announced: [...SECTIONS, NEIGHBOURS, FINALE] },
  { tableId: 'americana', variant: 'american', felt: AMERICAN_FELT, announced: [NEIGHBOURS] },
]

const EVERY_BET = '[U1 U3 U8 M1 G23] $variant: every bet by mouse and by keyboard, paid what the engine says'
test.each(SCENES)(EVERY_BET, { timeout: SCENE_MS }, async (scene) => {
  const { tableId, variant } = scene
  const all = [...scene.felt, ...scene.announced]
  const rules = ROULETTE_VARIANTS[variant]
  const players = await Promise.all([
    Player.seated(browser, house, FUNDS_CENTS),
    Player.seated(browser, house, FUNDS_CENTS),
  ])
  const [mouse, keys] = players
  const [byMouse, byKeys] = [new TablePage(mouse.page, rules.wheel), new TablePage(keys.page, rules.wheel)]
  await Promise.all(players.map(({ page }) => page.goto(house.url)))
  await house.openTable(tableId, variant, { pace: LONG_PACE })
  await Promise.all([byMouse.open(house.url, tableId), byKeys.open(house.url, tableId)])
  await byMouse.takeChip('S/ 1.00')
  const roundId = await byMouse.freshRound(LONG_PACE.bettingMs * 0.75)
  await Promise.all([placeByMouse(byMouse, all), placeByKeys(byKeys, scene)])

  const shown = await Promise.all([byMouse.accepted(all.length), byKeys.accepted(all.length)])
  for (const bets of shown) expect(namesOf(bets)).toEqual(namesOf(all))
  const stakes = { mouse: stakedCents(all, 100), keys: stakedCents(all, 500) }
  expect(await byMouse.staked()).toBe(formatCents(stakes.mouse))
  expect(await byMouse.balance()).toBe(formatCents(FUNDS_CENTS - stakes.mouse))
  expect(await mouse.balanceCents()).toBe(FUNDS_CENTS - stakes.mouse)
  expect(await keys.balanceCents()).toBe(FUNDS_CENTS - stakes.keys)
  const others = `otros ${formatCents(500)}`
  await until("the other player's chips", async () => (await byMouse.spotLabel(NO_COMPOUND)).endsWith(others))
  expect(await byMouse.spotLabel(NO_COMPOUND)).toContain(`tu apuesta ${formatCents(100)}`)
  await keep(mouse.page, `desktop-${tableId}-every-bet`)
  expect(await byMouse.roundId()).toBe(roundId)

  const pocket = await watchTheBall(byMouse, tableId, roundId)
  await keep(mouse.page, `desktop-${tableId}-paid`)
  const paid = { mouse: paidCents(rules, all, 100, pocket), keys: paidCents(rules, all, 500, pocket) }
  await expectPaid(mouse, roundId, stakes.mouse, paid.mouse)
  await expectPaid(keys, roundId, stakes.keys, paid.keys)
  const after = formatCents(FUNDS_CENTS - stakes.mouse + paid.mouse)
  await until('the new balance is shown', async () => (await byMouse.balance()) === after)
  await expectHistory(mouse, roundId, stakes.mouse, paid.mouse, all)
  for (const { visit } of players) expect(visit.problems).toEqual([])
})

function namesOf(bets: readonly { readonly name: string }[]): readonly string[] {
  return bets.map(({ name }) => name).toSorted()
}

async function placeByMouse(table: TablePage, bets: readonly (KnownBet | FeltBet)[]): Promise<void> {
  for (const bet of bets) await ('spot' in bet ? table.clickSpot(bet.spot) : table.clickTrack(bet.name))
}

/** The whole felt, then along the racetrack, then the finales: what Tab and the arrows reach in this order. */
async function placeByKeys(table: TablePage, { felt, announced }: Scene): Promise<void> {
  for (const { spot } of felt) await table.keySpot(spot)
  await table.tabTo('.rt-round')
  for (const { name } of announced.filter((bet) => bet !== FINALE)) await table.keyTrack(name)
  if (!announced.includes(FINALE)) return
  await table.tabTo('.rt-finales')
  await table.keyTrack(FINALE.name)
}

/** Sees the ball run and come to rest, in the pocket that the server says. */
async function watchTheBall(table: TablePage, tableId: string, roundId: string): Promise<Pocket> {
  await table.phaseBecomes('drawn')
  const start = await ballPlace(table.page)
  await until('the ball runs', async () => {
    const { x, y } = await ballPlace(table.page)
    return Math.hypot(x - start.x, y - start.y) > 20
  })
  await table.phaseBecomes('settled')
  const { results } = await house.read<{ results: { roundId: string; outcome: { pocket: Pocket } }[] }>(
    `/api/tables/${tableId}/results?limit=1`,
  )
  expect(results[0]?.roundId).toBe(roundId)
  const pocket = results[0]?.outcome.pocket ?? 0
  expect(await numberAtBall(table.page)).toBe(String(pocket))
  expect(await table.page.locator('.rw-plate').textContent()).toContain(String(pocket))
  return pocket
}

async function expectPaid(player: Player, roundId: string, staked: number, paid: number) {
  expect(await player.lastRound()).toMatchObject({ roundId, how: 'settled', stakedCents: staked, paidCents: paid })
  expect(await player.balanceCents()).toBe(FUNDS_CENTS - staked + paid)
}

/** The round as the player finds it in his history, and its detail. */
async function expectHistory(
  { page }: Player,
  roundId: string,
  staked: number,
  paid: number,
  bets: readonly KnownBet[],
): Promise<void> {
  await page.getByRole('link', { name: 'Historial' }).click()
  const row = page.locator('.history tbody tr').filter({ hasText: roundId })
  await row.waitFor()
  const cells = await row.locator('.number').allTextContents()
  expect(cells.slice(1)).toEqual([formatCents(staked), formatCents(paid), formatNetCents(paid - staked)])
  await keep(page, 'desktop-history')
  await row.getByRole('link').click()
  const lines = page.locator('.history tbody tr')
  await lines.first().waitFor()
  const names = await lines.locator('th').allTextContents()
  expect(names.toSorted()).toEqual(bets.map(({ name }) => name).toSorted())
  await keep(page, 'desktop-round')
}
