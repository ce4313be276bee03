import { afterEach, expect, test } from 'vitest'
import { PeerDialer } from './peer-links.ts'
import { PeerServer } from './peer-server.ts'
import type { LinkState, PeerNews } from './peers.ts'

const TOKEN = 'house-token'
const opened: { close(): void }[] = []

afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

async function server(port = 0): Promise<PeerServer> {
  const peers = await PeerServer.open({
    host: '127.0.0.1',
    port,
    token: TOKEN,
    extend: () => undefined,
    asked: async () => ({ roundId: 'lima.1.7' }) as never,
    relayed: () => undefined,
    greet: () => [{ type: 'tableChanged', tableId: 'greeting' }],
    failed: () => undefined,
  })
  opened.push(peers)
  return peers
}

function dialer(token = TOKEN) {
  const states: LinkState[] = []
  const heard: PeerNews[] = []
  const links = new PeerDialer({
    token,
    steadyMs: () => performance.now(),
    tell: () => undefined,
    listener: {
      linkChanged: (_nodeId, state) => void states.push(state),
      news: (_nodeId, news) => void heard.push(news),
    },
  })
  opened.push(links)
  const follow = (port: number): void =>
    links.follow([{ nodeId: 'b', incarnation: 1, address: `127.0.0.1:${port}`, release: '', silentMs: 0 }])
  return { links, states, heard, follow }
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

test('[FOV-51] a node with another token is not let in, and is no proof that the process ended', async () => {
  const far = await server()
  const { states, heard, follow } = dialer('forged')
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
