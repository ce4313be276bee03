import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresInstalled, startPostgres, type ThrowAwayPostgres } from '../../scripts/postgres.ts'
import { BooksBusy, migrate } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { type Database, openDatabase } from './open.ts'

const IMPATIENT = { lockMs: 100, tries: 3, pauseMs: 100 }
const widened: Record<string, Migration> = {
  ...migrations,
  '900-first-additive': { up: async (db) => void (await sql`create table first_of_two (a int)`.execute(db)) },
  '901-remark-additive': {
    up: async (db) => void (await sql`alter table house_table add column remark text`.execute(db)),
  },
}

describe.runIf(postgresInstalled())('a table that is in use while the books are migrated', () => {
  let postgres: ThrowAwayPostgres
  let database: Database
  let other: Database

  beforeAll(async () => {
    postgres = await startPostgres()
    database = await openDatabase({ databaseUrl: postgres.url })
    other = await openDatabase({ databaseUrl: postgres.url })
    await migrate(database)
  })
  afterAll(async () => {
    await database?.close()
    await other?.close()
    await postgres?.stop()
  })

  /** Somebody's long question holds the table while the work is done. */
  async function whileHeld(work: (release: () => Promise<void>) => Promise<void>): Promise<void> {
    const holder = await other.pool.connect()
    await holder.query('begin')
    await holder.query('select from house_table limit 1')
    let held = true
    const release = async () => {
      if (held) await holder.query('rollback')
      held = false
    }
    await work(release).finally(release)
    holder.release()
  }

  test('[DB-15] it gives way again and again, so that others wait briefly, and is refused whole', async () => {
    await whileHeld(async () => {
      let refused: unknown = null
      const migrating = migrate(database, widened, IMPATIENT).catch((error: unknown) => {
        refused = error
      })
      let longestMs = 0
      while (refused === null) {
        const askedMs = performance.now()
        await other.pool.query('select from house_table limit 1')
        longestMs = Math.max(longestMs, performance.now() - askedMs)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await migrating
      expect(refused).toBeInstanceOf(BooksBusy)
      expect(refused).toMatchObject({ code: 'books-busy', message: expect.stringContaining('3 times in a row') })
      // Whoever asks waits for one turn of the change at most; a busy machine adds its own.
      expect(longestMs).toBeLessThan(IMPATIENT.lockMs + 1_000)
    })
    expect((await database.pool.query("select to_regclass('first_of_two') as there")).rows).toEqual([{ there: null }])
    expect((await database.pool.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '5s' }])
  })

  test('[DB-15] as soon as the table is free the books are migrated', async () => {
    await whileHeld(async (release) => {
      const migrating = migrate(database, widened, { ...IMPATIENT, tries: 200 })
      const waits = async () =>
        (await other.pool.query("select from pg_locks where not granted and locktype = 'relation'")).rowCount !== 0
      while (!(await waits())) await new Promise((resolve) => setTimeout(resolve, 5))
      await release()
      expect(await migrating).toEqual(['900-first-additive', '901-remark-additive'])
    })
  })
})
