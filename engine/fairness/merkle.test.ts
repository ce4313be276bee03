import { expect, test } from 'vitest'
import { fromHex, toHex } from './hex.ts'
import {
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  leafHash,
  nodeHash,
  root,
  splitAt,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'

/** The Certificate Transparency reference tree. Source: google/certificate-transparency, merkle_tree_test. */
const REFERENCE_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((data) => leafHash(fromHex(data)))
const REFERENCE_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const leavesOf = (n: number) => Array.from({ length: n }, (_, i) => leafHash(Uint8Array.of(i)))
const SIZES = Array.from({ length: 64 }, (_, i) => i + 1)

/** The definition in RFC 9162 section 2.1.1, word for word. */
function definedRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return EMPTY_ROOT
  if (leaves.length === 1) return leaves[0]!
  const k = splitAt(leaves.length)
  return nodeHash(definedRoot(leaves.slice(0, k)), definedRoot(leaves.slice(k)))
}

test('[FAI-5] roots of the reference tree of Certificate Transparency', () => {
  expect(toHex(root([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  for (const [i, expected] of REFERENCE_ROOTS.entries()) {
    expect(toHex(root(REFERENCE_LEAVES.slice(0, i + 1)))).toBe(expected)
  }
})

test('[FAI-5] the example paths and proofs of the RFC for seven leaves', () => {
  const [a, b, c, d, e, f, j] = leavesOf(7) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const leaves = [a, b, c, d, e, f, j]
  const [g, h, i] = [nodeHash(a, b), nodeHash(c, d), nodeHash(e, f)]
  const [k, l] = [nodeHash(g, h), nodeHash(i, j)]
  expect(inclusionProof(leaves, 0)).toEqual([b, h, l])
  expect(inclusionProof(leaves, 3)).toEqual([c, g, l])
  expect(inclusionProof(leaves, 4)).toEqual([f, j, k])
  expect(inclusionProof(leaves, 6)).toEqual([i, k])
  expect(consistencyProof(leaves, 3)).toEqual([c, d, g, l])
  expect(consistencyProof(leaves, 4)).toEqual([l])
  expect(consistencyProof(leaves, 6)).toEqual([i, j, k])
})

test('[FAI-5] every root to 64 leaves is the defined one', () => {
  for (const n of SIZES) expect(toHex(root(leavesOf(n)))).toBe(toHex(definedRoot(leavesOf(n))))
})

test('[FAI-5] every leaf of every tree to 64 is proved, and neither another place nor another leaf', () => {
  for (const n of SIZES) {
    const leaves = leavesOf(n)
    const top = root(leaves)
    for (const [i, leaf] of leaves.entries()) {
      const proof = inclusionProof(leaves, i)
      expect(verifyInclusion(i, n, leaf, proof, top), `leaf ${i} of ${n}`).toBe(true)
      expect(verifyInclusion((i + 1) % n, n, leaf, proof, top), `leaf ${i} of ${n}, moved`).toBe(n === 1)
      expect(verifyInclusion(i, n, leafHash(Uint8Array.of(200)), proof, top)).toBe(false)
      expect(verifyInclusion(i, n, leaf, [...proof, top], top)).toBe(false)
      if (proof.length > 0) expect(verifyInclusion(i, n, leaf, proof.slice(1), top)).toBe(false)
    }
  }
  expect(verifyInclusion(-1, 4, EMPTY_ROOT, [], EMPTY_ROOT)).toBe(false)
  expect(verifyInclusion(0, 0, EMPTY_ROOT, [], EMPTY_ROOT)).toBe(false)
})

test('[FAI-5] every pair of sizes to 64 is proved consistent, and a changed old leaf is not', () => {
  for (const n of SIZES) {
    const leaves = leavesOf(n)
    const top = root(leaves)
    for (let m = 0; m <= n; m++) {
      const proof = consistencyProof(leaves, m)
      const old = leaves.slice(0, m)
      expect(verifyConsistency(m, n, proof, root(old), top), `${m} of ${n}`).toBe(true)
      if (m === 0) continue
      const rewritten = [...old.slice(0, -1), leafHash(Uint8Array.of(200))]
      expect(verifyConsistency(m, n, proof, root(rewritten), top), `${m} of ${n}, rewritten`).toBe(false)
      if (proof.length > 0) expect(verifyConsistency(m, n, proof.slice(1), root(old), top)).toBe(false)
      expect(verifyConsistency(m, n, [...proof, top], root(old), top)).toBe(false)
    }
  }
  expect(verifyConsistency(3, 2, [], EMPTY_ROOT, EMPTY_ROOT)).toBe(false)
})
