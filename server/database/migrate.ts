import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { migrations as allMigrations } from './migrations/index.ts'
import type { Database } from './open.ts'

/**
 * The name of a migration that takes nothing away ends so, by which a program that came before it knows that it may
 * run beside it, and after it.
 */
const ADDITIVE = /-additive$/

/**
 * Brings the schema up to this program's, in one transaction, and answers the names of the migrations that ran now.
 * Nodes that start together wait for each other.
 * Errors: rejects when the database is newer than this program by more than additions, when a migration fails (nothing
 * of it stays), or when the database is out of reach.
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
      const additions = await additionsSince(connection, migrations)
      const migrator = new Migrator({
        db: connection,
        provider: { getMigrations: async () => ({ ...migrations, ...additions }) },
      })
      const { error, results } = await migrator.migrateToLatest()
      if (error !== undefined) throw new Error('the database could not be migrated', { cause: error })
      return (results ?? []).map(({ migrationName }) => migrationName)
    } finally {
      await sql`reset statement_timeout`.execute(connection)
      await sql`reset lock_timeout`.execute(connection)
    }
  })
}

/**
 * The additions of later programs that the database has, as migrations that did run and have nothing left to do.
 * Errors: rejects when it has anything else that this program does not know.
 */
async function additionsSince(
  connection: Database['kysely'],
  migrations: Record<string, Migration>,
): Promise<Record<string, Migration>> {
  const known = await sql<{ there: boolean }>`select to_regclass('kysely_migration') is not null as there`.execute(
    connection,
  )
  if (known.rows[0]?.there !== true) return {}
  const ran = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(connection)
  const unknown = ran.rows.map(({ name }) => name).filter((name) => !Object.hasOwn(migrations, name))
  const others = unknown.filter((name) => !ADDITIVE.test(name))
  if (others.length > 0) {
    throw new Error(`the database is newer than this program: it has ${others.join(', ')}. Start the newer program.`)
  }
  return Object.fromEntries(unknown.map((name) => [name, { up: async () => undefined }]))
}
