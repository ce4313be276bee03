import { beforeEach, expect, test } from 'vitest'
import { Directory } from './directory.ts'
import { Judge } from './judge.ts'
import type { LinkState } from './peers.ts'
import type { HeldLease, NodeRow, OwnerRow } from './ports.ts'

const LEASE_MS = 1_500
const owner: OwnerRow = { tableId: 'lima', epoch: 4, nodeId: 'b', incarnation: 2 }
const row: NodeRow = { nodeId: 'b', incarnation: 2, address: '127.0.0.1:1', release: '', silentMs: 100 }
const lease: HeldLease = { ...owner, leftMs: 700 }

let link: LinkState
let linkedLife: number
let goneForMs: number
let leases: ReadonlyMap<string, HeldLease> | Error
let nodes: readonly NodeRow[] | Error
let directory: Directory
let judge: Judge

beforeEach(() => {
  link = 'silent'
  linkedLife = 2
  goneForMs = 0
  leases = new Map([['lima', lease]])
  nodes = [row]
  directory = new Directory()
  judge = new Judge({
    directory,
    links: { stateOf: () => link },
    book: { nodes: async () => orThrow(nodes) },
    leases: { look: async () => orThrow(leases) },
    leaseMs: LEASE_MS,
    self: () => ({ nodeId: 'a', incarnation: 9 }),
    linkedLife: () => linkedLife,
    goneForMs: () => goneForMs,
  })
})

function orThrow<T>(value: T | Error): T {
  if (value instanceof Error) throw value
  return value
}

const why = (of: OwnerRow | null = owner) => judge.whyOwnerless(of, judge.gather(['lima']))
const late = { ...row, silentMs: LEASE_MS + 1 }
const away = new Error('out of reach')

test('[FOV-43] one store that speaks for a silent owner is enough to leave it alone', async () => {
  expect(await why()).toBeNull()
  leases = new Map()
  expect(await why()).toBeNull()
  leases = new Map([['lima', lease]])
  nodes = [late]
  expect(await why()).toBeNull()
  leases = new Map()
  expect(await why()).toBe('silent')
})

test('[FOV-43] a store that cannot be asked proves nothing, and without the books nobody is judged', async () => {
  leases = away
  nodes = [late]
  expect(await why()).toBe('silent')
  nodes = away
  expect(await why()).toBeNull()
})

test('[FOV-97] a lease that has more left than a lease lasts speaks for nobody', async () => {
  nodes = [late]
  leases = new Map([['lima', { ...lease, leftMs: LEASE_MS }]])
  expect(await why()).toBeNull()
  leases = new Map([['lima', { ...lease, leftMs: LEASE_MS + 1 }]])
  expect(await why()).toBe('silent')
})

test('[FOV-43] a lease of another life or of an earlier epoch speaks for nobody', async () => {
  nodes = [late]
  leases = new Map([['lima', { ...lease, incarnation: 1 }]])
  expect(await why()).toBe('silent')
  leases = new Map([['lima', { ...lease, epoch: 3 }]])
  expect(await why()).toBe('silent')
})

test('[FOV-43] a refused link or a later life of the same node is certain, whatever stores still hold', async () => {
  link = 'gone'
  expect(await why()).toBe('gone')
  link = 'silent'
  directory.learnPresence({
    nodeId: 'b',
    incarnation: 3,
    serial: 1,
    ready: true,
    books: true,
    draining: false,
    running: [],
  })
  expect(await why()).toBe('gone')
})

test('[FOV-43] a refused link to an earlier life says nothing of a life that listens elsewhere', async () => {
  link = 'gone'
  linkedLife = 1
  expect(await why()).toBeNull()
  linkedLife = 2
  expect(await why()).toBe('gone')
})

test('[FOV-43] an owner that is heard is asked itself: it runs the table, or it has let it go', async () => {
  link = 'up'
  leases = new Map()
  nodes = [late]
  const running = [{ tableId: 'lima', epoch: 4, open: true }]
  directory.learnPresence({
    nodeId: 'b',
    incarnation: 2,
    serial: 1,
    ready: true,
    books: true,
    draining: false,
    running,
  })
  expect(await why()).toBeNull()
  directory.learnPresence({
    nodeId: 'b',
    incarnation: 2,
    serial: 2,
    ready: true,
    books: true,
    draining: false,
    running: [],
  })
  expect(await why()).toBe('left')
})

test('[FOV-43] a table without owner, of a house of one node, or of an earlier life of this node is free', async () => {
  expect(await why(null)).toBe('start')
  expect(await why({ ...owner, nodeId: '', incarnation: 0 })).toBe('start')
  expect(await why({ ...owner, nodeId: 'a', incarnation: 8 })).toBe('start')
  expect(await why({ ...owner, nodeId: 'a', incarnation: 9 })).toBe('returned')
})

test('[FOV-43] a node that has left the books is over', async () => {
  leases = new Map()
  nodes = []
  expect(await why()).toBe('silent')
})

test('[FOV-43] a node that beats while its link is refused lives behind a closed address: left alone', async () => {
  link = 'gone'
  nodes = [{ ...row, silentMs: 5_000 }]
  goneForMs = 4_000
  expect(await why()).toBe('gone')
  nodes = [{ ...row, silentMs: 300 }]
  expect(await why()).toBeNull()
  leases = new Map()
  expect(await why()).toBeNull()
  nodes = [{ ...row, silentMs: LEASE_MS + 1 }]
  expect(await why()).toBe('silent')
})
