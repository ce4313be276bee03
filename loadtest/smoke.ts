/**
 * Real players' traffic in small: each signs up, takes play money, sits down, bets in every round and is paid. What
 * each player believes of his balance is compared with the house's at the end. Run by `npm run load -- smoke`.
 */
import { check, sleep } from 'k6'
import http from 'k6/http'
import { Counter, Trend } from 'k6/metrics'
import type { PrivateEvent } from '../rooms/protocol.ts'
import { post, TableClient } from './table-client.ts'

declare const __ENV: Record<string, string | undefined>
declare const __VU: number

const BASE = __ENV.BASE ?? 'http://127.0.0.1:2567'
const SECONDS = Number(__ENV.SECONDS ?? 60)
const PLAYERS = Number(__ENV.PLAYERS ?? 20)
const TABLES = ['lima', 'cusco', 'arequipa']
const SPOTS = [
  { kind: 'red' },
  { kind: 'dozen', index: 2 },
  { kind: 'straight', numbers: [17] },
  { kind: 'split', numbers: [1, 2] },
]

const betAck = new Trend('bet_ack', true)
const betsAccepted = new Counter('bets_accepted')
const roundsSettled = new Counter('rounds_settled')
const moneyOff = new Counter('money_off_cents')

export const options = {
  scenarios: {
    players: { executor: 'per-vu-iterations', vus: PLAYERS, iterations: 1, maxDuration: `${SECONDS + 60}s` },
  },
  thresholds: {
    checks: ['rate==1'],
    bet_ack: ['p(95)<250'],
    bets_accepted: ['count>0'],
    rounds_settled: ['count>0'],
    money_off_cents: ['count==0'],
  },
}

type Belief = { balanceCents: number; openBets: number }

export default async function player(): Promise<void> {
  signUp()
  const believed: Belief = { balanceCents: 0, openBets: 0 }
  const table = new TableClient(BASE, TABLES[__VU % TABLES.length] ?? 'lima', {
    public: (event) => {
      if (event.type === 'opened') void bet(table, event.roundId, believed)
    },
    private: (event) => hear(event, believed),
  })
  await table.ready
  const { snapshot } = await table.ask('resume', { publicVersion: 0, privateVersion: 0 })
  believed.balanceCents = snapshot.balanceCents ?? 0
  await bet(table, snapshot.roundId, believed)
  await wait(SECONDS * 1000)
  // The last round's bets are waited for, so that no stake is in the air when balances are compared.
  for (let waitedMs = 0; believed.openBets > 0 && waitedMs < 45_000; waitedMs += 250) await wait(250)
  table.leave()
  await table.closed
  const told = (http.get(`${BASE}/api/me`, { tags: { name: 'me' } }).json() as { balanceCents: number }).balanceCents
  check(told, { 'the house agrees with what the player believes': (cents) => cents === believed.balanceCents })
  moneyOff.add(Math.abs(told - believed.balanceCents))
}

function signUp(): void {
  const email = `p${__VU}.${Date.now()}.${Math.floor(Math.random() * 1e9)}@example.pe`
  post(
    `${BASE}/api/auth/sign-up/email`,
    { email, password: 'una-frase-larga-1', name: `Jugador ${__VU}` },
    { name: 'sign-up' },
  )
  post(`${BASE}/api/me/play-money`, { id: uuid(), cents: 100_000 }, { name: 'play-money' })
  sleep(Math.random())
}

async function bet(table: TableClient, roundId: string, believed: Belief): Promise<void> {
  const bets = SPOTS.slice(0, 1 + (__VU % SPOTS.length)).map((selection) => ({
    betId: uuid(),
    selection,
    stakeCents: 200,
  }))
  const askedMs = Date.now()
  try {
    const { answers } = await table.ask('bet', { roundId, bets })
    betAck.add(Date.now() - askedMs)
    const accepted = answers.filter(({ status }) => status === 'accepted').length
    believed.openBets += accepted
    betsAccepted.add(accepted)
    check(answers, { 'every bet is answered': () => answers.length === bets.length })
  } catch (refused) {
    // Only lateness is lawful here: the round closed while the message was on its way.
    const { code } = refused as { code?: string }
    check(code, { 'a refusal has a lawful code': () => code === 'wrong-round' || code === 'bets-closed' })
  }
}

function hear(event: PrivateEvent, believed: Belief): void {
  if (event.type === 'balance') believed.balanceCents = event.balanceCents
  if (event.type === 'result' || event.type === 'refunded') {
    believed.openBets = 0
    roundsSettled.add(1)
  }
}

function uuid(): string {
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('')
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
