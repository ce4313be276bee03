import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Client } from '@colyseus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { type House, openHouse } from './house.ts'
import { openLog } from './log.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'crupier-house-'))
const lines: string[] = []
const destination = new PassThrough()
destination.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
// At the level that operators use, since a log that says nothing also breaks nothing.
const log = openLog({ level: 'info', destination })
let house: House
let base = ''
let cookie = ''
let token = ''

type Answer = { code?: string | null; ticket?: string; result?: { escrowCents: number } }

async function open(): Promise<void> {
  const config = readConfig({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'info' })
  token = config.secrets.operatorToken
  house = await openHouse({ config, log, page: null })
  await house.ready
  base = `http://127.0.0.1:${house.port}`
}

async function post(path: string, body: object, headers: Record<string, string> = { cookie }) {
  const asked = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  const response = await fetch(base + path, asked)
  return { status: response.status, answer: (await response.json()) as Answer, response }
}

const order = async (command: string, tableId: string) => {
  const { answer } = await post(
    '/operator/api/command',
    { command, tableId },
    { authorization: `Bearer ${token}`, 'x-operator': 'test' },
  )
  return answer.code
}
const listed = async () => {
  const { tables } = (await (await fetch(`${base}/api/tables`)).json()) as { tables: { tableId: string }[] }
  return tables.map(({ tableId }) => tableId)
}
const audit = async () => {
  const headers = { authorization: `Bearer ${token}`, 'x-operator': 'test' }
  return (await post('/operator/api/command', { command: 'books.audit' }, headers)).answer.result as {
    escrowCents: number
  }
}

async function sit(tableId: string) {
  const { answer } = await post(`/api/tables/${tableId}/ticket`, {})
  const client = new Client(base)
  client.auth.token = answer.ticket ?? ''
  const room = await client.joinById(tableId)
  room.onMessage('public', () => {})
  room.onMessage('private', () => {})
  return room
}

beforeAll(async () => {
  await open()
  const person = { email: `ana.${Date.now()}@example.pe`, password: 'una-frase-larga-1', name: 'Ana' }
  const { response } = await post('/api/auth/sign-up/email', person, {})
  cookie = response.headers
    .getSetCookie()
    .map((set) => set.split(';')[0])
    .join('; ')
  await post('/api/me/play-money', { id: randomUUID(), cents: 100_000 })
})
afterAll(async () => {
  await house.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

describe('the house on the embedded database', () => {
  test('[ROM-16] a frame that breaks the protocol is a line of the log and ends its own connection alone', async () => {
    const { port } = new URL(base)
    const socket = connect(Number(port), '127.0.0.1')
    const key = Buffer.alloc(16).toString('base64')
    const upgrade = ['GET /a/b?sessionId=x HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write([...upgrade, 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n'))
    socket.once('data', () => socket.write(Buffer.from([0x82, 0x01, 0x00]))) // a client's frame without its mask
    await new Promise((resolve) => socket.once('close', resolve))
    expect((await fetch(`${base}/healthz`)).status).toBe(200)
    expect(lines.join('')).toContain('colyseus:')
  })

  test('[OPS-10 G17] a table closed in the middle of a round ends that round, also after a restart', async () => {
    const room = await sit('lima')
    const { snapshot } = await room.request('resume', { publicVersion: 0, privateVersion: 0 })
    const bet = { betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 1_500 }
    await room.request('bet', { roundId: snapshot.roundId, bets: [bet] })
    expect((await audit()).escrowCents).toBe(1_500)
    expect([await order('table.pause', 'lima'), await order('table.close', 'lima')]).toEqual([null, null])
    await house.stop()
    await open()
    expect(await listed()).toContain('lima')
    await expect.poll(async () => (await audit()).escrowCents, { timeout: 45_000 }).toBe(0)
    await expect.poll(listed, { timeout: 30_000 }).not.toContain('lima')
    expect(await order('table.open', 'lima')).toBe(null)
    await expect.poll(listed, { timeout: 15_000 }).toContain('lima')
  }, 120_000)
})
