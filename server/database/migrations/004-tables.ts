import { type Kysely, sql } from 'kysely'

export type HouseTables = {
  house_table: {
    table_id: string
    name: string
    game_id: string
    rules: unknown
    limits: unknown
    pace: unknown
    currency: string
    status: string
    revision: number
    created_at_ms: number
  }
  audit_entry: { seq: number; body: string; prev_hash: Buffer; hash: Buffer }
}

/** The open tables of the house, and the operators' audit record, to which entries are only ever added (AUD-1). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table house_table (
    table_id text primary key check (table_id ~ '^[a-z][a-z0-9-]{0,31}$'),
    name text not null,
    game_id text not null,
    rules jsonb not null,
    limits jsonb not null,
    pace jsonb not null,
    currency text not null,
    status text not null check (status in ('open', 'paused', 'draining', 'closed')),
    revision integer not null check (revision > 0),
    created_at_ms bigint not null
  )`.execute(db)
  await sql`create table audit_entry (
    seq bigint primary key check (seq > 0),
    body text not null,
    prev_hash bytea not null,
    hash bytea not null unique
  )`.execute(db)
  await sql`create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit record is never changed' using errcode = 'CR001';
    end
  $$`.execute(db)
  await sql`create trigger audit_entry_append_only before update or delete or truncate on audit_entry
    for each statement execute function refuse_audit_change()`.execute(db)
}
