import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Gateway } from './gateway.ts'
import { HeldClients } from './held.ts'
import { dialPeer } from './peer-connection.ts'
import { PeerDialer } from './peer-links.ts'
import { helloOf, PROOF_HEADER, peerKey, proofOf, readAnswer } from './peer-proof.ts'
import { PeerServer } from './peer-server.ts'
import type { LinkState, PeerNews } from './peers.ts'

const KEY = peerKey(Buffer.alloc(32, 7))
const FORGED = peerKey(Buffer.alloc(32, 8))
const A = { nodeId: 'a', incarnation: 3 }
const B = { nodeId: 'b', incarnation: 1 }
const ASK = { tableId: 'lima', reason: 'operator-error', roundId: null }
const HELLO = /^crupier\/1 a 3 b 1 [\w-]{43}\n$/

const opened: { close(): unknown }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

/** An honest node, and all that it was brought to do. */
async function node() {
  const asked: string[] = []
  const relayed: string[] = []
  const peers = await PeerServer.open({
    host: '127.0.0.1',
    port: 0,
    key: KEY,
    self: () => B,
    asked: async (kind, ask) => {
      asked.push(`${kind} ${JSON.stringify(ask)}`)
      return { roundId: 'lima.1.7' } as never
    },
    relayed: (request, socket) => {
      relayed.push(request.url ?? '')
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    },
    greet: () => [{ type: 'tableChanged', tableId: 'greeting' }],
    failed: () => undefined,
  })
  opened.push(peers)
  return { peers, port: peers.port, asked, relayed }
}

/** The other end, which dials whatever port the books name. */
function dialer(port: number) {
  const states: LinkState[] = []
  const heard: PeerNews[] = []
  const links = new PeerDialer({
    key: KEY,
    self: () => A,
    steadyMs: () => performance.now(),
    tell: () => undefined,
    listener: {
      linkChanged: (_nodeId, state) => void states.push(state),
      news: (_nodeId, news) => void heard.push(news),
    },
  })
  opened.push(links)
  links.follow([{ ...B, address: `127.0.0.1:${port}`, release: '', silentMs: 0 }])
  return { links, states, heard }
}

function listening<S extends Server | HttpServer>(server: S): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

type Tamper = (said: string, from: 'dialer' | 'node') => string | readonly string[]

/** Somebody between two nodes, who reads all that is said and may change it. Answers the port, and what was said. */
async function between(port: number, tamper: Tamper) {
  const said: string[][] = []
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    const heard: string[] = []
    said.push(heard)
    const pass = (from: Socket, to: Socket, who: 'dialer' | 'node'): void => {
      from.on('data', (data) => {
        const text = data.toString('latin1')
        if (who === 'dialer') heard.push(text)
        for (const part of [tamper(text, who)].flat()) to.write(part, 'latin1')
      })
      from.on('error', () => undefined)
      from.on('close', () => to.destroy())
    }
    pass(near, far, 'dialer')
    pass(far, near, 'node')
  })
  opened.push(server)
  return { port: await listening(server), said }
}

/** A way to the players' side of a node whose every table is at the node that is dialled. */
async function front(links: PeerDialer): Promise<string> {
  const gateway = new Gateway({
    whereabouts: {
      nodeId: 'a',
      find: async () => ({ nodeId: 'b', address: '' }),
      wants: () => true,
      unheard: () => null,
    },
    peers: links,
    held: new HeldClients({ most: 10, perAddress: 10 }),
    addressOf: () => '',
    allowedOrigins: [],
    steadyMs: () => performance.now(),
    enter: () => undefined,
    restoreSeat: () => undefined,
  })
  const server = createHttpServer()
  server.on('upgrade', (...asked) => gateway.upgrade(...asked))
  opened.push({ close: () => server.close() })
  return `ws://127.0.0.1:${await listening(server)}`
}

function answerTo(url: string): Promise<string> {
  const socket = new WebSocket(url, { headers: { cookie: 'session=secret' } })
  return new Promise((resolve) => {
    socket.on('error', (error) => resolve(error.message))
  })
}

