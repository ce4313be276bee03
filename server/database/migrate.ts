import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { StartRefused } from '../start-refused.ts'
import { migrations as allMigrations } from './migrations/index.ts'
import type { Database } from './open.ts'

/**
 * The name of a migration that takes nothing away ends so, by which a program that came before it knows that it may
 * run beside it, and after it.
 */
const ADDITIVE = /-additive$/

/** How long a change of a table may wait for whoever uses it, how often it is tried, and the pause in between. */
export type Patience = { readonly lockMs: number; readonly tries: number; readonly pauseMs: number }

/** Every bet waits behind a change that waits, so it gives way soon, and bets have the better part of the time. */
const PATIENCE: Patience = { lockMs: 500, tries: 40, pauseMs: 1_000 }
/** SQLSTATEs of a lock that was not had in time, and of two that waited for each other. */
const IN_THE_WAY = new Set(['55P03', '40P01'])

/** Something has held a table that a migration changes for as long as was waited; nothing was changed. */
export class BooksBusy extends StartRefused {
  constructor({ lockMs, tries }: Patience, options: ErrorOptions) {
    super(
      'books-busy',
      `a table that is to be changed was in use ${tries} times in a row for ${lockMs} ms each: end the long query, ` +
        'dump or open transaction that holds it (pg_stat_activity, the oldest xact_start), and start again',
      options,
    )
    this.name = 'BooksBusy'
  }
}

/** The books have been changed by a later program, and by more than additions. */
export class BooksTooNew extends StartRefused {
  constructor(unknown: readonly string[]) {
    const names = unknown.join(', ')
    super('books-too-new', `the database is newer than this program: it has ${names}. Start the newer program.`)
    this.name = 'BooksTooNew'
  }
}

/**
 * Brings the schema up to this program's, in one transaction, and answers the names of the migrations that ran now.
 * Nodes that start together wait for each other. A table that is in use is waited for briefly and again (DB-15).
 * Errors: rejects with `BooksTooNew`, with `BooksBusy`, when a migration fails (nothing of it stays), or when the
 * database is out of reach.
 */
export async function migrate(
  database: Database,
  migrations: Record<string, Migration> = allMigrations,
  patience: Patience = PATIENCE,
): Promise<string[]> {
  // A statement may run for long on a grown table, so the time limit of ordinary work is lifted here.
  return database.kysely.connection().execute(async (connection) => {
    await sql`set statement_timeout = 0`.execute(connection)
    await sql`set lock_timeout = ${sql.lit(patience.lockMs)}`.execute(connection)
    try {
      for (let tries = 1; ; tries++) {
        const answer = await attempt(connection, migrations)
        if (Array.isArray(answer)) return answer
        if (tries >= patience.tries) throw new BooksBusy(patience, { cause: answer })
        await new Promise((resolve) => setTimeout(resolve, patience.pauseMs))
      }
    } finally {
      await sql`reset statement_timeout`.execute(connection)
      await sql`reset lock_timeout`.execute(connection)
    }
  })
}

/** The names of what ran, or the error that says that a table was in use. Nodes wait for each other in the migrator. */
async function attempt(
  connection: Database['kysely'],
  migrations: Record<string, Migration>,
): Promise<string[] | { readonly code: string }> {
  const additions = await additionsSince(connection, migrations)
  const migrator = new Migrator({
    db: connection,
    provider: { getMigrations: async () => ({ ...migrations, ...additions }) },
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error === undefined) return (results ?? []).map(({ migrationName }) => migrationName)
  if (isInTheWay(error)) return error
  throw new Error('the database could not be migrated', { cause: error })
}

function isInTheWay(error: unknown): error is { readonly code: string } {
  return error instanceof Error && 'code' in error && IN_THE_WAY.has(String(error.code))
}

/**
 * The additions of later programs that the database has, as migrations that did run and have nothing left to do.
 * Errors: `BooksTooNew` when it has anything else that this program does not know.
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
  if (others.length > 0) throw new BooksTooNew(others)
  return Object.fromEntries(unknown.map((name) => [name, { up: async () => undefined }]))
}
