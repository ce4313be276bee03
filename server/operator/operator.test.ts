import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { gameById } from '../../engine/games.ts'
import { Metrics } from '../../monitoring/metrics.ts'
import { AuditLog } from '../audit/audit-log.ts'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { SqlOwnerBook } from '../failover/owner-book.ts'
import { type House, OPERATOR_TOKEN, openHouse } from '../http/testing.ts'
import type { BooksAudit } from '../ledger/books.ts'
import { LedgerBooks } from '../ledger/ledger-books.ts'
import { openLog } from '../log.ts'
import { HouseTables } from '../tables/house-tables.ts'
import { BooksWatch } from './books-watch.ts'
import { type FloorControl, OperatorDesk } from './desk.ts'
import { Maintenance } from './maintenance.ts'
import { operatorRoutes } from './operator-routes.ts'
import { ownersIn } from './owners.ts'

let database: TestDatabase
let house: House
let tables: HouseTables
let audit: AuditLog
let metrics: Metrics
const logged: string[] = []
const log = openLog({ level: 'info', destination: { write: (line) => void logged.push(line) } })
const clock = { nowMs: 1_000 }

/** A floor that does what it is told, and remembers what that was. */
const floor = {
  changed: [] as string[],
  asked: [] as unknown[],
  answer: { roundId: 'lima.1.7' } as { roundId: string } | { code: string },
}
const control: FloorControl = {
  tableChanged: (tableId) => void floor.changed.push(tableId),
  voidRound: async (...asked) => {
    floor.asked.push(asked)
    return floor.answer
  },
}

beforeAll(async () => {
  database = await openTestDatabase()
  const nowMs = () => clock.nowMs
  const options = { database, nowMs, gameById, currency: 'PEN', leastReturnPercent: 85, minRoundGapMs: 5_000 }
  tables = new HouseTables(options)
  audit = new AuditLog(database, nowMs)
  metrics = new Metrics({ nowMs, processMetrics: false })
  const failed = (error: unknown): void => expect.fail(String(error))
  const { tableChanged } = control
  const maintenance = new Maintenance({ database, tables, audit, nowMs, tableChanged, failed })
  const books = new LedgerBooks(database)
  const owners = ownersIn(new SqlOwnerBook(database), null)
  const desk = new OperatorDesk({ database, tables, audit, floor: control, books, log, maintenance, owners, nowMs })
  const operatorFrom = ['127.0.0.1']
  house = await openHouse(
    database,
    { log, trustedProxies: ['127.0.0.1'] },
    operatorRoutes({ desk, token: OPERATOR_TOKEN, operatorFrom, metrics, nowMs }),
  )
})
afterAll(async () => {
  await house.close()
  await database.close()
})
beforeEach(async () => {
  await database.pool.query('delete from house_table')
  await tables.create(lima, 'open')
  Object.assign(floor, { changed: [], asked: [], answer: { roundId: 'lima.1.7' } })
})

const range = { minCents: 100, maxCents: 10_000 }
const limits = { perBet: { straight: range }, perPlayerCents: 50_000, perTableCents: 500_000 }
const lima = {
  tableId: 'lima',
  name: 'Lima',
  gameId: 'roulette',
  rules: { wheel: 'single-zero', laPartage: false },
  limits,
  pace: { bettingMs: 20_000, restMs: 5_000 },
}

function send(body: unknown, headers: Record<string, string> = {}) {
  return house.ask('POST', '/operator/api/command', {
    body: body as object,
    headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'x-operator': 'ana', ...headers },
  })
}
const lastEntries = async (count: number) => (await audit.latest(count)).reverse()

test('[OPS-13] an order is done, told to the floor, and recorded with who, before and after', async () => {
  const answer = await send({ command: 'table.pause', tableId: 'lima' })
  expect(answer.body).toMatchObject({ code: null, result: { tableId: 'lima', status: 'paused', revision: 2 } })
  expect((await tables.get('lima'))?.status).toBe('paused')
  expect(floor.changed).toEqual(['lima'])
  const [entry] = await lastEntries(1)
  expect(entry).toMatchObject({ actor: 'ana', action: 'table.pause', target: 'lima', atMs: 1_000 })
  expect(entry?.detail).toMatchObject({
    before: { status: 'open', revision: 1 },
    after: { status: 'paused', revision: 2 },
  })
})

