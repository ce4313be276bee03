import { type Kysely, type Selectable, sql } from 'kysely'
import type { Game, Json } from '../../engine/game.ts'
import { type Ratio, ratio, ratioText } from '../../engine/money.ts'
import { compareRatios } from '../../engine/returns.ts'
import type { Limits, Pace } from '../../engine/round/types.ts'
import type { TableInfo } from '../../rooms/protocol.ts'
import type { DatabaseSchema } from '../database/migrations/index.ts'
import type { Database } from '../database/open.ts'
import { limitsProblem, limitsShape, paceProblem, paceShape } from './table-terms.ts'

export const TABLE_STATUSES = ['open', 'paused', 'draining', 'closed'] as const
/** `paused`: no next round until it is open again. `draining`: the running round is the last, then it is `closed`. */
export type TableStatus = (typeof TABLE_STATUSES)[number]

/**
 * One table of the house as it stands in the books. A change raises `revision`, and touches the next round only
 * (OPS-9).
 */
export type HouseTable = {
  readonly tableId: string
  readonly name: string
  readonly gameId: string
  readonly rules: Json
  readonly limits: Limits
  readonly pace: Pace
  readonly currency: string
  readonly status: TableStatus
  readonly revision: number
  readonly createdAtMs: number
}

export type NewTable = {
  readonly tableId: string
  readonly name: string
  readonly gameId: string
  readonly rules: unknown
  readonly limits: unknown
  readonly pace: unknown
}

/** Why a table, or a change of one, is refused. Every code has a test. */
export type TableRefusal =
  | 'no-such-table'
  | 'table-exists'
  | 'bad-name'
  | 'unknown-game'
  | 'bad-rules'
  | 'bad-limits'
  | 'bad-pace'
  | 'round-gap-too-short'
  | 'return-below-minimum'
  | 'wrong-status'

export type HouseTablesOptions = {
  readonly database: Database
  readonly nowMs: () => number
  readonly gameById: (gameId: string) => Game | null
  readonly currency: string
  /** What the market asks of every bet on average, in percent (G12), and of the pause between rounds (G34). */
  readonly leastReturnPercent: number
  readonly minRoundGapMs: number
}

type Executor = Kysely<DatabaseSchema>
type Row = Selectable<DatabaseSchema['house_table']>
type Change = { readonly before: HouseTable; readonly after: HouseTable }

const TABLE_ID = /^[a-z][a-z0-9-]{0,31}$/

/** From which status an order may come to which. */
const MOVES: Readonly<Record<TableStatus, readonly TableStatus[]>> = {
  open: ['closed', 'paused', 'draining'],
  paused: ['open', 'draining'],
  draining: ['open', 'paused'],
  closed: ['paused', 'draining'],
}

/** The list of the house's tables in the books: the one truth about which tables there are and what they offer. */
export class HouseTables {
  readonly #options: HouseTablesOptions

  constructor(options: HouseTablesOptions) {
    this.#options = options
  }

  async list(): Promise<HouseTable[]> {
    const rows = await this.#options.database.kysely
      .selectFrom('house_table')
      .selectAll()
      .orderBy('created_at_ms')
      .orderBy('table_id')
      .execute()
    return rows.map(tableOf)
  }

  async get(tableId: string, within: Executor = this.#options.database.kysely): Promise<HouseTable | null> {
    const row = await within.selectFrom('house_table').selectAll().where('table_id', '=', tableId).executeTakeFirst()
    return row === undefined ? null : tableOf(row)
  }

  /** Adds a table, closed at first unless `status` says otherwise. */
  async create(
    asked: NewTable,
    status: TableStatus = 'closed',
    within: Executor = this.#options.database.kysely,
  ): Promise<HouseTable | TableRefusal> {
    const { tableId, name, gameId } = asked
    if (!TABLE_ID.test(tableId) || name.trim() !== name || name.length < 1 || name.length > 40) return 'bad-name'
    const game = this.#options.gameById(gameId)
    if (game === null) return 'unknown-game'
    const rules = game.readRules(asked.rules)
    if (rules === null) return 'bad-rules'
    const limits = this.readLimits(game, rules, asked.limits)
    if (typeof limits === 'string') return limits
    const pace = this.#readPace(asked.pace)
    if (typeof pace === 'string') return pace
    const inserted = await within
      .insertInto('house_table')
      .values({
        table_id: tableId,
        name,
        game_id: gameId,
        rules: jsonb(rules),
        limits: jsonb(limits),
        pace: jsonb(pace),
        currency: this.#options.currency,
        status,
        revision: 1,
        created_at_ms: this.#options.nowMs(),
      })
      .onConflict((row) => row.doNothing())
      .returningAll()
      .executeTakeFirst()
    return inserted === undefined ? 'table-exists' : tableOf(inserted)
  }

