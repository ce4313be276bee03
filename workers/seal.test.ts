import { expect, test } from 'vitest'
import { PoolError } from './pool-error.ts'
import { Sealer, sealContext, sealKey } from './seal.ts'

const rawA = Buffer.alloc(32, 1)
const rawB = Buffer.alloc(32, 2)
const secret = Buffer.from('thirty-two bytes of series secret')
const context = sealContext('series-secret', 'roulette-1', 'roulette-1.7')

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof PoolError ? error.code : String(error)
  }
  return 'none'
}

test('[DRW-11] what is sealed opens under the same key and context, and shows nothing of the secret', () => {
  const sealer = new Sealer([sealKey(rawA)])
  const sealed = sealer.seal(secret, context)
  expect(sealer.open(sealed, context).equals(secret)).toBe(true)
  expect(Buffer.from(sealed, 'base64').includes(secret.subarray(0, 8))).toBe(false)
  expect(new Set(Array.from({ length: 100 }, () => sealer.seal(secret, context))).size).toBe(100)
})

test('[DRW-11] another context is refused, however its parts are cut', () => {
  const sealer = new Sealer([sealKey(rawA)])
  const sealed = sealer.seal(secret, sealContext('series-secret', 'a|b', 'c'))
  for (const other of [sealContext('series-secret', 'a', 'b|c'), sealContext('series-secret', 'a|b', 'd'), '']) {
    expect(codeOf(() => sealer.open(sealed, other))).toBe('wrong-context')
  }
})

test('[DRW-11] a change of any byte is refused with a code', () => {
  const sealer = new Sealer([sealKey(rawA)])
  const whole = Buffer.from(sealer.seal(secret, context), 'base64')
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole)
    changed[at] = (changed[at] as number) ^ 1
    const expected = at === 0 ? 'malformed' : at <= 8 ? 'unknown-key' : 'wrong-context'
    expect(
      codeOf(() => sealer.open(changed.toString('base64'), context)),
      `byte ${at}`,
    ).toBe(expected)
  }
})

test('[DRW-11] what was never sealed is malformed', () => {
  const sealer = new Sealer([sealKey(rawA)])
  for (const text of ['', 'AQ==', '!!!', 'A'.repeat(46)])
    expect(codeOf(() => sealer.open(text, context))).toBe('malformed')
})

test('[DRW-11] keys rotate: the newest seals, every key opens its own, a key that is gone is named', () => {
  const before = new Sealer([sealKey(rawA)])
  const after = new Sealer([sealKey(rawB), sealKey(rawA)])
  const old = before.seal(secret, context)
  expect(after.open(old, context).equals(secret)).toBe(true)
  const fresh = after.seal(secret, context)
  expect(codeOf(() => before.open(fresh, context))).toBe('unknown-key')
  const withoutA = new Sealer([sealKey(rawB)])
  expect(withoutA.open(fresh, context).equals(secret)).toBe(true)
  expect(() => withoutA.open(old, context)).toThrow(sealKey(rawA).id)
})

test('[DRW-11] a key is 32 bytes, and its name tells nothing of it', () => {
  expect(() => sealKey(Buffer.alloc(31))).toThrow('32 bytes')
  expect(sealKey(rawA).id).toMatch(/^[0-9a-f]{16}$/)
  expect(sealKey(rawA).id).not.toBe(sealKey(rawB).id)
})
