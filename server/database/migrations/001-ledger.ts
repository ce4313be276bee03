import { type Generated, type Kysely, sql } from 'kysely'
import { reserveFunctions } from './001-ledger-reserve.ts'
import { roundFunctions } from './001-ledger-rounds.ts'

/**
 * The tables of the ledger, for reading with Kysely; only the functions below write them. `docs/ledger.md` tells why.
 */
export type LedgerTables = {
  account: {
    id: Generated<number>
    owner: string
    kind: 'player' | 'player-bonus' | 'escrow' | 'win' | 'grants'
    balance_cents: number | null
  }
  table_fence: { table_id: string; epoch: number; escrow_id: number; win_id: number }
  round: {
    seq: Generated<number>
    round_id: string
    table_id: string
    opening: string
    bet_digest: string | null
    outcome: string | null
    seed_hex: string | null
    ended_how: 'settled' | 'void' | null
    ended_at_ms: number | null
    void_reason: string | null
    settlement_digest: string | null
  }
  entry: {
    debit: number | null
    credit: number | null
    cents: number
    round_seq: number | null
    posted_at: Generated<Date>
    ref: string
    kind: 'stake' | 'release' | 'handle' | 'payout' | 'grant'
    outcome: string
    content: string | null
    unplaced: string | null
  }
  player_round: {
    account_id: number
    round_seq: number
    staked_cents: number
    paid_cents: number
    balance_after_cents: number
  }
  ledger_line: { ref: string; kind: string; account_id: number; cents: number }
}

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...tables, ...guards, ...reserveFunctions, ...roundFunctions]) {
    await sql.raw(statement).execute(db)
  }
}

const tables = [
  // A house account has no balance of its own, so that it is never a hot row: its balance is the sum of its lines.
  // The fill factor leaves room on each page for the next versions of its rows, so that no index is touched.
  `create table account (
    id bigint primary key generated always as identity,
    owner text collate "C" not null,
    kind text collate "C" not null check (kind in ('player', 'player-bonus', 'escrow', 'win', 'grants')),
    balance_cents bigint,
    unique (owner, kind),
    constraint players_have_a_balance check ((balance_cents is not null) = (kind in ('player', 'player-bonus'))),
    constraint no_player_below_zero check (balance_cents >= 0)
  ) with (fillfactor = 50)`,
  `insert into account (owner, kind) values ('house', 'grants')`,
  `create table table_fence (
    table_id text collate "C" primary key,
    epoch bigint not null check (epoch > 0),
    escrow_id bigint not null references account,
    win_id bigint not null references account
  )`,
  `create table round (
    seq bigint primary key generated always as identity,
    round_id text collate "C" not null unique,
    table_id text collate "C" not null references table_fence,
    opening text not null,
    bet_digest text,
    outcome text,
    seed_hex text,
    ended_how text check (ended_how in ('settled', 'void')),
    ended_at_ms bigint,
    void_reason text,
    settlement_digest text,
    check ((outcome is null) = (seed_hex is null)),
    check ((ended_how is null) = (ended_at_ms is null)),
    check (ended_how is null or outcome is not null),
    check ((void_reason is not null) = coalesce(ended_how = 'void', false)),
    check ((settlement_digest is not null) = coalesce(ended_how = 'settled', false))
  )`,
  `create index round_by_table on round (table_id, seq)`,
  `create unique index one_running_round_per_table on round (table_id) where ended_at_ms is null`,
  // One debit, one credit and one amount: an entry's two lines sum to zero because there is no way to write others.
  // No foreign keys to account: they would lock an account row per line; the functions alone write here, and the
  // audit counts every line whose account is missing.
  `create table entry (
    debit bigint,
    credit bigint,
    cents bigint not null check (cents > 0),
    round_seq bigint,
    posted_at timestamptz not null default now(),
    ref uuid not null,
    kind text collate "C" not null check (kind in ('stake', 'release', 'handle', 'payout', 'grant')),
    outcome text collate "C" not null,
    content text,
    unplaced text,
    primary key (ref, kind),
    check (outcome <> 'posted' or coalesce(debit <> credit, false))
  )`,
  `create index entry_by_round on entry (round_seq, debit) where round_seq is not null`,
  `create view ledger_line as
    select ref, kind, debit as account_id, -cents as cents from entry where outcome = 'posted'
    union all
    select ref, kind, credit, cents from entry where outcome = 'posted'`,
  `create table player_round (
    account_id bigint not null references account,
    round_seq bigint not null references round,
    staked_cents bigint not null,
    paid_cents bigint not null,
    balance_after_cents bigint not null,
    primary key (account_id, round_seq)
  )`,
]

const guards = [
  `create function refuse_change() returns trigger language plpgsql as $$
  begin
    raise exception '% is append-only', tg_table_name using errcode = '42501';
  end $$`,
  `create function round_facts_stand() returns trigger language plpgsql as $$
  begin
    if (new.seq, new.round_id, new.table_id, new.opening)
        is distinct from (old.seq, old.round_id, old.table_id, old.opening)
      or (old.bet_digest is not null and new.bet_digest is distinct from old.bet_digest)
      or (old.outcome is not null and (new.outcome, new.seed_hex) is distinct from (old.outcome, old.seed_hex))
      or old.ended_how is not null
    then
      raise exception 'round % already says otherwise', old.round_id using errcode = '42501';
    end if;
    return new;
  end $$`,
  `create trigger facts_stand before update on round for each row execute function round_facts_stand()`,
  ...['entry', 'player_round'].map(
    (name) => `create trigger append_only before update or delete on ${name}
      for each row execute function refuse_change()`,
  ),
  ...['round', 'account', 'table_fence'].map(
    (name) => `create trigger never_deleted before delete on ${name} for each row execute function refuse_change()`,
  ),
  ...['entry', 'player_round', 'round', 'account', 'table_fence'].map(
    (name) => `create trigger never_emptied before truncate on ${name}
      for each statement execute function refuse_change()`,
  ),
]
