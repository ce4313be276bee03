import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { BooksOutOfReach } from '../ledger/out-of-reach.ts'
import { REFUSALS } from './refusal.ts'
import { type House, OPERATOR_TOKEN, ORIGIN, openHouse, PASSWORD } from './testing.ts'

let database: TestDatabase
let house: House
let ana: { cookie: string; playerId: string }
beforeAll(async () => {
  database = await openTestDatabase()
  house = await openHouse(database)
  ana = await house.signUp('ana@example.pe')
})
afterAll(async () => {
  await house.close()
  await database.close()
})

const grant = (cents: number, id = randomUUID()) => ({ body: { id, cents } })

test('[HTTP-7 PLY-2] a player sees who he is and what he has, and no cache keeps it', async () => {
  const me = await house.ask('GET', '/api/me', { cookie: ana.cookie })
  expect(me.body).toEqual({ playerId: ana.playerId, name: 'Ana', balanceCents: 0, currency: 'PEN', playMoney: true })
  expect(me.headers.get('cache-control')).toBe('no-store')
  const session = await house.ask('GET', '/api/auth/get-session', { cookie: ana.cookie })
  expect(session.body).toMatchObject({ user: { email: 'ana@example.pe' } })
  expect(session.headers.get('cache-control')).toBe('no-store')
})

test('[HTTP-9] without a session every private address answers signed-out', async () => {
  for (const [method, path] of [
    ['GET', '/api/me'],
    ['POST', '/api/me/play-money'],
    ['GET', '/api/me/favourites'],
    ['PUT', '/api/me/favourites'],
    ['GET', '/api/me/rounds'],
    ['GET', '/api/me/rounds/lima.1.0'],
    ['POST', '/api/tables/lima/ticket'],
  ] as const) {
    const answer = await house.ask(method, path, { cookie: 'crupier.session_token=forged.forged' })
    expect([path, answer.status, answer.code]).toEqual([path, 401, 'signed-out'])
  }
})

test('[PLY-9 PLY-11] play money is credited once under its id, in either spelling of it', async () => {
  const { cookie } = await house.signUp('play@example.pe')
  const id = randomUUID()
  const credited = { balanceCents: 1_000 }
  expect((await house.ask('POST', '/api/me/play-money', { cookie, ...grant(1_000, id) })).body).toEqual(credited)
  const spelled = grant(1_000, id.toUpperCase() as typeof id)
  expect((await house.ask('POST', '/api/me/play-money', { cookie, ...spelled })).body).toEqual(credited)
  const other = await house.ask('POST', '/api/me/play-money', { cookie, ...grant(999, id) })
  expect([other.status, other.code]).toEqual([409, 'grant-id-taken'])
  const large = await house.ask('POST', '/api/me/play-money', { cookie, ...grant(1_000_001) })
  expect([large.status, large.code]).toEqual([422, 'grant-too-large'])
})

test('[PLY-7] a ticket is for a table that exists, and admits the player it was issued to', async () => {
  const answer = await house.ask('POST', '/api/tables/lima/ticket', { cookie: ana.cookie, body: {} })
  const { ticket } = answer.body as { ticket: string }
  expect(await house.deps.tickets.spend(ticket)).toEqual({ playerId: ana.playerId, name: 'Ana', tableId: 'lima' })
  const nowhere = await house.ask('POST', '/api/tables/atlantis/ticket', { cookie: ana.cookie })
  expect([nowhere.status, nowhere.code]).toEqual([404, 'no-such-table'])
})

