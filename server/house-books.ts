import { assertMarked, assertNotBehind } from './backup/restorations.ts'
import type { Config } from './config.ts'
import { migrate } from './database/migrate.ts'
import type { Database } from './database/open.ts'
import { logName } from './fairness/log-name.ts'
import { keepKeyCheck } from './key-check.ts'
import { StartRefused } from './start-refused.ts'
import type { HouseTables } from './tables/house-tables.ts'

/**
 * Brings the schema up to date, sees that the books are this house's, and answers under which name the public log goes
 * on. Errors: rejects for books that were sealed by another key (OPS-22), or that went back to an earlier time and were
 * not marked, since they would use numbers again that were used before (BAK-8).
 */
export async function takeBooks(database: Database, { publicUrl, backupDir, secrets }: Config): Promise<string> {
  const { kysely } = database
  await migrate(database)
  await keepKeyCheck(kysely, secrets.secretsKey)
  await assertMarked(kysely)
  if (backupDir !== null) await assertNotBehind(kysely, { dir: backupDir, secretsKey: secrets.secretsKey })
  return logName(kysely, new URL(publicUrl).host)
}

/** Amounts are kept in whole cents of one currency; another name for it would make other money of them (M2). */
export async function keepCurrency(tables: HouseTables, currency: string): Promise<void> {
  const other = (await tables.list()).find((table) => table.currency !== currency)
  if (other !== undefined)
    throw new StartRefused(
      'other-currency',
      `CURRENCY is ${currency}, but this house keeps its books in ${other.currency}`,
    )
}
