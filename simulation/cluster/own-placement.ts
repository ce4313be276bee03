import { createHash } from 'node:crypto'

/** The auditor's own idea of where a table belongs: the node with the greatest hash, as `docs/failover.md` says. */
export function ownPlace(tableId: string, nodeIds: readonly string[]): string | null {
  const weight = (nodeId: string): string =>
    createHash('sha256')
      .update(JSON.stringify([tableId, nodeId]))
      .digest('hex')
  return nodeIds.reduce<string | null>((best, id) => (best === null || weight(id) > weight(best) ? id : best), null)
}