test('[HTTP-9] a player reads his own rounds page by page, and nobody else’s', async () => {
  const luis = await house.signUp('luis@example.pe')
  const round = { tableId: 'lima', gameId: 'roulette', endedAtMs: 1, how: 'settled' as const, outcome: { pocket: 7 } }
  for (let i = 0; i < 3; i++) {
    const played = { ...round, roundId: `lima.1.${i}`, stakedCents: 100, paidCents: 0, playerId: ana.playerId }
    house.history.rounds.push(played)
  }
  const first = await house.ask('GET', '/api/me/rounds?limit=2', { cookie: ana.cookie })
  expect(first.body).toMatchObject({ rounds: [{ roundId: 'lima.1.0' }, { roundId: 'lima.1.1' }], next: '2' })
  const rest = await house.ask('GET', '/api/me/rounds?limit=2&before=2', { cookie: ana.cookie })
  expect(rest.body).toMatchObject({ rounds: [{ roundId: 'lima.1.2' }], next: null })
  expect((await house.ask('GET', '/api/me/rounds', { cookie: luis.cookie })).body).toEqual({ rounds: [], next: null })
  const foreign = await house.ask('GET', '/api/me/rounds/lima.1.0', { cookie: luis.cookie })
  expect([foreign.status, foreign.code]).toEqual([404, 'no-such-round'])
  for (const query of ['limit=0', 'limit=101', 'limit=1.5', 'limit=1&limit=2', 'before=x', 'more=1', 'limit[]=1']) {
    const bad = await house.ask('GET', `/api/me/rounds?${query}`, { cookie: ana.cookie })
    expect([query, bad.status, bad.code]).toEqual([query, 400, 'malformed'])
  }
})

test('[HTTP-1] tables and results are open to everyone', async () => {
  expect((await house.ask('GET', '/api/tables')).body).toEqual({ tables: [] })
  expect((await house.ask('GET', '/api/tables/lima')).body).toMatchObject({ tableId: 'lima', currency: 'PEN' })
  expect((await house.ask('GET', '/api/tables/cusco')).code).toBe('no-such-table')
  expect((await house.ask('GET', '/api/tables/lima/results?limit=500')).status).toBe(200)
  expect((await house.ask('GET', '/api/tables/lima/results?limit=501')).code).toBe('malformed')
  expect((await house.ask('GET', '/api/version')).body).toEqual({ build: 'test-build' })
})

test('[HTTP-1] the records of fairness are sent byte by byte, and their ranges are bounded', async () => {
  expect((await house.ask('GET', '/api/rounds/lima.1.0/transcript')).text).toBe('{"exact":  "bytes"}')
  expect((await house.ask('GET', '/api/rounds/lima.1.1/transcript')).code).toBe('no-such-round')
  expect((await house.ask('GET', '/api/log/checkpoint')).text).toBe('crupier/log\n1\naaaa\n')
  expect((await house.ask('GET', '/api/series/lima.1')).body).toEqual({ root: 'aa' })
  expect((await house.ask('GET', '/api/log/entries?from=0&to=1000')).body).toEqual({ from: 0, to: 1000 })
  expect((await house.ask('GET', '/api/log/inclusion?index=3&size=11')).code).toBe('not-found')
  for (const path of [
    'entries?from=0&to=1001',
    'entries?from=5&to=5',
    'entries?from=-1&to=1',
    'inclusion?index=5&size=5',
    'inclusion?index=1',
    'consistency?from=5&to=4',
    'consistency?from=0&to=99999999999999999999',
  ]) {
    expect([path, (await house.ask('GET', `/api/log/${path}`)).code]).toEqual([path, 'malformed'])
  }
})

test('[HTTP-2] what nobody serves is not-found, and a path that cannot be read is malformed', async () => {
  for (const path of ['/api', '/api/nothing', '/API/me/x', '/api/me/rounds/%00', '/nothing']) {
    expect([path, (await house.ask('GET', path, { cookie: ana.cookie })).status < 500]).toEqual([path, true])
  }
  expect((await house.ask('GET', '/api/nothing')).code).toBe('not-found')
  expect((await house.ask('DELETE', '/api/me')).code).toBe('not-found')
  expect((await house.ask('GET', '/api/tables/%E0%A4%A')).code).toBe('malformed')
})

