import { beforeEach, expect, test } from 'vitest'
import { Directory } from './directory.ts'
import { Neighbours } from './neighbours.ts'
import type { LinkState, Presence } from './peers.ts'
import type { NodeRow } from './ports.ts'

let steadyMs: number
let links: Map<string, LinkState>
let followed: readonly string[]
let directory: Directory
let neighbours: Neighbours

beforeEach(() => {
  steadyMs = 0
  links = new Map()
  directory = new Directory()
  const stateOf = (nodeId: string): LinkState => links.get(nodeId) ?? 'silent'
  const follow = (nodes: readonly NodeRow[]): void => {
    followed = nodes.map(({ nodeId }) => nodeId)
  }
  neighbours = new Neighbours({ nodeId: 'a', links: { follow, stateOf }, directory, steadyMs: () => steadyMs })
})

const row = (nodeId: string, incarnation = 1): NodeRow => {
  return { nodeId, incarnation, address: `${nodeId}:${incarnation}`, release: '', silentMs: 0 }
}
let serial = 0
const says = (nodeId: string, ready: boolean): void => {
  const presence: Presence = {
    nodeId,
    incarnation: 1,
    serial: ++serial,
    ready,
    books: true,
    draining: false,
    running: [],
  }
  const known = directory.presenceOf(nodeId)
  directory.learnPresence(presence)
  neighbours.presenceChanged(known, presence)
}
const link = (nodeId: string, state: LinkState): void => {
  links.set(nodeId, state)
  neighbours.linkChanged(nodeId, state)
}

test('[FOV-49] a node that is heard stays although the books do not list it; one that is silent goes', () => {
  neighbours.learn([row('a'), row('b'), row('c')])
  expect(followed).toEqual(['b', 'c'])
  link('b', 'up')
  says('b', true)
  says('c', true)
  neighbours.learn([row('a')])
  expect(followed).toEqual(['b'])
  expect(neighbours.able()).toEqual(['b'])
  expect(directory.presenceOf('c')).toBeNull()
  link('b', 'silent')
  neighbours.learn([row('a')])
  expect(neighbours.none).toBe(true)
})

test('[FOV-49] a node that cannot prove itself is given nothing until it can, and has stood for two seconds', () => {
  neighbours.learn([row('a'), row('b')])
  link('b', 'up')
  says('b', true)
  steadyMs = 2_000
  expect(neighbours.hasSettled('b')).toBe(true)
  says('b', false)
  expect(neighbours.bestFor('lima')).toBeNull()
  says('b', true)
  expect(neighbours.bestFor('lima')).toBe('b')
  expect(neighbours.hasSettled('b')).toBe(false)
  steadyMs = 4_000
  expect(neighbours.hasSettled('b')).toBe(true)
})

test('[FOV-43] the link leads to the life that the books told last', () => {
  neighbours.learn([row('b', 3)])
  expect(neighbours.lifeOf('b')).toBe(3)
  expect(neighbours.addressOf('b')).toBe('b:3')
  neighbours.learn([row('b', 4)])
  expect(neighbours.lifeOf('b')).toBe(4)
  expect(neighbours.lifeOf('c')).toBe(0)
})
