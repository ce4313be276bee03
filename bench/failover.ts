import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '../engine/assert.ts'
import { freePort } from '../scripts/cluster/ports.ts'
import { startPostgres, type ThrowAwayPostgres } from '../scripts/postgres.ts'
import { type SingleRedis, startRedis } from '../scripts/redis.ts'
import { type Database, openDatabase } from '../server/database/open.ts'
import { LedgerBooks } from '../server/ledger/ledger-books.ts'
import { Crowd } from './failover-crowd.ts'
import { BenchHouse, ownersTable, prepareHouses } from './failover-house.ts'

const REPETITIONS = 7
const PLAYERS = 200
const WARM = { bets: 4, seconds: 2 }
const STEADY = { perSecond: 150, bets: 2, seconds: 8 }
const FULL = { bets: 8, seconds: 5 }
const TABLES = ['warm', 'steady', 'full', 'relayed-steady', 'relayed-full'] as const

type Figures = { readonly p50Ms: number; readonly p99Ms: number; readonly betsPerSecond: number }
type Measured = { readonly straight: Figures; readonly cpuMicros: number; readonly relayed: Figures | null }
type Ground = {
  readonly server: ThrowAwayPostgres
  readonly redis: SingleRedis
  readonly folder: string
  readonly players: readonly string[]
}

/**
 * What fail-over costs: one node without Redis, and a node of two with Redis, leases, beats, hot copies and a link, in
 * turn, on the same PostgreSQL with its default settings and on equal databases. The same players are connected
 * straight to the node that runs the table. From bet to acknowledgement at a moderate fixed rate; accepted bets a
 * second when everybody bets as fast as he is answered. Ratios of 1 and above say that fail-over costs nothing. Then
 * the same through the other node. Prints every repetition, and last one line of JSON with medians.
 * Errors: throws when a bet is refused, or when the books do not hold what was acknowledged.
 */
export async function main(args: readonly string[] = []): Promise<void> {
  const repetitions = args.includes('--short') ? 1 : REPETITIONS
  const folder = mkdtempSync(join(tmpdir(), 'crupier-bench-'))
  const server = await startPostgres({ port: await freePort() })
  const redis = await startRedis()
  try {
    const players = Array.from({ length: PLAYERS }, (_, i) => `bench-${i}`)
    await prepareHouses(server, players, TABLES.map(ownersTable))
    report(await alternate({ server, redis, folder, players }, repetitions))
  } finally {
    await redis.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Pair = { readonly base: Measured; readonly failover: Measured }

/** Each house begins every other repetition, since the second one finds a warmer machine. */
async function alternate(ground: Ground, repetitions: number): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let n = 1; n <= repetitions; n++) {
    const first = n % 2 === 1 ? await measure(ground, `base_${n}`, false) : null
    const failover = await measure(ground, `failover_${n}`, true)
    const base = first ?? (await measure(ground, `base_${n}`, false))
    pairs.push({ base, failover })
    const load = loadavg()[0]?.toFixed(1)
    console.log(`repetition ${n} (load ${load}): one node ${said(base)}; with fail-over ${said(failover)}`)
  }
  return pairs
}

async function measure({ server, redis, folder, players }: Ground, name: string, on: boolean): Promise<Measured> {
  // What an earlier house kept there has the same tables, and other epochs.
  await redis.server.ask('FLUSHALL')
  const house = await BenchHouse.open({ server, name, redisUrl: on ? redis.url : null, folder })
  const database = await openDatabase({ databaseUrl: house.databaseUrl, poolSize: 4 })
  let accepted = 0
  const at = async <T>(url: string, table: string, work: (crowd: Crowd) => Promise<T>): Promise<T> => {
    const crowd = await Crowd.sit(url, ownersTable(table), database, players)
    try {
      return await work(crowd)
    } finally {
      crowd.leave()
      accepted += crowd.accepted
    }
  }
  try {
    await at(house.url, 'warm', (crowd) => crowd.full(WARM))
    const steady = await at(house.url, 'steady', (crowd) => crowd.steady(STEADY))
    const [betsPerSecond, cpuMicros] = await at(house.url, 'full', async (crowd) => {
      const before = { cpu: house.ownersCpuMicros(), accepted: crowd.accepted }
      const rate = await crowd.full(FULL)
      return [rate, (house.ownersCpuMicros() - before.cpu) / (crowd.accepted - before.accepted)] as const
    })
    const relayed = !on
      ? null
      : {
          ...(await at(house.otherUrl, 'relayed-steady', (crowd) => crowd.steady(STEADY))),
          betsPerSecond: await at(house.otherUrl, 'relayed-full', (crowd) => crowd.full(FULL)),
        }
    await check(database, accepted)
    return { straight: { ...steady, betsPerSecond }, cpuMicros, relayed }
  } finally {
    await database.close()
    await house.stop()
  }
}

/** What was acknowledged is in the journal, and the books add up. */
async function check(database: Database, accepted: number): Promise<void> {
  const { linesSumCents, accountsOff, negativePlayers } = await new LedgerBooks(database, Date.now).audit()
  assert(linesSumCents === 0 && accountsOff === 0 && negativePlayers === 0, 'the books add up')
  const { rows } = await database.pool.query(
    `select count(*) as n from entry where kind = 'stake' and outcome = 'posted'`,
  )
  assert(rows[0].n === accepted, `the journal has ${rows[0].n} stakes of ${accepted} accepted`)
}

function report(pairs: readonly Pair[]): void {
  const base = pairs.map((pair) => pair.base.straight)
  const failover = pairs.map((pair) => pair.failover.straight)
  const relayed = pairs.map((pair) => pair.failover.relayed ?? pair.failover.straight)
  const ratioOf = (over: readonly number[], under: readonly number[]) =>
    median(over.map((value, i) => value / (under[i] ?? Number.NaN)))
  const p99 = (figures: readonly Figures[]) => figures.map(({ p99Ms }) => p99Ms)
  const rate = (figures: readonly Figures[]) => figures.map(({ betsPerSecond }) => betsPerSecond)
  const cpu = ratioOf(
    pairs.map((pair) => pair.base.cpuMicros),
    pairs.map((pair) => pair.failover.cpuMicros),
  )
  console.log(`CPU of the owner for each bet, one node to one with fail-over: ${rounded(cpu)}`)
  console.log(
    `through the other node, as ratios to straight: p99 ${rounded(ratioOf(p99(failover), p99(relayed)))}, ` +
      `bets a second ${rounded(ratioOf(rate(relayed), rate(failover)))}`,
  )
  console.log(
    JSON.stringify({
      players: PLAYERS,
      baseP99Ms: rounded(median(p99(base))),
      p99Ms: rounded(median(p99(failover))),
      p99Ratio: rounded(ratioOf(p99(base), p99(failover))),
      baseBetsPerSecond: Math.round(median(rate(base))),
      betsPerSecond: Math.round(median(rate(failover))),
      betsRatio: rounded(ratioOf(rate(failover), rate(base))),
    }),
  )
}

function said({ straight, cpuMicros, relayed }: Measured): string {
  const through = relayed === null ? '' : `, through the other node ${saidFigures(relayed)}`
  return `${saidFigures(straight)}, ${Math.round(cpuMicros)} µs of CPU a bet${through}`
}

function saidFigures({ p50Ms, p99Ms, betsPerSecond }: Figures): string {
  return `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${Math.round(betsPerSecond)} bets/s`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function rounded(value: number): number {
  return Number(value.toFixed(2))
}
