import { hash } from 'node:crypto'

/**
 * The nodes in the order in which they should run a table, by rendezvous hashing (Thaler and Ravishankar, 1998): every
 * node computes the same order without asking, and a node that goes moves its own tables alone.
 */
export function ranked(tableId: string, nodeIds: readonly string[]): string[] {
  const weight = (nodeId: string): string => hash('sha256', JSON.stringify([tableId, nodeId]))
  return nodeIds
    .map((nodeId) => ({ nodeId, weight: weight(nodeId) }))
    .sort((a, b) => (a.weight < b.weight ? 1 : a.weight > b.weight ? -1 : 0))
    .map(({ nodeId }) => nodeId)
}
