import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Wheel } from '../../engine/roulette/pockets.ts'
import { feltPlan } from '../../web/games/roulette/felt/geometry.ts'
import { keyTarget } from '../../web/games/roulette/felt/keyboard.ts'
import { until } from './until.ts'

/** A round cycle and a slow machine. */
const ROUND_MS = 60_000
const KEYS_MS = 10_000
const MOST_TABS = 80

/** One bet as the list beside the felt shows it. */
export type ShownBet = { readonly name: string; readonly stake: string; readonly state: string; readonly fate: string }
export type Action = 'Deshacer' | 'Retirar todo' | 'Duplicar' | 'Repetir' | 'Favoritas'

/** The table as a person meets it: what is shown, the mouse and the keys. The page speaks es-PE. */
export class TablePage {
  readonly page: Page
  readonly #wheel: Wheel

  constructor(page: Page, wheel: Wheel = 'single-zero') {
    this.page = page
    this.#wheel = wheel
  }

  /** Sits down and waits until the table is shown. */
  async open(url: string, tableId: string): Promise<void> {
    await this.page.goto(`${url}/#/mesa/${tableId}`)
    await this.page.locator('.table-grid').waitFor()
    const understood = this.page.getByRole('button', { name: 'Entendido' })
    if (await understood.isVisible()) await understood.click()
  }

