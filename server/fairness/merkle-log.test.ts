import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCheckpoint, readLogKey } from '../../engine/fairness/checkpoint.ts'
import { canonicalJson, textBytes } from '../../engine/fairness/encoding.ts'
import { fromHex, toHex } from '../../engine/fairness/hex.ts'
import {
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  leafHash,
  root,
  verifyConsistency,
  verifyInclusion,
} from '../../engine/fairness/merkle.ts'
import { databasesUnderTest, openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { LogSigner, logSecretFrom } from './log-signer.ts'
import { foldRight, subtreesOf, TreeEdge } from './log-tree.ts'
import { MerkleLog } from './merkle-log.ts'

const signer = new LogSigner('log.example.test', new Uint8Array(32).fill(7))
const leaf = (n: number) => leafHash(textBytes(canonicalJson({ n })))

test('[FAI-12] a tree that grows by its edge has the root of the whole tree, and completes every subtree once', () => {
  const edge = new TreeEdge(0, [])
  const leaves: Uint8Array[] = []
  const completed = new Set<string>()
  for (let n = 0; n < 130; n++) {
    leaves.push(leaf(n))
    for (const { level, index, hash } of edge.add(leaf(n))) {
      expect(toHex(hash)).toBe(toHex(root(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))))
      completed.add(`${level}:${index}`)
    }
    expect(toHex(edge.root())).toBe(toHex(root(leaves)))
  }
  const full = [1, 2, 3, 4, 5, 6, 7].reduce((count, level) => count + Math.floor(130 / 2 ** level), 0)
  expect(completed.size).toBe(full)
})

test('[FAI-12] any run of leaves that a proof needs is made of complete subtrees', () => {
  const leaves = Array.from({ length: 40 }, (_, n) => leaf(n))
  for (let to = 1; to <= 40; to++) {
    const hashes = subtreesOf([0, to]).map(({ level, index }) =>
      root(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)),
    )
    expect(toHex(foldRight(hashes))).toBe(toHex(root(leaves.slice(0, to))))
  }
  expect(toHex(foldRight([]))).toBe(toHex(EMPTY_ROOT))
})

test('[FAI-11] the same secret is the same key, on every node', () => {
  const secret = logSecretFrom(new Uint8Array(32).fill(1))
  expect(new LogSigner('a', secret).keyText).toBe(new LogSigner('a', logSecretFrom(new Uint8Array(32).fill(1))).keyText)
  expect(new LogSigner('a', secret).keyText).not.toBe(new LogSigner('b', secret).keyText)
  expect(readLogKey(new LogSigner('a', secret).keyText)?.name).toBe('a')
  expect(() => new LogSigner('two words', secret)).toThrow('space')
  expect(() => new LogSigner('a', secret.subarray(1))).toThrow('32 bytes')
})

