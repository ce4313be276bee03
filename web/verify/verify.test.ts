import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { mutations, SAMPLE, sampleTranscript } from '../../engine/fairness/testing.ts'
import { CHECK_IDS, verifyTranscript } from '../../engine/fairness/verify.ts'
import type { Json } from '../../engine/game.ts'
import { canonical, enc, hash, hex, unhex } from './bytes.ts'
import { leafOf, readCheckpoint, rootOfPath } from './log.ts'
import { verify } from './verify.ts'

type Vectors = {
  encoding: { label: string; fields: (string | number | { hex: string })[]; hex: string }[]
  canonicalJson: { value: Json; text: string }[]
  merkle: { data: string[]; roots: string[]; inclusion: { index: number; size: number; path: string[] }[] }
  checkpoint: { key: string; size: number; root: string; note: string }
  transcripts: Record<string, Json>
}
const vectors = JSON.parse(
  readFileSync(new URL('../../docs/fairness-vectors.json', import.meta.url), 'utf8'),
) as Vectors

afterEach(() => vi.restoreAllMocks())

test('[FAI-24] the page shares no code with the server: it imports nothing from outside its folder', () => {
  for (const file of ['bytes.ts', 'log.ts', 'transcript.ts', 'verify.ts', 'page.ts', 'texts.ts', 'save.ts']) {
    const imports = readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(/from '([^']+)'/g)
    for (const [, from] of imports) expect(from, file).toMatch(/^\.\/[a-z]+\.(ts|css)$/)
  }
})

test('[FAI-24] the page encodes, hashes and reads trees and checkpoints as the vectors say', async () => {
  for (const { label, fields, hex: expected } of vectors.encoding) {
    const given = fields.map((field) => (typeof field === 'object' ? unhex(field.hex) : field))
    expect(hex(enc(label, ...given))).toBe(expected)
  }
  for (const { value, text } of vectors.canonicalJson) expect(canonical(value)).toBe(text)
  for (const { index, size, path } of vectors.merkle.inclusion) {
    const leaf = await leafOf(unhex(vectors.merkle.data[index] ?? ''))
    const root = await rootOfPath(index, size, leaf, path.map(unhex))
    expect(root && hex(root)).toBe(vectors.merkle.roots[size])
  }
  const { key, size, root, note } = vectors.checkpoint
  expect(await readCheckpoint(note, key)).toEqual({ size, root: unhex(root), signed: true })
})

test.each(
  Object.entries(vectors.transcripts),
)('[FAI-24] the page verifies the published transcript: %s', async (_, it) => {
  const { state, checks } = await verify(it)
  expect(checks.filter((one) => one.state !== 'good')).toEqual([])
  expect(state).toBe('good')
  expect(checks.map(({ id }) => id)).toEqual(CHECK_IDS)
})

test.each(
  Object.entries(vectors.transcripts),
)('[FAI-7] the page lets no change of any field pass: %s', async (_, it) => {
  const differing: string[] = []
  for (const [what, changed] of mutations(it)) {
    const { state, checks } = await verify(changed)
    if (state === 'good') differing.push(`${what} passed`)
    // The two verifiers, written apart, must also agree on what is wrong; "unknown" is what the server calls failed.
    const failed = checks.filter((one) => one.state !== 'good').map(({ id }) => id)
    const expected = verifyTranscript(changed).checks.filter(({ ok }) => !ok)
    if (String(failed) !== String(expected.map(({ id }) => id))) differing.push(`${what}: ${failed}`)
  }
  expect(differing).toEqual([])
})

test('[FAI-7] a log that is whole but signed by another key is not believed', async () => {
  const honest = await sampleTranscript(SAMPLE)
  const { publicKey } = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const typed = Uint8Array.of(1, ...new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)))
  const name = 'log.example.test'
  const id = hex((await hash(new TextEncoder().encode(`${name}\n`), typed)).slice(0, 4))
  const key = `${name}+${id}+${btoa(String.fromCharCode(...typed))}`
  const { state, checks } = await verify({ ...honest, log: { ...honest.log, key } })
  expect(state).toBe('bad')
  expect(checks.find((one) => one.id === 'log-signature')?.state).toBe('bad')
})

test('[FAI-7] what the page cannot check it calls unknown, never good', async () => {
  const honest = await sampleTranscript(SAMPLE)
  const ended = { ...honest.ended, gameId: 'baccarat' }
  const game = await verify({ ...honest, ended })
  expect(game.checks.find(({ id }) => id === 'outcome')?.state).toBe('unknown')
  const importKey = crypto.subtle.importKey.bind(crypto.subtle)
  vi.spyOn(crypto.subtle, 'importKey').mockImplementation(((...args: Parameters<typeof importKey>) => {
    if (String(args[2]) === 'Ed25519') throw new DOMException('no such algorithm', 'NotSupportedError')
    return importKey(...args)
  }) as typeof crypto.subtle.importKey)
  const old = await verify(honest)
  expect(old.state).toBe('unknown')
  expect(old.checks.filter(({ state }) => state !== 'good').map(({ id }) => id)).toEqual(['log-signature'])
})

test('[FAI-7] the page answers anything that is no transcript', async () => {
  for (const value of [null, undefined, 7, 'x', [], {}, { format: 'crupier-transcript-1' }]) {
    expect((await verify(value)).checks).toEqual([{ id: 'format', state: 'bad', found: '' }])
  }
})
