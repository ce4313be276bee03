import type { Json } from '../engine/game.ts'
import { defaultLimits } from '../engine/roulette/limits.ts'
import { ROULETTE_VARIANTS } from '../engine/roulette/rules.ts'
import type { Pace } from '../engine/round/types.ts'
import { type Dice, diceOf } from '../simulation/dice.ts'
import { Player, type PlayerDeps } from './player.ts'
import { Progress } from './progress.ts'
import type { Notes } from './run-log.ts'
import type { Stage, StageNode } from './stage.ts'
import { type Outage, Stopwatch } from './stopwatch.ts'
import { Testimony } from './testimony.ts'
import { until } from './until.ts'
import { Visitor } from './visitor.ts'

/** A grant may be S/ 10,000.00 at most; the bets of a long run take a small part of it. */
export const PURSE_CENTS = 1_000_000
/** Rounds of about four seconds, each table at a pace of its own, so that kills fall into all phases. */
const BETTING_MS = { from: 2_200, to: 3_200 }
const REST_MS = 800
export const LONGEST_ROUND_MS = BETTING_MS.to + REST_MS
const NODES_READY_MS = 60_000
const TABLES_OPEN_MS = 60_000
const SEATED_MS = 60_000
const AT_ONCE = 8

export const steadyMs = (): number => performance.now()

export type Gathering = {
  readonly players: number
  /** How many tables, or the names of all. */
  readonly tables: number | readonly string[]
  readonly seed: number
  /** The same for every table; if not given, each has its own of about four seconds. */
  readonly pace?: Pace
  /** Where player `i`, counted from 0, comes in; if not given, at the stage's one address. */
  readonly urlOf?: (i: number) => string
  /** Told beside the crowd of whatever its players hear. */
  readonly heard?: PlayerDeps['heard']
}

/** The players, their tables, and everything that they heard. */
export class Crowd {
  readonly players: readonly Player[]
  readonly tableIds: readonly string[]
  readonly watch: Stopwatch
  readonly testimony: Testimony
  readonly progress: Progress

  private constructor(players: readonly Player[], tableIds: readonly string[], heard: Omit<Heard, 'log' | 'also'>) {
    this.players = players
    this.tableIds = tableIds
    this.watch = heard.watch
    this.testimony = heard.testimony
    this.progress = heard.progress
  }

  /** Opens the tables, registers the players and seats them all. */
  static async gather(stage: Stage, options: Gathering, log: Notes) {
    const { tables, pace, urlOf = () => stage.url } = options
    const dice = diceOf(options.seed ^ 0x5bd1)
    await until('every node is ready', () => allReady(stage), NODES_READY_MS)
    const tableIds = typeof tables === 'number' ? Array.from({ length: tables }, (_, i) => `caos-${i + 1}`) : tables
    await openTables(stage, tableIds, dice, pace)
    log.say(`${tableIds.length} tables are open`)
    const watch = new Stopwatch((outage) => log.note('outage', sinceStart(outage)))
    const heard = { watch, testimony: new Testimony(), progress: new Progress(), log, also: options.heard }
    const players = Array.from({ length: options.players }, (_, i) => {
      const tableId = tableIds[i % tableIds.length] ?? ''
      return newPlayer(urlOf(i), `p${i + 1}`, tableId, diceOf(options.seed + i + 1), heard)
    })
    await inTurns(players, async (player) => {
      await player.visitor.signUp(`Jugador ${player.name.slice(1)}`, PURSE_CENTS)
      await player.sit()
    })
    const crowd = new Crowd(players, tableIds, heard)
    await until('every player sits', () => players.every(({ seated }) => seated), SEATED_MS)
    log.say(`${players.length} players sit`)
    return crowd
  }

  at(tableIds: readonly string[]): Player[] {
    return this.players.filter(({ tableId }) => tableIds.includes(tableId))
  }

  get allSeated(): boolean {
    return this.watch.away.length === 0 && this.players.every(({ seated }) => seated)
  }

