/**
 * A second implementation of docs/fairness.md, written from that page with node:crypto and nothing of the engine.
 * It shares no line with what the server and the page run, so a mistake would have to be made twice to stay hidden.
 */
import { createHash, createHmac, createPublicKey, createSecretKey, verify as verifySignature } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

type Value = null | boolean | number | string | Value[] | { [name: string]: Value }
type Given = { label: string; fields: (string | number | { hex: string })[]; hex: string }
type Series = {
  secret: string
  tableId: string
  seriesId: string
  root: string
  rounds: { seed: string; commitment: string; path: string[] }[]
}
type Draws = {
  seed: string
  salt: string
  tableId: string
  seriesId: string
  roundNo: number
  below: { n: number; numbers: number[] }[]
  permutations: number[][]
}
type Beacon = { source: string; round: number; randomnessHex: string }
type Salt = {
  tableId: string
  seriesId: string
  root: string
  players: { playerId: string; seed: string }[]
  beacon: Beacon | null
  salt: string
}
type Bet = { betId: string; playerId: string; selection: Value; stakeCents: number }
type Place = { index: number; pathHex: string[] }
type Transcript = {
  committed: { [name: string]: Value } & {
    rounds: number
    rootHex: string
    saltDeadlineMs: number
    beacon: Beacon | null
  }
  salted: { [name: string]: Value } & { saltHex: string; contributors: number; beacon: Beacon | null }
  ended: { [name: string]: Value } & {
    tableId: string
    seriesId: string
    roundNo: number
    rules: { wheel: string }
    commitmentHex: string
    seedHex: string
    outcome: Value
  }
  commitmentPathHex: string[]
  contributions: { contributor: string; seed: string }[]
  log: { key: string; checkpoint: string; committed: Place; salted: Place; ended: Place }
}
type Vectors = {
  encoding: Given[]
  canonicalJson: { value: Value; text: string }[]
  series: Series
  oneRoundSeries: Series
  draws: Draws[]
  salts: Salt[]
  betDigests: { bets: Bet[]; digest: string }[]
  merkle: {
    data: string[]
    roots: string[]
    inclusion: { index: number; size: number; path: string[] }[]
    consistency: { from: number; to: number; path: string[] }[]
  }
  checkpoint: { key: string; size: number; root: string; note: string }
  transcripts: Record<string, Transcript>
}

const vectors = JSON.parse(
  readFileSync(new URL('../../docs/fairness-vectors.json', import.meta.url), 'utf8'),
) as Vectors

const hex = (text: string) => Buffer.from(text, 'hex')
const hash = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
const mac = (key: Buffer, data: Buffer) => createHmac('sha256', createSecretKey(key)).update(data).digest()

