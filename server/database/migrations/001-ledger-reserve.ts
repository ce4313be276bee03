/**
 * Stakes in and out, many at once. Both functions first take the table's right (shared: a take-over waits for them, and
 * then they wait for nobody), and then the players' rows, in order of id. The exact path and the release lock them in a
 * statement of their own, since a lock taken within the statement that judges a balance would judge the version from
 * before the wait.
 *
 * Parameters: one element of `_tables`, `_epochs`, `_rounds` for each place (a table's round under an epoch), and one
 * of the other arrays for each request, whose `_places` element counts from 1. No bet id occurs twice in one call.
 */
/** Plans are made once, when the tables may still be empty: the ways that only suit small tables are closed to them. */
export const SETTINGS = 'set plan_cache_mode = force_generic_plan set enable_seqscan = off'
const RESERVE_SETTINGS = `${SETTINGS} set enable_bitmapscan = off`

const PLACE = `
  place as materialized (
    select p.o, p.round_id, f.epoch is null as fenced, f.escrow_id, r.seq,
      r.seq is not null and r.bet_digest is null and r.ended_at_ms is null as takes_bets
    from unnest(_tables, _epochs, _rounds) with ordinality as p(table_id, epoch, round_id, o)
    left join table_fence f on f.table_id = p.table_id and f.epoch = p.epoch
    left join round r on r.round_id = p.round_id and r.table_id = p.table_id
  )`

// The lock manager's queue is fair, a row's is not: where batch follows batch, FOR SHARE on one row would let a
// take-over starve. 20 is the ledger's own class of advisory locks; two tables of one hash only wait for each other.
const SHARE_TABLES = `perform pg_advisory_xact_lock_shared(20, key)
    from (select distinct hashtext(id) as key from unnest(_tables) as id order by 1) as keys;`

