import { assert } from '../../engine/assert.ts'
import { EMPTY_ROOT, type LeafRange, nodeHash } from '../../engine/fairness/merkle.ts'

/** A complete subtree, over leaves [index * 2^level, (index + 1) * 2^level); its hash never changes. */
export type Subtree = { readonly level: number; readonly index: number }
export type Node = Subtree & { readonly hash: Uint8Array }

/** The complete subtrees that make up a run of leaves, left to right; at most two a level. */
export function subtreesOf([from, to]: LeafRange): Subtree[] {
  const subtrees: Subtree[] = []
  let at = from
  while (at < to) {
    let level = 0
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level += 1
    subtrees.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return subtrees
}

/** The hash over adjacent subtrees, largest first as a tree splits: the right ones are joined first. */
export function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  const [last, ...rest] = hashes.toReversed()
  if (last === undefined) return EMPTY_ROOT
  return rest.reduce((right, left) => nodeHash(left, right), last)
}

/** A growing tree, of which only the right edge is held: the complete subtrees of all leaves so far. */
export class TreeEdge {
  #size: number
  readonly #edge: Node[]

  /** `edge` are the nodes of `subtreesOf([0, size])`, in that order. */
  constructor(size: number, edge: readonly Node[]) {
    assert(edge.length === subtreesOf([0, size]).length, 'the edge of a tree covers all its leaves')
    this.#size = size
    this.#edge = [...edge]
  }

  get size(): number {
    return this.#size
  }

  root(): Uint8Array {
    return foldRight(this.#edge.map(({ hash }) => hash))
  }

  /** Adds one leaf and answers the subtrees above it that it has completed, lowest first. */
  add(leaf: Uint8Array): Node[] {
    const completed: Node[] = []
    let node: Node = { level: 0, index: this.#size, hash: leaf }
    while (node.index % 2 === 1) {
      const left = this.#edge.pop()
      assert(left?.level === node.level && left.index === node.index - 1, 'the left neighbour is at the edge')
      node = { level: node.level + 1, index: left.index / 2, hash: nodeHash(left.hash, node.hash) }
      completed.push(node)
    }
    this.#edge.push(node)
    this.#size += 1
    return completed
  }
}