/** What the node once answered to somebody else. */
function overheardAnswer(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${helloOf(A, B).line}\n`)
  return new Promise((resolve) => {
    socket.once('data', (answer) => {
      resolve(String(answer))
      socket.destroy()
    })
  })
}

test('[FOV-110] whoever listens at a listed address learns who asks whom, and nothing else', async () => {
  const forged = `crupier/1 b 1 ${'r'.repeat(43)} ${'p'.repeat(43)}\n`
  const page = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'
  const overheard = await overheardAnswer((await node()).port)
  // Silence, forged and overheard proofs, the hello itself sent back, and what an HTTP server would say.
  for (const reply of [() => '', () => forged, () => overheard, (hello: string) => hello, () => page]) {
    const learnt: string[] = []
    const impostor = createServer((socket) => {
      const i = learnt.push('') - 1
      socket.on('error', () => undefined)
      socket.on('data', (data) => {
        learnt[i] = (learnt[i] ?? '') + data
        socket.write(reply(String(data)))
      })
    })
    opened.push(impostor)
    const { links, states, heard } = dialer(await listening(impostor))
    const seat = { askId: '1', method: 'reconnect', room: 'lima', authorization: 'Bearer t', options: {} }
    await expect(links.ask('b', 'void', ASK, 300)).rejects.toThrow()
    await expect(links.ask('b', 'seat', seat, 300)).rejects.toThrow()
    expect(await answerTo(`${await front(links)}/a/lima?sessionId=s&reconnectionToken=t`)).toMatch(/502/)
    expect(learnt.length).toBeGreaterThan(3)
    for (const hello of learnt) expect(hello).toMatch(HELLO)
    expect(new Set(learnt).size).toBe(learnt.length)
    expect([states, heard, links.stateOf('b')]).toEqual([[], [], 'silent'])
  }
})

test('[FOV-51 FOV-110] a node answers nobody who has not said whom he means, and does nothing for him', async () => {
  const { port, asked, relayed } = await node()
  for (const said of ['POST /peer/ask/take HTTP/1.1\r\n\r\n', 'crupier/1 a 3 b 1 short\n', 'x'.repeat(600), 'a\nb\n']) {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(said)
    await closed
    expect(answer).toBe('')
  }
  expect([asked, relayed]).toEqual([[], []])
})

test('[FOV-51 FOV-110] a node that was reached believes nobody who does not prove that he knows the key', async () => {
  const { port, asked, relayed } = await node()
  const meant = { address: `127.0.0.1:${port}`, life: B }
  await expect(dialPeer(meant, A, FORGED, 5_000)).rejects.toThrow('did not prove')
  const body = JSON.stringify(ASK)
  const length = `Content-Length: ${body.length}`
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  const proof = proofOf(FORGED, 'ask', 'POST', '/peer/ask/void', body)
  for (const request of [
    `POST /peer/ask/void HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n${body}`,
    `POST /peer/ask/void HTTP/1.1\r\nHost: x\r\n${length}\r\n${PROOF_HEADER}: ${proof}\r\n\r\n${body}`,
    `GET /peer/link HTTP/1.1\r\nHost: x\r\n${upgrade}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    `GET /b/lima?sessionId=s HTTP/1.1\r\nHost: x\r\n${upgrade}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\n\r\n`,
  ]) {
    const { socket } = await dialPeer(meant, A, KEY, 5_000)
    let answer = ''
    socket.on('data', (data) => {
      answer += data
    })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(request)
    await closed
    expect(answer).toBe('')
  }
  expect([asked, relayed]).toEqual([[], []])
})

test('[FOV-111] a node answers nothing that was meant for another one, or for another life of it', async () => {
  const { port, asked } = await node()
  const body = JSON.stringify(ASK)
  for (const meant of [
    { ...B, nodeId: 'c' },
    { ...B, incarnation: 2 },
    { ...B, incarnation: 0 },
  ]) {
    const hello = helloOf(A, meant)
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.on('data', (data) => {
      said += data
    })
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(`${hello.line}\n`)
    await expect.poll(() => said).toContain('\n')
    const answered = readAnswer(hello, said.trim(), KEY)
    expect(answered?.life).toEqual(B)
    const proof = proofOf(answered?.key ?? FORGED, 'ask', 'POST', '/peer/ask/void', body)
    const head = `POST /peer/ask/void HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}`
    socket.write(`${head}\r\n${PROOF_HEADER}: ${proof}\r\n\r\n${body}`)
    await closed
    expect(said.split('\n')).toHaveLength(2)
  }
  expect(asked).toEqual([])
})

test('[FOV-110] whoever only keeps a connection is cut off, and keeps no node out', async () => {
  const { port, asked } = await node()
  const silent = Array.from({ length: 1_000 }, () => connect(port, '127.0.0.1'))
  let closed = 0
  for (const [i, socket] of silent.entries()) {
    socket.on('error', () => undefined).on('close', () => closed++)
    // Every other one says whom it means, and then nothing more.
    socket.resume()
    if (i % 2 === 0) socket.write(`${helloOf(A, B).line}\n`)
  }
  const { links, states } = dialer(port)
  await expect.poll(() => states, { timeout: 10_000 }).toEqual(['up'])
  await links.ask('b', 'void', ASK, 5_000)
  expect(asked).toHaveLength(1)
  await expect.poll(() => closed, { timeout: 10_000 }).toBe(silent.length)
  expect(links.stateOf('b')).toBe('up')
})

