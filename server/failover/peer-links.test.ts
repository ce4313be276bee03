import { afterEach, expect, test } from 'vitest'
import { PeerDialer } from './peer-links.ts'
import { peerKey } from './peer-proof.ts'
import { PeerServer } from './peer-server.ts'
import type { LinkState, PeerNews } from './peers.ts'

const KEY = peerKey(Buffer.alloc(32, 7))
const FORGED = peerKey(Buffer.alloc(32, 8))
const A = { nodeId: 'a', incarnation: 3 }
const opened: { close(): void }[] = []

afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

async function server(port = 0, incarnation = 1, nodeId = 'b'): Promise<PeerServer> {
  const peers = await PeerServer.open({
    host: '127.0.0.1',
    port,
    key: KEY,
    self: () => ({ nodeId, incarnation }),
    asked: async () => ({ roundId: 'lima.1.7' }) as never,
    relayed: () => undefined,
    greet: () => [{ type: 'tableChanged', tableId: 'greeting' }],
    failed: () => undefined,
  })
  opened.push(peers)
  return peers
}

function dialer(key = KEY) {
  let aheadMs = 0
  const nowMs = (): number => performance.now() + aheadMs
  const states: LinkState[] = []
  const heard: PeerNews[] = []
  const links = new PeerDialer({
    key,
    self: () => A,
    steadyMs: () => nowMs(),
    tell: () => undefined,
    listener: {
      linkChanged: (_nodeId, state) => void states.push(state),
      news: (_nodeId, news) => void heard.push(news),
    },
  })
  opened.push(links)
  const follow = (port: number, incarnation = 1, silentMs = 0): void =>
    links.follow([{ nodeId: 'b', incarnation, address: `127.0.0.1:${port}`, release: '', silentMs }])
  const goOn = (ms: number): void => {
    aheadMs += ms
  }
  return { links, states, heard, follow, goOn }
}

test('[FOV-50] a link is up once something was heard, and brings all news in order', async () => {
  const far = await server()
  const { links, states, heard, follow } = dialer()
  expect(links.stateOf('b')).toBe('silent')
  follow(far.port)
  await expect.poll(() => states).toEqual(['up'])
  for (let i = 0; i < 100; i++) far.tell({ type: 'tableChanged', tableId: `t${i}` })
  await expect.poll(() => heard.length).toBe(101)
  expect(heard.slice(1).map((news) => (news.type === 'tableChanged' ? news.tableId : ''))).toEqual(
    Array.from({ length: 100 }, (_, i) => `t${i}`),
  )
})

test('[FOV-50] a process that ended is gone at once, and up again when it is back', async () => {
  const far = await server()
  const { port } = far
  const { states, follow } = dialer()
  follow(port)
  await expect.poll(() => states).toEqual(['up'])
  const killedAtMs = performance.now()
  far.close()
  await expect.poll(() => states.at(-1), { interval: 5 }).toBe('gone')
  expect(performance.now() - killedAtMs).toBeLessThan(500)
  await server(port)
  await expect.poll(() => states.at(-1)).toBe('up')
})

test('[FOV-51] a node with another key is not let in, and is no proof that the process ended', async () => {
  const far = await server()
  const { states, heard, follow } = dialer(FORGED)
  follow(far.port)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(heard).toEqual([])
  expect(states).toEqual([])
})

test('[FOV-50] a question is answered, and one to a node that is not there is refused', async () => {
  const far = await server()
  const { links, follow, states } = dialer()
  const ask = { tableId: 'lima', reason: 'operator-error', roundId: null }
  await expect(links.ask('b', 'void', ask, 1_000)).rejects.toThrow('no link')
  follow(far.port)
  await expect.poll(() => states).toEqual(['up'])
  expect(await links.ask('b', 'void', ask, 1_000)).toEqual({ roundId: 'lima.1.7' })
})

test('[FOV-111] whoever proves to be another node, or an earlier life, is not believed', async () => {
  const other = await server(0, 1, 'c')
  const former = await server(0, 1)
  for (const [port, incarnation] of [[other.port, 1] as const, [former.port, 2] as const]) {
    const { links, states, heard, follow } = dialer()
    follow(port, incarnation)
    await expect(links.dial('b', 1_000)).rejects.toThrow('another was meant')
    await expect(links.ask('b', 'void', { tableId: 'lima', reason: 'x', roundId: null }, 1_000)).rejects.toThrow()
    expect([states, heard]).toEqual([[], []])
  }
})

test('[FOV-111] a later life that proves itself is the end of the one that was meant, and is linked to', async () => {
  const far = await server(0, 9)
  const { states, heard, follow } = dialer()
  follow(far.port, 8)
  await expect.poll(() => states).toEqual(['gone', 'up'])
  expect(heard).toEqual([{ type: 'tableChanged', tableId: 'greeting' }])
})

test('[FOV-111] a link says nothing of another node than the one that it leads to', async () => {
  const presence = { nodeId: 'c', incarnation: 1, serial: 1, ready: true, books: true, draining: false, running: [] }
  const far = await server()
  const { states, heard, follow } = dialer()
  follow(far.port)
  await expect.poll(() => states).toEqual(['up'])
  far.tell({ type: 'presence', presence })
  await expect.poll(() => states.includes('silent')).toBe(true)
  expect(heard.filter(({ type }) => type === 'presence')).toEqual([])
})

test('[FOV-117] a node that hears nobody is deaf once the books have heard another one long since', async () => {
  const far = await server()
  const { links, states, follow, goOn } = dialer()
  follow(far.port)
  await expect.poll(() => states).toEqual(['up'])
  expect(links.isDeaf).toBe(false)
  const { port } = far
  far.close()
  await expect.poll(() => links.stateOf('b')).toBe('gone')
  // Its last beat may have come after its last word, and the books are read later.
  follow(port, 1, 0)
  expect(links.isDeaf).toBe(false)
  goOn(10_000)
  follow(port, 1, 9_900)
  expect(links.isDeaf).toBe(false)
  follow(port, 1, 300)
  expect(links.isDeaf).toBe(true)
  // Its next life is given the time to be heard.
  follow(port, 2, 0)
  expect(links.isDeaf).toBe(false)
  links.follow([])
  expect(links.isDeaf).toBe(false)
})
