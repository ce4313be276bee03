import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { casino, EXIT } from './casino.ts'

type Heard = { readonly path: string; readonly token: string; readonly actor: string; readonly body: unknown }
let server: Server
let port: number
let dataDir: string
let heard: Heard[] = []
let answer: { status: number; body: object } = { status: 200, body: {} }

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'crupier-cli-'))
  writeFileSync(join(dataDir, 'operator.token'), 'token-of-the-file\n')
  server = createServer(async (request: IncomingMessage, response) => {
    const chunks = await request.toArray()
    const { authorization: token = '', 'x-operator': actor = '' } = request.headers
    const body: unknown = JSON.parse(Buffer.concat(chunks as Buffer[]).toString())
    heard.push({ path: request.url ?? '', token, actor: String(actor), body })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.close()
  rmSync(dataDir, { recursive: true, force: true })
})
beforeEach(() => {
  heard = []
  answer = { status: 200, body: { code: null, result: { tableId: 'lima', status: 'paused', revision: 2 } } }
})

async function run(...args: string[]) {
  const lines = { out: [] as string[], err: [] as string[] }
  const code = await casino(args, {
    env: { DATA_DIR: dataDir, PORT: String(port) },
    out: (line) => lines.out.push(line),
    err: (line) => lines.err.push(line),
  })
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') }
}

test('[OPS-16] a command reaches the running server with the token of the file and the name of who asks', async () => {
  expect(await run('table', 'pause', 'lima', '--as', 'Ana Ñ')).toEqual({
    code: EXIT.done,
    out: 'table lima is paused, revision 2',
    err: '',
  })
  expect(heard).toEqual([
    {
      path: '/operator/api/command',
      token: 'Bearer token-of-the-file',
      actor: 'Ana%20%C3%91',
      body: { command: 'table.pause', tableId: 'lima' },
    },
  ])
})

test('[OPS-16] every command is asked as the desk reads it', async () => {
  const file = join(dataDir, 'limits.json')
  writeFileSync(file, '{"perPlayerCents": 1}')
  const made = join(dataDir, 'table.json')
  const terms = { tableId: 'new', name: 'N', gameId: 'g', rules: {}, limits: {}, pace: {} }
  writeFileSync(made, JSON.stringify(terms))
  const hash = 'ab'.repeat(32)
  for (const [words, body] of [
    ['table list', { command: 'table.list' }],
    ['table resume cusco', { command: 'table.resume', tableId: 'cusco' }],
    [`table create ${made}`, { command: 'table.create', ...terms }],
    [`limits set lima ${file}`, { command: 'limits.set', tableId: 'lima', limits: { perPlayerCents: 1 } }],
    [
      'round void lima.1.7 --reason equipment-fault',
      { command: 'round.void', target: 'lima.1.7', reason: 'equipment-fault' },
    ],
    [
      'maintenance plan --in 30m --for 2h --reason wheel',
      { command: 'maintenance.plan', inMs: 1_800_000, forMs: 7_200_000, reason: 'wheel' },
    ],
    ['maintenance end', { command: 'maintenance.end' }],
    ['books audit', { command: 'books.audit' }],
    ['audit list --limit 5', { command: 'audit.list', limit: 5 }],
    [`audit verify --known 9:${hash}`, { command: 'audit.verify', known: { seq: 9, hash } }],
    ['audit verify', { command: 'audit.verify', known: null }],
  ] as const) {
    heard = []
    expect((await run(...words.split(' '), '--json')).code).toBe(EXIT.done)
    expect(heard.map((request) => request.body)).toEqual([body])
  }
})

test('[OPS-16] with --json the answer is one JSON line', async () => {
  const { out } = await run('table', 'pause', 'lima', '--json')
  expect(JSON.parse(out)).toEqual({ ok: true, code: null, result: { tableId: 'lima', status: 'paused', revision: 2 } })
  answer = { status: 409, body: { code: 'wrong-status', message: 'refused: wrong-status' } }
  const refused = await run('table', 'pause', 'lima', '--json')
  expect([refused.code, JSON.parse(refused.out)]).toEqual([
    EXIT.refused,
    { ok: false, code: 'wrong-status', message: 'refused: wrong-status' },
  ])
})

test('[OPS-16] what is refused ends with 1 and its code', async () => {
  answer = { status: 401, body: { code: 'wrong-token', message: '' } }
  expect(await run('table', 'list')).toEqual({ code: EXIT.refused, out: '', err: 'refused: wrong-token' })
  answer = { status: 409, body: { code: 'bad-limits', message: 'limits.perTableCents: must be above 0' } }
  const told = 'refused: bad-limits: limits.perTableCents: must be above 0'
  expect((await run('table', 'list')).err).toBe(told)
})