test('[OPS-10] the five orders lead through the life of a table', async () => {
  const order = async (verb: string) => {
    const { status, code, body } = await send({ command: `table.${verb}`, tableId: 'lima' })
    return status === 200 ? (body as { result: { status: string } }).result.status : code
  }
  for (const [verb, found] of [
    ['open', 'wrong-status'],
    ['resume', 'wrong-status'],
    ['close', 'wrong-status'],
    ['pause', 'paused'],
    ['open', 'wrong-status'],
    ['resume', 'open'],
    ['drain', 'draining'],
    ['resume', 'open'],
    ['drain', 'draining'],
    ['close', 'closed'],
    ['resume', 'wrong-status'],
    ['open', 'open'],
  ]) {
    expect([verb, await order(verb ?? '')]).toEqual([verb, found])
  }
})

test('[OPS-13] refused commands are recorded too, and the floor does not hear of them', async () => {
  const wide = { ...limits, perBet: { straight: { minCents: 1, maxCents: 0 } } }
  const before = (await audit.latest(1))[0]?.seq ?? 0
  expect((await send({ command: 'table.pause', tableId: 'cusco' })).code).toBe('no-such-table')
  expect((await send({ command: 'limits.set', tableId: 'lima', limits: wide })).code).toBe('bad-limits')
  expect((await send({ command: 'table.create', ...lima })).code).toBe('table-exists')
  expect((await send({ command: 'table.explode', tableId: 'lima' })).code).toBe('malformed')
  expect((await send({ command: 'table.pause', tableId: 'lima' }, { 'x-operator': '%FF' })).code).toBe('malformed')
  expect(floor.changed).toEqual([])
  const entries = await lastEntries(5)
  expect(entries.map(({ seq, action }) => [seq - before, action])).toEqual([
    [1, 'table.pause'],
    [2, 'limits.set'],
    [3, 'table.create'],
    [4, 'unreadable'],
    [5, 'unreadable'],
  ])
  expect(entries[1]?.detail).toEqual({ refused: 'bad-limits', asked: { limits: wide } })
  expect(await tables.get('lima')).toMatchObject({ status: 'open', limits, revision: 1 })
})

test('[OPS-9 OPS-13] new limits are recorded beside the old ones', async () => {
  const wider = { ...limits, perPlayerCents: 90_000 }
  expect((await send({ command: 'limits.set', tableId: 'lima', limits: wider })).status).toBe(200)
  expect((await tables.get('lima'))?.limits).toEqual(wider)
  const [entry] = await lastEntries(1)
  expect(entry?.detail).toMatchObject({ before: { limits }, after: { limits: wider } })
})

test('[OPS-15] when the entry cannot be written, the table stays as it was', async () => {
  await database.pool.query('alter table audit_entry add constraint full_record check (false) not valid')
  try {
    const answer = await send({ command: 'table.pause', tableId: 'lima' })
    expect([answer.status, answer.code]).toEqual([500, 'failed'])
  } finally {
    await database.pool.query('alter table audit_entry drop constraint full_record')
  }
  expect((await tables.get('lima'))?.status).toBe('open')
  expect(floor.changed).toEqual([])
})

test('[OPS-14] a void names its reason, is recorded before the floor hears it and after it answers', async () => {
  const answer = await send({ command: 'round.void', target: 'lima.1.7', reason: 'equipment-fault' })
  expect(answer.body).toEqual({ code: null, result: { voided: 'lima.1.7', reason: 'equipment-fault' } })
  expect(floor.asked).toEqual([['lima', 'equipment-fault', 'lima.1.7']])
  expect((await lastEntries(2)).map(({ detail }) => detail)).toEqual([
    { asked: 'equipment-fault' },
    { voided: 'lima.1.7', reason: 'equipment-fault' },
  ])
  await send({ command: 'round.void', target: 'lima', reason: 'operator-error' })
  expect(floor.asked[1]).toEqual(['lima', 'operator-error', null])
})

test('[OPS-14] without a listed reason nothing is asked of the floor; what the floor refuses is recorded', async () => {
  for (const reason of [undefined, '', 'because', 'draw-failed ']) {
    expect((await send({ command: 'round.void', target: 'lima', reason })).code).toBe('malformed')
  }
  expect(floor.asked).toEqual([])
  floor.answer = { code: 'round-drawn' }
  const answer = await send({ command: 'round.void', target: 'lima.1.7', reason: 'regulator-order' })
  expect([answer.status, answer.code]).toEqual([409, 'round-drawn'])
  const [entry] = await lastEntries(1)
  expect(entry?.detail).toEqual({ refused: 'round-drawn', reason: 'regulator-order' })
})