test('[FOV-112] what was proven once is worth nothing a second time, on whichever connection', async () => {
  const { port, asked } = await node()
  const spy = await between(port, (said) => said)
  const { links } = dialer(spy.port)
  await links.ask('b', 'void', ASK, 5_000)
  expect(asked).toHaveLength(1)
  const [hello = '', ...request] = spy.said.find((parts) => parts.some((part) => part.startsWith('POST'))) ?? []
  expect(request.join('')).toContain(JSON.stringify(ASK))
  const again = connect(port, '127.0.0.1')
  const closed = new Promise((resolve) => again.once('close', resolve))
  again.on('error', () => undefined)
  again.once('data', () => again.write(request.join('')))
  again.write(hello)
  await closed
  expect(asked).toHaveLength(1)
  // Twice in one breath: the first is answered, and the connection is over.
  const body = JSON.stringify(ASK)
  const { socket, key } = await dialPeer({ address: `127.0.0.1:${port}`, life: B }, A, KEY, 5_000)
  const proof = proofOf(key, 'ask', 'POST', '/peer/ask/void', body)
  const head = `POST /peer/ask/void HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n${PROOF_HEADER}: ${proof}`
  const whole = `${head}\r\n\r\n${body}`
  const over = new Promise((resolve) => socket.once('close', resolve))
  socket.write(whole + whole)
  await over
  expect(asked).toHaveLength(2)
})

test('[FOV-112] a question is good for its own path and words alone', async () => {
  const { port, asked } = await node()
  for (const [word, other] of [['"lima"', '"cuzo"'] as const, ['/ask/void', '/ask/take'] as const]) {
    const spy = await between(port, (said, from) => (from === 'dialer' ? said.replace(word, other) : said))
    const { links } = dialer(spy.port)
    await expect(links.ask('b', 'void', ASK, 5_000)).rejects.toThrow()
  }
  expect(asked).toEqual([])
})

test('[FOV-113] an answer that somebody changed on its way is not believed', async () => {
  const { port } = await node()
  const tampers: Tamper[] = [
    (said, from) => (from === 'node' ? said.replace('lima.1.7', 'lima.1.8') : said),
    (said, from) => (from === 'node' ? said.replace('HTTP/1.1 200', 'HTTP/1.1 201') : said),
  ]
  for (const tamper of tampers) {
    const spy = await between(port, tamper)
    const { links } = dialer(spy.port)
    await expect(links.ask('b', 'void', ASK, 5_000)).rejects.toThrow('not proven')
  }
})

test('[FOV-113] news that were changed, said again or left out on their way end the link', async () => {
  const { port, peers } = await node()
  const isNews = (said: string) => said.includes('"tableChanged"') && !said.includes('greeting')
  const tampers: Tamper[] = [
    (said, from) => (from === 'node' ? said.replace('"t-1"', '"t-9"') : said),
    (said, from) => (from === 'node' && isNews(said) ? [said, said] : said),
    (said, from) => (from === 'node' && isNews(said) ? [] : said),
  ]
  for (const [i, tamper] of tampers.entries()) {
    const spy = await between(port, tamper)
    const { states, heard, links } = dialer(spy.port)
    await expect.poll(() => states, { timeout: 10_000 }).toEqual(['up'])
    peers.tell({ type: 'tableChanged', tableId: 't-1' })
    await expect.poll(() => states.includes('silent')).toBe(true)
    const told = heard.filter((news) => news.type === 'tableChanged' && news.tableId !== 'greeting')
    expect([i, told.length]).toEqual([i, i === 1 ? 1 : 0])
    links.close()
  }
})

test('[FOV-114] the request of a client who is led to another node gets there as a whole or not at all', async () => {
  const { port, relayed } = await node()
  const path = '/a/lima?sessionId=s1'
  expect(await answerTo((await front(dialer(port).links)) + path)).toMatch(/404/)
  expect(relayed).toEqual([path])
  const changes = [['sessionId=s1', 'sessionId=s2'] as const, ['session=secret', 'session=forged'] as const]
  for (const [word, other] of [...changes, ['cookie:', 'x-more: 1\r\ncookie:'] as const]) {
    let changed = false
    const spy = await between(port, (said, from) => {
      changed ||= from === 'dialer' && said.includes(word)
      return from === 'dialer' ? said.replace(word, other) : said
    })
    expect(await answerTo((await front(dialer(spy.port).links)) + path)).toMatch(/502/)
    expect(changed).toBe(true)
  }
  expect(relayed).toEqual([path])
})
