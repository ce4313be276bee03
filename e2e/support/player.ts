import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import type { Json } from '../../engine/game.ts'
import { type Visit, type VisitOptions, visit } from './browser.ts'

export const PASSWORD = 'una-clave-de-prueba'

type RoundRow = {
  readonly roundId: string
  readonly how: string
  readonly outcome: Json
  readonly stakedCents: number
  readonly paidCents: number
}
type RoundDetail = RoundRow & {
  readonly bets: readonly {
    readonly selection: Json
    readonly stakeCents: number
    readonly paidCents: number
    readonly fate: string
  }[]
  readonly opening: { readonly commitment: string }
  readonly balanceAfterCents: number | null
}

/** Where the house is reached. */
type House = { readonly url: string }

/** A person with a browser of his own, and what the house's books say of him. */
export class Player {
  readonly visit: Visit
  readonly email: string
  readonly #house: House

  private constructor(made: Visit, house: House, email: string) {
    this.visit = made
    this.#house = house
    this.email = email
  }

  get page(): Page {
    return this.visit.page
  }

  /** Opens a browser for somebody who is not known to the house yet. */
  static async arrive(browser: Browser, house: House, options: VisitOptions = {}): Promise<Player> {
    return new Player(await visit(browser, options), house, `${randomUUID()}@example.pe`)
  }

  /** The same with an account and play money, made by the API. */
  static async seated(browser: Browser, house: House, cents: number, options: VisitOptions = {}) {
    const player = await Player.arrive(browser, house, options)
    await player.#post('/api/auth/sign-up/email', { email: player.email, password: PASSWORD, name: 'Prueba' })
    await player.#post('/api/me/play-money', { id: randomUUID(), cents })
    return player
  }

  /** The balance in the books. */
  async balanceCents(): Promise<number> {
    return (await this.read<{ balanceCents: number }>('/api/me')).balanceCents
  }

  /** The last round in which he had a bet, once it has ended; null before. */
  async lastRound(): Promise<RoundRow | null> {
    const { rounds } = await this.read<{ rounds: readonly RoundRow[] }>('/api/me/rounds?limit=1')
    return rounds[0] ?? null
  }

  round(roundId: string): Promise<RoundDetail> {
    return this.read<RoundDetail>(`/api/me/rounds/${encodeURIComponent(roundId)}`)
  }

  async read<Answer>(path: string): Promise<Answer> {
    const response = await this.visit.context.request.get(`${this.#house.url}${path}`)
    if (!response.ok()) throw new Error(`GET ${path}: ${response.status()}`)
    return (await response.json()) as Answer
  }

  async #post(path: string, data: unknown): Promise<void> {
    const response = await this.visit.context.request.post(`${this.#house.url}${path}`, { data })
    if (!response.ok()) throw new Error(`POST ${path}: ${response.status()} ${await response.text()}`)
  }
}
