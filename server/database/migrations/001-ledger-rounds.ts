import { SETTINGS } from './001-ledger-reserve.ts'

/**
 * What one table does with its round. Each function first takes the table's right: shared where it may run beside
 * reservations, alone where it must not (take-over, close, void). A broken invariant is raised as CR001.
 */
const TAKE_TABLE = 'perform pg_advisory_xact_lock(20, hashtext(_table));'
const SHARE_TABLE = 'perform pg_advisory_xact_lock_shared(20, hashtext(_table));'
const REFUSE_OLD_EPOCH = `select * into fence from table_fence f where f.table_id = _table and f.epoch = _epoch;
    if not found then
      return query select 'fenced', null::bigint, null::text, null::text, null::text[], null::bigint[];
      return;
    end if;`
const LOCK_ROUND = `select * into r from round where round_id = _round and table_id = _table for no key update;
    if not found then
      raise exception 'LED-9: round % is not played at table %', _round, _table using errcode = 'CR001';
    end if;`
/** Every function of a round answers in this one shape; what a verdict leaves out is null. */
const ANSWER = `returns table (verdict text, ended_at_ms bigint, outcome text, seed_hex text, players text[],
    balances bigint[])`

/** The round's stakes that are held: posted and not given back. */
const HELD = `
  held as materialized (
    select s.ref, s.debit as account, s.cents
    from entry s left join entry gone on gone.round_seq = s.round_seq and gone.ref = s.ref and gone.kind = 'release'
    where s.round_seq = r.seq and s.kind = 'stake' and s.outcome = 'posted' and gone.ref is null
  )`

