import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ranked } from '../../server/failover/placement.ts'
import { closePages, keep, openChromium, visit } from '../support/browser.ts'
import { ClusterHouse } from '../support/cluster-house.ts'
import { ClusterSeat } from '../support/cluster-seat.ts'
import { until } from '../support/until.ts'

const RED = { spot: 'red', selection: { kind: 'red' }, name: 'Rojo', chips: 1 } as const
const BLACK = { spot: 'black', selection: { kind: 'black' }, name: 'Negro', chips: 1 } as const
const EVEN = { spot: 'even', selection: { kind: 'even' }, name: 'Par', chips: 1 } as const
const SEVENTEEN = {
  spot: 'straight:17',
  selection: { kind: 'straight', numbers: [17] },
  name: 'Pleno 17',
  chips: 1,
} as const
const PACE = { bettingMs: 10_000, restMs: 8_000 }
/** Enough to place bets on a busy machine. */
const TO_BET_MS = 5_500
/** Every node may be started again before its betting ends. */
const LONG_PACE = { bettingMs: 20_000, restMs: 8_000 }
/** The ball runs for six seconds; a busy page notes its beginning late. */
const BALL_RUNS_MS = 4_500
const TEST_MS = 120_000

let house: ClusterHouse
let browser: Browser

beforeAll(async () => {
  ;[house, browser] = await Promise.all([ClusterHouse.open(), openChromium()])
}, TEST_MS)

afterEach((context) => closePages(browser, context))

afterAll(async () => {
  await browser?.close()
  await house?.stop()
})

const each = <T>(seats: readonly ClusterSeat[], work: (seat: ClusterSeat) => Promise<T>) => Promise.all(seats.map(work))

test(
  '[U5 G17 G18 WEB-14 WEB-26] the node is killed while the ball runs, and the next one while bets are taken',
  async () => {
    const seats = await ClusterSeat.at(browser, house, { tableId: 'caidas', pace: PACE, devices: ['desktop', 'phone'] })
    const desk = first(seats)
    const spun = await desk.round(TO_BET_MS)
    await each(seats, (one) => one.bet([RED, SEVENTEEN]))
    await each(seats, ({ table }) => table.accepted(2))
    await desk.table.phaseBecomes('drawn')
    const ballAtMs = Date.now()
    const killed = await house.killOwnerOf('caidas')
    await each(seats, (one) => one.keep('killed-while-the-ball-runs'))
    const ball = await each(seats, (one) => one.back(ballAtMs))
    await each(seats, (one) => one.paid(spun, [RED, SEVENTEEN]))
    await each(seats, (one) => one.keep('paid-by-another-node'))
    for (const one of seats) expect(await one.ballRanMs(ballAtMs - 1_000)).toBeGreaterThan(BALL_RUNS_MS)
    await killed.start()

    const second = await desk.round(TO_BET_MS)
    await each(seats, (one) => one.bet([RED, SEVENTEEN]))
    await each(seats, ({ table }) => table.accepted(2))
    const owner = await house.ownerOf('caidas')
    // Whether this one leaves the page, reaches the node or is in the books before the kill: each page must find out.
    await each(seats, (one) => one.bet([BLACK]))
    const betsAtMs = Date.now()
    await owner.kill()
    await each(seats, (one) => one.keep('killed-while-bets-are-taken'))
    const bets = await each(seats, (one) => one.back(betsAtMs))
    const taken = await each(seats, (one) => one.taken([RED, SEVENTEEN, BLACK]))
    for (const kept of taken) expect(kept).toEqual(expect.arrayContaining([RED, SEVENTEEN]))
    await Promise.all(seats.map((one, i) => one.asBefore(second, taken[i] ?? [])))
    await each(seats, (one) => one.bet([EVEN]))
    const all = taken.map((kept) => [...kept, EVEN])
    await Promise.all(seats.map((one, i) => one.asBefore(second, all[i] ?? [])))
    await Promise.all(seats.map((one, i) => one.paid(second, all[i] ?? [])))
    console.log(JSON.stringify({ ball, bets }))
    expect(seats.flatMap(({ exceptions }) => exceptions)).toEqual([])
    await house.startAll()
  },
  TEST_MS,
)

