import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { assert } from '../engine/assert.ts'
import { sumCents, toCents } from '../engine/money.ts'
import { roulette } from '../engine/roulette/roulette.ts'
import { ROULETTE_VARIANTS } from '../engine/roulette/rules.ts'
import type { RouletteSelection } from '../engine/roulette/selections.ts'
import type { Opening } from '../engine/round/types.ts'
import { POSTGRES_BIN, startPostgres, type ThrowAwayPostgres } from '../scripts/postgres.ts'
import { migrate } from '../server/database/migrate.ts'
import { type Database, openDatabase } from '../server/database/open.ts'
import type { Books, Fence } from '../server/ledger/books.ts'
import { LedgerBooks } from '../server/ledger/ledger-books.ts'
import { batchedBooks } from '../server/ledger/stake-batcher.ts'

const PORT = 21_510
const REPETITIONS = 9
const WARM_UP_SECONDS = 2
const SECONDS = 2
const CALLERS = [32, 1_024] as const
const PLAYERS = 10_000
const TABLES = 16
const PURSE_CENTS = 1_000_000_000
const PGBENCH = { scale: 32, clients: 32, threads: 2 } as const
const ROUND = { bets: 5_000, players: 1_000, perRequest: 50 } as const
const RULES = ROULETTE_VARIANTS.european

type Run = { readonly stakesPerSec: number; readonly p99Ms: number }

/**
 * Accepted stakes a second through the batcher, beside pgbench's TPC-B-like transactions on the same server, turn by
 * turn: Debian's PostgreSQL 15 with its default settings, synchronous commit on. Then the settlement of a whole round.
 * Prints every repetition, and last one line of JSON for each number of callers and one for the settlement.
 * Errors: throws when a stake is refused, or when the books do not add up afterwards.
 */
export async function main(args: readonly string[] = []): Promise<void> {
  const repetitions = args.includes('--short') ? 1 : REPETITIONS
  const server = await startPostgres({ port: PORT })
  try {
    await preparePgbench(server)
    const database = await openDatabase({ databaseUrl: await newDatabase(server, 'crupier_bench'), poolSize: 8 })
    try {
      await migrate(database)
      await measure(server, database, repetitions)
    } finally {
      await database.close()
    }
  } finally {
    await server.stop()
  }
}

async function measure(server: ThrowAwayPostgres, database: Database, repetitions: number): Promise<void> {
  const books = batchedBooks(new LedgerBooks(database))
  const players = await openPlayers(database)
  const tables = await openTables(books)
  const stakes = new StakeLoad(books, players, tables)
  for (const callers of CALLERS) await stakes.run(callers, WARM_UP_SECONDS)
  const tps: number[] = []
  const runs = new Map<number, Run[]>(CALLERS.map((callers) => [callers, []]))
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    tps.push(await pgbench(server))
    const parts = [`pgbench ${Math.round(tps.at(-1) ?? 0)} tps`]
    for (const callers of CALLERS) {
      const run = await stakes.run(callers, SECONDS)
      runs.get(callers)?.push(run)
      parts.push(`${callers} callers ${Math.round(run.stakesPerSec)}/s p99 ${run.p99Ms.toFixed(1)} ms`)
    }
    console.log(`repetition ${repetition}: ${parts.join(', ')}`)
  }
  const settleMs: number[] = []
  for (let round = 0; round < repetitions; round++) settleMs.push(await settleRound(books, players, round))
  await stakes.check(database)
  const { rows } = await database.pool.query('show synchronous_commit')
  console.log(`checked: ${stakes.accepted} accepted stakes are in the journal, the books add up; `)
  console.log(`synchronous_commit is ${rows[0].synchronous_commit}`)
  for (const callers of CALLERS) {
    const done = runs.get(callers) ?? []
    console.log(
      JSON.stringify({
        callers,
        stakesPerSec: Math.round(median(done.map((run) => run.stakesPerSec))),
        p99Ms: rounded(median(done.map((run) => run.p99Ms))),
        pgbenchTps: Math.round(median(tps)),
        ratio: rounded(median(done.map((run, i) => run.stakesPerSec / (tps[i] ?? Number.NaN)))),
      }),
    )
  }
  const ms = median(settleMs)
  const ratio = rounded(ROUND.bets / (ms / 1_000) / median(tps))
  console.log(JSON.stringify({ bets: ROUND.bets, settleMs: rounded(ms), pgbenchTps: Math.round(median(tps)), ratio }))
}

