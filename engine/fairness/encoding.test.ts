import { expect, test } from 'vitest'
import { toCents } from '../money.ts'
import type { NewBet } from '../round/types.ts'
import { betDigest } from './bet-digest.ts'
import { canonicalJson, encode } from './encoding.ts'
import { toHex } from './hex.ts'

test('[FAI-4] fields carry their length, numbers are decimal, and the label comes first', () => {
  expect(toHex(encode('ab', 'ñ', 10, Uint8Array.of(255)))).toBe('00000002616200000002c3b1000000023130' + '00000001ff')
})

test('[FAI-4] moving a character from one field to the next changes the encoding', () => {
  const texts = [encode('x', 'ab', 'c'), encode('x', 'a', 'bc'), encode('x', 'abc'), encode('xa', 'b', 'c')].map(toHex)
  expect(new Set(texts).size).toBe(4)
})

test('[FAI-4] what has no one encoding is a broken invariant', () => {
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => encode('x', bad)).toThrow('whole')
  expect(() => encode('x', '\ud800')).toThrow('surrogate')
  expect(() => canonicalJson(0.5)).toThrow('whole')
  expect(() => canonicalJson(-0)).toThrow('whole')
  expect(() => canonicalJson(['\udc00'])).toThrow('surrogate')
})

test('[FAI-4] JSON is hashed with sorted names and no white space', () => {
  const value = { b: [1, -2, null, true], a: { z: 'é"\n\u2028', y: {} }, B: [] }
  expect(canonicalJson(value)).toBe('{"B":[],"a":{"y":{},"z":"é\\"\\n\u2028"},"b":[1,-2,null,true]}')
  expect(canonicalJson({ y: 1, x: 2 })).toBe(canonicalJson({ x: 2, y: 1 }))
})

const bet = (betId: string, change: Partial<NewBet> = {}): NewBet => ({
  betId,
  playerId: 'ana',
  selection: { kind: 'straight', number: 17 },
  stakeCents: toCents(500),
  ...change,
})

test('[FAI-6] the digest is the same in every order of arrival', () => {
  const [a, b, c] = [bet('a'), bet('b'), bet('c', { playerId: 'blas' })] as const
  const digests = [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ].map(betDigest)
  expect(new Set(digests).size).toBe(1)
})

test('[FAI-6] id, player, selection, stake and a missing bet each change the digest', () => {
  const digests = [
    [bet('a')],
    [bet('b')],
    [bet('a', { playerId: 'blas' })],
    [bet('a', { selection: { kind: 'straight', number: 18 } })],
    [bet('a', { stakeCents: toCents(501) })],
    [bet('a'), bet('b')],
    [],
  ].map(betDigest)
  expect(new Set(digests).size).toBe(7)
})

test('[FAI-6] no bets digest to the hash of nothing, and two bets of one id are a broken invariant', () => {
  expect(betDigest([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(() => betDigest([bet('a'), bet('b'), bet('a')])).toThrow('one bet per id')
})
