import type pg from 'pg'
import { assert } from '../../engine/assert.ts'
import { toCents } from '../../engine/money.ts'
import type { BooksAudit } from './books.ts'

const AUDIT_LIMIT_MS = 300_000

/**
 * Everything from the lines, in one statement and so of one instant. A line whose account is missing leaves the sum
 * off zero; an account is off when its cached balance, or a table's escrow, is not what its lines or its running
 * stakes say.
 */
const AUDIT = `
  with sums as (
    select a.id, a.kind, a.owner, a.balance_cents, coalesce(sum(l.cents), 0)::bigint as cents
    from account a left join ledger_line l on l.account_id = a.id group by a.id
  ),
  running as (
    select r.table_id, sum(s.cents)::bigint as cents
    from round r join entry s on s.round_seq = r.seq and s.kind = 'stake' and s.outcome = 'posted'
    where r.ended_at_ms is null
      and not exists (select from entry gone where gone.ref = s.ref and gone.kind = 'release')
    group by r.table_id
  )
  select coalesce(sum(s.cents), 0)::bigint as lines_sum,
    count(*) filter (
      where s.balance_cents <> s.cents or (s.kind = 'escrow' and s.cents <> coalesce(r.cents, 0))
    ) as off,
    count(*) filter (where s.kind in ('player', 'player-bonus') and least(s.cents, s.balance_cents) < 0) as negative,
    coalesce(sum(s.cents) filter (where s.kind in ('player', 'player-bonus')), 0)::bigint as players,
    coalesce(sum(s.cents) filter (where s.kind = 'escrow'), 0)::bigint as escrow
  from sums s left join running r on r.table_id = s.owner and s.kind = 'escrow'`

/** Reads the whole journal, so it is given minutes where postings are given seconds. */
export async function audit(pool: pg.Pool): Promise<BooksAudit> {
  const client = await pool.connect()
  try {
    await client.query(`begin read only; set local statement_timeout = ${AUDIT_LIMIT_MS}`)
    const answer = await auditWithin(client)
    await client.query('commit')
    client.release()
    return answer
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** The audit as the client's transaction sees the books. */
export async function auditWithin(client: pg.PoolClient): Promise<BooksAudit> {
  const { rows } = await client.query({ text: AUDIT, query_timeout: AUDIT_LIMIT_MS } as pg.QueryConfig)
  const row = rows[0]
  assert(row !== undefined, 'LED-2: an audit has its answer')
  return {
    linesSumCents: row.lines_sum,
    accountsOff: row.off,
    negativePlayers: row.negative,
    playersCents: toCents(row.players),
    escrowCents: toCents(row.escrow),
  }
}