function enc(label: string, ...fields: (string | number | Buffer)[]): Buffer {
  return Buffer.concat(
    [label, ...fields].flatMap((field) => {
      const bytes = Buffer.isBuffer(field) ? field : Buffer.from(`${field}`, 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

function canonical(value: Value): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical)}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)}}`
}

/** RFC 9162 section 2.1.1 as it is defined, by splitting. */
function treeRoot(leaves: Buffer[]): Buffer {
  if (leaves.length < 2) return leaves[0] ?? hash()
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return hash(Buffer.of(1), treeRoot(leaves.slice(0, split)), treeRoot(leaves.slice(split)))
}
const leafOf = (data: Buffer) => hash(Buffer.of(0), data)

/** The root that a path leads to, walking down from the top as the tree splits; null for a path of another length. */
function rootOfPath(index: number, size: number, leaf: Buffer, path: Buffer[]): Buffer | null {
  if (size === 1) return path.length === 0 ? leaf : null
  let split = 1
  while (split * 2 < size) split *= 2
  const top = path.at(-1)
  if (top === undefined) return null
  const left = index < split
  const below = rootOfPath(left ? index : index - split, left ? split : size - split, leaf, path.slice(0, -1))
  return below && hash(Buffer.of(1), ...(left ? [below, top] : [top, below]))
}

/** RFC 9162 section 2.1.4.1, SUBPROOF. */
function consistencyOf(from: number, leaves: Buffer[], whole: boolean): Buffer[] {
  if (from === leaves.length) return whole ? [] : [treeRoot(leaves)]
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  if (from <= split) return [...consistencyOf(from, left, whole), treeRoot(right)]
  return [...consistencyOf(from - split, right, false), treeRoot(left)]
}

function* words(seed: Buffer, salt: Buffer, table: string, series: string, round: number): Generator<number> {
  const ctx = hash(enc('crupier/1/draw', table, series, round, salt))
  for (let i = 0; ; i++) {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(i)
    const block = mac(seed, Buffer.concat([ctx, counter]))
    for (let at = 0; at < 32; at += 4) yield block.readUInt32BE(at)
  }
}

function below(n: number, stream: Generator<number>): number {
  const limit = 2n ** 32n - (2n ** 32n % BigInt(n))
  for (;;) {
    const word: number = stream.next().value
    if (BigInt(word) < limit) return word % n
  }
}

function order(n: number, stream: Generator<number>): number[] {
  const things = [...Array(n).keys()]
  for (let i = n - 1; i >= 1; i--) {
    const j = below(i + 1, stream)
    ;[things[i], things[j]] = [things[j] ?? 0, things[i] ?? 0]
  }
  return things
}

const seedOf = (secret: Buffer, table: string, series: string, round: number) =>
  mac(secret, enc('crupier/1/seed', table, series, round))
const commitmentOf = (table: string, series: string, round: number, seed: Buffer) =>
  hash(enc('crupier/1/commit', table, series, round, seed))

type Contribution = { contributor: string; seed: string }
function saltOf(table: string, series: string, root: string, beacon: Beacon | null, given: Contribution[]): Buffer {
  const sorted = [...given].sort((a, b) => (a.contributor < b.contributor ? -1 : 1))
  const pairs = sorted.flatMap(({ contributor, seed }) => [hex(contributor), seed])
  const value = hex(beacon?.randomnessHex ?? '')
  return hash(
    enc('crupier/1/salt', table, series, hex(root), beacon?.source ?? '', beacon?.round ?? 0, value, ...pairs),
  )
}

function betDigest(bets: Bet[]): string {
  const sorted = [...bets].sort((a, b) => (a.betId < b.betId ? -1 : 1))
  const leaves = sorted.map(({ betId, playerId, selection, stakeCents }) =>
    leafOf(enc('crupier/1/bet', betId, playerId, canonical(selection), stakeCents)),
  )
  return treeRoot(leaves).toString('hex')
}

/** Size and root of a note that the key signed; null for any other. */
function checkpointOf(note: string, keyText: string): { size: number; root: Buffer } | null {
  const [name = '', id = '', encoded = ''] = keyText.split(/\+(?=[0-9a-f]{8}\+)|(?<=\+[0-9a-f]{8})\+/)
  const typed = Buffer.from(encoded, 'base64')
  const lines = note.split('\n')
  const text = `${lines.slice(0, 3).join('\n')}\n`
  const signature = Buffer.from(lines[4]?.split(' ')[2] ?? '', 'base64')
  const expectedId = hash(Buffer.from(`${name}\n`), typed).subarray(0, 4)
  const spki = Buffer.concat([hex('302a300506032b6570032100'), typed.subarray(1)])
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const signed = verifySignature(null, Buffer.from(text), key, signature.subarray(4))
  const named = lines[0] === name && lines[4]?.startsWith(`\u2014 ${name} `) && lines.length === 6
  const identified = expectedId.toString('hex') === id && signature.subarray(0, 4).equals(expectedId)
  return signed && named && identified ? { size: Number(lines[1]), root: Buffer.from(lines[2] ?? '', 'base64') } : null
}

describe('from docs/fairness.md alone', () => {
  test('[FAI-24] encodings and canonical JSON', () => {
    for (const { label, fields, hex: expected } of vectors.encoding) {
      const given = fields.map((field) => (typeof field === 'object' ? hex(field.hex) : field))
      expect(enc(label, ...given).toString('hex')).toBe(expected)
    }
    for (const { value, text } of vectors.canonicalJson) expect(canonical(value)).toBe(text)
  })

  test.each(['series', 'oneRoundSeries'] as const)('[FAI-24] seeds, commitments, paths and root: %s', (name) => {
    const { secret, tableId, seriesId, root, rounds } = vectors[name]
    const commitments = rounds.map(({ seed, commitment, path }, round) => {
      const made = seedOf(hex(secret), tableId, seriesId, round)
      expect(made.toString('hex')).toBe(seed)
      const bound = commitmentOf(tableId, seriesId, round, made)
      expect(bound.toString('hex')).toBe(commitment)
      expect(rootOfPath(round, rounds.length, leafOf(bound), path.map(hex))?.toString('hex')).toBe(root)
      return leafOf(bound)
    })
    expect(treeRoot(commitments).toString('hex')).toBe(root)
  })

  test('[FAI-24] numbers and orders, with a dropped word among them', () => {
    for (const { seed, salt, tableId, seriesId, roundNo, ...expected } of vectors.draws) {
      const stream = () => words(hex(seed), hex(salt), tableId, seriesId, roundNo)
      for (const { n, numbers } of expected.below) {
        const one = stream()
        expect(
          numbers.map(() => below(n, one)),
          `below ${n}`,
        ).toEqual(numbers)
      }
      for (const permutation of expected.permutations) expect(order(permutation.length, stream())).toEqual(permutation)
    }
  })

  test('[FAI-24] salts', () => {
    for (const { tableId, seriesId, root, players, beacon, salt } of vectors.salts) {
      const given = players.map(({ playerId, seed }) => {
        const contributor = hash(enc('crupier/1/contributor', seriesId, playerId)).toString('hex')
        return { contributor, seed }
      })
      expect(saltOf(tableId, seriesId, root, beacon, given).toString('hex')).toBe(salt)
    }
  })

  test('[FAI-24] bet digests', () => {
    for (const { bets, digest } of vectors.betDigests) expect(betDigest(bets)).toBe(digest)
  })

  test('[FAI-24] trees', () => {
    const leaves = vectors.merkle.data.map((data) => leafOf(hex(data)))
    for (const [size, root] of vectors.merkle.roots.entries()) {
      expect(treeRoot(leaves.slice(0, size)).toString('hex')).toBe(root)
    }
    for (const { index, size, path } of vectors.merkle.inclusion) {
      const leaf = leaves[index] ?? hash()
      expect(rootOfPath(index, size, leaf, path.map(hex))?.toString('hex')).toBe(vectors.merkle.roots[size])
    }
  })

  test('[FAI-24] consistency proofs', () => {
    const leaves = vectors.merkle.data.map((data) => leafOf(hex(data)))
    for (const { from, to, path } of vectors.merkle.consistency) {
      expect(consistencyOf(from, leaves.slice(0, to), true).map((one) => one.toString('hex'))).toEqual(path)
    }
  })

  test('[FAI-24] the checkpoint', () => {
    const { key, size, root, note } = vectors.checkpoint
    expect(checkpointOf(note, key)).toEqual({ size, root: hex(root) })
    expect(checkpointOf(note.replace('12345', '12346'), key)).toBeNull()
  })

  test.each(Object.entries(vectors.transcripts))('[FAI-24] the whole transcript: %s', (_name, transcript) => {
    const { committed, salted, ended, contributions, commitmentPathHex, log } = transcript
    const { tableId, seriesId, roundNo } = ended
    const bound = commitmentOf(tableId, seriesId, roundNo, hex(ended.seedHex))
    expect(bound.toString('hex')).toBe(ended.commitmentHex)
    const root = rootOfPath(roundNo, committed.rounds, leafOf(bound), commitmentPathHex.map(hex))
    expect(root?.toString('hex')).toBe(committed.rootHex)
    const salt = saltOf(tableId, seriesId, committed.rootHex, salted.beacon, contributions)
    expect(salt.toString('hex')).toBe(salted.saltHex)
    const pockets = ended.rules.wheel === 'double-zero' ? 38 : 37
    const p = below(pockets, words(hex(ended.seedHex), salt, tableId, seriesId, roundNo))
    expect({ pocket: p === 37 ? '00' : p }).toEqual(ended.outcome)
    const checkpoint = checkpointOf(log.checkpoint, log.key)
    for (const [entry, { index, pathHex }] of [
      [committed, log.committed],
      [salted, log.salted],
      [ended, log.ended],
    ] as const) {
      const leaf = leafOf(Buffer.from(canonical(entry as Value)))
      expect(rootOfPath(index, checkpoint?.size ?? 0, leaf, pathHex.map(hex))).toEqual(checkpoint?.root)
    }
  })
})