test('[OPS-12 OPS-13] without the token, or from elsewhere, nothing is done; ten a minute are recorded', async () => {
  const before = (await audit.latest(1))[0]?.seq ?? 0
  for (const authorization of ['', 'Bearer ', `Bearer ${OPERATOR_TOKEN}x`, `Basic ${OPERATOR_TOKEN}`, OPERATOR_TOKEN]) {
    const answer = await send({ command: 'table.pause', tableId: 'lima' }, { authorization })
    expect([authorization, answer.status, answer.code]).toEqual([authorization, 401, 'wrong-token'])
  }
  for (let i = 0; i < 20; i++) {
    // The loopback proxy is trusted here, so what it says of the client counts.
    const foreign = await send({ command: 'table.pause', tableId: 'lima' }, { 'x-forwarded-for': '192.0.2.9' })
    expect([foreign.status, foreign.code]).toEqual([403, 'foreign-address'])
  }
  expect((await tables.get('lima'))?.status).toBe('open')
  const entries = await lastEntries(1)
  expect(entries[0]).toMatchObject({ seq: before + 10, actor: 'unknown at 192.0.2.9', action: 'operator.refused' })
})

test('[OPS-13 AUD-4] reading is a use too, and the log keeps the head of every entry', async () => {
  expect((await send({ command: 'table.list' })).body).toMatchObject({ code: null, result: [{ tableId: 'lima' }] })
  const books = await send({ command: 'books.audit' })
  expect((books.body as { result: BooksAudit }).result).toMatchObject({ linesSumCents: 0, accountsOff: 0 })
  const listed = await send({ command: 'audit.list', limit: 2 })
  expect((listed.body as { result: { action: string }[] }).result.map(({ action }) => action)).toEqual([
    'audit.list',
    'books.audit',
  ])
  const heads = logged.map((line) => JSON.parse(line)).filter((line) => line.msg === 'audit record')
  const known = heads.at(-1)?.audit
  const verified = await send({ command: 'audit.verify', known })
  expect((verified.body as { result: unknown }).result).toMatchObject({ ok: true, entries: known.seq + 1 })
})

test('[OPS-12] nothing of the operator API is open to a player, and its token is in no log', async () => {
  expect((await house.ask('GET', '/operator/api/command')).code).toBe('not-found')
  expect((await house.ask('POST', '/operator/api/command', { body: { command: 'table.list' } })).code).toBe(
    'wrong-token',
  )
  expect(logged.join('')).not.toContain(OPERATOR_TOKEN)
  expect(await metrics.text()).toContain('crupier_operator_commands_total{result="done"}')
})

test('[OPS-17] the books are audited one at a time, and what was found is shown and shouted', async () => {
  let audits = 0
  const found = {
    linesSumCents: 0,
    accountsOff: 0,
    negativePlayers: 0,
    playersCents: 0 as never,
    escrowCents: 0 as never,
  }
  const books = {
    audit: async () => {
      audits += 1
      return { ...found, accountsOff: audits - 1 }
    },
  }
  const watch = new BooksWatch({ books, metrics, log })
  await Promise.all([watch.look(), watch.look(), watch.look()])
  expect(audits).toBe(1)
  expect(logged.join('')).not.toContain('do not balance')
  await watch.look()
  expect(await metrics.text()).toContain('crupier_ledger_accounts_off 1')
  expect(logged.join('')).toContain('the books do not balance')
  books.audit = () => Promise.reject(new Error('out of reach'))
  expect(await watch.look()).toBeNull()
  expect(await metrics.text()).toContain('crupier_ledger_accounts_off 1')
  watch.start()
  await watch.stop()
})

test('[OPS-18 OPS-20] a window is planned, shown and taken back by command, each on the record', async () => {
  const ask = async (body: object) => (await send(body)).body
  expect(await ask({ command: 'maintenance.plan', inMs: 10, forMs: 60_000, reason: 'x' })).toMatchObject({
    code: 'malformed',
  })
  const plan = { command: 'maintenance.plan', inMs: 3_600_000, forMs: 7_200_000, reason: 'new wheel' }
  const planned = { startsAtMs: clock.nowMs + 3_600_000, endsAtMs: clock.nowMs + 10_800_000, reason: 'new wheel' }
  expect(await ask(plan)).toMatchObject({ code: null, result: planned })
  expect(await ask(plan)).toMatchObject({ code: 'window-exists' })
  expect(await ask({ command: 'maintenance.show' })).toMatchObject({ result: planned })
  expect(await ask({ command: 'maintenance.end' })).toMatchObject({ code: 'not-under-way' })
  expect(await ask({ command: 'maintenance.cancel' })).toMatchObject({ code: null })
  expect((await audit.latest(1))[0]).toMatchObject({ action: 'maintenance.cancel', detail: { reason: 'new wheel' } })
})

