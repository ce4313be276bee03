import type { Browser } from 'playwright-core'
import { expect } from 'vitest'
import { verifyTranscript } from '../../engine/fairness/verify.ts'
import type { Pocket } from '../../engine/roulette/pockets.ts'
import { ROULETTE_VARIANTS } from '../../engine/roulette/rules.ts'
import type { Pace } from '../../engine/round/types.ts'
import { formatCents } from '../../web/format/money.ts'
import { type FeltBet, paidCents, stakedCents } from './bets.ts'
import { keep } from './browser.ts'
import type { ClusterHouse } from './cluster-house.ts'
import { Diary } from './diary.ts'
import { Player } from './player.ts'
import { TablePage } from './table-page.ts'
import { until } from './until.ts'

export const FUNDS_CENTS = 50_000
const CHIP_CENTS = 500
/** U5: after the table can be reached again. */
const BACK_WITHIN_MS = 5_000
const PLAIN_WORDS = /^(Reconectando… tus apuestas aceptadas están a salvo\.|La mesa está cambiando de servidor\.)/

type Device = 'desktop' | 'phone'

export type SeatsWish = { readonly tableId: string; readonly pace: Pace; readonly devices: readonly Device[] }

/** A round as the page showed it before its bets. */
export type ShownRound = { readonly roundId: string; readonly commitment: string }

/** A player on our page at a European table of a cluster. */
export class ClusterSeat {
  readonly player: Player
  readonly table: TablePage
  readonly diary: Diary
  readonly #house: ClusterHouse
  readonly #device: Device
  #balanceCents = FUNDS_CENTS

  private constructor(house: ClusterHouse, player: Player, diary: Diary, device: Device) {
    this.#house = house
    this.player = player
    this.table = new TablePage(player.page)
    this.diary = diary
    this.#device = device
  }

  /** Opens a table of the test's own, and has players of these devices sit down in time for its first round. */
  static async at(browser: Browser, house: ClusterHouse, wish: SeatsWish): Promise<readonly ClusterSeat[]> {
    const players = await Promise.all(
      wish.devices.map(async (device) => {
        const player = await Player.seated(browser, house, FUNDS_CENTS, { phone: device === 'phone' })
        await player.page.goto(house.url)
        return { player, device }
      }),
    )
    await house.openTable(wish.tableId, 'european', { pace: wish.pace })
    return Promise.all(
      players.map(async ({ player, device }) => {
        await new TablePage(player.page).open(house.url, wish.tableId)
        return new ClusterSeat(house, player, await Diary.on(player.page), device)
      }),
    )
  }

  /** Waits for a round with time to bet. */
  async round(leftMs: number): Promise<ShownRound> {
    const roundId = await this.table.freshRound(leftMs)
    return { roundId, commitment: await this.table.commitment() }
  }

  /** With the mouse, or a finger. */
  async bet(bets: readonly FeltBet[]): Promise<void> {
    for (const { spot } of bets) {
      const place = this.player.page.locator(`[data-spot="${spot}"]`)
      if (this.#device === 'phone') await place.tap()
      else await place.click()
    }
  }

  /**
   * The page is live again. Answers how long after the fault that was, and for how long of it the page was away, in
   * milliseconds; checks that it said plainly what was wrong, and was never loaded anew.
   */
  async back(brokenAtMs: number): Promise<{ readonly afterMs: number; readonly awayMs: number }> {
    await until('the page is back', async () => (await this.table.alert()) === '', BACK_WITHIN_MS)
    const entries = await this.diary.since(brokenAtMs)
    const said = entries.find(({ atMs, alert }) => atMs > brokenAtMs && alert !== '')
    expect(said?.alert, `${this.#device} wrote ${JSON.stringify(entries)}`).toMatch(PLAIN_WORDS)
    const last = entries.findLastIndex(({ alert }) => alert !== '')
    const backAtMs = entries[last + 1]?.atMs ?? Number.NaN
    return { afterMs: backAtMs - brokenAtMs, awayMs: backAtMs - (said?.atMs ?? Number.NaN) }
  }

  /** Waits until the table has decided on every bet. Answers those of `bets` that it took. */
  async taken(bets: readonly FeltBet[]): Promise<readonly FeltBet[]> {
    const shown = await until('every bet is decided', async () => {
      const lines = await this.table.bets()
      return lines.every(({ fate }) => fate === 'accepted' || fate === 'dead') ? lines : null
    })
    return bets.filter(({ name }) => shown.some((line) => line.name === name && line.fate === 'accepted'))
  }

  /** The same round, with the same bets and the money that they left. */
  async asBefore({ roundId, commitment }: ShownRound, bets: readonly FeltBet[]): Promise<void> {
    const { player, table } = this
    expect(await table.roundId()).toBe(roundId)
    expect(await table.commitment()).toBe(commitment)
    const shown = (await table.accepted(bets.length)).filter(({ fate }) => fate === 'accepted')
    expect(shown.map(({ name }) => name).toSorted()).toEqual(bets.map(({ name }) => name).toSorted())
    const left = this.#balanceCents - stakedCents(bets, CHIP_CENTS)
    expect(await table.balance()).toBe(formatCents(left))
    expect(await player.balanceCents()).toBe(left)
  }

  /** The round was paid once, by the number that it was committed to; page, books and transcript say the same. */
  async paid({ roundId, commitment }: ShownRound, bets: readonly FeltBet[]): Promise<void> {
    const { player, table } = this
    const ended = await until('the round has ended', async () => {
      const last = await player.lastRound()
      return last?.roundId === roundId ? last : null
    })
    const { pocket } = ended.outcome as { pocket: Pocket }
    const staked = stakedCents(bets, CHIP_CENTS)
    const paid = paidCents(ROULETTE_VARIANTS.european, bets, CHIP_CENTS, pocket)
    this.#balanceCents += paid - staked
    expect(ended).toMatchObject({ how: 'settled', stakedCents: staked, paidCents: paid })
    expect(await player.balanceCents()).toBe(this.#balanceCents)
    await until('the balance is shown', async () => (await table.balance()) === formatCents(this.#balanceCents))
    await until('the number is shown', async () => (await table.lastNumbers())[0] === String(pocket))
    // The log may be told after the books, by the next owner of the table.
    const transcript = await until('the transcript', () =>
      this.#house.read<{ ended: object }>(`/api/rounds/${roundId}/transcript`).catch(() => null),
    )
    expect(verifyTranscript(transcript)).toMatchObject({ ok: true })
    expect(transcript.ended).toMatchObject({ commitmentHex: commitment, outcome: { pocket } })
  }

  /** How long the ball was seen to run since `fromMs`, in milliseconds. */
  async ballRanMs(fromMs: number): Promise<number> {
    const entries = await this.diary.since(fromMs)
    const runs = entries.findIndex(({ atMs, phase }) => atMs >= fromMs && phase === 'drawn')
    const rests = entries.findIndex(({ phase }, i) => i > runs && phase === 'settled')
    return (entries[rests]?.atMs ?? Number.NaN) - (entries[runs]?.atMs ?? Number.NaN)
  }

  /** Upper edge of a place on the felt, in pixels of the window. */
  async topOf(spot: string): Promise<number> {
    return (await this.player.page.locator(`[data-spot="${spot}"]`).boundingBox())?.y ?? Number.NaN
  }

  keep(name: string): Promise<void> {
    return keep(this.player.page, `${this.#device}-cluster-${name}`)
  }

  /** Exceptions of the page so far. */
  get exceptions(): readonly string[] {
    return this.player.visit.problems.filter((problem) => problem.startsWith('exception'))
  }
}
