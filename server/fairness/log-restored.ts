import type { Kysely } from 'kysely'
import type { DatabaseSchema } from '../database/migrations/index.ts'

/** The newest checkpoint that is known of a log of this house that went on where this one does not. */
export type FormerLog = { readonly name: string; readonly size: number; readonly checkpoint: string }

/**
 * Log entry: the books went back to an earlier time. The log that ends here was published under `formers`, in which
 * positions from `restoredSize` on say something else, or may; so the log goes on under a name of its own, and this
 * entry shows the break to everybody who kept a checkpoint. Source: FAI-26, docs/fairness.md.
 */
export type LogRestored = {
  readonly type: 'log-restored'
  readonly name: string
  readonly restoredSize: number
  readonly restoredRootHex: string
  readonly formers: readonly FormerLog[]
  /** Series below this number are over at every table. */
  readonly leastSeriesNo: number
  readonly atMs: number
}

export const restoredKey = (restorationId: number) => `log-restored:${restorationId}`

/** The name under which the house signs its log: the host that players type, and since a restore a suffix to it. */
export async function logName(db: Kysely<DatabaseSchema>, host: string): Promise<string> {
  const mark = await db
    .selectFrom('restoration_mark')
    .select('log_suffix')
    .orderBy('restoration_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return mark === undefined ? host : `${host}/${mark.log_suffix}`
}
