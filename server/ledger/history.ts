import type { Game, Json } from '../../engine/game.ts'
import { gameById } from '../../engine/games.ts'
import { type Cents, toCents } from '../../engine/money.ts'
import type { Opening, Refusal, StakeFact } from '../../engine/round/types.ts'
import type { Database } from '../database/open.ts'
import { posting } from './out-of-reach.ts'

export type RoundResult = {
  readonly roundId: string
  readonly tableId: string
  readonly gameId: string
  readonly endedAtMs: number
  readonly how: 'settled' | 'void'
  readonly outcome: Json
}
export type PlayerRound = RoundResult & {
  /** What stood in the round when it ended; what was withdrawn before is not in it. */
  readonly stakedCents: Cents
  /** All that was credited: payouts, or the stakes that a void gave back. */
  readonly paidCents: Cents
}
export type PlayerRounds = { readonly rounds: readonly PlayerRound[]; readonly next: string | null }
export type PlayerBet = {
  readonly betId: string
  /** In the game's canonical form, with the kind whose limits it fell under; null when the game no longer has it. */
  readonly selection: Json
  readonly kind: string | null
  readonly stakeCents: Cents
  /** Credited for this bet: its payout, or its stake when it was withdrawn or the round was void. */
  readonly paidCents: Cents
  readonly fate: StakeFact['fate']
  readonly refusal: Refusal | null
  readonly placedAtMs: number
}
export type PlayerRoundDetail = PlayerRound & {
  readonly bets: readonly PlayerBet[]
  readonly opening: Opening
  readonly seedHex: string
  /** His balance when the round had ended; null when no stake of his stood in it. */
  readonly balanceAfterCents: Cents | null
}

type ResultRow = {
  readonly seq: number
  readonly round_id: string
  readonly table_id: string
  readonly opening: string
  readonly ended_at_ms: number
  readonly ended_how: 'settled' | 'void'
  readonly outcome: string
}
type PlayerRow = ResultRow & { readonly staked_cents: number; readonly paid_cents: number }

const RESULT = 'r.seq, r.round_id, r.table_id, r.opening, r.ended_at_ms, r.ended_how, r.outcome'
const PAGE_LIMIT = 100
const RESULTS_LIMIT = 500
const CURSOR = /^[1-9][0-9]{0,14}$/

/**
 * What players and the public may read of ended rounds. Errors: `BooksOutOfReach`. Limits are clamped to 1..100
 * rounds a page and 1..500 results.
 */
export function roundHistory(database: Pick<Database, 'pool'>): RoundHistory {
  return new RoundHistory(database.pool)
}

class RoundHistory {
  readonly #pool: Database['pool']

  constructor(pool: Database['pool']) {
    this.#pool = pool
  }

