import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../e2e/support/until.ts'
import { type Balancer, balancerEnvironment, checkConfiguration, startBalancer } from './balancer.ts'
import { freePort } from './ports.ts'

const WEBSOCKET_MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What a node is to the balancer: a web server that may be killed, frozen, or not be ready. */
class FakeNode {
  readonly nodeId: string
  readonly port: number
  ready = true
  frozen = false
  readonly seen: IncomingMessage[] = []
  #server: Server | null = null
  readonly #sockets = new Set<Socket>()

  constructor(nodeId: string, port: number) {
    this.nodeId = nodeId
    this.port = port
  }

  async start(): Promise<void> {
    Object.assign(this, { ready: true, frozen: false })
    if (this.#server !== null) return
    const server = createServer((request, response) => {
      if (this.frozen) return
      if (request.url === '/readyz') return void response.writeHead(this.ready ? 200 : 503).end()
      if (request.url === '/healthz') return void response.end()
      this.seen.push(request)
      if (request.url === '/dies-unanswered') return this.kill()
      response.end(this.nodeId)
    })
    server.on('upgrade', (request, socket) => {
      this.seen.push(request)
      socket.on('end', () => socket.end())
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${WEBSOCKET_MAGIC}`)
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n')
      socket.write(`Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n${this.nodeId}`)
    })
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
  }

  kill(): void {
    this.#server?.close()
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
  }
}

const folder = mkdtempSync(join(tmpdir(), 'crupier-balancer-'))
const nodes: FakeNode[] = []
let balancer: Balancer
let url: string
let port: number

beforeAll(async () => {
  port = await freePort()
  url = `http://127.0.0.1:${port}`
  for (const nodeId of ['node-1', 'node-2', 'node-3']) nodes.push(new FakeNode(nodeId, await freePort()))
  await Promise.all(nodes.map((node) => node.start()))
  balancer = await startBalancer({
    port,
    statusPort: await freePort(),
    nodes: nodes.map(({ nodeId, port: own }) => ({ nodeId, address: `127.0.0.1:${own}` })),
    logFile: join(folder, 'haproxy.log'),
  })
})

beforeEach(async () => {
  await Promise.all(nodes.map((node) => node.start()))
  await until('every node is ready', async () => (await balancer.ready()).length === nodes.length)
  for (const node of nodes) node.seen.length = 0
})

afterAll(async () => {
  await balancer?.stop()
  for (const node of nodes) node.kill()
  rmSync(folder, { recursive: true, force: true })
})

function nodeAt(index: number): FakeNode {
  const node = nodes[index]
  if (node === undefined) throw new Error(`there is no node ${index}`)
  return node
}

async function ask(path: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(`${url}${path}`, init)
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return response.text()
}

/** An upgraded connection through the balancer: who answered, and when it ended. */
async function openSocket(path: string): Promise<{ nodeId: string; socket: Socket; ended: Promise<number> }> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  const nonce = randomBytes(16).toString('base64')
  const key = `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${nonce}`
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`)
  const ended = new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now())))
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes.toString()
  })
  const nodeId = await until('the socket is open', () => /\r\n\r\n(node-\d)$/.exec(text)?.[1], 5_000)
  return { nodeId, socket, ended }
}

describe('configuration', () => {
  const statusPort = 1
  const node = (i: number) => ({ nodeId: `node-${i}`, address: `127.0.0.1:${i}` })
  const environments: [string, NodeJS.ProcessEnv][] = [
    ['one node', balancerEnvironment({ port: 1, statusPort, nodes: [node(1)] })],
    ['nine nodes', balancerEnvironment({ port: 1, statusPort, nodes: [1, 2, 3, 4, 5, 6, 7, 8, 9].map(node) })],
    ['names', { NODE_1_ID: 'node-1', NODE_1_ADDRESS: 'localhost:2567', RESOLVE_NAMES: 'yes' }],
  ]
  test.each(environments)('[CLU-1] haproxy accepts its configuration for %s', async (_name, env) => {
    await expect(checkConfiguration(env)).resolves.toBeUndefined()
  })

  test('[CLU-1] a node without an address is refused, and so is a tenth node', async () => {
    await expect(checkConfiguration({ NODE_1_ID: 'node-1' })).rejects.toThrow(/'server' expects/)
    const ten = Array.from({ length: 10 }, (_, i) => node(i + 1))
    expect(() => balancerEnvironment({ port: 1, statusPort, nodes: ten })).toThrow(/nine/)
  })
})

describe('a node that fails', () => {
  test('[CLU-2] a killed node costs no request more than another try at once', async () => {
    const slowest = async (nodeId: string) => {
      const times: number[] = []
      for (let i = 0; i < 30; i += 1) {
        const before = performance.now()
        expect(await ask(`/${nodeId}/room${i}`, { method: 'POST', body: 'x' })).not.toBe(nodeId)
        times.push(performance.now() - before)
      }
      return Math.max(...times)
    }
    for (const node of [nodeAt(0), nodeAt(1)]) {
      node.kill()
      expect(await slowest(node.nodeId)).toBeLessThan(250)
      await until('it is held for dead', async () => !(await balancer.living()).includes(node.nodeId), 1_500)
    }
    expect(await ask('/api/tables')).toBe('node-3')
  })

  test('[CLU-2] what a dying node left unanswered is asked again only if it is without side effects', async () => {
    // Whoever gets it dies.
    await expect(ask('/dies-unanswered', { method: 'POST', body: 'x' })).rejects.toThrow()
    expect(nodes.flatMap(({ seen }) => seen)).toHaveLength(1)
    await ask('/dies-unanswered').catch(() => {})
    expect(nodes.flatMap(({ seen }) => seen)).toHaveLength(3)
  })

  test('[CLU-3] whoever sits on a frozen node is told within seconds, and nobody else', async () => {
    const sockets = await Promise.all(nodes.map(({ nodeId }) => openSocket(`/${nodeId}/room?sessionId=s`)))
    const frozenAt = performance.now()
    nodeAt(1).frozen = true
    const endedAt = await sockets[1]?.ended
    expect((endedAt ?? Number.POSITIVE_INFINITY) - frozenAt).toBeLessThan(4_000)
    expect([sockets[0]?.socket.destroyed, sockets[2]?.socket.destroyed]).toEqual([false, false])
    for (const { socket } of sockets) socket.destroy()
  })

  test('[CLU-4] a node that is not ready gets nothing new and keeps its sockets', async () => {
    const sitting = await openSocket('/node-1/room?sessionId=s')
    nodeAt(0).ready = false
    await until('it is left out', async () => !(await balancer.ready()).includes('node-1'))
    for (let i = 0; i < 12; i += 1) expect(await ask('/api/tables')).not.toBe('node-1')
    expect(await balancer.living()).toContain('node-1')
    expect(sitting.socket.destroyed).toBe(false)
    sitting.socket.destroy()
  })

  test('[CLU-4] when no node is ready, those that live are asked all the same', async () => {
    const sitting = await openSocket('/node-2/room?sessionId=s')
    for (const node of nodes) node.ready = false
    await until('none is ready', async () => (await balancer.ready()).length === 0)
    expect(await ask('/api/tables')).toMatch(/^node-\d$/)
    expect((await openSocket('/node-3/room?sessionId=s')).nodeId).toBe('node-3')
    expect(sitting.socket.destroyed).toBe(false)
    sitting.socket.destroy()
  })
})

test('[CLU-9] the balancer itself is killed and started again, on the same ports', async () => {
  await balancer.kill()
  expect(balancer.running).toBe(false)
  await expect(ask('/api/tables')).rejects.toThrow()
  await balancer.start()
  expect(await ask('/api/tables')).toMatch(/^node-\d$/)
})

describe('a request', () => {
  test('[CLU-5] a path that begins with the name of a node leads there, and elsewhere when it is gone', async () => {
    for (const { nodeId } of nodes) {
      expect(await ask(`/${nodeId}/room`)).toBe(nodeId)
      expect((await openSocket(`/${nodeId}/room?sessionId=s`)).nodeId).toBe(nodeId)
    }
    expect(await ask('/node-4/room')).toMatch(/^node-\d$/)
    nodeAt(2).kill()
    expect((await openSocket('/node-3/room?sessionId=s')).nodeId).not.toBe('node-3')
  })

  test('[CLU-6] logs have the path of a request and nothing of its query', async () => {
    const secret = randomUUID()
    await ask(`/api/tables?ticket=${secret}`)
    const { socket } = await openSocket(`/node-1/logged?sessionId=${secret}`)
    socket.destroy()
    const log = () => readFileSync(balancer.logFile, 'utf8')
    await until('both are in the log', () => /GET \/api\/tables$/m.test(log()) && /GET \/node-1\/logged$/m.test(log()))
    expect(log()).not.toContain(secret)
  })

  test('[CLU-7] a node learns the address of the player', async () => {
    await ask('/api/tables')
    const seen = nodes.flatMap((node) => node.seen)
    expect(seen.map((request) => request.headers['x-forwarded-for'])).toEqual(['127.0.0.1'])
  })

  test('[CLU-7] figures of a node are not for the public', async () => {
    await expect(ask('/metrics')).rejects.toThrow('404')
  })
})
