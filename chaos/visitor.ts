import { randomUUID } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'

const JSON_TYPE = { 'content-type': 'application/json' }
const PASSWORD = 'una-frase-larga-1'
/** A public address that answers nothing for this long is a finding, not something to wait out. */
const PATIENCE_MS = 30_000
const ANSWER_MS = 8_000
const PAUSE_MS = 200
const PAGE = 100

export type StatedRound = {
  readonly roundId: string
  readonly how: 'settled' | 'void'
  readonly stakedCents: number
  readonly paidCents: number
}
export type StatedBet = { readonly betId: string; readonly fate: 'reserved' | 'released' | 'refused' }

/** The status and code of an answer that was not wanted. */
export class Answered extends Error {
  readonly status: number
  readonly code: string
  constructor(what: string, status: number, code: string) {
    super(`${what}: ${status} ${code}`)
    this.name = 'Answered'
    this.status = status
    this.code = code
  }
}

/** One person with a session cookie, at the house's public address. */
export class Visitor {
  readonly #url: string
  #cookie = ''
  playerId = ''

  constructor(url: string) {
    this.#url = url
  }

  /** Registers under a new address and takes play money. */
  async signUp(name: string, cents: number): Promise<void> {
    const response = await this.#register({ email: `${randomUUID()}@example.pe`, password: PASSWORD, name })
    this.#cookie = response.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const grant = JSON.stringify({ id: randomUUID(), cents })
    await this.#reach('play money', '/api/me/play-money', { method: 'POST', body: grant })
    this.playerId = (await this.me()).playerId
  }

  me(): Promise<{ readonly playerId: string; readonly balanceCents: number }> {
    return this.#json('/api/me')
  }

  /** Not repeated: who joins asks again in his own time. Errors: `Answered`, or whatever fetch rejects with. */
  async ticket(tableId: string): Promise<string> {
    const path = `/api/tables/${tableId}/ticket`
    const response = await this.#ask(path, { method: 'POST', body: '{}' })
    if (!response.ok) throw new Answered('ticket', response.status, await codeOf(response))
    return ((await response.json()) as { ticket: string }).ticket
  }

  /** Every round of this player, newest first. */
  async rounds(): Promise<StatedRound[]> {
    const rounds: StatedRound[] = []
    for (let before = ''; ; ) {
      const path = `/api/me/rounds?limit=${PAGE}${before === '' ? '' : `&before=${before}`}`
      const page = await this.#json<{ rounds: StatedRound[]; next: string | null }>(path)
      rounds.push(...page.rounds)
      if (page.next === null) return rounds
      before = page.next
    }
  }

  /** His bets in a round that has ended; null when he had none in it, or when it has not ended. */
  async betsOf(roundId: string): Promise<readonly StatedBet[] | null> {
    try {
      return (await this.#json<{ bets: readonly StatedBet[] }>(`/api/me/rounds/${roundId}`)).bets
    } catch (error) {
      if (error instanceof Answered && error.status === 404) return null
      throw error
    }
  }

  /** Anything public, as JSON. */
  public<Answer>(path: string): Promise<Answer> {
    return this.#json<Answer>(path)
  }

  /** A registration whose answer got lost is in the books already, and then he signs in. */
  async #register(person: { readonly email: string; readonly password: string; readonly name: string }) {
    const post = (path: string, asked: object) =>
      this.#reach(path, `/api/auth/${path}/email`, { method: 'POST', body: JSON.stringify(asked) })
    try {
      return await post('sign-up', person)
    } catch (error) {
      if (!(error instanceof Answered) || error.status !== 422) throw error
      return post('sign-in', { email: person.email, password: person.password })
    }
  }

  async #json<Answer>(path: string): Promise<Answer> {
    return (await (await this.#reach(path, path)).json()) as Answer
  }

  /** Asks until the house answers, also while it is being broken. Repeats are harmless: every write has its id. */
  async #reach(what: string, path: string, init: RequestInit = {}): Promise<Response> {
    const giveUpAtMs = performance.now() + PATIENCE_MS
    for (;;) {
      let why: unknown
      try {
        const response = await this.#ask(path, init)
        if (response.ok) return response
        const answered = new Answered(what, response.status, await codeOf(response))
        if (response.status < 500 && response.status !== 429) throw answered
        why = answered
      } catch (error) {
        if (error instanceof Answered) throw error
        why = error
      }
      if (performance.now() > giveUpAtMs) throw new Error(`${what}: not within ${PATIENCE_MS} ms`, { cause: why })
      await after(PAUSE_MS)
    }
  }

  #ask(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...(init.body === undefined ? {} : JSON_TYPE), cookie: this.#cookie }
    return fetch(`${this.#url}${path}`, { ...init, headers, signal: AbortSignal.timeout(ANSWER_MS) })
  }
}

async function codeOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => '')
  try {
    return String((JSON.parse(text) as { code?: unknown }).code)
  } catch {
    return text.slice(0, 80)
  }
}
