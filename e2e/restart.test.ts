import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { verifyTranscript } from '../engine/fairness/verify.ts'
import type { Pocket } from '../engine/roulette/pockets.ts'
import { ROULETTE_VARIANTS } from '../engine/roulette/rules.ts'
import { formatCents } from '../web/format/money.ts'
import { paidCents } from './support/bets.ts'
import { closePages, keep, openChromium } from './support/browser.ts'
import { PACE, RunningHouse } from './support/house.ts'
import { Player } from './support/player.ts'
import { TablePage } from './support/table-page.ts'
import { until } from './support/until.ts'

const FUNDS_CENTS = 50_000
const RED = { selection: { kind: 'red' }, name: 'Rojo', chips: 1 } as const
const SEVENTEEN = { selection: { kind: 'straight', numbers: [17] }, name: 'Pleno 17', chips: 1 } as const
const BETS = [RED, SEVENTEEN]
const STAKED_CENTS = 1_000

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

type Scene = {
  readonly player: Player
  readonly table: TablePage
  readonly roundId: string
  /** As the page showed it before the first bet. */
  readonly commitment: string
}

/** A player at a table of his own with two accepted bets. */
async function atTable(tableId: string): Promise<Scene> {
  const player = await Player.seated(browser, house, FUNDS_CENTS)
  const table = new TablePage(player.page)
  await player.page.goto(house.url)
  await house.openTable(tableId, 'european')
  await table.open(house.url, tableId)
  const roundId = await table.freshRound(PACE.bettingMs * 0.6)
  const commitment = await table.commitment()
  await table.clickSpot('red')
  await table.clickSpot('straight:17')
  await table.accepted(2)
  return { player, table, roundId, commitment }
}

/** The round ends as it was committed to, is paid once, and anyone can verify it. */
async function expectPaid({ player, roundId, commitment }: Scene): Promise<void> {
  const ended = await until('the round has ended', async () => {
    const last = await player.lastRound()
    return last?.roundId === roundId ? last : null
  })
  const { pocket } = ended.outcome as { pocket: Pocket }
  const paid = paidCents(ROULETTE_VARIANTS.european, BETS, 500, pocket)
  expect(ended).toMatchObject({ how: 'settled', stakedCents: STAKED_CENTS, paidCents: paid })
  expect(await player.balanceCents()).toBe(FUNDS_CENTS - STAKED_CENTS + paid)
  const transcript = await house.read<{ ended: { commitmentHex: string; outcome: unknown } }>(
    `/api/rounds/${roundId}/transcript`,
  )
  expect(verifyTranscript(transcript)).toMatchObject({ ok: true })
  expect(transcript.ended).toMatchObject({ commitmentHex: commitment, outcome: { pocket } })
}

test('[U5 G17 M1] a house that is killed while bets are taken, or stopped, comes back as it was', async () => {
  const scene = await atTable('caida')
  const { player, table, roundId, commitment } = scene
  await house.kill()
  await until('the page says that it is reconnecting', async () =>
    /Reconectando|Sin conexión/.test(await table.alert()),
  )
  expect(await table.takesBets()).toBe(false)
  await keep(player.page, 'desktop-house-killed')
  await house.start()
  await until('the page is back', async () => (await table.alert()) === '')
  expect(await table.roundId()).toBe(roundId)
  expect(await table.commitment()).toBe(commitment)
  const bets = await table.accepted(2)
  expect(bets.map(({ name }) => name).toSorted()).toEqual(['Pleno 17', 'Rojo'])
  expect(await table.balance()).toBe(formatCents(FUNDS_CENTS - STAKED_CENTS))
  expect(await player.balanceCents()).toBe(FUNDS_CENTS - STAKED_CENTS)
  await expectPaid(scene)

  const balance = await player.balanceCents()
  await house.end()
  await house.start()
  expect(await player.balanceCents()).toBe(balance)
  expect(await player.lastRound()).toMatchObject({ roundId, stakedCents: STAKED_CENTS })
})

test('[U5 G17 G26] a house that is killed while the ball runs shows and pays the same number', async () => {
  const scene = await atTable('bola')
  const { table, roundId } = scene
  await table.phaseBecomes('drawn')
  await house.kill()
  await house.start()
  await expectPaid(scene)
  await until('the page is back', async () => (await table.alert()) === '')
  const last = await scene.player.round(roundId)
  const { pocket } = last.outcome as { pocket: Pocket }
  await until('the last numbers', async () => (await table.lastNumbers())[0] === String(pocket))
  expect((await house.command({ command: 'books.audit' })) as object).toMatchObject({ linesSumCents: 0 })
})
