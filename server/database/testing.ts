import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrate } from './migrate.ts'
import { type Database, openDatabase } from './open.ts'

export type TestDatabase = Database & { readonly kind: 'embedded' | 'postgres' }

/** The databases that tests run on here: the real one too when TEST_DATABASE_URL names a server. */
export function databasesUnderTest(): readonly TestDatabase['kind'][] {
  return process.env.TEST_DATABASE_URL === undefined ? ['embedded'] : ['embedded', 'postgres']
}

/**
 * A fresh, migrated database that ends with `close`. Embedded: in memory, about 4 s to make, so share one per file.
 * Postgres: a database of its own on the server that TEST_DATABASE_URL names, dropped by `close`.
 */
export async function openTestDatabase(kind: TestDatabase['kind'] = 'embedded'): Promise<TestDatabase> {
  const database = kind === 'embedded' ? await openDatabase() : await openOnServer()
  await migrate(database)
  return { ...database, kind }
}

async function openOnServer(): Promise<Database> {
  const serverUrl = process.env.TEST_DATABASE_URL
  if (serverUrl === undefined) throw new Error('TEST_DATABASE_URL names no server')
  const name = `crupier_test_${randomBytes(8).toString('hex')}`
  await onServer(serverUrl, `create database ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const database = await openDatabase({ databaseUrl: url.href })
  return {
    ...database,
    close: async () => {
      await database.close()
      await onServer(serverUrl, `drop database if exists ${name} with (force)`)
    },
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
