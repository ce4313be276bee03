import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('.', import.meta.url)

function code(): [string, string][] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  return names.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')])
}

const using = (word: RegExp) => code().flatMap(([name, text]) => (word.test(text) ? [name] : []))

test('[DRW-1 G2] randomness enters through the intake of entropy alone; seals make their own nonces', () => {
  expect(code().length).toBeGreaterThan(10)
  expect(using(/random(Bytes|Fill|FillSync|Int|UUID)|getRandomValues/)).toEqual(['entropy.ts', 'seal.ts'])
  expect(using(/Math\.random/)).toEqual([])
})

test('[DRW-1 G2] no wall clock makes randomness; the generator reads the monotonic one to age', () => {
  expect(using(/Date\.now|new Date/)).toEqual([])
  expect(using(/performance\.now|hrtime/)).toEqual(['generator.ts'])
})

test('[DRW-1] keys are KeyObjects: nothing hands a raw key to a cipher or a MAC', () => {
  const calls = code().flatMap(([, text]) => text.match(/create(Hmac|Cipheriv|Decipheriv)\('[^']+', [^,)]+/g) ?? [])
  expect(calls.length).toBeGreaterThanOrEqual(4)
  expect(calls.map((call) => call.split(', ')[1]).sort()).toEqual(['key', 'key', 'key.key', 'this.#key'])
})
