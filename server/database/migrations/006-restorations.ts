import { type Kysely, sql } from 'kysely'

/** When this database was restored from a backup, and when it was marked as such; rows are only ever added (BAK-8). */
export type RestorationTables = {
  /** `source` says from which backup and to which position, as JSON. */
  restoration: { id: number; at_ms: number; source: string }
  /** What begins anew since: the log's name, and numbers above all that were seen before (BAK-9). */
  restoration_mark: {
    restoration_id: number
    at_ms: number
    actor: string
    log_suffix: string
    least_epoch: number
    least_series_no: number
  }
}

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...tables, ...guards]) await sql.raw(statement).execute(db)
}

const tables = [
  `create table restoration (
    id bigint primary key check (id > 0),
    at_ms bigint not null,
    source text not null
  )`,
  `create table restoration_mark (
    restoration_id bigint primary key references restoration,
    at_ms bigint not null,
    actor text not null,
    log_suffix text collate "C" not null unique,
    least_epoch bigint not null check (least_epoch > 0),
    least_series_no bigint not null check (least_series_no > 0)
  )`,
]

// The fence stands still while a restoration is not marked, so no node, however old or new, can take a table over:
// what a node would do to a restored database before its numbers were raised could not be undone.
const guards = [
  ...['restoration', 'restoration_mark'].flatMap((name) => [
    `create trigger append_only before update or delete on ${name} for each row execute function refuse_change()`,
    `create trigger never_emptied before truncate on ${name} for each statement execute function refuse_change()`,
  ]),
  `create function refuse_unmarked() returns trigger language plpgsql as $$
  begin
    if exists (select from restoration r
      where not exists (select from restoration_mark m where m.restoration_id = r.id))
    then
      raise exception 'this database was restored from a backup and is not marked yet' using errcode = 'CR002';
    end if;
    return new;
  end $$`,
  `create trigger marked_when_restored before insert or update on table_fence
    for each row execute function refuse_unmarked()`,
]
