import { expect, test } from 'vitest'
import { portRewriter } from './port-rewriter.ts'

const PORTS = new Map([
  [22_001, 23_001],
  [22_002, 23_002],
])
const ANSWER = '*2\r\n$9\r\n127.0.0.1\r\n$5\r\n22001\r\n*1\r\n$39\r\nhouse 127.0.0.1 22001 127.0.0.1 22002 x\r\n'

test('[CLU-11] every port of an answer is exchanged, in whatever pieces it comes', () => {
  const expected = ANSWER.replaceAll('2200', '2300')
  for (let size = 1; size <= ANSWER.length; size += 1) {
    const rewrite = portRewriter(PORTS)
    const pieces = ANSWER.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    expect(pieces.map((piece) => rewrite(Buffer.from(piece)).toString()).join('')).toBe(expected)
  }
})

test('[CLU-11] other numbers, and bytes that are no text, stay as they are', () => {
  const bytes = Buffer.from([0, 255, 128, 13, 10])
  expect(portRewriter(PORTS)(bytes)).toEqual(bytes)
  const others = '122001 220011 22003\r\n'
  expect(portRewriter(PORTS)(Buffer.from(others)).toString()).toBe(others)
})

test('[CLU-11] a port of another length is refused, since it would change lengths in the protocol', () => {
  expect(() => portRewriter(new Map([[6379, 22_001]]))).toThrow(/digits/)
})