test('[OPS-23] the list names who runs each table, under which epoch; nobody, when none is heard', async () => {
  const book = new SqlOwnerBook(database)
  const node = { nodeId: 'node-2', address: '127.0.0.1:1', release: '' }
  await tables.create({ ...lima, tableId: 'cusco' }, 'open')
  const life = { nodeId: 'node-2', incarnation: await book.enter(node) }
  const { epoch } = (await book.claim('lima', 0, life)) as { epoch: number }
  const listed = async () => {
    const { result } = (await send({ command: 'table.list' })).body as { result: Record<string, unknown>[] }
    return Object.fromEntries(result.map(({ tableId, owner, epoch }) => [String(tableId), [owner, epoch]]))
  }
  expect(await listed()).toEqual({ lima: ['node-2', epoch], cusco: [null, null] })
  expect((await ownersIn(book, 'sole')()).get('lima')).toEqual({ nodeId: 'sole', epoch })
  await book.leave(life)
  expect(await listed()).toEqual({ lima: [null, epoch], cusco: [null, null] })
  await send({ command: 'table.pause', tableId: 'lima' })
  await send({ command: 'table.close', tableId: 'lima' })
  expect((await listed()).lima).toEqual([null, null])
})

test('[OPS-24] whatever is refused says which field or status, and why', async () => {
  const why = async (body: object, headers = {}) => ((await send(body, headers)).body as { message: string }).message
  const plan = { command: 'maintenance.plan', inMs: 60_000, forMs: 60_000, reason: 'x' }
  const wide = (change: object) => ({ command: 'limits.set', tableId: 'lima', limits: { ...limits, ...change } })
  const create = (change: object) => ({ command: 'table.create', ...lima, tableId: 'new', ...change })
  for (const [asked, words] of [
    [{ ...plan, inMs: 59_999 }, 'inMs: must be from 1 minute (60000 ms) to 31 days'],
    [{ ...plan, forMs: 'long', reason: ' ' }, /^forMs: must be .*; reason: must be words for the players/],
    [{ command: 'round.void', target: 'lima', reason: 'because' }, /^reason: must be one of draw-failed, /],
    [{ command: 'table.explode' }, /^command: must be one of table.list, table.open, /],
    [{ command: 'table.pause', tableId: 'Lima' }, /^tableId: must be the id of a table/],
    [{ command: 'table.list', loud: true }, 'has no loud'],
    [{ command: 'audit.list', limit: 0 }, 'limit: must be a whole number from 1 to 1000'],
    [{ command: 'table.open', tableId: 'lima' }, 'table lima is open; this order is for one that is closed'],
    [{ command: 'table.pause', tableId: 'cusco' }, 'there is no table of this id: table list shows all'],
    [{ command: 'maintenance.end' }, /no window is planned/],
    [wide({ perPlayerCents: 0 }), 'limits.perPlayerCents: must be a whole number of cents above 0'],
    [wide({ perBet: { straight: { minCents: 9, maxCents: 5 } } }), /^limits.perBet.straight: minCents must be at most/],
    [wide({ perBet: { moon: range } }), /^limits.perBet.moon: the game has no such bet/],
    [wide({ perTableCents: 1 }), 'limits.perPlayerCents: must be at most perTableCents'],
    [create({ pace: { bettingMs: 1, restMs: 5_000 } }), /^pace.bettingMs: must be a whole number of milliseconds/],
    [create({ pace: { bettingMs: 20_000, restMs: 1 } }), 'pace.restMs: must be at least 5000 (MIN_ROUND_GAP_MS)'],
    [create({ rules: {} }), 'rules: roulette is not played by these rules'],
    [create({ gameId: 'chess' }), 'gameId: the house has no game "chess"'],
    [create({ name: ' ' }), /^tableId, name: /],
    [{ command: 'table.create', ...lima }, 'tableId: there is a table of this id already'],
  ] as const)
    expect([asked, await why(asked)]).toEqual([asked, typeof words === 'string' ? words : expect.stringMatching(words)])
  expect(await why({ command: 'table.list' }, { 'x-operator': '' })).toMatch(/^x-operator: must be 1 to 64 letters/)
})
