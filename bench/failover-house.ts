import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { until } from '../e2e/support/until.ts'
import { assert } from '../engine/assert.ts'
import { gameById } from '../engine/games.ts'
import { toCents } from '../engine/money.ts'
import { betKinds } from '../engine/roulette/bets.ts'
import { ROULETTE_VARIANTS } from '../engine/roulette/rules.ts'
import { askSeat } from '../rooms/testing-client.ts'
import { ClusterNode } from '../scripts/cluster/node.ts'
import { freePort } from '../scripts/cluster/ports.ts'
import type { ThrowAwayPostgres } from '../scripts/postgres.ts'
import { migrate } from '../server/database/migrate.ts'
import { type Database, openDatabase } from '../server/database/open.ts'
import { ranked } from '../server/failover/placement.ts'
import { LedgerBooks } from '../server/ledger/ledger-books.ts'
import { HouseTables } from '../server/tables/house-tables.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NODES = ['node-1', 'node-2'] as const
const [OWNER] = NODES
const RULES = ROULETTE_VARIANTS.european
const MOST_CENTS = toCents(1_000_000_000)
const PURSE_CENTS = toCents(100_000_000)
const RANGE = { minCents: toCents(100), maxCents: MOST_CENTS }
/** Longer than all that is measured at one table: every bet of it is in one round. */
const PACE = { bettingMs: 600_000, restMs: 5_000 }
const SECRETS = { SECRETS_KEY: randomBytes(32).toString('hex'), OPERATOR_TOKEN: randomBytes(32).toString('hex') }
const TEMPLATE = 'bench_template'
/** Of /proc: ticks of the processor's time in a second. */
const TICKS = 100

/** Makes the database that every house of the bench begins with: players with money, and tables still closed. */
export async function prepareHouses(
  server: ThrowAwayPostgres,
  playerIds: readonly string[],
  tableIds: readonly string[],
): Promise<void> {
  const database = await openDatabase({ databaseUrl: await newDatabase(server, TEMPLATE, null) })
  try {
    await migrate(database)
    const books = new LedgerBooks(database, Date.now)
    await Promise.all(
      playerIds.map(async (playerId) => {
        await books.openAccount(playerId)
        await books.grant(crypto.randomUUID(), playerId, PURSE_CENTS, 'bench')
      }),
    )
    const tables = new HouseTables({
      ...{ database, nowMs: Date.now, gameById },
      ...{ currency: 'PEN', leastReturnPercent: 85, minRoundGapMs: PACE.restMs },
    })
    const perBet = Object.fromEntries(betKinds(RULES).map((kind) => [kind, RANGE]))
    const limits = { perBet, perPlayerCents: MOST_CENTS, perTableCents: MOST_CENTS }
    for (const tableId of tableIds) {
      const made = await tables.create({ tableId, name: tableId, gameId: 'roulette', rules: RULES, limits, pace: PACE })
      assert(typeof made !== 'string', `the table ${tableId} is made: ${String(made)}`)
    }
  } finally {
    await database.close()
  }
}

/** A name under which the first of the two nodes runs the table. */
export function ownersTable(name: string): string {
  for (let n = 1; ; n++) if (ranked(`${name}-${n}`, NODES)[0] === OWNER) return `${name}-${n}`
}

export type HouseWish = {
  readonly server: ThrowAwayPostgres
  /** Of the house's own database, which is made. */
  readonly name: string
  /** Null: one node by itself. */
  readonly redisUrl: string | null
  readonly folder: string
}

/** Server processes on a database of their own: one by itself, or the owner of all tables and an idle second one. */
export class BenchHouse {
  readonly database: Database
  readonly #nodes: readonly ClusterNode[]
  /** Bets that players were told are accepted. */
  accepted = 0

  private constructor(database: Database, nodes: readonly ClusterNode[]) {
    this.database = database
    this.#nodes = nodes
  }

  static async open({ server, name, redisUrl, folder }: HouseWish): Promise<BenchHouse> {
    const databaseUrl = await newDatabase(server, name, TEMPLATE)
    const nodes: ClusterNode[] = []
    for (const nodeId of redisUrl === null ? [OWNER] : NODES) {
      const port = await freePort()
      const env = {
        ...{ PATH: process.env.PATH, ...SECRETS, LOG_LEVEL: 'warn', HTTP_REQUESTS_PER_SECOND: '1000000' },
        ...{ NODE_ID: nodeId, PORT: String(port), PEER_PORT: String(await freePort()) },
        ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl ?? '', DATA_DIR: join(folder, name, nodeId) },
      }
      const logFile = join(folder, 'logs', `${name}-${nodeId}.log`)
      nodes.push(new ClusterNode({ nodeId, port, program: ROOT, env, logFile, links: null }))
    }
    const house = new BenchHouse(await openDatabase({ databaseUrl, poolSize: 4 }), nodes)
    try {
      for (const node of nodes) {
        await node.start()
        await node.ready()
      }
    } catch (error) {
      await house.stop()
      throw error
    }
    return house
  }

  /** Address of node `i`; the first runs the tables. */
  url(i: number): string {
    return this.#node(i).url
  }

  /** Opens a table, and waits until there are seats at it. */
  async openTable(tableId: string): Promise<void> {
    const response = await fetch(`${this.url(0)}/operator/api/command`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${SECRETS.OPERATOR_TOKEN}`,
        'x-operator': 'bench',
      },
      body: JSON.stringify({ command: 'table.open', tableId }),
    })
    assert(response.ok, `the table ${tableId} is opened: ${response.status}`)
    await until(`the table ${tableId} runs`, async () => (await askSeat(this.url(0), tableId)).status === 200)
  }

  /** Time of the processor that node `i` has used so far, in microseconds. */
  cpuMicros(i: number): number {
    const stat = readFileSync(`/proc/${this.#node(i).pid}/stat`, 'utf8')
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ((Number(words[11]) + Number(words[12])) / TICKS) * 1_000_000
  }

  /** Errors: rejects when the journal does not hold what was acknowledged, or the books do not add up. */
  async check(): Promise<void> {
    const { linesSumCents, accountsOff, negativePlayers } = await new LedgerBooks(this.database, Date.now).audit()
    assert(linesSumCents === 0 && accountsOff === 0 && negativePlayers === 0, 'the books add up')
    const posted = `select count(*) as n from entry where kind = 'stake' and outcome = 'posted'`
    const { rows } = await this.database.pool.query(posted)
    assert(rows[0].n === this.accepted, `the journal has ${rows[0].n} stakes of ${this.accepted} accepted`)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.filter(({ running }) => running).map((node) => node.kill()))
    await this.database.close()
  }

  #node(i: number): ClusterNode {
    const node = this.#nodes[i]
    assert(node !== undefined, `the house has a node ${i}`)
    return node
  }
}

async function newDatabase(server: ThrowAwayPostgres, name: string, template: string | null): Promise<string> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(`create database ${name}${template === null ? '' : ` template ${template}`}`)
  await client.end()
  const url = new URL(server.url)
  url.pathname = `/${name}`
  return url.href
}
