import pg from 'pg'
import { valueParsers } from '../server/database/number-parsers.ts'
import { audit } from '../server/ledger/audit.ts'

export type BookedRound = {
  readonly roundId: string
  readonly tableId: string
  /** JSON of `Opening`. */
  readonly opening: string
  readonly betDigest: string | null
  /** JSON. */
  readonly outcome: string | null
  readonly seedHex: string | null
  readonly how: 'settled' | 'void' | null
}
/** A stake of any fate, or money that went back to a player for it. */
export type BookedEntry = {
  readonly ref: string
  readonly kind: 'stake' | 'release' | 'payout' | 'grant'
  readonly outcome: string
  readonly cents: number
  readonly playerId: string
  readonly roundId: string | null
  /** JSON of the selection, of stakes. */
  readonly content: string | null
}
/** What the books say, as they stand. */
export type BookFacts = {
  readonly rounds: ReadonlyMap<string, BookedRound>
  readonly entries: readonly BookedEntry[]
  readonly balances: ReadonlyMap<string, number>
  /** Sum of all lines, accounts whose balance is not that of their lines, players below zero: all must be 0. */
  readonly linesSumCents: number
  readonly accountsOff: number
  readonly negativePlayers: number
}

const CONNECT_MS = 5_000
const ENTRIES = `
  select e.ref, e.kind, e.outcome, e.cents, coalesce(a.owner, '') as "playerId", r.round_id as "roundId", e.content
  from entry e
  left join account a on a.id = case when e.kind = 'stake' then e.debit else e.credit end
  left join round r on r.seq = e.round_seq
  where e.kind in ('stake', 'release', 'payout', 'grant')`
const ROUNDS = `
  select round_id as "roundId", table_id as "tableId", opening, bet_digest as "betDigest", outcome,
    seed_hex as "seedHex", ended_how as how
  from round`

/** Reads the tables of the books themselves, past every line of the server that writes them. */
export async function readBooks(databaseUrl: string): Promise<BookFacts> {
  const pool = openPool(databaseUrl)
  try {
    const { linesSumCents, accountsOff, negativePlayers } = await audit(pool)
    const { rows: entries } = await pool.query<BookedEntry>(ENTRIES)
    const { rows: rounds } = await pool.query<BookedRound>(ROUNDS)
    const { rows: accounts } = await pool.query<{ owner: string; cents: number }>(
      `select owner, balance_cents as cents from account where kind = 'player'`,
    )
    return {
      rounds: new Map(rounds.map((round) => [round.roundId, round])),
      entries,
      balances: new Map(accounts.map(({ owner, cents }) => [owner, cents])),
      linesSumCents,
      accountsOff,
      negativePlayers,
    }
  } finally {
    await pool.end()
  }
}

export function openPool(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    types: valueParsers,
    max: 2,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: 60_000,
  })
  // A server that is killed breaks idle connections; the next query opens another.
  pool.on('error', () => undefined)
  return pool
}
