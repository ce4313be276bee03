import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { postgresInstalled } from '../../scripts/postgres.ts'
import { type Database, openDatabase } from '../database/open.ts'
import { privateFolder } from './base-backup.ts'
import { allMarks } from './high-water.ts'
import { MarkSigner } from './keys.ts'
import { serverOwner } from './programs.ts'
import { type LiveFacts, prove, readLive } from './proofs.ts'
import { type Restored, restore } from './restore.ts'
import { type BackedUp, HOST, SECRETS_KEY, startBackedUp } from './testing.ts'

const SECRET = Buffer.from(SECRETS_KEY, 'hex')
const KEYS = { host: HOST, secretsKey: SECRET, nowMs: Date.now }
const TABLES = [
  'entry',
  'account',
  'round',
  'audit_entry',
  'log_entry',
  'log_node',
  'log_root',
  'series',
  'table_fence',
]

/** What a meddler with the highest rights could do, by what finds it out. */
const MEDDLING: readonly (readonly [what: string, statements: readonly string[], found: readonly string[]])[] = [
  [
    'a payout was raised',
    [
      `update entry set cents = cents + 1
        where (ref, kind) = (select ref, kind from entry where kind = 'payout' limit 1)`,
    ],
    ['ledger balances', 'rounds are as marked', 'rounds are those of the live house', 'nothing is lost'],
  ],
  [
    'a payout went to another player, and both balances with it',
    [
      `create temp table moved as select ref, credit, cents from entry where kind = 'payout' limit 1`,
      `update account a set balance_cents = balance_cents - m.cents from moved m where a.id = m.credit`,
      `update account a set balance_cents = balance_cents + m.cents from moved m
        where a.kind = 'player' and a.id <> m.credit`,
      `update entry e set credit = a.id from moved m, account a
        where e.ref = m.ref and e.kind = 'payout' and a.kind = 'player' and a.id <> m.credit`,
      'drop table moved',
    ],
    ['rounds are as marked', 'rounds are those of the live house', 'nothing is lost'],
  ],
  [
    'a balance was written',
    [`update account set balance_cents = balance_cents + 500 where owner = 'ana'`],
    ['ledger balances'],
  ],
  [
    'a grant was taken back with its balance',
    [
      `delete from entry where kind = 'grant' and credit = (select id from account where owner = 'ana')`,
      `update account set balance_cents = balance_cents - 1000000 where owner = 'ana'`,
    ],
    ['nothing is lost'],
  ],
  [
    'a grant was made up with its balance',
    [
      `insert into entry (debit, credit, cents, ref, kind, outcome)
        select (select id from account where kind = 'grants'), id, 7, gen_random_uuid(), 'grant', 'posted'
        from account where owner = 'ana'`,
      `update account set balance_cents = balance_cents + 7 where owner = 'ana'`,
    ],
    ['nothing was added'],
  ],
  [
    'the seed of a round was exchanged',
    [`update round set seed_hex = repeat('ab', 32) where seq = 1`],
    ['rounds are as marked', 'rounds agree with the log', 'rounds are those of the live house', 'nothing is lost'],
  ],
  [
    'the record of an audit entry was rewritten',
    [`update audit_entry set body = replace(body, 'round', 'other') where seq = 1`],
    ['audit record is as marked'],
  ],
  [
    'the whole audit record was rewritten, hash by hash',
    [
      `do $$
      declare e audit_entry; head bytea := decode(repeat('00', 32), 'hex');
      begin
        for e in select * from audit_entry order by seq loop
          update audit_entry set body = replace(body, '"test"', '"nobody"'), prev_hash = head, hash = sha256(
            'crupier audit 1'::bytea || '\\x00'::bytea || head
            || convert_to(replace(body, '"test"', '"nobody"'), 'UTF8'))
          where seq = e.seq returning hash into head;
        end loop;
      end $$`,
    ],
    ['audit record is as marked'],
  ],
  [
    'the end of the audit record was cut off',
    ['delete from audit_entry where seq > 1'],
    ['everything marked is there'],
  ],
  [
    'an entry of the log was rewritten with its leaf',
    [
      `update log_entry set body = '{}', leaf = sha256('\\x00'::bytea || '{}'::bytea)
        where index = (select min(index) from log_entry where key like 'round-ended:%')`,
    ],
    ['log is whole', 'rounds agree with the log'],
  ],
  [
    'the end of the log was cut off',
    [
      `delete from log_node where (index + 1) * (1 << level) > 4`,
      `delete from log_root where size > 4`,
      `delete from log_entry where index >= 4`,
    ],
    ['everything marked is there', 'nothing is lost'],
  ],
  [
    'the stored root was exchanged',
    [`update log_root set root = sha256(root) where size = (select max(size) from log_root)`],
    ['restored books can be read'],
  ],
  ['a series went', [`delete from series where series_id = 'lima.2'`], ['everything marked is there']],
]

describe.runIf(postgresInstalled())('restored books', () => {
  let backed: BackedUp
  let restored: Restored
  let admin: Database
  let before: LiveFacts
  let target: string

  beforeAll(async () => {
    backed = await startBackedUp()
    const { house, backups, place } = backed
    await house.play('lima', 2)
    await backups.mark()
    await house.play('lima', 4)
    before = await readLive(house.database, KEYS)
    await backups.once('fast')
    target = await privateFolder(tmpdir(), 'crupier-proofs-', serverOwner())
    restored = await restore({ place, target, secretsKey: SECRET, pgBin: null, durable: false, nowMs: Date.now })
    const url = restored.database.pool.options.connectionString?.replace('casino@', 'crupier@')
    admin = await openDatabase({ databaseUrl: url, onConnectionLost: () => {} })
    // In the way of what is to be found out; the owner of the server could take it away too.
    await sql`alter table account drop constraint no_player_below_zero`.execute(admin.kysely)
    await sql`create schema saved`.execute(admin.kysely)
    for (const name of TABLES)
      await sql`create table ${sql.id('saved', name)} as table ${sql.id('public', name)}`.execute(admin.kysely)
  })
  afterAll(async () => {
    await admin?.close()
    await restored?.stop()
    await backed?.stop()
    rmSync(target, { recursive: true, force: true })
  })
  /** Runs statements past every trigger, as the owner of the server could. */
  async function meddle(statements: readonly string[]): Promise<void> {
    await admin.kysely.connection().execute(async (db) => {
      await sql`set session_replication_role = replica`.execute(db)
      for (const statement of statements) await sql.raw(statement).execute(db)
      await sql`set session_replication_role = origin`.execute(db)
    })
  }
  afterEach(() =>
    meddle(
      TABLES.flatMap((name) => [
        `delete from public.${name}`,
        `insert into public.${name} overriding system value select * from saved.${name}`,
      ]),
    ),
  )

  const found = async () => {
    const { database, lsn, base } = restored
    const marks = await allMarks(base.archive, new MarkSigner(SECRET))
    const live = { database: backed.house.database, before }
    const checks = await prove({ restored: database, lsn, marks, live, keys: KEYS })
    return checks.filter(({ ok }) => !ok).map(({ check }) => check)
  }

  test('[BAK-11] differ in nothing from the marks and the live house', async () => {
    expect(await found()).toEqual([])
  })

  test.each(MEDDLING)('[BAK-11] are found out when %s', async (_what, statements, expected) => {
    await meddle(statements)
    const differences = await found()
    expect(differences).toEqual(expect.arrayContaining([...expected]))
  })
})
