import { randomInt, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BetsAnswer, PrivateEvent, PublicEvent } from '../rooms/protocol.ts'
import { RawClient } from '../rooms/testing-client.ts'
import { Dice, frameOf, garbage, type Hostile, hostile, penniless, type Target } from './support/hostile-messages.ts'
import { RunningHouse } from './support/house.ts'
import { until } from './support/until.ts'

const TABLE = 'hostile'
const MATCHMAKING = ['joinById', 'reconnect', 'create', 'joinOrCreate', 'join', 'constructor']
const MESSAGES = 100_000
/** A connection's budget lets 60 messages through at once and answers as many more; one more closes it. */
const PER_CONNECTION = 112
const AT_ONCE = 24
const HTTP_REQUESTS = 2_000
const PURSE_CENTS = 1_000_000
const SEED = randomInt(2 ** 31)

type Person = { readonly cookie: string; readonly playerId: string; readonly purseCents: number }

let house: RunningHouse
beforeAll(async () => {
  house = await RunningHouse.open({ MIN_ROUND_GAP_MS: '0', HTTP_REQUESTS_PER_SECOND: '100000', LOG_LEVEL: 'error' })
  await house.openTable(TABLE, 'european', { pace: { bettingMs: 5_000, restMs: 500 } })
}, 120_000)
afterAll(() => house.stop(), 30_000)

async function person(purseCents: number): Promise<Person> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ email: `${randomUUID()}@example.pe`, password: 'una-clave-de-prueba', name: 'Prueba' })
  const signedUp = await fetch(`${house.url}/api/auth/sign-up/email`, { method: 'POST', headers, body })
  const cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  if (purseCents > 0) {
    const grant = JSON.stringify({ id: randomUUID(), cents: purseCents })
    await fetch(`${house.url}/api/me/play-money`, { method: 'POST', headers: { ...headers, cookie }, body: grant })
  }
  const me = await api<{ playerId: string; balanceCents: number }>(cookie, 'GET', '/api/me')
  expect(me.balanceCents).toBe(purseCents)
  return { cookie, playerId: me.playerId, purseCents }
}

async function api<Answer>(cookie: string, method: string, path: string): Promise<Answer> {
  const response = await fetch(`${house.url}${path}`, { method, headers: { cookie } })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Answer
}

async function seat({ cookie }: Person): Promise<RawClient> {
  const { ticket } = await api<{ ticket: string }>(cookie, 'POST', `/api/tables/${TABLE}/ticket`)
  return RawClient.join(house.url, TABLE, { ticket })
}

const balanceOf = async ({ cookie }: Person) =>
  (await api<{ balanceCents: number }>(cookie, 'GET', '/api/me')).balanceCents

/** Counts by name, for the figures and for what must not be among them. */
class Tally {
  readonly counts = new Map<string, number>()
  add(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by)
  }
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.counts].sort(([, a], [, b]) => b - a))
  }
}

/** A player who bets on red as fast as he may, and reckons himself what he should have. */
class HonestPlayer {
  readonly bets: { readonly betId: string; readonly stakeCents: number }[] = []
  readonly waitsMs: number[] = []
  readonly refusals = new Tally()
  roundId = ''
  balanceCents: number
  stopped = false
  readonly #client: RawClient

  constructor(client: RawClient, balanceCents: number) {
    this.#client = client
    this.balanceCents = balanceCents
  }

  async play(): Promise<void> {
    const { value } = await this.#client.request('resume', { publicVersion: 0, privateVersion: 0 })
    this.roundId = (value as { snapshot: { roundId: string } }).snapshot.roundId
    let seen = 0
    let told = 0
    while (!this.stopped) {
      const public_ = this.#client.messages('public') as PublicEvent[]
      for (const event of public_.slice(seen)) if (event.type === 'opened') this.roundId = event.roundId
      seen = public_.length
      told = this.#reckon(told)
      await this.#bet()
      await new Promise((done) => setTimeout(done, 120))
    }
    await until('his last round is paid', () => {
      told = this.#reckon(told)
      return this.#openCents === 0
    })
  }

  get target(): Target {
    return { roundId: this.roundId, foreignBets: this.bets.slice(-20) }
  }

  #openCents = 0

  #reckon(from: number): number {
    const events = this.#client.messages('private') as PrivateEvent[]
    for (const event of events.slice(from)) {
      if (event.type !== 'result') continue
      this.balanceCents += event.paidCents
      this.#openCents -= event.stakedCents
    }
    return events.length
  }

  async #bet(): Promise<void> {
    const bets = [{ betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 100 }]
    const startedMs = performance.now()
    const { status, value } = await this.#client.request('bet', { roundId: this.roundId, bets })
    const [answer] = status === 0 ? (value as BetsAnswer).answers : []
    if (answer?.status !== 'accepted') {
      this.refusals.add(answer?.code ?? (value as { code: string }).code)
      return
    }
    this.waitsMs.push(performance.now() - startedMs)
    this.bets.push({ betId: answer.betId, stakeCents: 100 })
    this.balanceCents -= 100
    this.#openCents += 100
  }
}

