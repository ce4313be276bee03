import { getMigrations } from 'better-auth/db/migration'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { openLog } from '../log.ts'
import { authSettings } from './auth.ts'
import { type AuthAction, Players } from './players.ts'
import { PlayerBooks } from './testing.ts'

const hashing = vi.hoisted(() => ({ begins: (): unknown => undefined, connectionsInUse: [] as number[] }))
vi.mock('better-auth/crypto', async (original) => {
  const real = await original<typeof import('better-auth/crypto')>()
  const hashPassword = (password: string) => {
    hashing.begins()
    return real.hashPassword(password)
  }
  return { ...real, hashPassword }
})

const PASSWORD = 'planted-correct-horse'
const IDLE_MS = 30 * 60_000
let database: TestDatabase
let players: Players
let options: ConstructorParameters<typeof Players>[0]
const books = new PlayerBooks()
const logged: string[] = []

beforeAll(async () => {
  database = await openTestDatabase()
  options = {
    database,
    books,
    secret: 'test-secret-test-secret-test-secret-1',
    publicUrl: 'http://localhost:21700',
    allowedOrigins: ['http://localhost:21700'],
    sessionIdleMs: IDLE_MS,
    rates: { signUpsPerMinute: 5, signInsPerMinute: 5 },
    log: openLog({ level: 'trace', destination: { write: (line) => void logged.push(line) } }),
  }
  players = new Players(options)
})
afterAll(() => database.close())

let lastAddress = 0
const freshAddress = () => `10.0.${lastAddress++ >> 8}.${lastAddress & 255}`

async function ask(action: AuthAction, body: unknown, more: { cookie?: string; address?: string } = {}) {
  const answer = await players.answer({
    action,
    body,
    cookie: more.cookie ?? '',
    address: more.address ?? freshAddress(),
    userAgent: 'test',
  })
  if (answer === 'malformed') return { status: 400, body: null, cookie: '', cookies: [] }
  const cookies = answer.headers.getSetCookie()
  const cookie = cookies.map((line) => line.split(';')[0]).join('; ')
  return { status: answer.status, body: (await answer.json()) as unknown, cookie, cookies }
}

const ana = (email: string) => ({ email, password: PASSWORD, name: 'Ana María' })

test('[PLY-1 PLY-2] a player registers, signs in again elsewhere and has one empty account', async () => {
  const registered = await ask('sign-up/email', ana('ana@example.pe'))
  expect(registered.status).toBe(200)
  const player = await players.playerOf(registered.cookie)
  expect(player).toMatchObject({ name: 'Ana María' })
  const { playerId = '' } = player ?? {}
  expect(books.balances.get(playerId)).toBe(0)
  await books.grant('00000000-0000-4000-8000-000000000001', playerId, 500 as never, 'test')
  const again = await ask('sign-in/email', { email: 'ANA@example.pe', password: PASSWORD })
  expect(again.status).toBe(200)
  expect(await players.playerOf(again.cookie)).toMatchObject({ playerId })
  expect(books.balances.get(playerId)).toBe(500)
})

test('[PLY-1] what is not a registration is refused, and nothing beyond the three fields is taken', async () => {
  const good = ana('extra@example.pe')
  for (const bad of [
    { ...good, name: 'x' },
    { ...good, name: ' <script>' },
    { ...good, name: 'a\u202Eb' },
    { ...good, name: 'a'.repeat(25) },
    { ...good, email: 'nobody' },
    { ...good, password: 'too-short' },
    { ...good, password: 'x'.repeat(129) },
    { ...good, email: { $gt: '' } },
    null,
    [],
    'text',
  ]) {
    expect((await ask('sign-up/email', bad)).status).toBe(400)
  }
  const taken = await ask('sign-up/email', {
    ...good,
    image: 'https://evil.example/x.png',
    rememberMe: false,
    emailVerified: true,
    id: 'chosen',
    callbackURL: 'https://evil.example',
  })
  expect(taken.status).toBe(200)
  expect(taken.cookies.join()).not.toContain('dont_remember')
  const row = await database.kysely
    .selectFrom('player')
    .selectAll()
    .where('email', '=', 'extra@example.pe')
    .executeTakeFirstOrThrow()
  expect(row).toMatchObject({ image: null, email_verified: false })
  expect(row.id).not.toBe('chosen')
})

