/** A server of `npm run bench -- table` in a process of its own: one live table, or the bare `ws` library beside it. */
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { openTestRooms } from '../rooms/testing.ts'

export type Order =
  | { readonly kind: 'start'; readonly mode: 'table' | 'raw'; readonly perSecond: number; readonly frameBytes: number }
  | { readonly kind: 'cpu' }
export type Report =
  | { readonly kind: 'ready'; readonly url: string }
  /** User and system time of the process so far, in microseconds. */
  | { readonly kind: 'cpu'; readonly micros: number }

const PING_MS = 3_000
const tell = (report: Report) => void process.send?.(report)

/** A table whose shared state changes `perSecond` times a second, and goes out as often. */
async function openTable(perSecond: number, frameBytes: number): Promise<string> {
  const house = await openTestRooms()
  const room = await house.table('bench', 1000 / perSecond)
  let turn = 0
  // A text of about the wanted length, so that the bare library sends frames as long as these.
  setInterval(() => room.setStatus(String(turn++).padStart(frameBytes, '0')), 1000 / perSecond)
  return house.url
}

function openRaw(perSecond: number, frameBytes: number): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  setInterval(() => {
    const frame = Buffer.alloc(frameBytes, 7)
    for (const client of server.clients) client.send(frame, { binary: true })
  }, 1000 / perSecond)
  // A bare server too must find out who is gone; a table pings as often (server/sockets.ts).
  setInterval(() => {
    for (const client of server.clients) client.ping()
  }, PING_MS)
  return new Promise((resolve) => {
    server.once('listening', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

process.on('message', (order: Order) => {
  if (order.kind === 'cpu') {
    const { user, system } = process.cpuUsage()
    tell({ kind: 'cpu', micros: user + system })
    return
  }
  const open = order.mode === 'table' ? openTable : openRaw
  void open(order.perSecond, order.frameBytes).then((url) => tell({ kind: 'ready', url }))
})
process.on('disconnect', () => process.exit(0))
