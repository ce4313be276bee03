import type { OwnerBook } from '../failover/ports.ts'
import type { HouseTable } from '../tables/house-tables.ts'

/** A table and who runs it by the books: null when nobody does who was heard within the minute. */
export type OwnedTable = HouseTable & { readonly owner: string | null; readonly epoch: number | null }

export type Owner = { readonly nodeId: string | null; readonly epoch: number }

/** By table. Errors: rejects when the books are out of reach. */
export type Owners = () => Promise<ReadonlyMap<string, Owner>>

/** The owners in the books, which every node may ask; `alone` names the one node of a house that has no other. */
export function ownersIn(book: Pick<OwnerBook, 'owners' | 'nodes'>, alone: string | null): Owners {
  return async () => {
    const [owners, nodes] = await Promise.all([book.owners(), alone === null ? book.nodes() : []])
    const lives = new Set(nodes.map(({ nodeId, incarnation }) => `${nodeId} ${incarnation}`))
    return new Map(
      owners.map(({ tableId, epoch, nodeId, incarnation }) => {
        const living = lives.has(`${nodeId} ${incarnation}`) ? nodeId : null
        return [tableId, { nodeId: alone ?? living, epoch }]
      }),
    )
  }
}

/** A closed table runs nowhere, whoever ran it last. */
export function owned(tables: readonly HouseTable[], owners: ReadonlyMap<string, Owner>): OwnedTable[] {
  return tables.map((table) => {
    const found = table.status === 'closed' ? undefined : owners.get(table.tableId)
    return { ...table, owner: found?.nodeId ?? null, epoch: found?.epoch ?? null }
  })
}