test('[PLY-1] an address registers once, a wrong password and an unknown address are answered alike', async () => {
  await ask('sign-up/email', ana('once@example.pe'))
  expect((await ask('sign-up/email', ana('once@example.pe'))).status).toBe(422)
  const wrong = await ask('sign-in/email', { email: 'once@example.pe', password: 'wrong-password' })
  const unknown = await ask('sign-in/email', { email: 'unknown@example.pe', password: 'wrong-password' })
  expect(wrong.status).toBe(401)
  expect(unknown).toEqual(wrong)
})

test('[PLY-3] a session that is used goes on, one that is not ends', async () => {
  const { cookie } = await ask('sign-up/email', ana('idle@example.pe'))
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const start = Date.now()
    vi.setSystemTime(start + IDLE_MS * 0.9)
    const used = await players.playerOf(cookie)
    expect(used?.setCookies.join()).toContain(`Max-Age=${IDLE_MS / 1000}`)
    vi.setSystemTime(start + IDLE_MS * 1.8)
    expect(await players.playerOf(cookie)).not.toBeNull()
    vi.setSystemTime(start + IDLE_MS * 2.9)
    expect(await players.playerOf(cookie)).toBeNull()
  } finally {
    vi.useRealTimers()
  }
})

test('[PLY-3] signing out ends the session at once, and a forged cookie never had one', async () => {
  const { cookie } = await ask('sign-up/email', ana('out@example.pe'))
  expect(await players.playerOf(cookie)).not.toBeNull()
  expect(await players.playerOf(cookie.replace(/\.[^.;]+/, '.forged'))).toBeNull()
  expect((await ask('sign-out', {}, { cookie })).status).toBe(200)
  expect(await players.playerOf(cookie)).toBeNull()
  for (const garbage of ['', '%', 'crupier.session_token=', 'crupier.session_token=a.b', '\u0001=;;;=']) {
    expect(await players.playerOf(garbage)).toBeNull()
  }
})

test('[PLY-4] one address may try a few times a minute; another is not slowed', async () => {
  const address = '192.0.2.77'
  const body = { email: 'ana@example.pe', password: 'wrong-password' }
  const statuses: number[] = []
  for (let i = 0; i < 8; i++) statuses.push((await ask('sign-in/email', body, { address })).status)
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
  expect((await ask('sign-in/email', body)).status).toBe(401)
})

test('[PLY-13] the database holds no password, and hashing does not keep the only connection', async () => {
  const { kysely, pool } = database
  hashing.begins = () => hashing.connectionsInUse.push(pool.totalCount - pool.idleCount)
  await ask('sign-up/email', ana('slow@example.pe'))
  expect(hashing.connectionsInUse).toEqual([0])
  const rows = await kysely.selectFrom('player').select('id').where('email', '=', 'slow@example.pe').execute()
  const { rows: kept } = await database.pool.query('select password from player_credential where user_id = $1', [
    rows[0]?.id,
  ])
  expect(kept[0].password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/)
})

test('[PLY-14] cookies are hidden from scripts and other sites, and need https where players come by it', async () => {
  const plain = await ask('sign-up/email', ana('cookie@example.pe'))
  expect(plain.cookies[0]).toMatch(/^crupier\.session_token=.*HttpOnly; SameSite=Strict$/)
  const secure = new Players({ ...options, publicUrl: 'https://play.example.pe' })
  const answer = await secure.answer({
    action: 'sign-in/email',
    body: { email: 'cookie@example.pe', password: PASSWORD },
    cookie: '',
    address: freshAddress(),
    userAgent: '',
  })
  expect(answer === 'malformed' ? [] : answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^__Secure-crupier\.session_token=.*HttpOnly; Secure; SameSite=Strict$/),
  ])
})

test('[PLY-1] our tables are what the auth library wants', async () => {
  const settings = authSettings({ ...options, signedIn: async () => {} })
  const { toBeCreated, toBeAdded } = await getMigrations(settings)
  expect(toBeCreated.map(({ table }) => table)).toEqual([])
  expect(toBeAdded.map(({ table, fields }) => [table, Object.keys(fields)])).toEqual([])
})

test('[PLY-1] nothing that the library logged holds a password, a cookie or an e-mail address', () => {
  for (const secret of ['planted', 'example.pe', 'session_token']) expect(logged.join('')).not.toContain(secret)
})