export const roundFunctions = [
  `create function ledger_raise_epoch(_table text) returns bigint language plpgsql as $$
  declare
    raised bigint;
  begin
    ${TAKE_TABLE}
    update table_fence set epoch = epoch + 1 where table_id = _table returning epoch into raised;
    if not found then
      with opened as (
        insert into account (owner, kind) values (_table, 'escrow'), (_table, 'win') returning id, kind
      )
      insert into table_fence (table_id, epoch, escrow_id, win_id)
      values (_table, 1, (select id from opened where kind = 'escrow'), (select id from opened where kind = 'win'))
      returning epoch into raised;
    end if;
    return raised;
  end $$`,
  `create function ledger_open_round(_table text, _epoch bigint, _round text, _opening text) ${ANSWER}
  language plpgsql ${SETTINGS} as $$
  declare
    fence table_fence;
    known text;
  begin
    ${SHARE_TABLE}
    ${REFUSE_OLD_EPOCH}
    insert into round (round_id, table_id, opening) values (_round, _table, _opening) on conflict (round_id) do nothing;
    if not found then
      select opening into known from round where round_id = _round;
      if known <> _opening then
        raise exception 'LED-9: round % was opened with other content', _round using errcode = 'CR001';
      end if;
    end if;
    return query select 'opened', null::bigint, null::text, null::text, null::text[], null::bigint[];
  end $$`,
  `create function ledger_close_round(_table text, _epoch bigint, _round text, _digest text) ${ANSWER}
  language plpgsql ${SETTINGS} as $$
  declare
    fence table_fence;
    r round;
  begin
    ${TAKE_TABLE}
    ${REFUSE_OLD_EPOCH}
    ${LOCK_ROUND}
    if r.bet_digest is null and r.ended_how is null then
      update round set bet_digest = _digest where seq = r.seq;
    end if;
    return query select coalesce(r.bet_digest, _digest), null::bigint, null::text, null::text, null::text[],
      null::bigint[];
  end $$`,
  `create function ledger_register_draw(_table text, _epoch bigint, _round text, _outcome text, _seed text) ${ANSWER}
  language plpgsql ${SETTINGS} as $$
  declare
    fence table_fence;
    r round;
  begin
    ${SHARE_TABLE}
    ${REFUSE_OLD_EPOCH}
    ${LOCK_ROUND}
    if r.ended_how is null and r.outcome is null then
      if r.bet_digest is null then
        raise exception 'LED-11: round % is drawn before it is closed', _round using errcode = 'CR001';
      end if;
      update round set outcome = _outcome, seed_hex = _seed where seq = r.seq;
    end if;
    return query select case when r.ended_how = 'void' then 'void' else 'drawn' end, null::bigint,
      coalesce(r.outcome, _outcome), coalesce(r.seed_hex, _seed), null::text[], null::bigint[];
  end $$`,
  `create function ledger_settle(_table text, _epoch bigint, _round text, _digest text, _now_ms bigint, _handle bigint,
    _bets uuid[], _players text[], _cents bigint[]) ${ANSWER}
  language plpgsql ${SETTINGS} as $$
  declare
    fence table_fence;
    r round;
    handle bigint;
    paid_bets bigint;
    paid_players text[];
    paid_balances bigint[];
  begin
    ${SHARE_TABLE}
    ${REFUSE_OLD_EPOCH}
    ${LOCK_ROUND}
    if r.outcome is null or r.ended_how = 'void' then
      raise exception 'LED-12: round % has no draw to settle by', _round using errcode = 'CR001';
    elsif r.ended_how is not null then
      if r.settlement_digest <> _digest then
        raise exception 'LED-12: round % was settled with other content', _round using errcode = 'CR001';
      end if;
      return query select 'ended', r.ended_at_ms, null::text, null::text, array_agg(a.owner), array_agg(a.balance_cents)
        from account a where a.owner = any(_players) and a.kind = 'player';
      return;
    end if;
    perform 1 from account a where a.owner = any(_players) and a.kind = 'player' order by a.id for no key update;
    with ${HELD},
    paid as materialized (
      select h.ref, h.account, p.cents
      from unnest(_bets, _players, _cents) as p(bet, player, cents)
      join held h on h.ref = p.bet
      join account a on a.id = h.account and a.owner = p.player
    ),
    posted as (
      insert into entry (debit, credit, cents, round_seq, ref, kind, outcome, content)
      select fence.escrow_id, fence.win_id, _handle, r.seq, md5(_round)::uuid, 'handle', 'posted', _round
      where _handle > 0
      union all
      select fence.win_id, p.account, p.cents, r.seq, p.ref, 'payout', 'posted', null from paid p
    ),
    moved as (
      update account a set balance_cents = a.balance_cents + w.cents
      from (select p.account, sum(p.cents)::bigint as cents from paid p group by p.account) w
      where a.id = w.account returning a.id, a.owner, a.balance_cents, w.cents
    ),
    history as (
      insert into player_round (account_id, round_seq, staked_cents, paid_cents, balance_after_cents)
      select s.account, r.seq, s.cents, coalesce(m.cents, 0), coalesce(m.balance_cents, a.balance_cents)
      from (select h.account, sum(h.cents)::bigint as cents from held h group by h.account) s
      join account a on a.id = s.account left join moved m on m.id = s.account
    ),
    ended as (
      update round set ended_how = 'settled', ended_at_ms = _now_ms, settlement_digest = _digest where seq = r.seq
    )
    select (select coalesce(sum(h.cents), 0) from held h), (select count(*) from paid),
      (select array_agg(m.owner order by m.id) from moved m),
      (select array_agg(m.balance_cents order by m.id) from moved m)
    into handle, paid_bets, paid_players, paid_balances;
    if handle <> _handle or paid_bets <> cardinality(_bets) then
      raise exception 'LED-12: round % holds % cents and % of the % paid bets, not a handle of %', _round, handle,
        paid_bets, cardinality(_bets), _handle using errcode = 'CR001';
    end if;
    return query select 'ended', _now_ms, null::text, null::text, paid_players, paid_balances;
  end $$`,
  `create function ledger_void_round(_table text, _epoch bigint, _round text, _reason text, _now_ms bigint,
    _outcome text, _seed text) ${ANSWER}
  language plpgsql ${SETTINGS} as $$
  declare
    fence table_fence;
    r round;
  begin
    ${TAKE_TABLE}
    ${REFUSE_OLD_EPOCH}
    ${LOCK_ROUND}
    if r.ended_how is distinct from 'void' and r.outcome is not null then
      return query select 'drawn', null::bigint, r.outcome, r.seed_hex, null::text[], null::bigint[];
      return;
    elsif r.ended_how is null then
      perform ledger_return_stakes(fence, r, _reason, _now_ms, _outcome, _seed);
    end if;
    return query select 'ended', coalesce(r.ended_at_ms, _now_ms), null::text, null::text, array_agg(a.owner),
        array_agg(a.balance_cents)
      from account a
      where a.id in (select e.credit from entry e where e.round_seq = r.seq and e.kind = 'release');
  end $$`,
  `create function ledger_return_stakes(fence table_fence, r round, _reason text, _now_ms bigint, _outcome text,
    _seed text)
  returns void language plpgsql ${SETTINGS} as $$
  declare
    accounts bigint[];
  begin
    accounts := array(select distinct e.debit from entry e
      where e.round_seq = r.seq and e.kind = 'stake' and e.outcome = 'posted');
    perform 1 from account a where a.id = any(accounts) order by a.id for no key update;
    with ${HELD},
    posted as (
      insert into entry (debit, credit, cents, round_seq, ref, kind, outcome)
      select fence.escrow_id, h.account, h.cents, r.seq, h.ref, 'release', 'posted' from held h
    ),
    moved as (
      update account a set balance_cents = a.balance_cents + s.cents
      from (select h.account, sum(h.cents)::bigint as cents from held h group by h.account) s
      where a.id = s.account returning a.id, a.owner, a.balance_cents, s.cents
    ),
    history as (
      insert into player_round (account_id, round_seq, staked_cents, paid_cents, balance_after_cents)
      select m.id, r.seq, m.cents, m.cents, m.balance_cents from moved m
    )
    update round set ended_how = 'void', ended_at_ms = _now_ms, void_reason = _reason, outcome = _outcome,
      seed_hex = _seed where seq = r.seq;
  end $$`,
  // Answers null for an unknown account, whose grant stays refused; the id is taken by whatever came with it first.
  `create function ledger_grant(_id uuid, _player text, _cents bigint, _memo text)
  returns table (verdict text, balance bigint) language plpgsql ${SETTINGS} as $$
  declare
    a account;
    known entry;
  begin
    select * into a from account where owner = _player and kind = 'player' for no key update;
    insert into entry (debit, credit, cents, ref, kind, outcome, content, unplaced)
    values ((select id from account where kind = 'grants' and owner = 'house'), a.id, _cents, _id, 'grant',
      case when a.id is null then 'unknown-account' else 'posted' end, _memo, case when a.id is null then _player end)
    on conflict do nothing;
    if found then
      update account set balance_cents = balance_cents + _cents where id = a.id
      returning balance_cents into a.balance_cents;
      return query select case when a.id is null then 'unknown-account' else 'posted' end, a.balance_cents;
      return;
    end if;
    select * into known from entry where ref = _id and kind = 'grant';
    return query select case when known.cents = _cents and known.content = _memo
        and coalesce(known.unplaced = _player, known.credit = a.id, false) then known.outcome else 'grant-id-taken' end,
      a.balance_cents;
  end $$`,
]
