import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { DatabaseSchema } from '../database/migrations/index.ts'

/**
 * All rounds whose end stands in the first `logSize` entries of the public log, with every entry of the journal that
 * belongs to them. Neither changes any more once the end is logged, so two books that hold the same first entries have
 * the same mark, whatever came later and whatever their clocks said: a position that totals can be compared at.
 */
export type RoundsMark = {
  readonly logSize: number
  readonly rounds: number
  readonly entries: number
  readonly stakedCents: number
  readonly returnedCents: number
  readonly handleCents: number
  readonly paidCents: number
  /** Each link is SHA-256 of the link before, the round's record and its journal; in the order of the log. */
  readonly chainHex: string
}

export const NO_ROUNDS: RoundsMark = {
  logSize: 0,
  rounds: 0,
  entries: 0,
  stakedCents: 0,
  returnedCents: 0,
  handleCents: 0,
  paidCents: 0,
  chainHex: '00'.repeat(32),
}

type Row = {
  readonly round_id: string
  readonly agrees: boolean
  readonly record: Buffer | null
  readonly journal: Buffer
  readonly entries: number
  readonly staked: number
  readonly returned: number
  readonly handle: number
  readonly paid: number
}
export type Extended = {
  readonly mark: RoundsMark
  /** Rounds of which the log says something else than the books. */
  readonly differing: readonly string[]
}

const PAGE = 500
/** Pages that are read at once; a transaction has one connection. */
const PAGES_AHEAD = 4

/** Goes on from a mark to the first `toLogSize` entries of the log. */
export async function extendRounds(db: Kysely<DatabaseSchema>, from: RoundsMark, toLogSize: number): Promise<Extended> {
  let mark = from
  const differing: string[] = []
  const ahead: Promise<readonly Row[]>[] = []
  let asked = from.logSize
  const ask = (): void => {
    const page = pageOf(db, asked, Math.min(toLogSize, asked + PAGE))
    page.catch(() => undefined) // told when its turn comes
    ahead.push(page)
    asked += PAGE
  }
  while (mark.logSize < toLogSize) {
    while (asked < toLogSize && ahead.length < (db.isTransaction ? 1 : PAGES_AHEAD)) ask()
    for (const row of (await ahead.shift()) ?? []) {
      if (!row.agrees) differing.push(row.round_id)
      mark = added(mark, row)
    }
    mark = { ...mark, logSize: Math.min(toLogSize, mark.logSize + PAGE) }
  }
  return { mark, differing }
}

function added(mark: RoundsMark, row: Row): RoundsMark {
  const link = createHash('sha256').update(Buffer.from(mark.chainHex, 'hex'))
  link.update(row.round_id).update('\0')
  link.update(row.record ?? 'missing').update(row.journal)
  return {
    logSize: mark.logSize,
    rounds: mark.rounds + 1,
    entries: mark.entries + row.entries,
    stakedCents: mark.stakedCents + row.staked,
    returnedCents: mark.returnedCents + row.returned,
    handleCents: mark.handleCents + row.handle,
    paidCents: mark.paidCents + row.paid,
    chainHex: link.digest('hex'),
  }
}

async function pageOf(db: Kysely<DatabaseSchema>, from: number, to: number): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`
    select l.round_id, e.journal, e.entries, e.staked, e.returned, e.handle, e.paid,
      case when r.seq is not null then sha256(convert_to(json_build_array(r.seq, r.round_id, r.table_id, r.opening,
        r.bet_digest, r.outcome, r.seed_hex, r.ended_how, r.ended_at_ms, r.void_reason, r.settlement_digest)::text,
        'UTF8')) end as record,
      coalesce(l.body @> jsonb_build_object('how', r.ended_how, 'seedHex', r.seed_hex, 'betDigestHex', r.bet_digest,
        'endedAtMs', r.ended_at_ms, 'voidReason', r.void_reason, 'outcome', r.outcome::jsonb,
        'commitmentHex', r.opening::jsonb -> 'commitment'), false) as agrees
    from (
      select index, substr(key, ${ENDED.length + 1}) as round_id, body::jsonb as body from log_entry
      where index >= ${from} and index < ${to} and starts_with(key, ${ENDED})
    ) l
    left join round r on r.round_id = l.round_id
    left join lateral (
      select count(*) as entries,
        coalesce(sum(cents) filter (where kind = 'stake'), 0)::bigint as staked,
        coalesce(sum(cents) filter (where kind = 'release'), 0)::bigint as returned,
        coalesce(sum(cents) filter (where kind = 'handle'), 0)::bigint as handle,
        coalesce(sum(cents) filter (where kind = 'payout'), 0)::bigint as paid,
        sha256(convert_to(coalesce(string_agg(${sql.raw(ENTRY_TEXT)}, chr(10) order by e.kind, e.ref), ''), 'UTF8'))
          as journal
      from entry e where e.round_seq = r.seq and e.outcome = 'posted'
    ) e on true
    order by l.index`.execute(db)
  return rows
}

const ENDED = 'round-ended:'

/** Everything that an entry says, as one text that does not depend on the session's settings. */
const ENTRY_TEXT = `json_build_array(e.ref, e.kind, e.debit, e.credit, e.cents, e.content,
  (extract(epoch from e.posted_at) * 1000000)::bigint)::text`

/**
 * The posted entries that no ended round of the log's first `logSize` entries accounts for: of rounds that go on, and
 * grants. Answers a digest of each by its key.
 */
export async function looseEntries(db: Kysely<DatabaseSchema>, logSize: number): Promise<Map<string, string>> {
  const { rows } = await sql<{ key: string; digest: string }>`
    select e.ref::text || ' ' || e.kind as key, md5(${sql.raw(ENTRY_TEXT)}) as digest from entry e
    where e.outcome = 'posted' and (e.round_seq is null or e.round_seq in (
      select r.seq from round r where not exists (
        select from log_entry l where l.key = ${ENDED} || r.round_id and l.index < ${logSize})))`.execute(db)
  return new Map(rows.map(({ key, digest }) => [key, digest]))
}
