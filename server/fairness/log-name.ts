import type { Kysely } from 'kysely'
import type { DatabaseSchema } from '../database/migrations/index.ts'

/** One entry tells of each restore (FAI-26). */
export const RESTORED = 'log-restored:'
export const restoredKey = (restorationId: number) => `${RESTORED}${restorationId}`

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
