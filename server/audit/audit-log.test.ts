import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { type AuditHead, AuditLog } from './audit-log.ts'

let database: TestDatabase
let audit: AuditLog
let heads: AuditHead[]
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  await tamper('delete from audit_entry')
  audit = new AuditLog(database, () => 1_000)
  heads = []
  for (let i = 1; i <= 5; i++) {
    heads.push(
      await audit.record({ actor: 'ana', action: 'table.pause', target: 'lima', detail: { i, note: 'ñandú' } }),
    )
  }
})

/** What somebody with the database's highest rights can do. */
async function tamper(statement: string, values: unknown[] = []): Promise<void> {
  const client = await database.pool.connect()
  try {
    await client.query('alter table audit_entry disable trigger all')
    await client.query(statement, values)
    await client.query('alter table audit_entry enable trigger all')
  } finally {
    client.release()
  }
}

test('[AUD-1] the database refuses to change, delete or truncate an entry', async () => {
  for (const statement of [
    `update audit_entry set body = replace(body, 'ana', 'eva')`,
    'delete from audit_entry where seq = 5',
    'truncate audit_entry',
  ]) {
    await expect(database.pool.query(statement)).rejects.toThrow('the audit record is never changed')
  }
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 5 })
})

test('[AUD-2] a hundred entries at once are numbered without gaps and follow each other', async () => {
  const event = { actor: 'eva', action: 'table.open', target: 'cusco', detail: null }
  const added = await Promise.all(Array.from({ length: 100 }, () => audit.record(event)))
  expect(new Set(added.map(({ seq }) => seq))).toEqual(new Set(Array.from({ length: 100 }, (_, i) => i + 6)))
  expect(await audit.verify(heads[4])).toMatchObject({ ok: true, entries: 105 })
  expect((await audit.latest(2)).map(({ seq, actor }) => [seq, actor])).toEqual([
    [105, 'eva'],
    [104, 'eva'],
  ])
})

for (const [what, statement, seq] of [
  ['altered', `update audit_entry set body = replace(body, 'ana', 'eva') where seq = 3`, 3],
  ['one character changed', `update audit_entry set body = body || ' ' where seq = 1`, 1],
  ['removed from the middle', 'delete from audit_entry where seq = 2', 3],
  ['removed from the start', 'delete from audit_entry where seq = 1', 2],
  ['given another hash', `update audit_entry set hash = sha256('x') where seq = 4`, 4],
  [
    'altered with a fitting hash of its own',
    `update audit_entry set body = b,
        hash = sha256(convert_to('crupier audit 1', 'UTF8') || '\\x00'::bytea || prev_hash || convert_to(b, 'UTF8'))
      from (select replace(body, 'ana', 'eva') b from audit_entry where seq = 3) x where seq = 3`,
    4,
  ],
  [
    'exchanged with its neighbour',
    `update audit_entry a set body = b.body, hash = b.hash, prev_hash = b.prev_hash from audit_entry b
      where a.seq = 5 and b.seq = 4`,
    5,
  ],
] as const) {
  test(`[AUD-3] an entry ${what} is found, with the triggers switched off`, async () => {
    // The exchange would meet the unique hash, which somebody with these rights can drop too.
    await database.pool.query('alter table audit_entry drop constraint if exists audit_entry_hash_key')
    await tamper(statement)
    expect(await audit.verify()).toMatchObject({ ok: false, seq })
  })
}

test('[AUD-4] entries cut off the end are found by a head kept elsewhere, and only by it', async () => {
  const [, , third, , last] = heads
  await tamper('delete from audit_entry where seq > 3')
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 3 })
  expect(await audit.verify(third)).toMatchObject({ ok: true, entries: 3 })
  expect(await audit.verify(last)).toEqual({ ok: false, seq: 4, why: 'cut off' })
})

test('[AUD-4] a record rewritten as a whole is found by a head kept elsewhere', async () => {
  await tamper('delete from audit_entry')
  for (let i = 0; i < 5; i++) await audit.record({ actor: 'eva', action: 'x', target: 'lima', detail: null })
  expect(await audit.verify()).toMatchObject({ ok: true, entries: 5 })
  expect(await audit.verify(heads[4])).toEqual({ ok: false, seq: 5, why: 'rewritten' })
})

test('[AUD-5] an entry of a transaction that fails is not there', async () => {
  const failing = database.kysely.transaction().execute(async (tx) => {
    await audit.record({ actor: 'ana', action: 'table.close', target: 'lima', detail: null }, tx)
    throw new Error('the change failed')
  })
  await expect(failing).rejects.toThrow('the change failed')
  expect(await audit.verify(heads[4])).toMatchObject({ ok: true, entries: 5 })
})