test('[OPS-16] a check that finds trouble says so and ends with 1', async () => {
  answer = { status: 200, body: { code: null, result: { ok: false, seq: 3, why: 'altered' } } }
  const verified = await run('audit', 'verify')
  expect([verified.code, verified.out]).toEqual([EXIT.refused, 'THE AUDIT RECORD WAS CHANGED: entry 3, altered'])
  const found = { linesSumCents: 1, accountsOff: 0, negativePlayers: 0, playersCents: 12_345, escrowCents: 0 }
  answer = { status: 200, body: { code: null, result: found } }
  const books = await run('books', 'audit')
  expect(books.code).toBe(EXIT.refused)
  expect(books.out).toContain('THE BOOKS DO NOT BALANCE')
  expect(books.out).toContain('players hold          123.45')
  answer = { status: 200, body: { code: null, result: { ...found, linesSumCents: 0 } } }
  expect((await run('books', 'audit')).code).toBe(EXIT.done)
})

test('[OPS-16] what is misused asks nothing of the server and ends with 2', async () => {
  for (const words of [
    'table',
    'table explode lima',
    'table pause',
    'table pause lima cusco',
    'round void lima',
    'limits set lima',
    'limits set lima nowhere.json',
    'audit verify --known 5',
    'table list --loud',
  ]) {
    const { code, err } = await run(...words.split(' '))
    expect([words, code, err.includes('--help')]).toEqual([words, EXIT.misused, true])
  }
  expect(heard).toEqual([])
})

test('[OPS-24] what does not fit is said by the name of the option and why, before the server is asked', async () => {
  for (const [words, err] of [
    [['maintenance', 'plan', '--in', '30s', '--for', '2h', '--reason', 'x'], '--in: must be from 1 minute'],
    [['maintenance', 'plan', '--in', '30m', '--for', '99d', '--reason', 'x'], '--for: must be from 1 minute'],
    [['maintenance', 'plan', '--in', '30m', '--for', '2h', '--reason', ' '], '--reason: must be words for the players'],
    [['maintenance', 'plan', '--for', '2h', '--reason', 'x'], '--in is a time such as 30m'],
    [['round', 'void', 'lima', '--reason', 'because'], '--reason: must be one of draw-failed, equipment-fault'],
    [
      ['round', 'void', 'Lima 7', '--reason', 'draw-failed'],
      '<round or table>: must be the id of a round or of a table',
    ],
    [['table', 'pause', 'Lima'], '<table>: must be the id of a table'],
    [['audit', 'list', '--limit', '0'], '--limit: must be a whole number from 1 to 1000'],
    [['audit', 'list', '--limit', 'all'], '--limit: must be a whole number from 1 to 1000'],
    [['table', 'list', '--as', ''], '--as must be 1 to 64 letters'],
    [['table', 'list', '--as', '-ana'], '--as'],
    [['table', 'list', '--url', 'localhost:8080'], '--url must begin with http://'],
    [['table', 'create', join(dataDir, 'operator.token')], 'operator.token'],
  ] as const) {
    const ran = await run(...words)
    expect([words, ran.code, ran.err]).toEqual([words, EXIT.misused, expect.stringContaining(err)])
  }
  expect(heard).toEqual([])
})

test('[OPS-16] without a server, or without a token, it says which', async () => {
  const err: string[] = []
  const env = { DATA_DIR: join(dataDir, 'nowhere'), PORT: String(port) }
  const terminal = { env, out: () => {}, err: (line: string) => void err.push(line) }
  expect(await casino(['table', 'list'], terminal)).toBe(EXIT.misused)
  expect(err.join()).toContain('no operator token')
  const gone = await run('table', 'list', '--url', 'http://127.0.0.1:9')
  expect(gone.code).toBe(EXIT.unreachable)
  expect(gone.err).toContain('cannot reach the casino')
})

test('[OPS-16] tables, entries and heads are shown in words', async () => {
  const limits = { perBet: { straight: { minCents: 100, maxCents: 500 } }, perPlayerCents: 50_000, perTableCents: 1 }
  const table = {
    tableId: 'lima',
    name: 'Lima',
    gameId: 'roulette',
    status: 'open',
    limits,
    currency: 'PEN',
    revision: 3,
    owner: 'node-2',
    epoch: 7,
  }
  const closed = { ...table, tableId: 'tacna', name: 'Tacna', status: 'closed', owner: null, epoch: null }
  const alone = { ...table, tableId: 'arequipa', name: 'Arequipa', owner: null }
  answer = { status: 200, body: { code: null, result: [table, alone, closed] } }
  expect((await run('table', 'list')).out.split('\n')).toEqual([
    'lima      Lima      roulette  open    1.00–500.00 PEN  r3  node-2, epoch 7',
    'arequipa  Arequipa  roulette  open    1.00–500.00 PEN  r3  nobody, epoch 7',
    'tacna     Tacna     roulette  closed  1.00–500.00 PEN  r3  -',
  ])
  const entry = { seq: 4, atMs: 0, actor: 'ana', action: 'table.pause', target: 'lima', detail: null }
  answer = { status: 200, body: { code: null, result: [entry] } }
  expect((await run('audit', 'list')).out).toBe('4  1970-01-01T00:00:00.000Z  ana  table.pause  lima  null')
})

test('[OPS-16] the command itself starts, and its help names every void reason', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--help'])
  expect(stdout).toContain('draw-failed, equipment-fault, operator-error, regulator-order')
})
