import { expect, test } from 'vitest'
import { Directory } from './directory.ts'
import type { Presence } from './peers.ts'

const owner = (epoch: number, nodeId: string, incarnation = 1) => ({ tableId: 'lima', epoch, nodeId, incarnation })
const presence = (incarnation: number, epoch: number, open: boolean, serial = epoch): Presence => ({
  nodeId: 'a',
  incarnation,
  serial,
  ready: true,
  books: true,
  draining: false,
  running: [{ tableId: 'lima', epoch, open }],
})

test('[FOV-44] the greater epoch stands, whatever comes late, twice or out of order', () => {
  const moved: string[] = []
  const directory = new Directory((tableId) => moved.push(tableId))
  directory.learnOwner(owner(5, 'b'))
  directory.learnOwner(owner(4, 'a'))
  directory.learnOwner(owner(5, 'c'))
  expect(directory.ownerOf('lima')).toEqual(owner(5, 'b'))
  directory.learnOwner(owner(6, 'b'))
  expect(moved).toEqual(['lima'])
  directory.learnOwner(owner(7, 'c'))
  expect(moved).toEqual(['lima', 'lima'])
})

test('[FOV-44] what an earlier life of a node says is not believed any more', () => {
  const directory = new Directory()
  directory.learnPresence(presence(3, 7, true))
  directory.learnPresence(presence(2, 9, true))
  expect(directory.ownerOf('lima')?.epoch).toBe(7)
  expect(directory.outlived({ nodeId: 'a', incarnation: 2 })).toBe(true)
  expect(directory.outlived({ nodeId: 'a', incarnation: 3 })).toBe(false)
})

test('[FOV-44] a table is open only where its present owner says so of this very epoch', () => {
  const directory = new Directory()
  directory.learnPresence(presence(1, 7, false))
  const at7 = { tableId: 'lima', epoch: 7, nodeId: 'a', incarnation: 1 }
  expect(directory.isOpen(at7)).toBe(false)
  directory.learnPresence(presence(1, 7, true, 8))
  expect(directory.isOpen(at7)).toBe(true)
  directory.learnPresence(presence(1, 7, false))
  expect(directory.isOpen(at7), 'what it said before comes late').toBe(true)
  expect(directory.isOpen({ ...at7, epoch: 8 })).toBe(false)
  expect(directory.isOpen({ ...at7, incarnation: 2 })).toBe(false)
})

test('[FOV-61] whoever waits for a table is woken by news of it, and of no other', async () => {
  const directory = new Directory()
  let woken = 0
  void directory.changeOf('lima', 60_000).then(() => woken++)
  directory.learnOwner({ tableId: 'cusco', epoch: 1, nodeId: 'a', incarnation: 1 })
  await Promise.resolve()
  expect(woken).toBe(0)
  directory.learnOwner(owner(1, 'a'))
  await Promise.resolve()
  expect(woken).toBe(1)
})