  /** Waits for a round that has just opened for bets, with at least `leftMs` to go. Answers its id. */
  async freshRound(leftMs: number): Promise<string> {
    await until(
      `a round with ${leftMs} ms left`,
      async () => (await this.phase()) === 'open' && (await this.#secondsLeft()) * 1000 >= leftMs,
      ROUND_MS,
    )
    return this.roundId()
  }

  async roundId(): Promise<string> {
    return (await this.page.locator('.area-clock .mono').first().textContent()) ?? ''
  }

  /** What the round is committed to, as the page shows it. */
  async commitment(): Promise<string> {
    return (await this.page.locator('.seal').getAttribute('title')) ?? ''
  }

  /** The phase as the page words it for its own styles: open, last-call, closed, drawn, settled, void. */
  async phase(): Promise<string> {
    const look = (await this.page.locator('.phase').getAttribute('class')) ?? ''
    return /phase-(\S+)/.exec(look)?.[1] ?? ''
  }

  async phaseBecomes(...phases: readonly string[]): Promise<void> {
    await until(`the phase ${phases.join(' or ')}`, async () => phases.includes(await this.phase()), ROUND_MS)
  }

  async takeChip(amount: string): Promise<void> {
    await this.page
      .locator('.r-tray-chip')
      .filter({ has: this.page.getByLabel(`Ficha de ${amount}`) })
      .click()
  }

  /** Also clicks a felt that takes no bets: `force` is for seeing that nothing comes of it. */
  async clickSpot(name: string, { force = false } = {}): Promise<void> {
    await this.page.locator(`[data-spot="${name}"]`).click({ force })
  }

  /** Walks to a place with the keys that the felt offers, and puts a chip there with Enter. */
  async keySpot(name: string): Promise<void> {
    const focused = () => this.page.evaluate(() => document.activeElement?.getAttribute('data-spot') ?? null)
    if ((await focused()) === null) await this.page.locator('[data-spot][tabindex="0"]').focus()
    const from = (await focused()) ?? ''
    for (const key of this.#keysBetween(from, name)) await this.page.keyboard.press(key)
    expect(await focused()).toBe(name)
    await this.page.keyboard.press('Enter')
  }

  async clickTrack(name: string): Promise<void> {
    await this.page.locator(`.rt [aria-label^="${name},"]`).click()
  }

  /** Goes along the part of the racetrack that has the focus, and puts the bet down with Enter. */
  async keyTrack(name: string): Promise<void> {
    await until(
      `the keys reach ${name}`,
      async () => {
        if ((await this.#focusedLabel()).startsWith(`${name},`)) return true
        await this.page.keyboard.press('ArrowRight')
        return false
      },
      KEYS_MS,
    )
    await this.page.keyboard.press('Enter')
  }

  /** Presses Tab until the focus is on or in what is meant. */
  async tabTo(selector: string): Promise<void> {
    const there = () => this.page.evaluate((what) => document.activeElement?.closest(what) != null, selector)
    for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
      if (await there()) return
      await this.page.keyboard.press('Tab')
    }
    throw new Error(`Tab does not reach ${selector}`)
  }

  async click(action: Action): Promise<void> {
    await this.page.locator('.r-tray-actions').getByRole('button', { name: action }).click()
  }

  async bets(): Promise<readonly ShownBet[]> {
    return this.page.locator('.bets .bet').evaluateAll((lines) =>
      lines.map((line) => ({
        name: line.querySelector('.bet-name')?.textContent ?? '',
        stake: line.querySelector('.bet-stake')?.textContent ?? '',
        state: line.querySelector('.bet-state')?.textContent ?? '',
        fate: /bet-(\S+)/.exec(line.className)?.[1] ?? '',
      })),
    )
  }

  /** Waits until that many bets are shown as accepted, and none is on its way. */
  async accepted(count: number): Promise<readonly ShownBet[]> {
    return until(`${count} accepted bets`, async () => {
      const bets = await this.bets()
      const waiting = bets.some(({ fate }) => !['accepted', 'dead'].includes(fate))
      return !waiting && bets.filter(({ fate }) => fate === 'accepted').length === count ? bets : null
    })
  }

  /** "S/ 1,234.50" as shown, with the no-break space. */
  async balance(): Promise<string> {
    return (await this.page.locator('.money-balance dd').textContent()) ?? ''
  }

  /** What a screen reader is told of a place on the felt. */
  async spotLabel(name: string): Promise<string> {
    return (await this.page.locator(`[data-spot="${name}"]`).getAttribute('aria-label')) ?? ''
  }

  /** Everything staked in this round, as shown. */
  async staked(): Promise<string> {
    return (await this.page.locator('.money > div:nth-child(2) dd').textContent()) ?? ''
  }

  /** What stands between the player and betting, in the page's words; empty when nothing does. */
  async alert(): Promise<string> {
    return (await this.page.locator('.link-banners [role="alert"]').textContent()) ?? ''
  }

  /** Whether the felt is open for chips. */
  async takesBets(): Promise<boolean> {
    return (await this.page.locator('[data-spot="red"]').getAttribute('aria-disabled')) === null
  }

  /** The last results, newest first. */
  async lastNumbers(): Promise<readonly string[]> {
    return this.page.locator('.area-strip li [aria-hidden]').allTextContents()
  }

  /** What the page says about a refusal. */
  async notice(): Promise<string> {
    return (await this.page.locator('.toast p').last().textContent()) ?? ''
  }

  async #focusedLabel(): Promise<string> {
    return this.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')
  }

  async #secondsLeft(): Promise<number> {
    return Number(await this.page.locator('.ring-seconds').textContent())
  }

  /** The shortest way from one place to another, in keys. */
  #keysBetween(from: string, to: string): readonly string[] {
    const plan = feltPlan(this.#wheel, 'horizontal')
    const cameBy = new Map<string, { readonly name: string; readonly key: string } | null>([[from, null]])
    const arrows = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']
    const steps = [...arrows.map((key) => ({ key, shift: false })), ...arrows.map((key) => ({ key, shift: true }))]
    for (const name of cameBy.keys()) {
      const spot = plan.spots.get(name)
      if (spot === undefined) continue
      for (const { key, shift } of steps) {
        const target = keyTarget(plan, spot, key, shift)
        if (target !== null && !cameBy.has(target.name))
          cameBy.set(target.name, { name, key: shift ? `Shift+${key}` : key })
      }
    }
    const keys: string[] = []
    for (let at = cameBy.get(to); at !== null; at = cameBy.get(at.name)) {
      if (at === undefined) throw new Error(`no keys lead from ${from} to ${to}`)
      keys.unshift(at.key)
    }
    return keys
  }
}