export const reserveFunctions = [
  // The fast path: each player's stakes in the batch are taken from his row together, and only if all of them fit.
  // The condition is judged again on the newest version of a row that somebody else has just changed, and where it
  // passed on an older one that version too was covered, so the check on the balance never fails for a wrong reason.
  // Whatever does not fit by this account, or has been asked before, is answered 'again' and left to the exact path.
  // An account's id never changes, so the caller may know it already; null says that the books had no such player, and
  // only then is his name needed.
  `create function ledger_reserve(_tables text[], _epochs bigint[], _rounds text[], _places int[], _bets uuid[],
    _players text[], _cents bigint[], _selections text[], _accounts bigint[])
  returns table (verdicts text, balances bigint[]) language plpgsql ${RESERVE_SETTINGS} as $$
  begin
    ${SHARE_TABLES}
    with ${PLACE},
    asked as materialized (
      select b.o, b.bet, b.cents, b.selection, b.account, p.escrow_id, p.seq,
        case when p.fenced then 'fenced' when not p.takes_bets then 'bets-closed' when b.account is null
          then 'account-blocked' else 'posted' end as verdict,
        case when b.account is null then json_build_array(p.round_id, b.player)::text
          when p.seq is null
          then (select json_build_array(p.round_id, a.owner)::text from account a where a.id = b.account)
        end as unplaced
      from unnest(_places, _bets, _players, _cents, _selections, _accounts) with ordinality
        as b(place, bet, player, cents, selection, account, o)
      join place p on p.o = b.place
    ),
    debited as (
      update account a set balance_cents = a.balance_cents - w.cents
      from (
        select k.account, sum(k.cents)::bigint as cents from asked k where k.verdict = 'posted'
        group by k.account order by k.account
      ) w
      where a.id = w.account and a.balance_cents >= w.cents
      returning a.id, a.balance_cents
    ),
    judged as materialized (
      select k.*, d.balance_cents,
        case when k.verdict = 'posted' and d.id is null then 'again' else k.verdict end as judgement
      from asked k left join debited d on d.id = k.account
    ),
    kept as (
      insert into entry (debit, credit, cents, round_seq, ref, kind, outcome, content, unplaced)
      select j.account, j.escrow_id, j.cents, j.seq, j.bet, 'stake', j.judgement, j.selection, j.unplaced
      from judged j where j.judgement not in ('fenced', 'again') order by j.bet
      on conflict do nothing returning entry.ref
    )
    select string_agg(case when j.judgement in ('fenced', 'again') or kept.ref is not null then j.judgement
        when j.judgement = 'posted' then 'repeated' else 'again' end, ',' order by j.o),
      array_agg(j.balance_cents order by j.o)
    into verdicts, balances
    from judged j left join kept on kept.ref = j.bet;
    if verdicts like '%repeated%' then
      update account a set balance_cents = a.balance_cents + w.cents
      from (
        select k.account, sum(k.cents)::bigint as cents
        from unnest(_accounts, _cents, string_to_array(verdicts, ',')) as k(account, cents, verdict)
        where k.verdict = 'repeated' group by k.account order by k.account
      ) w
      where a.id = w.account;
      verdicts := replace(verdicts, 'repeated', 'again');
      balances := array_fill(null::bigint, array[cardinality(_bets)]);
    end if;
    if balances is null or array_position(balances, null) is not null then
      balances := array(select a.balance_cents from unnest(_accounts) with ordinality as k(account, o)
        left join account a on a.id = k.account order by k.o);
    end if;
    return next;
  end $$`,
  // The exact path: one request after the other, each judged by the balance that the ones before it left.
  `create function ledger_reserve_in_order(_tables text[], _epochs bigint[], _rounds text[], _places int[],
    _bets uuid[], _players text[], _cents bigint[], _selections text[])
  returns table (verdict text, balance bigint) language plpgsql ${SETTINGS} as $$
  declare
    i int;
  begin
    ${SHARE_TABLES}
    perform 1 from account a where a.owner = any(_players) and a.kind = 'player' order by a.id for no key update;
    for i in 1 .. cardinality(_bets) loop
      return query select * from ledger_reserve_one(_tables[_places[i]], _epochs[_places[i]], _rounds[_places[i]],
        _bets[i], _players[i], _cents[i], _selections[i]);
    end loop;
  end $$`,
  `create function ledger_reserve_one(_table text, _epoch bigint, _round text, _bet uuid, _player text, _cents bigint,
    _selection text)
  returns table (verdict text, balance bigint) language plpgsql ${SETTINGS} as $$
  declare
    fence table_fence;
    r round;
    a account;
    known entry;
    lost_to text;
  begin
    select * into fence from table_fence f where f.table_id = _table and f.epoch = _epoch;
    if not found then
      return query select 'fenced', null::bigint;
      return;
    end if;
    select * into r from round where round_id = _round and table_id = _table;
    select * into a from account where owner = _player and kind = 'player';
    lost_to := case when r.seq is null or r.bet_digest is not null or r.ended_at_ms is not null then 'bets-closed'
      when a.id is null then 'account-blocked' when a.balance_cents < _cents then 'insufficient-funds' end;
    insert into entry (debit, credit, cents, round_seq, ref, kind, outcome, content, unplaced)
    values (a.id, fence.escrow_id, _cents, r.seq, _bet, 'stake', coalesce(lost_to, 'posted'), _selection,
      case when r.seq is null or a.id is null then json_build_array(_round, _player)::text end)
    on conflict do nothing;
    if found then
      if lost_to is null then
        update account set balance_cents = balance_cents - _cents where id = a.id
        returning balance_cents into a.balance_cents;
      end if;
      return query select coalesce(lost_to, 'posted'), a.balance_cents;
      return;
    end if;
    select * into known from entry where ref = _bet and kind = 'stake';
    return query select
      case when not ledger_same_stake(known, r.seq, a.id, _round, _player, _cents, _selection) then 'bet-id-taken'
        when known.outcome = 'posted' and exists (select from entry where ref = _bet and kind = 'release')
          then 'withdrawn'
        else known.outcome end,
      a.balance_cents;
  end $$`,
  // A request that named an unknown round or player kept both names, since there was no row to point at.
  `create function ledger_same_stake(known entry, _seq bigint, _account bigint, _round text, _player text,
    _cents bigint, _selection text)
  returns boolean language sql immutable as $$
    select known.cents = _cents and known.content = _selection and
      case when known.unplaced is null then coalesce(known.round_seq = _seq and known.debit = _account, false)
        else known.unplaced = json_build_array(_round, _player)::text end
  $$`,
  `create function ledger_release(_tables text[], _epochs bigint[], _rounds text[], _places int[], _bets uuid[],
    _players text[], _cents bigint[], _selections text[])
  returns table (verdict text, balance bigint) language plpgsql ${SETTINGS} as $$
  begin
    ${SHARE_TABLES}
    perform 1 from account a where a.owner = any(_players) and a.kind = 'player' order by a.id for no key update;
    return query
    with ${PLACE},
    asked as materialized (
      select b.o, b.bet, b.cents, b.selection, p.escrow_id, p.seq, a.id as account, a.balance_cents,
        case when p.fenced then 'fenced' when known.ref is null then 'withdrawn'
          when not ledger_same_stake(known, p.seq, a.id, p.round_id, b.player, b.cents, b.selection) then 'bet-id-taken'
          when known.outcome <> 'posted' then known.outcome when gone.ref is not null then 'released'
          when not p.takes_bets then 'held' else 'release' end as verdict,
        case when p.seq is null or a.id is null then json_build_array(p.round_id, b.player)::text end as unplaced,
        known.ref is null as unknown
      from unnest(_places, _bets, _players, _cents, _selections) with ordinality
        as b(place, bet, player, cents, selection, o)
      join place p on p.o = b.place
      left join account a on a.owner = b.player and a.kind = 'player'
      left join entry known on known.ref = b.bet and known.kind = 'stake'
      left join entry gone on gone.ref = b.bet and gone.kind = 'release'
    ),
    kept as (
      insert into entry (debit, credit, cents, round_seq, ref, kind, outcome, content, unplaced)
      select case when k.unknown then k.account else k.escrow_id end,
        case when k.unknown then k.escrow_id else k.account end, k.cents, k.seq, k.bet,
        case when k.unknown then 'stake' else 'release' end, case when k.unknown then 'withdrawn' else 'posted' end,
        case when k.unknown then k.selection end, case when k.unknown then k.unplaced end
      from asked k where k.verdict = 'release' or (k.unknown and k.verdict = 'withdrawn') order by k.bet
      on conflict do nothing
      returning entry.ref, entry.credit, entry.cents, entry.outcome
    ),
    moved as (
      update account a set balance_cents = a.balance_cents + s.cents
      from (select k.credit, sum(k.cents)::bigint as cents from kept k where k.outcome = 'posted' group by k.credit) s
      where a.id = s.credit returning a.id, a.balance_cents
    )
    select case when kept.ref is not null then 'released'
        when k.verdict = 'release' or (k.unknown and k.verdict = 'withdrawn') then 'again' else k.verdict end,
      coalesce(m.balance_cents, k.balance_cents)
    from asked k left join kept on kept.ref = k.bet left join moved m on m.id = k.account
    order by k.o;
  end $$`,
]