describe.each(databasesUnderTest())('on %s', (kind) => {
  let database: TestDatabase
  let log: MerkleLog
  beforeAll(async () => {
    database = await openTestDatabase(kind)
    log = new MerkleLog(database.kysely, signer)
  })
  afterAll(() => database?.close())

  test('[FAI-11] an empty log has a signed checkpoint too', async () => {
    const { size, note } = await log.checkpoint()
    expect(size).toBe(0)
    expect(readCheckpoint(note, signer.key)).toEqual({ origin: 'log.example.test', size: 0, root: EMPTY_ROOT })
    expect(await log.audit()).toBeNull()
  })

  test('[FAI-10] 70 entries, some alone and some together, get the places 0 to 69', async () => {
    for (let n = 0; n < 5; n++) expect((await log.append(`n:${n}`, { n })).index).toBe(n)
    const rest = await Promise.all(Array.from({ length: 65 }, (_, i) => log.append(`n:${i + 5}`, { n: i + 5 })))
    expect(rest.map(({ index }) => index)).toEqual(Array.from({ length: 65 }, (_, i) => i + 5))
    expect((await log.entries(0, 100)).map(({ body }) => body)).toEqual(
      Array.from({ length: 70 }, (_, n) => `{"n":${n}}`),
    )
    expect((await log.entries(3, 5)).map(({ index }) => index)).toEqual([3, 4])
  })

  test('[FAI-11] the checkpoint is signed, and its root is the one over all entries', async () => {
    const { size, note } = await log.checkpoint()
    const leaves = Array.from({ length: 70 }, (_, n) => leaf(n))
    expect(readCheckpoint(note, signer.key)).toEqual({ origin: 'log.example.test', size: 70, root: root(leaves) })
    expect(size).toBe(70)
  })

  test('[FAI-5] proofs out of the database are those of the whole tree, and verify', async () => {
    const leaves = Array.from({ length: 70 }, (_, n) => leaf(n))
    for (const size of [1, 2, 3, 7, 8, 33, 64, 69, 70]) {
      const known = leaves.slice(0, size)
      for (const index of new Set([0, size >> 1, size - 1])) {
        const proof = await log.inclusion(index, size)
        expect(proof).toEqual(inclusionProof(known, index).map(toHex))
        expect(verifyInclusion(index, size, leaf(index), proof.map(fromHex), root(known))).toBe(true)
      }
      const consistency = await log.consistency(size, 70)
      expect(consistency).toEqual(consistencyProof(leaves, size).map(toHex))
      expect(verifyConsistency(size, 70, consistency.map(fromHex), root(known), root(leaves))).toBe(true)
    }
    await expect(log.inclusion(70, 70)).rejects.toThrow('leaf of the tree')
    await expect(log.inclusion(0, 71)).rejects.toThrow('not that long')
    await expect(log.consistency(5, 71)).rejects.toThrow('not that long')
    await expect(log.consistency(71, 70)).rejects.toThrow('only grows')
  })

  test('[FAI-10] a key is written once: asking again, also at the same moment, answers what stands', async () => {
    expect(await log.append('n:3', { n: 'another' })).toEqual({ index: 3, body: '{"n":3}' })
    const twice = await Promise.all([log.append('n:70', { n: 70 }), log.append('n:70', { n: 'other' })])
    expect(twice).toEqual([
      { index: 70, body: '{"n":70}' },
      { index: 70, body: '{"n":70}' },
    ])
    expect(await log.find('n:70')).toEqual({ index: 70, body: '{"n":70}' })
    expect(await log.find('n:71')).toBeNull()
  })

  test('[FAI-10] two writers, as of two nodes, leave no gap and no double', async () => {
    const other = new MerkleLog(database.kysely, signer)
    const before = await log.size()
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? log : other).append(`both:${i >> 1}:${i % 3}`, { i })),
    )
    const entries = await log.entries(before, before + 100)
    expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: 60 }, (_, i) => before + i))
    expect(await other.audit()).toBeNull()
  })

  test('[FAI-12] the database refuses to change, remove or empty anything of the log', async () => {
    const refused = /append-only/
    for (const table of ['log_entry', 'log_node', 'log_root', 'log_writer', 'series', 'contribution', 'series_salt']) {
      await expect(sql.raw(`truncate ${table} cascade`).execute(database.kysely), table).rejects.toThrow(refused)
    }
    for (const table of ['log_entry', 'log_node', 'log_root', 'log_writer']) {
      await expect(sql.raw(`delete from ${table}`).execute(database.kysely), table).rejects.toThrow(refused)
    }
    await expect(sql.raw(`update log_entry set body = '{}'`).execute(database.kysely)).rejects.toThrow(refused)
    const lie = sql.raw(`insert into log_entry (index, key, body, leaf) values (999, 'lie', '{}', sha256('x'))`)
    await expect(lie.execute(database.kysely)).rejects.toThrow('check constraint')
  })

  test('[FAI-13] an entry rewritten together with its hash is found, and the house does not sign', async () => {
    const { size, note } = await log.checkpoint()
    const honest = readCheckpoint(note, signer.key)
    await sql.raw('alter table log_entry disable trigger append_only').execute(database.kysely)
    // The newest entry is at the edge of the tree, so the rewritten leaf reaches the root by itself.
    await sql`update log_entry set body = '{"i":0}', leaf = ${Buffer.from(leafHash(textBytes('{"i":0}')))}
      where index = ${size - 1}`.execute(database.kysely)
    await sql.raw('alter table log_entry enable trigger append_only').execute(database.kysely)
    expect(await log.audit()).toEqual({ index: size })
    await expect(log.checkpoint()).rejects.toThrow('FAI-13')
    const proof = await log.inclusion(size - 1, size)
    const rewritten = leafHash(textBytes('{"i":0}'))
    expect(verifyInclusion(size - 1, size, rewritten, proof.map(fromHex), honest?.root ?? EMPTY_ROOT)).toBe(false)
  })

  test('[FAI-10] a failed commit reaches whoever waits for it, and the next entry goes through', async () => {
    let failures = 1
    const flaky = new Proxy(database.kysely, {
      get(target, name) {
        if (name === 'transaction' && failures-- > 0)
          return () => ({ execute: () => Promise.reject(new Error('gone')) })
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const broken = new MerkleLog(flaky, signer)
    await expect(broken.append('first', {})).rejects.toThrow('gone')
    expect((await broken.append('second', {})).body).toBe('{}')
    expect(await broken.find('first')).toBeNull()
    await expect(broken.append('x', 'y'.repeat(70_000))).rejects.toThrow('64 KiB')
  })
})
