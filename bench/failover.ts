import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '../engine/assert.ts'
import { freePort } from '../scripts/cluster/ports.ts'
import { startPostgres, type ThrowAwayPostgres } from '../scripts/postgres.ts'
import { type SingleRedis, startRedis } from '../scripts/redis.ts'
import { Crowd, type Steady } from './failover-crowd.ts'
import { BenchHouse, ownersTable, prepareHouses } from './failover-house.ts'

const REPETITIONS = 9
const PLAYERS = 200
const STEADY = { perSecond: 120, bets: 2, seconds: 4 }
const FULL = { bets: 8, seconds: 2 }
const IDLE_MS = 5_000
/** The first repetition warms the code up and is not counted. */
const WARM_UP = 0

/** One node by itself; a node with fail-over; the same node, reached through the other one. */
const WAYS = ['base', 'failover', 'relayed'] as const
type Way = (typeof WAYS)[number]
type Figures = Steady & { readonly betsPerSecond: number; readonly cpuMicros: number }
type Houses = { readonly base: BenchHouse; readonly failover: BenchHouse }
type Repetition = { readonly [W in Way]: Figures }

/**
 * What fail-over costs: one node without Redis, and a node of two with Redis, leases, beats, hot copies and a link, on
 * the same PostgreSQL with its default settings and on equal databases. Both stand all the while and are measured by
 * turns of some seconds, each at a table whose round has just opened, by the same players with sockets straight to the
 * node that runs it. From bet to acknowledgement at a moderate fixed rate; accepted bets a second when everybody bets
 * as fast as he is answered; and the same through the other node. Ratios of 1 and above say that fail-over costs
 * nothing. Prints every repetition, what each node uses when it is idle, and last one line of JSON with medians.
 * Errors: throws when a bet is refused, or when the books do not hold what was acknowledged.
 */
export async function main(args: readonly string[] = []): Promise<void> {
  const repetitions = args.includes('--short') ? 1 : REPETITIONS
  const folder = mkdtempSync(join(tmpdir(), 'crupier-bench-'))
  const server = await startPostgres({ port: await freePort() })
  const redis = await startRedis()
  try {
    await measure(server, redis, folder, repetitions)
  } finally {
    await redis.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(
  server: ThrowAwayPostgres,
  redis: SingleRedis,
  folder: string,
  repetitions: number,
): Promise<void> {
  const players = Array.from({ length: PLAYERS }, (_, i) => `bench-${i}`)
  const turns = Array.from({ length: repetitions + 1 }, (_, n) => n)
  await prepareHouses(
    server,
    players,
    turns.flatMap((n) => WAYS.map((way) => tableOf(way, n))),
  )
  const opened: BenchHouse[] = []
  const open = async (name: string, redisUrl: string | null): Promise<BenchHouse> => {
    const house = await BenchHouse.open({ server, name, redisUrl, folder })
    opened.push(house)
    return house
  }
  try {
    const houses = { base: await open('base', null), failover: await open('failover', redis.url) }
    const done: Repetition[] = []
    for (const n of turns) {
      const repetition = await repeat(houses, players, n)
      if (n === WARM_UP) continue
      done.push(repetition)
      const figures = WAYS.map((way) => said(way, repetition[way])).join('; ')
      console.log(`repetition ${n}, load ${loadavg()[0]?.toFixed(1)}: ${figures}`)
    }
    await sayIdle(houses)
    for (const house of opened) await house.check()
    report(done)
  } finally {
    for (const house of opened) await house.stop()
  }
}

const tableOf = (way: Way, n: number): string => ownersTable(`${way}-${n}`)

/** Who goes first, changes: whatever else the machine does hits each of them as often. */
async function repeat({ base, failover }: Houses, players: readonly string[], n: number): Promise<Repetition> {
  const order = WAYS.map((_, i) => WAYS[(i + n) % WAYS.length]).filter((way) => way !== undefined)
  const houseOf = (way: Way) => (way === 'base' ? base : failover)
  const crowds = new Map<Way, Crowd>()
  const steady = new Map<Way, Steady>()
  const full = new Map<Way, Pick<Figures, 'betsPerSecond' | 'cpuMicros'>>()
  try {
    for (const way of order) {
      const house = houseOf(way)
      await house.openTable(tableOf(way, n))
      crowds.set(way, await Crowd.sit(house, way === 'relayed' ? 1 : 0, tableOf(way, n), players))
    }
    for (const [way, crowd] of crowds) steady.set(way, await crowd.steady(STEADY))
    for (const [way, crowd] of crowds) full.set(way, await saturate(houseOf(way), crowd))
  } finally {
    for (const crowd of crowds.values()) crowd.leave()
  }
  const figures = (way: Way): Figures => {
    const [calm, busy] = [steady.get(way), full.get(way)]
    assert(calm !== undefined && busy !== undefined, 'every way was measured')
    return { ...calm, ...busy }
  }
  return { base: figures('base'), failover: figures('failover'), relayed: figures('relayed') }
}

async function saturate(house: BenchHouse, crowd: Crowd) {
  const before = { cpu: house.cpuMicros(0), accepted: crowd.accepted }
  const betsPerSecond = await crowd.full(FULL)
  return { betsPerSecond, cpuMicros: (house.cpuMicros(0) - before.cpu) / (crowd.accepted - before.accepted) }
}

/** What all of it uses while nobody plays, which is the same in every turn and so in no ratio. */
async function sayIdle({ base, failover }: Houses): Promise<void> {
  const used = () => [base.cpuMicros(0), failover.cpuMicros(0), failover.cpuMicros(1)]
  const before = used()
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const [alone, owner, other] = used().map((now, i) => ((now - (before[i] ?? now)) / IDLE_MS / 10).toFixed(1))
  console.log(`idle: one node ${alone} % of a core; with fail-over the owner ${owner} %, the other node ${other} %`)
}

function report(done: readonly Repetition[]): void {
  const of = (way: Way, figure: keyof Figures) => done.map((repetition) => repetition[way][figure])
  const ratio = (over: Way, under: Way, figure: keyof Figures) =>
    rounded(median(of(over, figure).map((value, i) => value / (of(under, figure)[i] ?? Number.NaN))))
  console.log(
    `as ratios, fail-over to one node: p50 ${ratio('base', 'failover', 'p50Ms')}, ` +
      `CPU of the owner for each bet ${ratio('base', 'failover', 'cpuMicros')}`,
  )
  console.log(
    `through the other node to straight: p50 ${ratio('failover', 'relayed', 'p50Ms')}, ` +
      `p99 ${ratio('failover', 'relayed', 'p99Ms')}, bets a second ${ratio('relayed', 'failover', 'betsPerSecond')}`,
  )
  console.log(
    JSON.stringify({
      players: PLAYERS,
      baseP99Ms: rounded(median(of('base', 'p99Ms'))),
      p99Ms: rounded(median(of('failover', 'p99Ms'))),
      p99Ratio: ratio('base', 'failover', 'p99Ms'),
      baseBetsPerSecond: Math.round(median(of('base', 'betsPerSecond'))),
      betsPerSecond: Math.round(median(of('failover', 'betsPerSecond'))),
      betsRatio: ratio('failover', 'base', 'betsPerSecond'),
    }),
  )
}

function said(way: Way, { p50Ms, p99Ms, betsPerSecond, cpuMicros }: Figures): string {
  const times = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
  return `${way} ${times}, ${Math.round(betsPerSecond)} bets/s at ${Math.round(cpuMicros)} µs of CPU each`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function rounded(value: number): number {
  return Number(value.toFixed(2))
}
