import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import { askSeat } from '../rooms/testing-client.ts'
import type { Order, Report } from './table-server.ts'

/** About 10,000 messages a second at each size: both processes share the machine, and neither may be saturated. */
const SIZES = [
  { clients: 500, perSecond: 20 },
  { clients: 2_000, perSecond: 5 },
] as const
const FRAME_BYTES = 48
const REPETITIONS = 3
const WARM_MS = 1_500
const WINDOW_MS = 5_000
const JOINS_AT_ONCE = 25
/** The full state, the acknowledgement and events are not patches; only frames of this kind are counted at a table. */
const PATCH = 15

type Mode = 'table' | 'raw'

/**
 * CPU of the server for each message delivered to a client, at one table of many, beside the bare `ws` library sending
 * frames of the same length as often, with the same pings; in turn in one run. Prints medians, one line of JSON for
 * each size.
 */
export async function main(): Promise<void> {
  console.log('uWebSockets.js is not among the dependencies (its binary needs glibc 2.38), so ws alone is measured.')
  for (const { clients, perSecond } of SIZES) {
    const micros: Record<Mode, number[]> = { table: [], raw: [] }
    for (let repetition = 0; repetition < REPETITIONS; repetition++)
      for (const mode of ['table', 'raw'] as const) micros[mode].push(await measure(mode, clients, perSecond))
    const ratios = micros.table.map((table, i) => table / (micros.raw[i] ?? Number.NaN))
    const rounded = (n: number) => Math.round(n * 100) / 100
    const [cpuUsPerMessage, rawUsPerMessage] = [rounded(median(micros.table)), rounded(median(micros.raw))]
    console.log(JSON.stringify({ clients, cpuUsPerMessage, rawUsPerMessage, ratio: rounded(median(ratios)) }))
  }
}

/** Microseconds of the server's CPU for each message that arrived, in one window. */
async function measure(mode: Mode, clients: number, perSecond: number): Promise<number> {
  const child = fork(fileURLToPath(new URL('./table-server.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const sockets: WebSocket[] = []
  try {
    const ready = await ask(child, { kind: 'start', mode, perSecond, frameBytes: FRAME_BYTES })
    if (ready.kind !== 'ready') throw new Error('the server says where it listens')
    const count = { messages: 0 }
    for (let i = 0; i < clients; i += JOINS_AT_ONCE)
      sockets.push(...(await Promise.all(Array.from({ length: JOINS_AT_ONCE }, () => join(mode, ready.url, count)))))
    await pause(WARM_MS)
    const before = { cpu: await cpuOf(child), messages: count.messages }
    await pause(WINDOW_MS)
    const used = (await cpuOf(child)) - before.cpu
    const delivered = count.messages - before.messages
    if (delivered < clients) throw new Error(`only ${delivered} messages arrived`)
    return used / delivered
  } finally {
    for (const socket of sockets) socket.terminate()
    child.disconnect()
  }
}

async function join(mode: Mode, url: string, count: { messages: number }): Promise<WebSocket> {
  const socket = new WebSocket(await addressOf(mode, url), { perMessageDeflate: false })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.on('message', (frame: Buffer) => {
      if (mode === 'raw' || frame[0] === PATCH) count.messages++
      if (mode === 'table' && frame[0] === 10) {
        socket.send(Buffer.of(10))
        resolve()
      }
    })
    if (mode === 'raw') socket.once('open', () => resolve())
  })
  return socket
}

async function addressOf(mode: Mode, url: string): Promise<string> {
  const base = url.replace('http', 'ws')
  if (mode === 'raw') return base
  const { body } = await askSeat(url, 'bench')
  return `${base}/${body.processId}/${body.roomId}?sessionId=${body.sessionId}`
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const report = await ask(child, { kind: 'cpu' })
  if (report.kind !== 'cpu') throw new Error('the server tells its CPU')
  return report.micros
}

function ask(child: ChildProcess, order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(report as Report))
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
    child.send(order)
  })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