  /** Rounds in which a stake of the player stood to the end, newest first. `before` is the last page's `next`. */
  async roundsOfPlayer(playerId: string, before: string | null, limit: number): Promise<PlayerRounds | 'bad-cursor'> {
    if (before !== null && !CURSOR.test(before)) return 'bad-cursor'
    const page = clamp(limit, PAGE_LIMIT)
    const from = before === null ? Number.MAX_SAFE_INTEGER : Number(before)
    const rows = await this.#read<PlayerRow>(
      `select ${RESULT}, p.staked_cents, p.paid_cents
       from account a join player_round p on p.account_id = a.id join round r on r.seq = p.round_seq
       where a.owner = $1 and a.kind = 'player' and p.round_seq < $2 order by p.round_seq desc limit $3`,
      [playerId, from, page + 1],
    )
    const rounds = rows.slice(0, page)
    const last = rounds.at(-1)
    return { rounds: rounds.map(playerRound), next: rows.length > page && last !== undefined ? `${last.seq}` : null }
  }

  /** One ended round with the player's bets; null while it runs, when there is none, or when he had no bet in it. */
  async roundOfPlayer(playerId: string, roundId: string): Promise<PlayerRoundDetail | null> {
    const [row] = await this.#read<PlayerRow & { seed_hex: string; balance_after: number | null; bets: BetRow[] }>(
      `select ${RESULT}, r.seed_hex, coalesce(p.staked_cents, 0) as staked_cents,
        coalesce(p.paid_cents, 0) as paid_cents, p.balance_after_cents as balance_after,
        (
          select json_agg(json_build_object('bet_id', s.ref, 'selection', s.content, 'cents', s.cents,
            'outcome', s.outcome, 'paid', coalesce(paid.cents, 0), 'how', paid.kind,
            'placed_at_ms', floor(extract(epoch from s.posted_at) * 1000)) order by s.posted_at, s.ref)
          from entry s
          left join entry paid on paid.ref = s.ref and paid.kind in ('payout', 'release')
          where s.round_seq = r.seq and s.debit = a.id and s.kind = 'stake'
        ) as bets
       from account a cross join round r
       left join player_round p on p.account_id = a.id and p.round_seq = r.seq
       where a.owner = $1 and a.kind = 'player' and r.round_id = $2 and r.ended_how is not null`,
      [playerId, roundId],
    )
    if (row === undefined || row.bets === null) return null
    const opening = JSON.parse(row.opening) as Opening
    const game = gameById(opening.terms.gameId)
    return {
      ...playerRound(row),
      bets: row.bets.map((bet) => playerBet(bet, game, opening.terms.rules)),
      opening,
      seedHex: row.seed_hex,
      balanceAfterCents: row.balance_after === null ? null : toCents(row.balance_after),
    }
  }

  /** The table's ended rounds, newest first. */
  async resultsOfTable(tableId: string, limit: number): Promise<readonly RoundResult[]> {
    const rows = await this.#read<ResultRow>(
      `select ${RESULT} from round r where r.table_id = $1 and r.ended_how is not null order by r.seq desc limit $2`,
      [tableId, clamp(limit, RESULTS_LIMIT)],
    )
    return rows.map(roundResult)
  }

  #read<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return posting(async () => (await this.#pool.query<Row>(text, [...values])).rows)
  }
}

type BetRow = {
  readonly bet_id: string
  readonly selection: string
  readonly cents: number
  readonly outcome: string
  readonly paid: number
  readonly how: 'payout' | 'release' | null
  readonly placed_at_ms: number
}

function playerBet(row: BetRow, game: Game | null, rules: Json): PlayerBet {
  const { bet_id, cents, outcome, paid, how, placed_at_ms } = row
  const stored = JSON.parse(row.selection) as Json
  const selection = game?.readSelection(rules, stored) ?? null
  const fate = outcome === 'withdrawn' || how === 'release' ? 'released' : outcome === 'posted' ? 'reserved' : 'refused'
  return {
    betId: bet_id,
    selection: selection ?? stored,
    kind: selection === null ? null : (game?.betKind(rules, selection) ?? null),
    stakeCents: toCents(cents),
    paidCents: toCents(paid),
    fate,
    refusal: fate === 'refused' ? (outcome as Refusal) : null,
    placedAtMs: placed_at_ms,
  }
}

function playerRound(row: PlayerRow): PlayerRound {
  return { ...roundResult(row), stakedCents: toCents(row.staked_cents), paidCents: toCents(row.paid_cents) }
}

function roundResult({ round_id, table_id, opening, ended_at_ms, ended_how, outcome }: ResultRow): RoundResult {
  return {
    roundId: round_id,
    tableId: table_id,
    gameId: (JSON.parse(opening) as Opening).terms.gameId,
    endedAtMs: ended_at_ms,
    how: ended_how,
    outcome: JSON.parse(outcome) as Json,
  }
}

function clamp(limit: number, most: number): number {
  return Math.min(most, Math.max(1, Math.trunc(limit) || 1))
}
