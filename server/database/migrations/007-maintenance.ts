import { type Generated, type Kysely, sql } from 'kysely'

export type MaintenanceTables = {
  maintenance_window: {
    id: Generated<number>
    starts_at_ms: number
    ends_at_ms: number
    reason: string
    state: string
    paused: string[]
  }
}

/** Announced pauses of the whole house; at most one is planned or under way (OPS-18). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table maintenance_window (
    id bigint generated always as identity primary key,
    starts_at_ms bigint not null,
    ends_at_ms bigint not null check (ends_at_ms > starts_at_ms),
    reason text not null,
    state text not null check (state in ('planned', 'under-way', 'over', 'cancelled')),
    paused text[] not null default '{}'
  )`.execute(db)
  await sql`create unique index maintenance_window_one on maintenance_window ((true))
    where state in ('planned', 'under-way')`.execute(db)
}
