import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { REFUSALS } from './refusal.ts'
import { type House, openHouse } from './testing.ts'

const REQUESTS = 2_000
const AT_ONCE = 8

let database: TestDatabase
let house: House
let cookie: string
beforeAll(async () => {
  database = await openTestDatabase()
  house = await openHouse(database)
  cookie = (await house.signUp('fuzz@example.pe')).cookie
})
afterAll(async () => {
  await house.close()
  await database.close()
})

const PATHS = [
  '/api/me',
  '/api/me/play-money',
  '/api/me/favourites',
  '/api/me/rounds',
  '/api/me/rounds/lima.1.0',
  '/api/tables',
  '/api/tables/lima',
  '/api/tables/lima/results',
  '/api/tables/lima/ticket',
  '/api/rounds/lima.1.0/transcript',
  '/api/series/lima.1',
  '/api/log/checkpoint',
  '/api/log/entries',
  '/api/log/inclusion',
  '/api/log/consistency',
  '/api/auth/get-session',
  '/api/auth/sign-out-of-nothing',
  '/operator/api/command',
  '/healthz',
]
const nasty = fc.constantFrom<unknown>(
  ...[-1, 0, 0.5, 1e308, -0, 2 ** 53, 1_000_001, '1', 'NaN', '', '\u0000', 'x'.repeat(5_000), null, true, [], {}],
  ...[[[[[[[]]]]]], { $gt: '' }, { toString: 1 }, '__proto__', 'constructor', '../..', "' or 1=1 --", '\ud800'],
)
function text(value: unknown, most: number): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, most)
}

function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}

const uuid = fc.uuid()
const fieldName = fc.constantFrom(
  'id',
  'cents',
  'favourites',
  'name',
  'gameId',
  'bets',
  'email',
  'command',
  '__proto__',
)
const body = fc.oneof(
  // Never a whole grant: the balance must stay what it was.
  fc.record({ id: fc.oneof(uuid, nasty), cents: nasty.filter((cents) => cents !== 1) }),
  fc.record({
    favourites: fc.array(fc.record({ name: nasty, gameId: nasty, bets: fc.array(nasty) }), { maxLength: 15 }),
  }),
  fc.dictionary(fieldName, nasty, { maxKeys: 5 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
)
const query = fc
  .array(fc.tuple(fc.constantFrom('limit', 'before', 'from', 'to', 'index', 'size', 'x', 'limit[]'), nasty), {
    maxLength: 4,
  })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${encode(text(value, 300))}`).join('&'))
const path = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...PATHS) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('/api/tables/', '/api/me/rounds/', '/api/rounds/', '/api/series/', '/'), nasty)
      .map(([start, id]) => start + encode(text(id, 500))),
  },
  { weight: 1, arbitrary: fc.constantFrom('/%', '/api/%zz', '/api//me', '/api/me/../../x', '/%00', '/api/me;x=1') },
)
const anywhere = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
  path,
  query,
  body,
  signedIn: fc.boolean(),
  headers: fc.dictionary(
    fc.constantFrom('origin', 'content-type', 'x-forwarded-for', 'authorization', 'if-none-match', 'accept', 'range'),
    fc.constantFrom(
      'null',
      'https://evil.example',
      'application/json',
      'text/plain',
      '*/*',
      'bytes=0-1',
      'Bearer x',
      '%',
    ),
    { maxKeys: 2 },
  ),
})
/** Right in everything but one value, so that it passes every guard before the one that must refuse it. */
const aimed = fc
  .oneof(
    fc.record({
      method: fc.constant('POST'),
      path: fc.constant('/api/me/play-money'),
      body: fc.record({ id: uuid, cents: nasty }),
    }),
    fc.record({
      method: fc.constant('PUT'),
      path: fc.constant('/api/me/favourites'),
      body: fc
        .record({ selection: nasty, stakeCents: fc.oneof(nasty, fc.constant(100)) })
        .map((bet) => ({ favourites: [{ name: 'x', gameId: 'roulette', bets: [bet] }] })),
    }),
    fc.record({
      method: fc.constant('POST'),
      path: fc.constantFrom('/api/auth/sign-up/email', '/api/auth/sign-in/email'),
      body: fc.record({ email: nasty, password: nasty, name: nasty }),
    }),
    fc.record({ method: fc.constant('POST'), path: nasty.map(ticketPath), body: fc.constant({}) }),
  )
  .map((asked) => ({ ...asked, query: '', signedIn: true, headers: {} as Record<string, string> }))
const request = fc.oneof({ weight: 2, arbitrary: anywhere }, { weight: 1, arbitrary: aimed })

function ticketPath(id: unknown): string {
  return `/api/tables/${encode(text(id, 200))}/ticket`
}

test(`[HTTP-1 HTTP-2] ${REQUESTS} hostile requests get coded answers, and change no balance`, async () => {
  const audited = await house.books.audit()
  const seen = new Map<number, number>()
  const once = async (asked: typeof request extends fc.Arbitrary<infer T> ? T : never) => {
    const bodied = !['GET', 'HEAD', 'OPTIONS'].includes(asked.method)
    const answer = await house.ask(asked.method, `${asked.path}?${asked.query}`, {
      headers: asked.headers,
      ...(asked.signedIn && { cookie }),
      ...(bodied && { body: asked.body }),
    })
    seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
    expect(answer.status).toBeLessThan(500)
    if (answer.status >= 400 && asked.method !== 'HEAD') {
      expect(Object.keys(REFUSALS)).toContain(answer.code)
      expect(answer.status).toBe(REFUSALS[answer.code as keyof typeof REFUSALS][0])
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (batch) => {
      await Promise.all(batch.map(once))
    }),
    { numRuns: REQUESTS / AT_ONCE },
  )
  // The requests must have met more than the outermost guard.
  for (const status of [200, 400, 401, 403, 404]) expect([status, (seen.get(status) ?? 0) > 10]).toEqual([status, true])
  expect(await house.books.audit()).toEqual(audited)
  expect((await house.ask('GET', '/api/me', { cookie })).body).toMatchObject({ balanceCents: 0 })
})