/** Sends one connection's share of hostile messages and sees each request answered, or the connection closed. */
async function attack(dice: Dice, target: Target, join: () => Promise<RawClient>, poor: boolean, tallies: Tallies) {
  const client = await join()
  const ending = dice.of(['leave', 'leave', 'vanish', 'garbage', 'flood', 'flood'] as const)
  const asked: Hostile[] = []
  const send = () => {
    const sent = poor && dice.below(8) === 0 ? penniless(dice, target) : hostile(dice, target)
    const asks = dice.below(10) > 0
    tallies.sent.add(sent.kind)
    if (asks) asked.push(sent)
    client.ws.send(frameOf(sent, asks ? asked.length : null))
  }
  for (let i = 0; i < PER_CONNECTION; i++) send()
  // The slower the house reads, the more it lets through.
  while (ending === 'flood' && client.ws.readyState === client.ws.OPEN) {
    for (let i = 0; i < 16; i++) send()
    await new Promise((done) => setTimeout(done, 5))
  }
  if (ending === 'garbage') {
    tallies.sent.add('garbage')
    client.ws.send(garbage(dice))
  }
  const answers = () => client.frames.filter((frame) => frame[0] === 22)
  if (ending === 'vanish') client.ws.terminate()
  else if (ending === 'leave') {
    await Promise.race([client.closed, until('all is answered', () => answers().length >= asked.length)])
    client.ws.send(Buffer.of(12))
  }
  const code = await client.closed
  tallies.closes.add(`${ending}: ${code}`)
  if (ending === 'leave') expect([answers().length, code]).toEqual([asked.length, 4000])
  if (ending === 'flood') expect(code).toBe(4002)
  if (ending === 'garbage') expect([1009, 4002]).toContain(code)
  tally(client, asked, tallies)
}

type Tallies = { readonly sent: Tally; readonly refused: Tally; readonly closes: Tally }

/** Counts what one connection was answered. Nothing may be accepted, and nothing may have failed inside. */
function tally(client: RawClient, asked: readonly Hostile[], { refused }: Tallies): void {
  let answered = 0
  for (const { id, status, value } of client.answers()) {
    answered++
    const { answers, code } = (value ?? {}) as Partial<BetsAnswer> & { code?: string }
    const about = `${asked[id - 1]?.kind}: ${JSON.stringify(value)?.slice(0, 200)}`
    expect([about, status]).toEqual([about, answers === undefined ? 1 : 0])
    for (const answer of answers ?? []) {
      // Under the id of a bet of an earlier round an attacker may ask the books, which know whose it is.
      expect([about, answer.status === 'accepted']).toEqual([about, false])
      refused.add(`bet: ${answer.code ?? answer.status}`)
    }
    if (answers === undefined) refused.add(code ?? 'no code')
  }
  refused.add('closed unanswered', asked.length - answered)
  for (const message of client.messages('answer') as { code?: string; result?: Partial<BetsAnswer> }[]) {
    for (const answer of message.result?.answers ?? []) {
      expect(answer.status).not.toBe('accepted')
      refused.add(`bet: ${answer.code ?? answer.status}`)
    }
    if (message.result === undefined) refused.add(`message: ${message.code ?? 'no code'}`)
  }
}

