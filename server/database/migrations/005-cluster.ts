import { type Kysely, sql } from 'kysely'

/** The directory of the cluster, for reading with Kysely; only the functions below write it. */
export type ClusterTables = {
  cluster_node: {
    node_id: string
    incarnation: number
    address: string
    release: string
    entered_at: Date
    beat_at: Date
    left_at: Date | null
  }
  table_owner: { table_id: string; epoch: number; node_id: string; incarnation: number; claimed_at: Date }
}

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...tables, ...functions]) await sql.raw(statement).execute(db)
}

const tables = [
  `create sequence cluster_incarnation`,
  // A beat changes no indexed column and finds room on its page, so that it leaves nothing for a vacuum but itself.
  `create table cluster_node (
    node_id text collate "C" primary key,
    incarnation bigint not null check (incarnation > 0),
    address text not null,
    release text not null,
    entered_at timestamptz not null,
    beat_at timestamptz not null,
    left_at timestamptz
  ) with (fillfactor = 50)`,
  `create table table_owner (
    table_id text collate "C" primary key references table_fence,
    epoch bigint not null check (epoch > 0),
    node_id text collate "C" not null,
    incarnation bigint not null check (incarnation > 0),
    claimed_at timestamptz not null
  )`,
]

/** True of a row of `table_owner` that the fence still bears out: a single node raises the fence alone. */
const STANDS = 'exists (select from table_fence f where f.table_id = o.table_id and f.epoch = o.epoch)'

// The database's own clock alone decides how old anything is: `clock_timestamp()`, since `now()` stands still.
const functions = [
  // Removes what nobody can miss: nodes that left, and nodes that were silent for an hour and have no table. A node
  // that lives but whose row is gone, because the clock was set, merely begins a new life.
  `create function cluster_enter(_node text, _address text, _release text) returns bigint language plpgsql as $$
  declare
    life bigint := nextval('cluster_incarnation');
  begin
    delete from cluster_node where node_id in (
      select n.node_id from cluster_node n
      where n.node_id <> _node and (n.left_at is not null or (
        n.beat_at < clock_timestamp() - interval '1 hour' and not exists (
          select from table_owner o where o.node_id = n.node_id and o.incarnation = n.incarnation and ${STANDS})))
      for update skip locked
    );
    insert into cluster_node as n (node_id, incarnation, address, release, entered_at, beat_at)
    values (_node, life, _address, _release, clock_timestamp(), clock_timestamp())
    on conflict (node_id) do update set incarnation = excluded.incarnation, address = excluded.address,
      release = excluded.release, entered_at = excluded.entered_at, beat_at = excluded.beat_at, left_at = null
      where n.incarnation < excluded.incarnation;
    return life;
  end $$`,
  // Nothing rests on a beat after it was answered, so it waits for no disk and for no standby.
  `create function cluster_beat(_node text, _life bigint)
  returns table (alive boolean, tables text[], epochs bigint[]) language plpgsql as $$
  begin
    perform set_config('synchronous_commit', 'off', true);
    update cluster_node set beat_at = clock_timestamp()
    where node_id = _node and incarnation = _life and left_at is null;
    alive := found;
    if alive then
      select coalesce(array_agg(o.table_id), '{}'), coalesce(array_agg(o.epoch), '{}') into tables, epochs
      from table_owner o where o.node_id = _node and o.incarnation = _life and ${STANDS};
    end if;
    return next;
  end $$`,
  `create function cluster_leave(_node text, _life bigint) returns void language plpgsql as $$
  begin
    perform set_config('synchronous_commit', 'off', true);
    update cluster_node set left_at = clock_timestamp()
    where node_id = _node and incarnation = _life and left_at is null;
  end $$`,
  // Under the table's right, which every posting shares: whoever is answered knows that no older posting is under way.
  // A claim whose answer got lost is answered again, and written again: only a commit that writes waits for the
  // standby, and the first one may not have reached it.
  `create function cluster_claim(_table text, _seen bigint, _node text, _life bigint)
  returns table (won boolean, epoch bigint, node_id text, incarnation bigint) language plpgsql as $$
  declare
    fence bigint;
    owner table_owner;
    alive boolean;
  begin
    perform pg_advisory_xact_lock(20, hashtext(_table));
    select coalesce(max(f.epoch), 0) into fence from table_fence f where f.table_id = _table;
    select * into owner from table_owner o where o.table_id = _table and o.epoch = fence;
    alive := exists (select from cluster_node n
      where n.node_id = _node and n.incarnation = _life and n.left_at is null);
    if alive and fence = _seen then
      fence := ledger_raise_epoch(_table);
    elsif not alive or fence <> _seen + 1 or (owner.node_id, owner.incarnation) is distinct from (_node, _life) then
      return query select false, fence, coalesce(owner.node_id, ''), coalesce(owner.incarnation, 0);
      return;
    end if;
    insert into table_owner as o (table_id, epoch, node_id, incarnation, claimed_at)
    values (_table, fence, _node, _life, clock_timestamp())
    on conflict (table_id) do update set epoch = excluded.epoch, node_id = excluded.node_id,
      incarnation = excluded.incarnation, claimed_at = excluded.claimed_at;
    return query select true, fence, _node, _life;
  end $$`,
]
