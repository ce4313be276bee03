import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { Metrics } from '../../monitoring/metrics.ts'
import type { TableInfo } from '../../rooms/protocol.ts'
import type { TestDatabase } from '../database/testing.ts'
import { LedgerBooks } from '../ledger/ledger-books.ts'
import { openLog } from '../log.ts'
import { Favourites } from '../players/favourites.ts'
import { PlayMoney } from '../players/play-money.ts'
import { Players } from '../players/players.ts'
import { Tickets } from '../players/tickets.ts'
import { houseApi } from './house-api.ts'
import type { FairnessRecords, HouseApiDeps, PlayerRound, RoundHistory } from './ports.ts'

export const ORIGIN = 'https://play.example.pe'
export const OPERATOR_TOKEN = 'operator-token-of-tests-0123456789abcdef'
export const PASSWORD = 'planted-correct-horse'

const LIMA: TableInfo = {
  tableId: 'lima',
  name: 'Lima',
  gameId: 'roulette',
  rules: { wheel: 'single-zero', laPartage: false },
  rulesVersion: 1,
  limits: { perBet: {}, perPlayerCents: 100 as never, perTableCents: 100 as never },
  pace: { bettingMs: 20_000, restMs: 8_000 },
  currency: 'PEN',
  returns: [],
}

/** Rounds that ended, in memory: who played them, and what they answer. */
export class PlayedRounds implements RoundHistory {
  readonly rounds: (PlayerRound & { readonly playerId: string })[] = []

  async roundsOfPlayer(playerId: string, before: string | null, limit: number) {
    if (before !== null && !/^\d+$/.test(before)) return 'bad-cursor' as const
    const own = this.rounds.filter((round) => round.playerId === playerId)
    const from = Number(before ?? 0)
    return { rounds: own.slice(from, from + limit), next: from + limit < own.length ? String(from + limit) : null }
  }
  async roundOfPlayer(playerId: string, roundId: string) {
    return this.rounds.find((round) => round.playerId === playerId && round.roundId === roundId) ?? null
  }
  async resultsOfTable(tableId: string, limit: number) {
    return this.rounds.filter((round) => round.tableId === tableId).slice(0, limit)
  }
}

const fairness: FairnessRecords = {
  transcript: async (roundId) => (roundId === 'lima.1.0' ? '{"exact":  "bytes"}' : null),
  series: async (seriesId) => (seriesId === 'lima.1' ? { root: 'aa' } : null),
  checkpoint: async () => 'crupier/log\n1\naaaa\n',
  entries: async (from, to) => ({ from, to }),
  inclusion: async (index, size) => (size > 10 ? null : { index, size, path: [] }),
  consistency: async (from, to) => ({ from, to, path: [] }),
}

/** The HTTP API on a loopback port of its own over the given database, with the real books. */
export async function openHouse(
  database: TestDatabase,
  changes: Partial<HouseApiDeps> = {},
  extend: (app: Express) => void = () => {},
) {
  const logged: string[] = []
  const books = new LedgerBooks(database)
  const log = openLog({ level: 'trace', destination: { write: (line) => void logged.push(line) } })
  const nowMs = () => Date.now()
  const metrics = new Metrics({ nowMs, processMetrics: false })
  const history = new PlayedRounds()
  const fine = { drawPool: () => true, tables: () => true, peers: () => true }
  const health = { ...fine, database: async () => true, draining: () => false }
  const deps: HouseApiDeps = {
    players: new Players({
      database,
      books,
      secret: 'test-secret-test-secret-test-secret-1',
      publicUrl: 'http://localhost',
      allowedOrigins: [ORIGIN],
      sessionIdleMs: 1_800_000,
      rates: { signUpsPerMinute: 1_000, signInsPerMinute: 1_000 },
      log,
    }),
    tickets: new Tickets({ database, nowMs, randomBytes }),
    favourites: new Favourites({ database, nowMs, hasGame: (gameId) => gameId === 'roulette' }),
    playMoney: new PlayMoney({ on: true, database, books, nowMs, dailyCents: 5_000_000 }),
    books,
    tables: { list: () => [], info: async (tableId) => (tableId === 'lima' ? LIMA : null) },
    history,
    fairness,
    health,
    metrics,
    log,
    nowMs,
    house: { name: 'Crupier', registrationCode: '', ruc: '' },
    maintenance: async () => null,
    build: 'test-build',
    currency: 'PEN',
    publicUrl: 'http://localhost',
    allowedOrigins: [ORIGIN],
    trustedProxies: [],
    operatorFrom: ['127.0.0.1', '::1'],
    operatorToken: OPERATOR_TOKEN,
    requestsPerSecond: 100_000,
    pageDir: null,
    ...changes,
  }
  const server = await listen(houseApi(deps, extend))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    deps,
    books,
    history,
    health,
    metrics,
    logged,
    ask: (method: string, path: string, more: Asked = {}) => ask(url, method, path, more),
    signUp: (email: string) => signUp(url, email),
    close: () => new Promise<void>((done) => server.close(() => done())).finally(() => server.closeAllConnections()),
  }
}
export type House = Awaited<ReturnType<typeof openHouse>>

type Asked = { readonly cookie?: string; readonly body?: unknown; readonly headers?: Record<string, string> }
export type Answered = { status: number; code: string | null; body: unknown; text: string; headers: Headers }

/** A body that is text is sent as it stands; anything else as JSON. */
export async function ask(url: string, method: string, path: string, more: Asked = {}): Promise<Answered> {
  const body = more.body === undefined || typeof more.body === 'string' ? more.body : JSON.stringify(more.body)
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(more.cookie !== undefined && { cookie: more.cookie }),
      ...more.headers,
    },
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  const json =
    text !== '' && (response.headers.get('content-type') ?? '').includes('json') ? (JSON.parse(text) as unknown) : null
  const code = (json as { code?: unknown } | null)?.code
  return {
    status: response.status,
    code: typeof code === 'string' ? code : null,
    body: json,
    text,
    headers: response.headers,
  }
}

async function signUp(url: string, email: string): Promise<{ cookie: string; playerId: string }> {
  const answer = await ask(url, 'POST', '/api/auth/sign-up/email', { body: { email, password: PASSWORD, name: 'Ana' } })
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const me = await ask(url, 'GET', '/api/me', { cookie })
  return { cookie, playerId: (me.body as { playerId: string }).playerId }
}

function listen(app: Express): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = app.listen(0, '127.0.0.1', (error?: Error) => (error ? reject(error) : resolve(server)))
  })
}
