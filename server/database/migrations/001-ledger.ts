import { type Kysely, sql } from 'kysely'

export type LedgerTables = {
  account: { id: number; player_id: string | null; balance_cents: number }
}

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table account (
    id bigint primary key generated always as identity,
    player_id text unique,
    balance_cents bigint not null default 0 check (balance_cents >= 0)
  )`.execute(db)
}
