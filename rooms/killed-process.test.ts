import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Client } from '@colyseus/sdk'
import { afterAll, expect, test } from 'vitest'
import type { Resumed, SharedTable } from './protocol.ts'
import { VERSIONS_OF_AN_OWNER } from './table-actor.ts'
import { until } from './testing.ts'

const TABLE = 'roving'
const TICKET = 'ticket of ana'
const processes: ChildProcess[] = []
const sockets = new Set<Socket>()
let target = 0
/** The one address of the house: leads to whichever process runs the table now. */
const house = createServer((near) => {
  const far = connect(target, '127.0.0.1')
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    sockets.add(one)
    one.on('error', () => one.destroy())
    one.on('close', () => other.destroy())
    one.pipe(other)
  }
})
afterAll(() => {
  for (const one of processes) one.kill('SIGKILL')
  for (const socket of sockets) socket.destroy()
  house.close()
})

async function start(epoch: number): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(new URL('./testing-process.ts', import.meta.url), [`${epoch}`, TABLE, 'ana', TICKET], {
    silent: true,
  })
  processes.push(child)
  const [port] = (await once(child, 'message')) as [number]
  return { child, port }
}

test('[ROM-24 ROM-26 G17] after kill -9 the stock client is back elsewhere, with session and player', async () => {
  const [first, second] = await Promise.all([start(1), start(2)])
  target = first.port
  house.listen(0, '127.0.0.1')
  await once(house, 'listening')
  const client = new Client(`http://127.0.0.1:${(house.address() as AddressInfo).port}`)
  client.auth.token = TICKET
  const room = await client.joinById(TABLE)
  Object.assign(room.reconnection, { minUptime: 0, minDelay: 0, backoff: () => 10 })
  room.onMessage('*', () => undefined)
  const { sessionId } = room
  const bet = async (roundId: string) => {
    const bets = [{ betId: randomUUID(), selection: { kind: 'red' }, stakeCents: 500 }]
    return (await room.request('bet', { roundId, bets })) as { answers: { status: string }[]; balanceCents: number }
  }
  const resume = () => room.request('resume', { publicVersion: 0, privateVersion: 0 }) as Promise<Resumed>
  const before = (await resume()).snapshot
  expect(await bet(before.roundId)).toMatchObject({ answers: [{ status: 'accepted' }], balanceCents: 999_500 })

  const returned = new Promise<void>((tell) => room.onReconnect.once(() => tell()))
  target = second.port
  first.child.kill('SIGKILL')
  await returned
  expect(room.sessionId).toBe(sessionId)
  const { publicVersion, privateVersion, balanceCents } = (await resume()).snapshot
  // The books of the second process are its own, and know the player as he was.
  expect([publicVersion, privateVersion, balanceCents]).toEqual([...Array(2).fill(2 * VERSIONS_OF_AN_OWNER), 1_000_000])
  expect([before.publicVersion, before.privateVersion]).toEqual(Array(2).fill(VERSIONS_OF_AN_OWNER))
  const shared = () => (room.state as { toJSON(): SharedTable }).toJSON()
  await until('it sees the table of the second', () => shared().players === 1)
  const { answers } = await bet(shared().roundId)
  expect(answers[0]?.status).toBe('accepted')
  await until('and its chips on the felt', () => JSON.stringify(shared().spotCents) === '{"red":500}')
  await room.leave()
})
