import type { Migration } from 'kysely/migration'
import * as ledger from './001-ledger.ts'
import * as fairness from './002-fairness.ts'
import * as players from './003-players.ts'
import * as tables from './004-tables.ts'
import * as cluster from './005-cluster.ts'
import * as restorations from './006-restorations.ts'
import * as maintenance from './007-maintenance.ts'
import * as keyCheck from './008-key-check.ts'

/**
 * Every migration, in the order in which they run. Forward only: what a migration did is undone by a later one, never
 * by editing it. A new one is a file beside this one, a line here and a line in `DatabaseSchema`. One whose name ends
 * with `-additive` lets programs that came before it go on, and start again: docs/database.md says what it may do.
 */
export const migrations: Record<string, Migration> = {
  '001-ledger': ledger,
  '002-fairness': fairness,
  '003-players': players,
  '004-tables': tables,
  '005-cluster': cluster,
  '006-restorations': restorations,
  '007-maintenance': maintenance,
  '008-key-check-additive': keyCheck,
}

/** All tables, as each migration file declares its own. */
export type DatabaseSchema = ledger.LedgerTables &
  fairness.FairnessTables &
  players.PlayerTables &
  tables.HouseTables &
  cluster.ClusterTables &
  restorations.RestorationTables &
  maintenance.MaintenanceTables &
  keyCheck.KeyCheckTables