  /** Moves the table to another status; `wrong-status` when no order leads there from where it is. */
  setStatus(tableId: string, status: TableStatus, within?: Executor): Promise<Change | TableRefusal> {
    return this.#change(tableId, within, (table) => {
      if (!MOVES[status].includes(table.status)) return 'wrong-status'
      // What the market asks may have changed since the table was made.
      return (status === 'open' ? this.refusalOf(table) : null) ?? { status }
    })
  }

  /** Why this house may not open a round at the table as it stands; null when it may (OPS-7, OPS-8). */
  refusalOf({ gameId, rules, limits, pace }: HouseTable): TableRefusal | null {
    const game = this.#options.gameById(gameId)
    if (game === null) return 'unknown-game'
    const checked = [this.readLimits(game, rules, limits), this.#readPace(pace)]
    return checked.find((answer) => typeof answer === 'string') ?? null
  }

  /** New limits for the rounds that open from now on (OPS-9). */
  setLimits(tableId: string, limits: unknown, within?: Executor): Promise<Change | TableRefusal> {
    return this.#change(tableId, within, ({ gameId, rules }) => {
      const game = this.#options.gameById(gameId)
      if (game === null) return 'unknown-game'
      const read = this.readLimits(game, rules, limits)
      return typeof read === 'string' ? read : { limits: jsonb(read) }
    })
  }

  /** The last round of a draining table has ended. A table that is no longer draining stays as it is. */
  async closeDrained(tableId: string): Promise<void> {
    await this.#options.database.kysely
      .updateTable('house_table')
      .set({ status: 'closed', revision: sql`revision + 1` })
      .where('table_id', '=', tableId)
      .where('status', '=', 'draining')
      .execute()
  }

  /** Limits as the game and the market allow them (OPS-7, G12). */
  readLimits(game: Game, rules: Json, value: unknown): Limits | 'bad-limits' | 'return-below-minimum' {
    if (limitsProblem(game.betKinds(rules), value) !== null) return 'bad-limits'
    const limits = limitsShape.parse(value)
    return this.#returnsEnough(game, rules, Object.keys(limits.perBet)) ? (limits as Limits) : 'return-below-minimum'
  }

  /** Which field of a table's terms was refused by this code, and why; null for a code that is not about terms. */
  whyNot(code: TableRefusal, { gameId, rules, limits, pace }: Omit<NewTable, 'tableId' | 'name'>): string | null {
    const { leastReturnPercent, minRoundGapMs } = this.#options
    const game = this.#options.gameById(gameId)
    const read = game?.readRules(rules) ?? null
    switch (code) {
      case 'bad-name':
        return 'tableId, name: small letters, digits and hyphens; 1 to 40 characters without a space at either end'
      case 'unknown-game':
        return `gameId: the house has no game ${JSON.stringify(gameId)}`
      case 'bad-rules':
        return `rules: ${gameId} is not played by these rules`
      case 'bad-limits':
        return game === null || read === null ? null : limitsProblem(game.betKinds(read), limits)
      case 'bad-pace':
        return paceProblem(pace)
      case 'round-gap-too-short':
        return `pace.restMs: must be at least ${minRoundGapMs} (MIN_ROUND_GAP_MS)`
      case 'return-below-minimum':
        return `limits.perBet: a bet on offer returns less than ${leastReturnPercent} % (MARKET_MIN_RETURN_PERCENT)`
      default:
        return null
    }
  }

  #readPace(value: unknown): Pace | 'bad-pace' | 'round-gap-too-short' {
    const read = paceShape.safeParse(value)
    if (!read.success) return 'bad-pace'
    return read.data.restMs < this.#options.minRoundGapMs ? 'round-gap-too-short' : read.data
  }

  /**
   * Compares exact ratios. A bet whose name is no kind of its own ("red") is taken as offered: its kind covers others
   * too.
   */
  #returnsEnough(game: Game, rules: Json, offered: readonly string[]): boolean {
    const least = percentRatio(this.#options.leastReturnPercent)
    const withheld = game.betKinds(rules).filter((kind) => !offered.includes(kind))
    return game.returns(rules).every((bet) => withheld.includes(bet.bet) || compareRatios(bet.return, least) >= 0)
  }

  async #change(
    tableId: string,
    within: Executor | undefined,
    decide: (table: HouseTable) => Partial<Record<'status' | 'limits', unknown>> | TableRefusal,
  ): Promise<Change | TableRefusal> {
    if (within === undefined) {
      return this.#options.database.kysely.transaction().execute((tx) => this.#change(tableId, tx, decide))
    }
    const row = await within
      .selectFrom('house_table')
      .selectAll()
      .where('table_id', '=', tableId)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) return 'no-such-table'
    const before = tableOf(row)
    const decided = decide(before)
    if (typeof decided === 'string') return decided
    const changed = await within
      .updateTable('house_table')
      .set({ ...decided, revision: before.revision + 1 } as Partial<Row>)
      .where('table_id', '=', tableId)
      .returningAll()
      .executeTakeFirstOrThrow()
    return { before, after: tableOf(changed) }
  }
}

/**
 * What a player may know of a table before he sits down; returns are exact ratios and percentages rounded to four
 * decimals.
 */
export function tableInfo(table: HouseTable, game: Game): TableInfo {
  const { tableId, name, gameId, rules, limits, pace, currency } = table
  const percent = ({ num, den }: Ratio) => Number((num * 2_000_000n + den) / (2n * den)) / 10_000
  const returns = game.returns(rules).map((bet) => ({
    bet: bet.bet,
    return: ratioText(bet.return),
    returnPct: percent(bet.return),
    hitPct: percent(bet.hitRate),
  }))
  return { tableId, name, gameId, rules, rulesVersion: game.rulesVersion, limits, pace, currency, returns }
}

function tableOf(row: Row): HouseTable {
  return {
    tableId: row.table_id,
    name: row.name,
    gameId: row.game_id,
    rules: row.rules as Json,
    limits: row.limits as Limits,
    pace: row.pace as Pace,
    currency: row.currency,
    status: row.status as TableStatus,
    revision: row.revision,
    createdAtMs: row.created_at_ms,
  }
}

function percentRatio(percent: number): Ratio {
  return ratio(BigInt(Math.round(percent * 10_000)), 1_000_000n)
}

function jsonb(value: unknown) {
  return sql`${JSON.stringify(value)}::jsonb`
}
