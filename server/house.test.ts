import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@colyseus/sdk'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BetsAnswer, PrivateEvent, Resumed } from '../rooms/protocol.ts'
import { readConfig } from './config.ts'
import { type House, openHouse } from './house.ts'
import { openLog } from './log.ts'

const server = process.env.TEST_DATABASE_URL
const name = `crupier_test_${randomBytes(8).toString('hex')}`
const dataDir = mkdtempSync(join(tmpdir(), 'crupier-house-'))
const log = openLog({ level: 'silent' })
const email = `ana.${Date.now()}@example.pe`
const password = 'una-frase-larga-1'

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(statement).finally(() => client.end())
}

function settings(): NodeJS.ProcessEnv {
  const url = new URL(server ?? '')
  url.pathname = `/${name}`
  const [SECRETS_KEY, OPERATOR_TOKEN] = ['5'.repeat(64), '7'.repeat(64)]
  return { PORT: '0', DATA_DIR: dataDir, DATABASE_URL: url.href, SECRETS_KEY, OPERATOR_TOKEN }
}

async function open(): Promise<House> {
  const house = await openHouse({ config: readConfig(settings()), log, page: null })
  await house.ready
  return house
}

async function post(base: string, path: string, cookie: string, body: object) {
  const headers = { 'content-type': 'application/json', ...(cookie === '' ? {} : { cookie }) }
  const response = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) })
  expect([path, response.status]).toEqual([path, 200])
  const cookies = response.headers.getSetCookie().map((set) => set.split(';')[0])
  return { answer: (await response.json()) as Record<string, unknown>, cookie: cookies.join('; ') }
}

async function sit(base: string, cookie: string) {
  const { answer } = await post(base, '/api/tables/lima/ticket', cookie, {})
  const client = new Client(base)
  client.auth.token = String(answer.ticket)
  const room = await client.joinById('lima')
  const ask = <T>(type: string, message: object) => room.request(type, message) as Promise<T>
  return { room, ask }
}

// Where no server is named, `npm test` says that the suites on the real PostgreSQL did not run.
describe.runIf(server !== undefined)('the house on a real PostgreSQL', () => {
  beforeAll(() => onServer(`create database ${name}`))
  afterAll(async () => {
    await onServer(`drop database if exists ${name} with (force)`)
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('[LED-16 OPS-3] a stake accepted before a restart is in the round after it, and is settled', async () => {
    const first = await open()
    const base = `http://127.0.0.1:${first.port}`
    const { cookie } = await post(base, '/api/auth/sign-up/email', '', { email, password, name: 'Ana' })
    await post(base, '/api/me/play-money', cookie, { id: randomUUID(), cents: 100_000 })
    const table = await sit(base, cookie)
    const { snapshot } = await table.ask<Resumed>('resume', { publicVersion: 0, privateVersion: 0 })
    const bet = { betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 1_500 }
    const placed = await table.ask<BetsAnswer>('bet', { roundId: snapshot.roundId, bets: [bet] })
    expect(placed.answers).toEqual([{ betId: bet.betId, status: 'accepted', code: null }])
    await first.stop()

    const second = await open()
    const again = `http://127.0.0.1:${second.port}`
    try {
      const back = await sit(again, cookie)
      const result = new Promise<PrivateEvent>((resolve) => {
        back.room.onMessage('private', (event: PrivateEvent) => event.type === 'result' && resolve(event))
      })
      back.room.onMessage('public', () => {})
      const resumed = await back.ask<Resumed>('resume', { publicVersion: 0, privateVersion: 0 })
      expect(resumed.snapshot.roundId).toBe(snapshot.roundId)
      expect(resumed.snapshot.balanceCents).toBe(98_500)
      expect(resumed.snapshot.bets).toEqual([{ ...bet, status: 'accepted' }])
      const ended = await result
      expect(ended).toMatchObject({ type: 'result', roundId: snapshot.roundId, stakedCents: 1_500 })
      const me = await fetch(`${again}/api/me`, { headers: { cookie } })
      const paidCents = ended.type === 'result' ? ended.paidCents : 0
      expect(await me.json()).toMatchObject({ balanceCents: 98_500 + paidCents })
      await back.room.leave()
    } finally {
      await second.stop()
    }
  })
})
