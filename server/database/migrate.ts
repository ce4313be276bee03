import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { migrations as allMigrations } from './migrations/index.ts'
import type { Database } from './open.ts'

/**
 * Brings the schema up to this program's, in one transaction, and answers the names of the migrations that ran now.
 * Nodes that start together wait for each other.
 * Errors: rejects when the database is newer than this program, when a migration fails (nothing of it stays), or when
 * the database is out of reach.
 */
export async function migrate(
  database: Database,
  migrations: Record<string, Migration> = allMigrations,
): Promise<string[]> {
  // A statement may run for long on a grown table, so the time limits of ordinary work are lifted here.
  return database.kysely.connection().execute(async (connection) => {
    await sql`set statement_timeout = 0`.execute(connection)
    await sql`set lock_timeout = 0`.execute(connection)
    try {
      const migrator = new Migrator({
        db: connection,
        provider: { getMigrations: async () => migrations },
      })
      await refuseNewer(connection, migrations)
      const { error, results } = await migrator.migrateToLatest()
      if (error !== undefined) throw new Error('the database could not be migrated', { cause: error })
      return (results ?? []).map(({ migrationName }) => migrationName)
    } finally {
      await sql`reset statement_timeout`.execute(connection)
      await sql`reset lock_timeout`.execute(connection)
    }
  })
}

async function refuseNewer(connection: Database['kysely'], migrations: Record<string, Migration>): Promise<void> {
  const known = await sql<{ there: boolean }>`select to_regclass('kysely_migration') is not null as there`.execute(
    connection,
  )
  if (known.rows[0]?.there !== true) return
  const ran = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(connection)
  const unknown = ran.rows.map(({ name }) => name).filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0) {
    throw new Error(`the database is newer than this program: it has ${unknown.join(', ')}. Start the newer program.`)
  }
}
