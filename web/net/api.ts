import type { Json } from '../../engine/game.ts'
import type { LobbyTable, TableInfo } from '../../rooms/protocol.ts'
import type { BetSpec } from './table-state.ts'

/** The players' HTTP API as `docs/http-api.md` lists it. */
export type Me = {
  readonly playerId: string
  readonly name: string
  readonly balanceCents: number
  readonly currency: string
  readonly playMoney: boolean
}
export type Favourite = { readonly name: string; readonly gameId: string; readonly bets: readonly BetSpec[] }
export type RoundRow = {
  readonly roundId: string
  readonly tableId: string
  readonly gameId: string
  readonly endedAtMs: number
  readonly how: 'settled' | 'void'
  readonly outcome: Json
  readonly stakedCents: number
  readonly paidCents: number
}
export type RoundBet = {
  readonly betId: string
  readonly selection: Json
  readonly kind: string
  readonly stakeCents: number
  readonly paidCents: number
  readonly fate: string
  readonly placedAtMs: number
}
export type RoundDetail = RoundRow & {
  readonly bets: readonly RoundBet[]
  readonly opening: { readonly commitment: string; readonly seriesId: string; readonly openedAtMs: number }
  readonly seedHex: string | null
  readonly balanceAfterCents: number | null
}
export type RoundPage = { readonly rounds: readonly RoundRow[]; readonly next: string | null }
export type TableResult = {
  readonly roundId: string
  readonly outcome: Json
  readonly endedAtMs: number
  readonly how: 'settled' | 'void'
}
/** What the operator must show on every page (R6). */
export type House = {
  readonly name: string
  readonly registrationCode: string
  readonly ruc: string
  /** A pause of the whole house that is planned or under way. */
  readonly maintenance: { readonly startsAtMs: number; readonly endsAtMs: number; readonly reason: string } | null
}

/** The server said no, with a code; `status` 0 means that it could not be reached. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ApiError'
    this.status = status
    this.code = code
  }
}

/** Everything that the page asks by HTTP. Errors: every method rejects with `ApiError`. */
export interface Api {
  signUp(email: string, password: string, name: string): Promise<void>
  signIn(email: string, password: string): Promise<void>
  signOut(): Promise<void>
  /** Null when nobody is signed in. */
  me(): Promise<Me | null>
  /** Answers the balance after it. */
  playMoney(id: string, cents: number): Promise<number>
  favourites(): Promise<readonly Favourite[]>
  saveFavourites(favourites: readonly Favourite[]): Promise<readonly Favourite[]>
  rounds(before: string | null, limit: number): Promise<RoundPage>
  round(roundId: string): Promise<RoundDetail>
  tables(): Promise<readonly LobbyTable[]>
  table(tableId: string): Promise<TableInfo>
  results(tableId: string, limit: number): Promise<readonly TableResult[]>
  ticket(tableId: string): Promise<string>
  /** The transcript as it was written, to be saved and verified byte by byte. */
  transcript(roundId: string): Promise<string>
  /** Null where the server does not say. */
  house(): Promise<House | null>
  /** The build that the server serves; null where it does not say. */
  build(): Promise<string | null>
}

type Fetch = (path: string, init?: RequestInit) => Promise<Response>

const NETWORK_TIMEOUT_MS = 10_000

async function ask(fetchOf: Fetch, method: string, path: string, body?: unknown): Promise<Response> {
  const init: RequestInit = {
    method,
    credentials: 'same-origin',
    signal: AbortSignal.timeout(NETWORK_TIMEOUT_MS),
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  }
  let response: Response
  try {
    response = await fetchOf(path, init)
  } catch (cause) {
    throw new ApiError(0, 'unreachable', 'the server could not be reached', cause)
  }
  if (response.ok) return response
  const told = (await response.json().catch(() => ({}))) as { code?: string; message?: string }
  throw new ApiError(response.status, told.code ?? `http-${response.status}`, told.message ?? response.statusText)
}

/** The API over `fetch`. Answers are trusted to be what the document says: they come from the page's own server. */
export function httpApi(fetchOf: Fetch = (path, init) => fetch(path, init)): Api {
  const get = async <T>(path: string): Promise<T> => (await (await ask(fetchOf, 'GET', path)).json()) as T
  const send = async <T>(method: string, path: string, body: unknown): Promise<T> =>
    (await (await ask(fetchOf, method, path, body)).json()) as T
  const maybe = async <T>(work: Promise<T>, ...absent: readonly number[]): Promise<T | null> =>
    work.catch((error: unknown) => {
      if (error instanceof ApiError && absent.includes(error.status)) return null
      throw error
    })
  const id = encodeURIComponent
  return {
    signUp: async (email, password, name) =>
      void (await send('POST', '/api/auth/sign-up/email', { email, password, name })),
    signIn: async (email, password) => void (await send('POST', '/api/auth/sign-in/email', { email, password })),
    signOut: async () => void (await send('POST', '/api/auth/sign-out', {})),
    me: () => maybe(get<Me>('/api/me'), 401),
    playMoney: async (uuid, cents) =>
      (await send<{ balanceCents: number }>('POST', '/api/me/play-money', { id: uuid, cents })).balanceCents,
    favourites: async () => (await get<{ favourites: readonly Favourite[] }>('/api/me/favourites')).favourites,
    saveFavourites: async (favourites) =>
      (await send<{ favourites: readonly Favourite[] }>('PUT', '/api/me/favourites', { favourites })).favourites,
    rounds: (before, limit) =>
      get<RoundPage>(`/api/me/rounds?limit=${limit}${before === null ? '' : `&before=${id(before)}`}`),
    round: (roundId) => get<RoundDetail>(`/api/me/rounds/${id(roundId)}`),
    tables: async () => (await get<{ tables: readonly LobbyTable[] }>('/api/tables')).tables,
    table: (tableId) => get<TableInfo>(`/api/tables/${id(tableId)}`),
    results: async (tableId, limit) =>
      (await get<{ results: readonly TableResult[] }>(`/api/tables/${id(tableId)}/results?limit=${limit}`)).results,
    ticket: async (tableId) => (await send<{ ticket: string }>('POST', `/api/tables/${id(tableId)}/ticket`, {})).ticket,
    transcript: async (roundId) => (await ask(fetchOf, 'GET', `/api/rounds/${id(roundId)}/transcript`)).text(),
    house: () => maybe(get<House>('/api/house'), 404),
    build: async () => (await maybe(get<{ build?: string }>('/api/version'), 404))?.build ?? null,
  }
}
