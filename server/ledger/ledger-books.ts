import { createHash } from 'node:crypto'
import { assert } from '../../engine/assert.ts'
import { canonicalJson } from '../../engine/fairness/encoding.ts'
import type { Json } from '../../engine/game.ts'
import { type Cents, toCents } from '../../engine/money.ts'
import type { Draw, Facts, Opening, VoidReason } from '../../engine/round/types.ts'
import type { Database } from '../database/open.ts'
import { AccountIds } from './account-ids.ts'
import { audit } from './audit.ts'
import type { Books, BooksAudit, Ended, Fence, Settlement, StakeAnswer, StakeRequest } from './books.ts'
import { latestRound } from './facts.ts'
import { assertUuid, posting } from './out-of-reach.ts'
import { askStakes, assertStakeRequest } from './stakes.ts'

/** One row of every function of a round; what a verdict leaves out is null. */
type RoundRow = {
  readonly verdict: string
  readonly ended_at_ms: number | null
  readonly outcome: string | null
  readonly seed_hex: string | null
  readonly players: readonly string[] | null
  readonly balances: readonly number[] | null
}

/**
 * The books on PostgreSQL, real or embedded: each call is one statement, and so one commit. `docs/ledger.md` describes
 * the accounts and entries, RULES.md what holds. Errors: `BooksOutOfReach` when nothing is known and the same may be
 * asked again; anything else is a broken invariant.
 */
export class LedgerBooks implements Books {
  readonly #database: Database
  readonly #accounts: AccountIds
  readonly #nowMs: () => number

  constructor(database: Database, nowMs: () => number = Date.now) {
    this.#database = database
    this.#accounts = new AccountIds(database.pool)
    this.#nowMs = nowMs
  }

  async raiseEpoch(tableId: string): Promise<number> {
    const [row] = await this.#ask<{ epoch: number }>('select ledger_raise_epoch($1) as epoch', [tableId])
    assert(row !== undefined, 'LED-6: a take-over has an epoch')
    return row.epoch
  }

  async openRound(fence: Fence, opening: Opening): Promise<'opened' | 'fenced'> {
    assert(fence.tableId === opening.tableId, 'LED-9: a round opens at the table of its owner')
    const { verdict } = await this.#round('ledger_open_round', fence, opening.roundId, [canonicalJson(opening)])
    return verdict === 'fenced' ? 'fenced' : 'opened'
  }