/** One request to the matchmaker or around it. */
async function attackHttp(dice: Dice, { cookie }: Person, seen: Tally): Promise<void> {
  const strange = ['', 'x', '../..', '%00', '%', '__proto__', 'public', 'x'.repeat(3_000), '%ff', 'a/b']
  const paths = [
    () => `/matchmake/${dice.of(MATCHMAKING)}/${dice.of(strange)}`,
    () => `/matchmake/reconnect/${TABLE}`,
    () => `/api/tables/${dice.of(strange)}/ticket`,
    () => '/api/me/play-money',
    () => `/${dice.of(strange)}`,
  ]
  const bodies = [
    '{',
    '[]',
    'null',
    '{"reconnectionToken":{"toString":1}}',
    '{"id":1,"cents":-5}',
    `["${'x'.repeat(9_000)}"]`,
  ]
  const bearers = ['', 'Bearer x', `Bearer ${'x'.repeat(5_000)}`, 'Basic x']
  const response = await fetch(`${house.url}${dice.of(paths)()}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json', authorization: dice.of(bearers) },
    body: dice.of(bodies),
  })
  const answer = (await response.json().catch(() => ({}))) as { code?: unknown; error?: string }
  seen.add(`http ${response.status} ${answer.error ?? answer.code}`)
  const about = `${response.status} ${JSON.stringify(answer).slice(0, 200)}`
  expect([about, response.ok || response.status >= 500, answer.code ?? 'no code']).toEqual([
    about,
    response.status > 500,
    answer.code,
  ])
}

/** Bytes on a bare connection: addresses that are none, handshakes that are none, frames against RFC 6455. */
async function attackTcp(dice: Dice, seen: Tally): Promise<void> {
  const handshake = (target: string) =>
    `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
  const sends = [
    () =>
      handshake(
        dice.of(['*%zz', '*@[', '/a/b?sessionId=x', `/p/${TABLE}?sessionId=__proto__`, '/', '/a/b?sessionId=']),
      ),
    () => Buffer.concat([Buffer.from(handshake(`/p/${TABLE}?sessionId=x`)), dice.bytes(200)]),
    () => handshake('/a/b?sessionId=x').replace('Version: 13', 'Version: 1'),
    () => handshake('/a/b?sessionId=x').replace('Host: x', 'Host: [::'),
    () => dice.bytes(300),
    () => 'GET / HTTP/1.1\r\n',
    () => 'POST /matchmake/joinById/lobby HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{',
  ]
  const socket = connect(house.port, '127.0.0.1')
  socket.on('error', () => undefined)
  const over = new Promise<string>((tell) => {
    let first = ''
    socket.on('data', (data) => {
      first ||= data.toString('latin1').split('\r\n')[0] ?? ''
      if (/^HTTP\/1.1 [234]/.test(first)) socket.end()
    })
    socket.on('close', () => tell(first || 'closed'))
  })
  socket.write(dice.of(sends)())
  socket.end()
  seen.add(`tcp ${(await over).slice(0, 40)}`)
}

async function inParallel(lanes: number, jobs: number, job: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < jobs) await job(next++)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

test(`[ROM-23 U8 M1] ${MESSAGES} hostile messages move no money, and an honest player bets throughout`, async () => {
  const startedMs = performance.now()
  const dice = new Dice(SEED)
  console.log(JSON.stringify({ seed: SEED }))
  const honest = await person(PURSE_CENTS)
  const attackers = await Promise.all([...Array(3).fill(PURSE_CENTS), 50, 50].map((cents: number) => person(cents)))
  const before = (await house.command({ command: 'books.audit' })) as Record<string, number>
  const player = new HonestPlayer(await seat(honest), PURSE_CENTS)
  const playing = player.play()
  await until('he has bet', () => player.bets.length > 0)

  const tallies: Tallies = { sent: new Tally(), refused: new Tally(), closes: new Tally() }
  const http = new Tally()
  const lane = async () => {
    while (tallies.sent.total < MESSAGES) await assault()
  }
  const assault = async () => {
    const attacker = dice.of(attackers)
    const watching = dice.below(4) === 0
    const join = watching ? () => RawClient.join(house.url, TABLE) : () => seat(attacker)
    await attack(dice, player.target, join, attacker.purseCents < 100, tallies)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  const wsMs = performance.now() - startedMs
  await inParallel(16, HTTP_REQUESTS, () => attackHttp(dice, dice.of(attackers), http))
  await inParallel(16, 400, () => attackTcp(dice, http))
  player.stopped = true
  await playing

  const after = (await house.command({ command: 'books.audit' })) as Record<string, number>
  const lost = PURSE_CENTS - player.balanceCents
  expect(after).toEqual({ ...before, playersCents: (before.playersCents ?? 0) - lost, escrowCents: 0 })
  expect(after).toMatchObject({ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 })
  expect(await balanceOf(honest)).toBe(player.balanceCents)
  for (const attacker of attackers) expect(await balanceOf(attacker)).toBe(attacker.purseCents)
  expect(player.bets.length).toBeGreaterThan(20)
  expect([...tallies.refused.counts.keys()].filter((name) => name.endsWith('no code'))).toEqual([])
  expect(house.said).not.toMatch(/nobody caught|nobody cared|a table met a failure/)
  const waits = player.waitsMs.sort((a, b) => a - b)
  console.log(
    JSON.stringify({
      seconds: Math.round((performance.now() - startedMs) / 1000),
      messagesPerSecond: Math.round((tallies.sent.total / wsMs) * 1000),
      sent: tallies.sent,
      refused: tallies.refused,
      closes: tallies.closes,
      http,
      honest: {
        bets: waits.length,
        medianMs: Math.round(waits[waits.length >> 1] ?? 0),
        worstMs: Math.round(waits.at(-1) ?? 0),
      },
      honestRefused: player.refusals,
    }),
  )
}, 180_000)
