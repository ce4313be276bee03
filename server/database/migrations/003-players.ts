import { type Kysely, sql } from 'kysely'

export type PlayerTables = {
  player: {
    id: string
    name: string
    email: string
    email_verified: boolean
    image: string | null
    created_at: Date
    updated_at: Date
  }
  table_ticket: { hash: Buffer; player_id: string; name: string; table_id: string; expires_at_ms: number }
  player_favourites: { player_id: string; favourites: unknown; updated_at_ms: number }
  play_money_grant: { id: string; player_id: string; cents: number; asked_at_ms: number }
}

/** The auth library's tables under our names; a test holds them against what it wants. */
const libraryTables = [
  `create table player (
    id text primary key,
    name text not null,
    email text not null unique,
    email_verified boolean not null default false,
    image text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp
  )`,
  `create table player_session (
    id text primary key,
    token text not null unique,
    user_id text not null references player (id) on delete cascade,
    expires_at timestamptz not null,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null,
    ip_address text,
    user_agent text
  )`,
  `create index player_session_user on player_session (user_id)`,
  `create index player_session_expiry on player_session (expires_at)`,
  `create table player_credential (
    id text primary key,
    account_id text not null,
    provider_id text not null,
    user_id text not null references player (id) on delete cascade,
    access_token text,
    refresh_token text,
    id_token text,
    access_token_expires_at timestamptz,
    refresh_token_expires_at timestamptz,
    scope text,
    password text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null
  )`,
  `create index player_credential_user on player_credential (user_id)`,
  `create table player_verification (
    id text primary key,
    identifier text not null,
    value text not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp
  )`,
  `create index player_verification_identifier on player_verification (identifier)`,
  `create table sign_in_rate (
    id text primary key,
    key text not null unique,
    count integer not null,
    last_request bigint not null
  )`,
]

/** A ticket is kept as its SHA-256 only, so that reading the table lets nobody join. */
const ownTables = [
  `create table table_ticket (
    hash bytea primary key,
    player_id text not null,
    name text not null,
    table_id text not null,
    expires_at_ms bigint not null
  )`,
  `create index table_ticket_expiry on table_ticket (expires_at_ms)`,
  `create table player_favourites (
    player_id text primary key references player (id) on delete cascade,
    favourites jsonb not null,
    updated_at_ms bigint not null
  )`,
  `create table play_money_grant (
    id uuid primary key,
    player_id text not null references player (id),
    cents bigint not null check (cents > 0),
    asked_at_ms bigint not null
  )`,
  `create index play_money_grant_player on play_money_grant (player_id, asked_at_ms)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...libraryTables, ...ownTables]) await sql.raw(statement).execute(db)
}