test(
  '[U5 O7 WEB-24 WEB-25] a node that is stopped in order gives its table away, and table and lobby go on',
  async () => {
    const lobby = await visit(browser)
    const nodeId = await openLobby(lobby.page)
    const tableId = tableOf(nodeId)
    const phone = first(await ClusterSeat.at(browser, house, { tableId, pace: PACE, devices: ['phone'] }))
    const round = await phone.round(TO_BET_MS)
    await phone.bet([RED, SEVENTEEN])
    await phone.table.accepted(2)
    const owner = await house.ownerOf(tableId)
    expect(owner.nodeId).toBe(nodeId)
    const stoppedAtMs = Date.now()
    const stopping = owner.terminate()
    await until('the page says that its table moves', async () =>
      (await phone.diary.since(stoppedAtMs)).some(({ alert, status }) => `${alert}${status}` !== ''),
    )
    await phone.keep('node-stops')
    const { code, signal, ms } = await stopping
    expect([code, signal]).toEqual([0, null])
    const back = await phone.back(stoppedAtMs)
    await phone.asBefore(round, [RED, SEVENTEEN])
    await until('the lobby is live', async () => (await lobbyNews(lobby.page)) === 'En vivo')
    await phone.paid(round, [RED, SEVENTEEN])
    await until('the lobby follows the table', async () => /pagada/.test(await statusInLobby(lobby.page, tableId)))
    await keep(lobby.page, 'desktop-cluster-lobby-after-a-stop')
    console.log(JSON.stringify({ stoppedMs: Math.round(ms), move: back }))
    expect([...phone.exceptions, ...lobby.problems.filter((one) => one.startsWith('exception'))]).toEqual([])
  },
  TEST_MS,
)

test(
  '[U5 G17 WEB-14 WEB-25 WEB-27] every node and Redis are killed at once, and all of it comes back',
  async () => {
    const lobby = await visit(browser)
    await openLobby(lobby.page)
    const wish = { tableId: 'apagon', pace: LONG_PACE, devices: ['desktop', 'phone'] } as const
    const seats = await ClusterSeat.at(browser, house, wish)
    const round = await first(seats).round(LONG_PACE.bettingMs * 0.65)
    await each(seats, (one) => one.bet([RED, SEVENTEEN]))
    await each(seats, ({ table }) => table.accepted(2))
    const placesBefore = await each(seats, (one) => one.topOf('red'))
    const killedAtMs = Date.now()
    await house.killAll()
    await each(seats, ({ table }) => until('the page says so', async () => /^Reconectando/.test(await table.alert())))
    const starting = house.startAll()
    expect(await each(seats, (one) => one.topOf('red'))).toEqual(placesBefore)
    await each(seats, (one) => expectInSight(one.player.page))
    expect(await each(seats, ({ table }) => table.takesBets())).toEqual([false, false])
    await until('the lobby says so', async () => /^Reconectando/.test(await lobbyNews(lobby.page)))
    await each(seats, (one) => one.keep('all-killed'))
    await keep(lobby.page, 'desktop-cluster-lobby-all-killed')
    await starting
    const restart = await each(seats, (one) => one.back(killedAtMs))
    await each(seats, (one) => one.asBefore(round, [RED, SEVENTEEN]))
    await until('the lobby is live', async () => (await lobbyNews(lobby.page)) === 'En vivo')
    await each(seats, (one) => one.paid(round, [RED, SEVENTEEN]))
    await keep(lobby.page, 'desktop-cluster-lobby-back')
    console.log(JSON.stringify({ restart }))
    expect(seats.flatMap(({ exceptions }) => exceptions)).toEqual([])
    const audit = await house.command({ command: 'books.audit' })
    expect(audit).toMatchObject({ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 })
  },
  TEST_MS,
)

function first(seats: readonly ClusterSeat[]): ClusterSeat {
  const [seat] = seats
  if (seat === undefined) throw new Error('nobody sat down')
  return seat
}

/** Opens the lobby, live; answers the node to which it is connected. */
async function openLobby(page: Page): Promise<string> {
  const connected = page.waitForEvent('websocket')
  await page.goto(house.url)
  const nodeId = new URL((await connected).url()).pathname.split('/')[1] ?? ''
  await until('the lobby is live', async () => (await lobbyNews(page)) === 'En vivo')
  return nodeId
}

async function lobbyNews(page: Page): Promise<string> {
  return (await page.locator('.live').textContent())?.trim() ?? ''
}

async function statusInLobby(page: Page, tableId: string): Promise<string> {
  return (await page.locator(`.card:has([href="#/mesa/${tableId}"]) .state`).textContent()) ?? ''
}

/** The name of a table that this node runs while all of them live. */
function tableOf(nodeId: string): string {
  const nodeIds = house.cluster.nodes.map((node) => node.nodeId)
  const names = Array.from({ length: 100 }, (_, i) => `relevo-${i}`)
  const found = names.find((name) => ranked(name, nodeIds)[0] === nodeId)
  if (found === undefined) throw new Error(`no table is for ${nodeId}`)
  return found
}

/** What the page says of its connection lies whole in the window. */
async function expectInSight(page: Page): Promise<void> {
  const size = page.viewportSize()
  const box = await page.locator('.notice-float').boundingBox()
  if (size === null || box === null) throw new Error('the page says nothing')
  expect(box.x).toBeGreaterThanOrEqual(0)
  expect(box.y).toBeGreaterThanOrEqual(0)
  expect(box.x + box.width).toBeLessThanOrEqual(size.width)
  expect(box.y + box.height).toBeLessThanOrEqual(size.height)
}
