import { CompiledQuery, type Kysely } from 'kysely'
import type pg from 'pg'
import type { Json } from '../../engine/game.ts'
import { toCents } from '../../engine/money.ts'
import type { Facts, Opening, Refusal, StakeFact, VoidReason } from '../../engine/round/types.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'

type StakeRow = {
  readonly ref: string
  /** Null when the books have no such player; `unplaced` then says who was named. */
  readonly owner: string | null
  readonly unplaced: string | null
  readonly cents: number
  readonly content: string
  readonly outcome: string
  readonly returned: boolean
}
type FactsRow = {
  readonly opening: string
  readonly bet_digest: string | null
  readonly outcome: string | null
  readonly seed_hex: string | null
  readonly ended_how: 'settled' | 'void' | null
  readonly ended_at_ms: number | null
  readonly void_reason: VoidReason | null
  readonly stakes: readonly StakeRow[]
}

/** One statement, so that round and stakes are of one instant. */
const FACTS = `
  select r.opening, r.bet_digest, r.outcome, r.seed_hex, r.ended_how, r.ended_at_ms, r.void_reason,
    coalesce((
      select json_agg(json_build_object('ref', s.ref, 'owner', a.owner, 'unplaced', s.unplaced, 'cents', s.cents,
        'content', s.content, 'outcome', s.outcome, 'returned', gone.ref is not null) order by s.posted_at, s.ref)
      from entry s
      left join entry gone on gone.round_seq = s.round_seq and gone.ref = s.ref and gone.kind = 'release'
      left join account a on a.id = s.debit
      where s.round_seq = r.seq and s.kind = 'stake'
    ), '[]') as stakes
  from round r where r.table_id = $1 order by r.seq desc limit 1`

/** What the books prove of the table's latest round; null when it never had one. */
export async function latestRound(pool: pg.Pool, tableId: string): Promise<Facts | null> {
  const { rows } = await pool.query<FactsRow>({ name: 'ledger_facts', text: FACTS, values: [tableId] })
  return rows[0] === undefined ? null : factsOf(rows[0])
}

/** The same as a transaction sees it. */
export async function latestRoundWithin(db: Kysely<DatabaseSchema>, tableId: string): Promise<Facts | null> {
  const { rows } = await db.executeQuery<FactsRow>(CompiledQuery.raw(FACTS, [tableId]))
  return rows[0] === undefined ? null : factsOf(rows[0])
}

function factsOf(row: FactsRow): Facts {
  const { outcome, seed_hex, ended_how, ended_at_ms } = row
  return {
    opening: JSON.parse(row.opening) as Opening,
    stakes: row.stakes.map(stakeFact),
    betDigest: row.bet_digest,
    draw: outcome === null || seed_hex === null ? null : { outcome: JSON.parse(outcome) as Json, seedHex: seed_hex },
    ended:
      ended_how === null || ended_at_ms === null
        ? null
        : { how: ended_how, atMs: ended_at_ms, voidReason: row.void_reason },
  }
}

function stakeFact({ ref, owner, unplaced, cents, content, outcome, returned }: StakeRow): StakeFact {
  const playerId = unplaced === null ? owner : (JSON.parse(unplaced) as [string, string])[1]
  const bet = {
    betId: ref,
    playerId: playerId ?? '',
    selection: JSON.parse(content) as Json,
    stakeCents: toCents(cents),
  }
  if (outcome === 'withdrawn' || returned) return { bet, fate: 'released', refusal: null }
  return outcome === 'posted'
    ? { bet, fate: 'reserved', refusal: null }
    : { bet, fate: 'refused', refusal: outcome as Refusal }
}
