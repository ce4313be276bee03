import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { formatCents } from '../web/format/money.ts'
import { closePages, keep, openChromium } from './support/browser.ts'
import { freePort, PACE, RunningHouse } from './support/house.ts'
import { Player } from './support/player.ts'
import { Network } from './support/proxy.ts'
import { TablePage } from './support/table-page.ts'
import { until } from './support/until.ts'

const FUNDS_CENTS = 50_000
/** U5: the page is back within five seconds of the network. */
const BACK_WITHIN_MS = 5_000

let house: RunningHouse
let network: Network
let browser: Browser

beforeAll(async () => {
  const port = await freePort()
  house = await RunningHouse.open({ ALLOWED_ORIGINS: `http://localhost:${port}` })
  network = await Network.between(port, house.port)
  browser = await openChromium()
})

afterEach(async (context) => {
  await network.mend()
  await closePages(browser, context)
})

afterAll(async () => {
  await browser?.close()
  await network?.close()
  await house?.stop()
})

/** A player at a table of his own beyond the network, with two accepted bets. */
async function atTable(
  tableId: string,
  bettingMs = PACE.bettingMs,
): Promise<{ player: Player; table: TablePage; roundId: string }> {
  const player = await Player.seated(browser, house, FUNDS_CENTS)
  const table = new TablePage(player.page)
  await player.page.goto(network.url)
  await house.openTable(tableId, 'european', { pace: { ...PACE, bettingMs } })
  await table.open(network.url, tableId)
  const roundId = await table.freshRound(bettingMs * 0.6)
  await table.clickSpot('straight:17')
  await table.clickSpot('red')
  await table.accepted(2)
  return { player, table, roundId }
}

async function expectStopped(table: TablePage): Promise<void> {
  await until('the page says that it is reconnecting', async () =>
    /Reconectando|Sin conexión/.test(await table.alert()),
  )
  expect(await table.takesBets()).toBe(false)
  await table.clickSpot('black', { force: true })
  expect((await table.bets()).map(({ name }) => name)).not.toContain('Negro')
}

function exceptionsOf({ visit }: Player): readonly string[] {
  return visit.problems.filter((problem) => problem.startsWith('exception'))
}

async function expectBack(table: TablePage): Promise<void> {
  await until('the page is back', async () => (await table.alert()) === '' && (await table.takesBets()), BACK_WITHIN_MS)
}

test('[U5] a connection that breaks stops betting and says so, and comes back by itself with every bet', async () => {
  const { player, table, roundId } = await atTable('cortada')
  await network.cut()
  await expectStopped(table)
  await keep(player.page, 'desktop-reconnecting')
  await network.mend()
  await expectBack(table)
  expect(await table.roundId()).toBe(roundId)
  const bets = await table.accepted(2)
  expect(bets.map(({ name }) => name).toSorted()).toEqual(['Pleno 17', 'Rojo'])
  expect(await table.balance()).toBe(formatCents(FUNDS_CENTS - 1_000))
  await table.clickSpot('even')
  await table.accepted(3)
  expect(await player.balanceCents()).toBe(FUNDS_CENTS - 1_500)
  expect(exceptionsOf(player)).toEqual([])
})

test('[U5 G18] a round that ends without the player is paid, and shown to him when he is back', async () => {
  const { player, table, roundId } = await atTable('perdida', 10_000)
  await network.cut()
  await expectStopped(table)
  const ended = await until('the round has ended without him', async () => {
    const last = await player.lastRound()
    return last?.roundId === roundId ? last : null
  })
  await network.mend()
  const balance = formatCents(FUNDS_CENTS - 1_000 + ended.paidCents)
  await until('the page shows what he missed', async () => (await table.balance()) === balance, BACK_WITHIN_MS)
  const { pocket } = ended.outcome as { pocket: number }
  await until('the last numbers', async () => (await table.lastNumbers())[0] === String(pocket))
  expect(await player.balanceCents()).toBe(FUNDS_CENTS - 1_000 + ended.paidCents)
  expect(exceptionsOf(player)).toEqual([])
})

test('[U5] a connection that only falls silent is noticed, and betting stops', async () => {
  const { player, table } = await atTable('callada')
  await network.fallSilent()
  await expectStopped(table)
  await network.mend()
  await expectBack(table)
  expect((await table.accepted(2)).map(({ name }) => name).toSorted()).toEqual(['Pleno 17', 'Rojo'])
  expect(await player.balanceCents()).toBe(FUNDS_CENTS - 1_000)
  expect(exceptionsOf(player)).toEqual([])
})
