import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate } from './migrate.ts'
import { databasesUnderTest, openTestDatabase, type TestDatabase } from './testing.ts'

for (const kind of databasesUnderTest()) {
  describe(kind, () => {
    let database: TestDatabase

    beforeAll(async () => {
      database = await openTestDatabase(kind)
    })
    afterAll(() => database?.close())

    test('[DB-1] a bigint is a checked number, also in an array, and one beyond 2^53 - 1 is refused', async () => {
      const { rows } = await database.pool.query(
        "select 9007199254740991::bigint as top, array[-5, null]::bigint[] as list, '{}'::bigint[] as none",
      )
      expect(rows).toEqual([{ top: 9007199254740991, list: [-5, null], none: [] }])
      await expect(database.pool.query('select 9007199254740992::bigint')).rejects.toThrow('safe integer')
    })

    test('[DB-2] a failed query leaves the next ones unharmed, with and without a transaction', async () => {
      for (let turn = 0; turn < 3; turn++) {
        await expect(database.pool.query('select 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' })
        await expect(database.pool.query('selec')).rejects.toMatchObject({ code: '42601' })
        expect((await database.pool.query('select $1::int + 1 as n', [turn])).rows).toEqual([{ n: turn + 1 }])
      }
      const failed = database.kysely.transaction().execute(async (trx) => {
        await sql`create table left_behind (n int)`.execute(trx)
        await sql`select 1 / 0`.execute(trx)
      })
      await expect(failed).rejects.toMatchObject({ code: '22012' })
      const { rows } = await database.pool.query("select to_regclass('left_behind') as t")
      expect(rows).toEqual([{ t: null }])
    })

    test('[DB-2] named statements are prepared once and survive being used by many callers', async () => {
      const ask = (n: number) => database.pool.query({ name: 'twice', text: 'select 2 * $1::int as n', values: [n] })
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n)))
      expect(answers.map((a) => a.rows[0].n)).toEqual(Array.from({ length: 50 }, (_, n) => 2 * n))
    })

    test('[DB-2] a client that goes away inside a transaction takes it along', async () => {
      const client = await database.pool.connect()
      await client.query('create table half_made (n int)')
      await client.query('begin')
      await client.query('insert into half_made values (1)')
      await client.query("set application_name = 'gone'")
      client.release(true)
      expect((await database.pool.query('select * from half_made')).rows).toEqual([])
      const { rows } = await database.pool.query('show application_name')
      expect(rows[0].application_name).not.toBe('gone')
    })

    test('[DB-2] an answer of several megabytes and a question of one arrive whole', async () => {
      const text = 'x'.repeat(1_000_000)
      const { rows } = await database.pool.query('select $1::text || i as t from generate_series(1, 5) i', [text])
      expect(rows.map((row) => row.t)).toEqual([1, 2, 3, 4, 5].map((i) => text + i))
    })

    test('[DB-3] migrating again changes nothing, and two that start together agree', async () => {
      expect(await Promise.all([migrate(database), migrate(database)])).toEqual([[], []])
    })

    test('[DB-3] a failing migration leaves nothing of itself or of the ones before it', async () => {
      const { migrations } = await import('./migrations/index.ts')
      const more = {
        ...migrations,
        '900-fine': { up: async (db: never) => void (await sql`create table fine (n int)`.execute(db)) },
        '901-broken': { up: async (db: never) => void (await sql`select 1 / 0`.execute(db)) },
      }
      await expect(migrate(database, more)).rejects.toThrow('could not be migrated')
      expect((await database.pool.query("select to_regclass('fine') as t")).rows).toEqual([{ t: null }])
    })

    test('[DB-4] a database that is newer than the program is refused by name', async () => {
      await expect(migrate(database, {})).rejects.toThrow(/newer than this program: it has 001-ledger/)
    })

    test('[DB-4 DB-14] a program starts on what later ones added, and on nothing else it does not know', async () => {
      const { migrations } = await import('./migrations/index.ts')
      const own = await openTestDatabase(kind)
      const later = (column: string) => ({
        up: async (db: never) => void (await sql.raw(`alter table round add column ${column} text`).execute(db)),
      })
      try {
        const widened = { ...migrations, '900-remarks-additive': later('remark') }
        expect(await migrate(own, widened)).toEqual(['900-remarks-additive'])
        expect(await migrate(own)).toEqual([])
        expect(await migrate(own, widened)).toEqual([])
        expect(await migrate(own, { ...widened, '901-other': later('other') })).toEqual(['901-other'])
        await expect(migrate(own)).rejects.toThrow('newer than this program: it has 901-other.')
        // An addition of another line of releases, before what this program still has to do.
        const elsewhere = { ...widened, '901-other': later('other'), '899-late': later('late') }
        await expect(migrate(own, elsewhere)).rejects.toThrow('could not be migrated')
      } finally {
        await own.close()
      }
    })
  })
}