  async reserve(requests: readonly StakeRequest[]): Promise<readonly StakeAnswer[]> {
    for (const request of requests) assertStakeRequest(request)
    return askStakes(this.#database.pool, this.#accounts, 'reserve', requests)
  }

  async release(requests: readonly StakeRequest[]): Promise<readonly StakeAnswer[]> {
    for (const request of requests) assertStakeRequest(request)
    return askStakes(this.#database.pool, this.#accounts, 'release', requests)
  }

  async closeRound(fence: Fence, roundId: string, betDigest: string): Promise<string | 'fenced'> {
    return (await this.#round('ledger_close_round', fence, roundId, [betDigest])).verdict
  }

  async registerDraw(fence: Fence, roundId: string, draw: Draw): Promise<Draw | 'fenced' | 'void'> {
    const asked = [canonicalJson(draw.outcome), draw.seedHex]
    const row = await this.#round('ledger_register_draw', fence, roundId, asked)
    return row.verdict === 'fenced' || row.verdict === 'void' ? row.verdict : drawOf(row)
  }

  async settle(settlement: Settlement): Promise<Ended | 'fenced'> {
    const payouts = [...settlement.payouts].sort((a, b) => (a.betId < b.betId ? -1 : a.betId > b.betId ? 1 : 0))
    for (const { betId } of payouts) assertUuid(betId)
    assert(
      payouts.every(({ cents }) => cents > 0),
      'LED-1: a payout is a positive amount',
    )
    assert(
      payouts.every(({ betId }, i) => betId !== payouts[i + 1]?.betId),
      'LED-12: a bet has one payout',
    )
    const row = await this.#round('ledger_settle', settlement, settlement.roundId, [
      settlementDigest(settlement.handleCents, payouts),
      this.#nowMs(),
      settlement.handleCents,
      payouts.map(({ betId }) => betId),
      payouts.map(({ playerId }) => playerId),
      payouts.map(({ cents }) => cents),
    ])
    return row.verdict === 'fenced' ? 'fenced' : endedOf(row)
  }

  async voidRound(
    fence: Fence,
    roundId: string,
    reason: VoidReason,
    draw: Draw,
  ): Promise<Ended | 'fenced' | { readonly drawn: Draw }> {
    const asked = [reason, this.#nowMs(), canonicalJson(draw.outcome), draw.seedHex]
    const row = await this.#round('ledger_void_round', fence, roundId, asked)
    if (row.verdict === 'fenced') return 'fenced'
    return row.verdict === 'drawn' ? { drawn: drawOf(row) } : endedOf(row)
  }

  latestRound(tableId: string): Promise<Facts | null> {
    return posting(() => latestRound(this.#database.pool, tableId))
  }

  async openAccount(playerId: string): Promise<void> {
    assert(playerId !== '' && playerId.length <= 255, 'LED-14: an account belongs to a player with a short id')
    await this.#ask(
      `insert into account (owner, kind, balance_cents) values ($1, 'player', 0) on conflict (owner, kind) do nothing`,
      [playerId],
    )
  }

  async balanceOf(playerId: string): Promise<Cents | null> {
    const [row] = await this.#ask<{ balance: number }>(
      `select balance_cents as balance from account where owner = $1 and kind = 'player'`,
      [playerId],
    )
    return row === undefined ? null : toCents(row.balance)
  }

  async grant(
    id: string,
    playerId: string,
    cents: Cents,
    memo: string,
  ): Promise<{ readonly balanceCents: Cents } | 'grant-id-taken' | 'unknown-account'> {
    assertUuid(id)
    assert(cents > 0, 'LED-15: a grant is a positive amount')
    const [row] = await this.#ask<{ verdict: string; balance: number }>(
      'select verdict, balance from ledger_grant($1, $2, $3, $4)',
      [id, playerId, cents, memo],
    )
    assert(row !== undefined, 'LED-15: a grant has its answer')
    if (row.verdict === 'grant-id-taken' || row.verdict === 'unknown-account') return row.verdict
    return { balanceCents: toCents(row.balance) }
  }

  audit(): Promise<BooksAudit> {
    return posting(() => audit(this.#database.pool))
  }

  async #round(name: string, fence: Fence, roundId: string, asked: readonly unknown[]): Promise<RoundRow> {
    const values = [fence.tableId, fence.epoch, roundId, ...asked]
    const places = values.map((_, i) => `$${i + 1}`).join(', ')
    const [row] = await this.#ask<RoundRow>(`select * from ${name}(${places})`, values)
    assert(row !== undefined, 'LED-9: a question about a round has its answer')
    return row
  }

  async #ask<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return posting(async () => (await this.#database.pool.query<Row>(text, [...values])).rows)
  }
}

function settlementDigest(handleCents: Cents, payouts: Settlement['payouts']): string {
  const content: Json = [handleCents, payouts.map(({ betId, playerId, cents }) => [betId, playerId, cents])]
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}

function drawOf({ outcome, seed_hex }: RoundRow): Draw {
  assert(outcome !== null && seed_hex !== null, 'LED-11: a draw has its outcome and its seed')
  return { outcome: JSON.parse(outcome) as Json, seedHex: seed_hex }
}

function endedOf({ ended_at_ms, players, balances }: RoundRow): Ended {
  assert(ended_at_ms !== null, 'LED-12: a round that has ended has its time')
  return {
    atMs: ended_at_ms,
    balances: new Map((players ?? []).map((playerId, i) => [playerId, toCents(balances?.[i] ?? Number.NaN)])),
  }
}
