import { type Generated, type Kysely, sql } from 'kysely'

/** The public log and the series of rounds; rows are only ever added (FAI-12). */
export type FairnessTables = {
  /** `key` names what the entry is about, once; `leaf` is its hash in the Merkle tree. */
  log_entry: { index: number; key: string; body: string; leaf: Buffer; at: Generated<Date> }
  /** Hashes of complete subtrees of 2^level leaves, from level 1; level 0 is `log_entry.leaf`. */
  log_node: { level: number; index: number; hash: Buffer }
  /** The root after each commit. */
  log_root: { size: number; root: Buffer }
  /** One row, whose lock makes one writer at a time. */
  log_writer: { id: number }
  series: {
    series_id: string
    table_id: string
    series_no: number
    rounds: number
    sealed_secret: string
    root_hex: string
  }
  contribution: { series_id: string; contributor: string; seed: Buffer; at: Generated<Date> }
  series_salt: { series_id: string; salt_hex: string; beacon_randomness_hex: string | null }
}

const HEX_HASH = `~ '^[0-9a-f]{64}$'`

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...tables, ...guards]) await sql.raw(statement).execute(db)
}

const tables = [
  `create table log_entry (
    index bigint primary key check (index >= 0),
    key text collate "C" not null unique,
    body text not null,
    leaf bytea not null check (leaf = sha256('\\x00'::bytea || convert_to(body, 'UTF8'))),
    at timestamptz not null default clock_timestamp()
  )`,
  `create table log_node (
    level smallint not null check (level > 0),
    index bigint not null check (index >= 0),
    hash bytea not null check (octet_length(hash) = 32),
    primary key (level, index)
  )`,
  `create table log_root (
    size bigint primary key check (size > 0),
    root bytea not null check (octet_length(root) = 32)
  )`,
  `create table log_writer (id integer primary key check (id = 1))`,
  `insert into log_writer (id) values (1)`,
  `create table series (
    series_id text collate "C" primary key,
    table_id text collate "C" not null,
    series_no bigint not null check (series_no > 0),
    rounds integer not null check (rounds > 0),
    sealed_secret text not null,
    root_hex text not null check (root_hex ${HEX_HASH}),
    unique (table_id, series_no)
  )`,
  `create table contribution (
    series_id text collate "C" not null references series,
    contributor text collate "C" not null check (contributor ${HEX_HASH}),
    seed bytea not null check (octet_length(seed) between 1 and 256),
    at timestamptz not null default clock_timestamp(),
    primary key (series_id, contributor)
  )`,
  `create table series_salt (
    series_id text collate "C" primary key references series,
    salt_hex text not null check (salt_hex ${HEX_HASH}),
    beacon_randomness_hex text check (beacon_randomness_hex ${HEX_HASH})
  )`,
]

const guards = ['log_entry', 'log_node', 'log_root', 'log_writer', 'series', 'contribution', 'series_salt'].flatMap(
  (name) => [
    `create trigger append_only before update or delete on ${name} for each row execute function refuse_change()`,
    `create trigger never_emptied before truncate on ${name} for each statement execute function refuse_change()`,
  ],
)
