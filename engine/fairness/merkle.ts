import { assert } from '../assert.ts'
import { sha256 } from './sha256.ts'

/**
 * The Merkle tree of transparency logs: a leaf is SHA-256(0x00 | data), a node SHA-256(0x01 | left | right), the tree
 * of n > 1 leaves splits at the largest power of two below n. All hashes are 32 bytes.
 * Source: RFC 9162 section 2.1 (the same tree as RFC 6962).
 */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0))

export function leafHash(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + data.length)
  bytes.set(data, 1)
  return sha256(bytes)
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length)
  bytes[0] = 1
  bytes.set(left, 1)
  bytes.set(right, 1 + left.length)
  return sha256(bytes)
}

/** The largest power of two below n, where a tree of n > 1 leaves splits. */
export function splitAt(n: number): number {
  let split = 1
  while (split * 2 < n) split *= 2
  return split
}

/** A run of leaves [from, to). */
export type LeafRange = readonly [from: number, to: number]

/** The runs of leaves whose subtree hashes prove leaf `index` of a tree of `size`, in the proof's order. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  assert(Number.isSafeInteger(index) && index >= 0 && index < size, 'a proof is for a leaf of the tree')
  const ranges: LeafRange[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + splitAt(to - from)
    ranges.push(index < middle ? [middle, to] : [from, middle])
    if (index < middle) to = middle
    else from = middle
  }
  return ranges.reverse()
}

/** The runs of leaves whose subtree hashes prove that the tree of `oldSize` is a prefix of that of `size`. */
export function consistencyRanges(oldSize: number, size: number): LeafRange[] {
  assert(Number.isSafeInteger(oldSize) && oldSize >= 0 && oldSize <= size, 'a log only grows')
  if (oldSize === 0 || oldSize === size) return []
  const ranges: LeafRange[] = []
  let from = 0
  let to = size
  while (oldSize !== to) {
    const middle = from + splitAt(to - from)
    ranges.push(oldSize <= middle ? [middle, to] : [from, middle])
    if (oldSize <= middle) to = middle
    else from = middle
  }
  // The old tree's own root is known to the reader when it is a complete left edge of the new tree.
  if (from !== 0) ranges.push([from, to])
  return ranges.reverse()
}

/** The root over leaf hashes; the hash of nothing when there are none. */
export function root(leaves: readonly Uint8Array[]): Uint8Array {
  return leaves.length === 0 ? EMPTY_ROOT : rangeRoot(leaves, [0, leaves.length])
}

function rangeRoot(leaves: readonly Uint8Array[], [from, to]: LeafRange): Uint8Array {
  let level = leaves.slice(from, to)
  // Pairing neighbours and carrying an odd last one up gives the same tree as splitting from above.
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i]!, level[i + 1]!))
    if (level.length % 2 === 1) above.push(level[level.length - 1]!)
    level = above
  }
  return level[0]!
}

export function inclusionProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  return inclusionRanges(index, leaves.length).map((range) => rangeRoot(leaves, range))
}

/** Proof that the first `oldSize` leaves are what an earlier reader saw. */
export function consistencyProof(leaves: readonly Uint8Array[], oldSize: number): Uint8Array[] {
  return consistencyRanges(oldSize, leaves.length).map((range) => rangeRoot(leaves, range))
}

/** Source: RFC 9162 section 2.1.3.2. */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  expectedRoot: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false
  let node = index
  let last = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) {
        node /= 2
        last = Math.floor(last / 2)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && sameBytes(hash, expectedRoot)
}

/** Source: RFC 9162 section 2.1.4.2. An empty old tree is a prefix of every tree, with an empty proof. */
export function verifyConsistency(
  oldSize: number,
  size: number,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(size) || oldSize < 0 || oldSize > size) return false
  if (oldSize === size) return proof.length === 0 && sameBytes(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, EMPTY_ROOT)
  const [first, ...rest] = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...proof] : proof
  if (first === undefined) return false
  let node = oldSize - 1
  let last = size - 1
  while (node % 2 === 1) {
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  let oldHash = first
  let newHash = first
  for (const sibling of rest) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash)
      newHash = nodeHash(sibling, newHash)
      while (node % 2 === 0 && node !== 0) {
        node /= 2
        last = Math.floor(last / 2)
      }
    } else {
      newHash = nodeHash(newHash, sibling)
    }
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && sameBytes(oldHash, oldRoot) && sameBytes(newHash, newRoot)
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