/** Callers in a closed loop: each places one bet, waits for its answer, and places the next. */
class StakeLoad {
  readonly #books: Books
  readonly #players: readonly string[]
  readonly #tables: readonly (Fence & { readonly roundId: string })[]
  accepted = 0

  constructor(books: Books, players: readonly string[], tables: readonly (Fence & { readonly roundId: string })[]) {
    this.#books = books
    this.#players = players
    this.#tables = tables
  }

  async run(callers: number, seconds: number): Promise<Run> {
    const latencies: number[] = []
    const startedAt = performance.now()
    const until = startedAt + seconds * 1_000
    const caller = async (): Promise<void> => {
      while (performance.now() < until) {
        const askedAt = performance.now()
        await this.#stake()
        latencies.push(performance.now() - askedAt)
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    const elapsed = (performance.now() - startedAt) / 1_000
    latencies.sort((a, b) => a - b)
    return { stakesPerSec: latencies.length / elapsed, p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0 }
  }

  async #stake(): Promise<void> {
    const table = pick(this.#tables)
    const bet = {
      betId: randomUUID(),
      playerId: pick(this.#players),
      selection: aSelection(),
      stakeCents: toCents(500),
    }
    const [answer] = await this.#books.reserve([{ ...table, bet }])
    assert(answer?.fate === 'reserved', `every stake of the bench is covered: ${JSON.stringify(answer)}`)
    this.accepted++
  }

  /** What was answered is in the journal, and the books add up. */
  async check(database: Database): Promise<void> {
    const audit = await this.#books.audit()
    assert(audit.linesSumCents === 0 && audit.accountsOff === 0 && audit.negativePlayers === 0, 'the books add up')
    const { rows } = await database.pool.query(
      `select count(*) as n from entry e join round r on r.seq = e.round_seq
       where e.kind = 'stake' and e.outcome = 'posted' and r.table_id like 'bench-%'`,
    )
    assert(rows[0].n === this.accepted, `the journal has ${rows[0].n} stakes of ${this.accepted} accepted`)
  }
}

/** A round of 5,000 bets by 1,000 players at a table of its own; answers how long its settlement took. */
async function settleRound(books: Books, players: readonly string[], round: number): Promise<number> {
  const table = await openTable(books, `settled-${round}`)
  const { roundId } = table
  const bets = Array.from({ length: ROUND.bets }, (_, i) => ({
    betId: randomUUID(),
    playerId: players[i % ROUND.players] ?? '',
    selection: aSelection(),
    stakeCents: toCents(500),
  }))
  for (let from = 0; from < bets.length; from += ROUND.perRequest) {
    await books.reserve(bets.slice(from, from + ROUND.perRequest).map((bet) => ({ ...table, bet })))
  }
  await books.closeRound(table, roundId, 'd1'.repeat(32))
  const outcome = roulette.drawOutcome(RULES, { below: () => 17, permutation: () => [] })
  await books.registerDraw(table, roundId, { outcome, seedHex: 'ab'.repeat(32) })
  const payouts = bets
    .map(({ betId, playerId, selection, stakeCents }) => ({
      betId,
      playerId,
      cents: roulette.payoutCents(RULES, selection, stakeCents, outcome),
    }))
    .filter(({ cents }) => cents > 0)
  const startedAt = performance.now()
  const ended = await books.settle({
    ...table,
    handleCents: sumCents(bets.map(({ stakeCents }) => stakeCents)),
    payouts,
  })
  const ms = performance.now() - startedAt
  assert(ended !== 'fenced', 'the bench owns its tables')
  console.log(`settled ${bets.length} bets, ${payouts.length} of them paid, in ${ms.toFixed(1)} ms`)
  return ms
}

async function openPlayers(database: Database): Promise<string[]> {
  await database.pool.query(
    `with opened as (
      insert into account (owner, kind, balance_cents)
      select gen_random_uuid()::text, 'player', $2::bigint from generate_series(1, $1) returning id
    )
    insert into entry (debit, credit, cents, ref, kind, outcome, content)
    select (select id from account where kind = 'grants'), id, $2::bigint, gen_random_uuid(), 'grant', 'posted', 'bench'
    from opened`,
    [PLAYERS, PURSE_CENTS],
  )
  await database.pool.query('vacuum analyze account')
  const { rows } = await database.pool.query<{ owner: string }>(`select owner from account where kind = 'player'`)
  return rows.map(({ owner }) => owner)
}

async function openTables(books: Books): Promise<(Fence & { readonly roundId: string })[]> {
  const tables = []
  for (let n = 0; n < TABLES; n++) tables.push(await openTable(books, `bench-${n}`))
  return tables
}

async function openTable(books: Books, tableId: string): Promise<Fence & { readonly roundId: string }> {
  const fence = { tableId, epoch: await books.raiseEpoch(tableId) }
  const cap = toCents(PURSE_CENTS)
  const opening: Opening = {
    roundId: `${tableId}.0.0`,
    tableId,
    seriesId: `${tableId}.0`,
    roundNo: 0,
    commitment: 'c0'.repeat(32),
    openedAtMs: 0,
    closesAtMs: 1,
    terms: {
      gameId: roulette.id,
      rulesVersion: roulette.rulesVersion,
      rules: RULES,
      limits: { perBet: {}, perPlayerCents: cap, perTableCents: cap },
      pace: { bettingMs: 1, restMs: 5_000 },
      currency: 'PEN',
    },
  }
  await books.openRound(fence, opening)
  return { ...fence, roundId: opening.roundId }
}

async function newDatabase(server: ThrowAwayPostgres, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(server.url)
  url.pathname = `/${name}`
  return url.href
}

const run = promisify(execFile)
const PGBENCH_DATABASE = 'pgbench'

async function preparePgbench(server: ThrowAwayPostgres): Promise<void> {
  const url = await newDatabase(server, PGBENCH_DATABASE)
  await run(join(POSTGRES_BIN, 'pgbench'), ['-i', '-q', '-s', `${PGBENCH.scale}`, url])
}

/** Transactions a second of pgbench's own TPC-B-like script. */
async function pgbench(server: ThrowAwayPostgres): Promise<number> {
  const url = new URL(server.url)
  url.pathname = `/${PGBENCH_DATABASE}`
  const { clients, threads } = PGBENCH
  const options = ['-n', '-M', 'prepared', '-j', `${threads}`, '-c', `${clients}`, '-T', `${SECONDS}`, url.href]
  const { stdout } = await run(join(POSTGRES_BIN, 'pgbench'), options)
  const tps = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1])
  assert(tps > 0, `pgbench says its tps: ${stdout}`)
  return tps
}

function aSelection(): RouletteSelection {
  const number = Math.floor(Math.random() * 37)
  if (number % 3 !== 0) return { kind: 'straight', numbers: [number as 17] }
  return number % 2 === 0 ? { kind: 'red' } : { kind: 'dozen', index: 1 + (number % 3) }
}

function pick<T>(list: readonly T[]): T {
  const item = list[Math.floor(Math.random() * list.length)]
  assert(item !== undefined, 'the bench has something to choose from')
  return item
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function rounded(value: number): number {
  return Number(value.toFixed(2))
}