test('[HTTP-2] an unreachable database is unavailable, our own mistake is failed; neither tells more', async () => {
  const { signedUp, broken } = { signedUp: ana, broken: { how: new Error('planted-detail of a mistake') as Error } }
  const breaking = await openHouse(database, { books: { balanceOf: () => Promise.reject(broken.how) } })
  try {
    const failed = await breaking.ask('GET', '/api/me', { cookie: signedUp.cookie })
    expect([failed.status, failed.code]).toEqual([500, 'failed'])
    expect(failed.text).not.toContain('planted')
    broken.how = new BooksOutOfReach('the books are out of reach', { cause: new Error('planted-detail') })
    const away = await breaking.ask('GET', '/api/me', { cookie: signedUp.cookie })
    expect([away.status, away.code, away.headers.get('retry-after')]).toEqual([503, 'unavailable', '2'])
    expect(away.text).not.toContain('planted')
  } finally {
    await breaking.close()
  }
})

test('[HTTP-3] a body is plain JSON of a bounded size', async () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    house.ask('POST', '/api/me/play-money', { cookie: ana.cookie, body, headers })
  expect((await post('{"id":')).code).toBe('malformed')
  expect((await post('"text"')).code).toBe('malformed')
  for (const text of ['\\u0000', '\\ud800']) {
    const bets = `[{"selection":{"a":["${text}"]},"stakeCents":100}]`
    const body = `{"favourites":[{"name":"x","gameId":"roulette","bets":${bets}}]}`
    expect((await house.ask('PUT', '/api/me/favourites', { cookie: ana.cookie, body })).code).toBe('malformed')
  }
  expect((await post(JSON.stringify({ id: 'x'.repeat(17_000) }))).code).toBe('too-large')
  expect((await post('id=1', { 'content-type': 'application/x-www-form-urlencoded' })).code).toBe('not-json')
  expect((await post('{}', { 'content-type': 'text/plain' })).code).toBe('not-json')
  expect((await post('{}', { 'content-encoding': 'gzip' })).code).toBe('not-json')
  expect((await post('{}', { 'content-type': 'application/json; charset=latin1' })).code).toBe('not-json')
})