  allStandFor(ms: number): boolean {
    return this.players.every(({ satSinceMs }) => satSinceMs !== null && steadyMs() - satSinceMs > ms)
  }

  get reloads(): number {
    return this.players.reduce((sum, { reloads }) => sum + reloads.length, 0)
  }

  leave(): void {
    for (const player of this.players) player.leave()
  }
}

/** An outage with its times counted from its beginning. */
function sinceStart({ startedMs, backMs, stateMs, eventMs, ...rest }: Outage): object {
  const since = (ms: number | null) => (ms === null ? null : Math.round(ms - startedMs))
  return { ...rest, backMs: since(backMs), stateMs: since(stateMs), eventMs: since(eventMs) }
}

type Heard = {
  readonly watch: Stopwatch
  readonly testimony: Testimony
  readonly progress: Progress
  readonly log: Notes
  readonly also: PlayerDeps['heard'] | undefined
}

function newPlayer(url: string, name: string, tableId: string, dice: Dice, heard: Heard) {
  const { watch, testimony, progress, log, also } = heard
  return new Player(name, tableId, {
    url,
    visitor: new Visitor(url),
    watch,
    testimony,
    dice,
    nowMs: steadyMs,
    heard: (player, event) => {
      progress.heard(player.name, player.tableId, event, steadyMs())
      also?.(player, event)
    },
    note: (what, detail) => log.note(what, detail),
  })
}

async function openTables(stage: Stage, tableIds: readonly string[], dice: Dice, given?: Pace): Promise<void> {
  const visitor = new Visitor(stage.url)
  const open = async () =>
    (await visitor.public<{ tables: { tableId: string }[] }>('/api/tables')).tables.map(({ tableId }) => tableId)
  // The house's first tables go at their own slow pace, and nobody sits there.
  for (const tableId of await open()) await command(stage, { command: 'table.drain', tableId })
  const variants = Object.values(ROULETTE_VARIANTS)
  for (const [i, tableId] of tableIds.entries()) {
    const rules = variants[i % variants.length] ?? variants[0]
    if (rules === undefined) throw new Error('roulette has no variant')
    const pace = given ?? { bettingMs: dice.between(BETTING_MS.from, BETTING_MS.to), restMs: REST_MS }
    const limits = defaultLimits(rules) as unknown as Json
    const made = { tableId, name: `Caos ${i + 1}`, gameId: 'roulette', rules, limits, pace }
    await command(stage, { command: 'table.create', ...made })
    await command(stage, { command: 'table.open', tableId })
  }
  await until('the tables are open', async () => isIncluded(tableIds, await open()), TABLES_OPEN_MS)
}

const isIncluded = (wanted: readonly string[], there: readonly string[]) => wanted.every((id) => there.includes(id))

/** Errors: rejects when a node has ended, since then the logs tell why. */
async function allReady({ nodes }: Stage): Promise<boolean> {
  const ended = nodes.find(({ alive }) => !alive)
  if (ended !== undefined) throw new Error(`${ended.nodeId} ended before it was ready; its log says why`)
  return (await Promise.all(nodes.map(isReady))).every((ready) => ready)
}

export async function isReady(node: StageNode): Promise<boolean> {
  if (!node.alive) return false
  const response = await fetch(`${node.url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
  await response?.body?.cancel()
  return response?.status === 200
}

/** One command of the operators' desk, at the first node that answers. Errors: rejects with the code of a refusal. */
export async function command(stage: Stage, asked: { readonly [name: string]: Json }): Promise<Json> {
  const node = stage.nodes.find(({ alive }) => alive)
  if (node === undefined) throw new Error('no node runs')
  const response = await fetch(`${node.url}/operator/api/command`, {
    method: 'POST',
    signal: AbortSignal.timeout(30_000),
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${stage.operatorToken}`,
      'x-operator': 'chaos',
    },
    body: JSON.stringify(asked),
  })
  const { code, result } = (await response.json()) as { code: string | null; result: Json }
  if (code !== null) throw new Error(`${asked.command} was refused: ${code}`)
  return result
}

/** Does the work for everybody, a few at a time. */
export async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items]
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
