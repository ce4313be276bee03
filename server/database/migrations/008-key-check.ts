import { type Generated, type Kysely, sql } from 'kysely'

/** Which SECRETS_KEY the books are sealed under: its id, and a value that only this key makes. One row, for ever. */
export type KeyCheckTables = { key_check: { one: Generated<boolean>; key_id: string; value_hex: string } }

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table key_check (
    one boolean primary key default true check (one),
    key_id text collate "C" not null check (key_id ~ '^[0-9a-f]{16}$'),
    value_hex text collate "C" not null check (value_hex ~ '^[0-9a-f]{64}$')
  )`.execute(db)
  await sql`create trigger append_only before update or delete on key_check
    for each row execute function refuse_change()`.execute(db)
  await sql`create trigger never_emptied before truncate on key_check
    for each statement execute function refuse_change()`.execute(db)
}
