import type pg from 'pg'
import { openPool } from './books.ts'
import type { Stage } from './stage.ts'

const OWNERS = `
  select f.table_id as "tableId", o.node_id as "nodeId", f.epoch
  from table_fence f join table_owner o on o.table_id = f.table_id and o.epoch = f.epoch`

export type Owner = { readonly nodeId: string; readonly epoch: number }

/** Who runs which table, as the books say; read past the server. */
export class OwnerDirectory {
  readonly #stage: Stage
  #pool: pg.Pool | null = null

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** Errors: rejects when the books cannot be reached. */
  async owners(): Promise<ReadonlyMap<string, Owner>> {
    const [only, ...others] = this.#stage.nodes
    if (only !== undefined && others.length === 0) return new OnlyOwner(only.nodeId)
    try {
      this.#pool ??= openPool(await this.#stage.databaseUrl())
      const { rows } = await this.#pool.query<Owner & { tableId: string }>(OWNERS)
      return new Map(rows.map(({ tableId, nodeId, epoch }) => [tableId, { nodeId, epoch }]))
    } catch (error) {
      // The server behind the address may have changed.
      await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = null
    await pool?.end().catch(() => undefined)
  }
}

/** A house of one node keeps no directory: every table is its own. */
class OnlyOwner extends Map<string, Owner> {
  readonly #owner: Owner
  constructor(nodeId: string) {
    super()
    this.#owner = { nodeId, epoch: 0 }
  }
  override get(): Owner {
    return this.#owner
  }
}