test('[HTTP-4] a foreign page changes nothing, with every way a browser has to say where it is', async () => {
  const { cookie, playerId } = await house.signUp('origin@example.pe')
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${ORIGIN}.evil.example` },
    { origin: ORIGIN.toUpperCase() },
    { 'sec-fetch-site': 'cross-site' },
  ] as Record<string, string>[]) {
    const answer = await house.ask('POST', '/api/me/play-money', { cookie, ...grant(100), headers })
    expect([headers, answer.status, answer.code]).toEqual([headers, 403, 'foreign-origin'])
  }
  expect(await house.books.balanceOf(playerId)).toBe(0)
  const own = await house.ask('POST', '/api/me/play-money', { cookie, ...grant(100), headers: { origin: ORIGIN } })
  expect(own.body).toEqual({ balanceCents: 100 })
  const signIn = { email: 'origin@example.pe', password: PASSWORD }
  const foreign = { body: signIn, headers: { origin: 'https://evil.example' } }
  expect((await house.ask('POST', '/api/auth/sign-in/email', foreign)).code).toBe('foreign-origin')
})

test('[HTTP-10] the page may load and reach only this house', async () => {
  const { headers } = await house.ask('GET', '/api/tables')
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("connect-src 'self' wss://play.example.pe")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('x-powered-by')).toBeNull()
  expect(headers.get('strict-transport-security')).toBeNull()
  const secure = await openHouse(database, { publicUrl: 'https://play.example.pe' })
  const answer = await secure.ask('GET', '/api/tables')
  await secure.close()
  expect(answer.headers.get('strict-transport-security')).toContain('max-age=31536000')
})

test('[HTTP-14] nothing else of the auth library is reachable', async () => {
  for (const path of [
    'ok',
    'error',
    'update-user',
    'delete-user',
    'change-password',
    'list-sessions',
    'sign-in/social',
  ])
    for (const method of ['GET', 'POST']) {
      const more = { cookie: ana.cookie, ...(method === 'POST' && { body: {} }) }
      const answer = await house.ask(method, `/api/auth/${path}`, more)
      expect([path, answer.status, answer.code]).toEqual([path, 404, 'not-found'])
    }
})

test('[HTTP-13] metrics are for the operator’s addresses, or for his token', async () => {
  const metrics = await house.ask('GET', '/metrics')
  expect(metrics.text).toContain('crupier_http_requests_total{method="GET",route="/api/me",status="200"}')
  const far = await openHouse(database, { operatorFrom: ['192.0.2.0/24'] })
  expect((await far.ask('GET', '/metrics')).code).toBe('foreign-address')
  const shown = { headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } }
  expect((await far.ask('GET', '/metrics', shown)).status).toBe(200)
  await far.close()
})

test('[HTTP-12] ready only while every part is, and in time when the database says nothing', async () => {
  expect((await house.ask('GET', '/healthz')).body).toEqual({ ok: true })
  const ready = { ok: true, database: true, drawPool: true, tables: true, peers: true, draining: false }
  expect((await house.ask('GET', '/readyz')).body).toEqual(ready)
  for (const [part, health] of Object.entries({
    database: { database: () => new Promise<boolean>(() => {}) },
    drawPool: { drawPool: () => false },
    tables: { tables: () => false },
  })) {
    const partial = await openHouse(database, { health: { ...house.health, ...health } })
    const answer = await partial.ask('GET', '/readyz')
    await partial.close()
    expect(answer.status).toBe(503)
    expect(answer.body).toEqual({ ...ready, ok: false, [part]: false })
  }
})

test('[HTTP-12 FOV-117] a node that hears no other one says so, and is as ready as it was', async () => {
  const deaf = await openHouse(database, { health: { ...house.health, peers: () => false } })
  const answer = await deaf.ask('GET', '/readyz')
  await deaf.close()
  expect([answer.status, answer.body]).toMatchObject([200, { ok: true, peers: false }])
})

test('[HTTP-12] a node that gives its tables away is not ready, so that a balancer sends it nobody new', async () => {
  const leaving = await openHouse(database, { health: { ...house.health, draining: () => true } })
  const answer = await leaving.ask('GET', '/readyz')
  await leaving.close()
  expect(answer.status).toBe(503)
  expect(answer.body).toEqual({ ok: false, database: true, drawPool: true, tables: true, peers: true, draining: true })
})

test('[HTTP-8] neither log nor metrics hold a cookie, a ticket, a mail address, a password or a query', async () => {
  const issued = await house.ask('POST', '/api/tables/lima/ticket?_authToken=planted-query', { cookie: ana.cookie })
  const { ticket } = issued.body as { ticket: string }
  await house.ask('GET', `/api/tables/lima?ticket=${ticket}`)
  const all = house.logged.join('') + (await house.metrics.text())
  expect(all).toContain('/api/tables/:tableId/ticket')
  const token = ana.cookie.split('=')[1]?.split('.')[0] ?? ''
  for (const secret of [ticket, token, 'example.pe', PASSWORD, 'planted', '_authToken']) {
    expect(secret.length).toBeGreaterThan(5)
    expect(all).not.toContain(secret)
  }
})

test('[HTTP-2] the document lists every code with its status', () => {
  const document = readFileSync(new URL('../../docs/http-api.md', import.meta.url), 'utf8')
  const rows = Object.entries(REFUSALS).map(([code, [status, message]]) => `| \`${code}\` | ${status} | ${message} |`)
  expect(document).toContain(`|---|---|---|\n${rows.join('\n')}\n`)
})
