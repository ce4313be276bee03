import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stageNode } from '../../../chaos/cluster-stage.ts'
import { Crowd, command, isReady, steadyMs } from '../../../chaos/crowd.ts'
import { OwnerDirectory } from '../../../chaos/directory.ts'
import type { Player } from '../../../chaos/player.ts'
import { type Reckoning, reckon } from '../../../chaos/reckoning.ts'
import { STOCK_MIN_UPTIME_MS } from '../../../chaos/report.ts'
import { OPEN_DOORS } from '../../../chaos/single-node.ts'
import type { Stage } from '../../../chaos/stage.ts'
import { Visitor } from '../../../chaos/visitor.ts'
import type { Json } from '../../../engine/game.ts'
import type { Pace } from '../../../engine/round/types.ts'
import { type Cluster, type ClusterOptions, startCluster } from '../../../scripts/cluster/cluster.ts'
import type { ClusterNode } from '../../../scripts/cluster/node.ts'
import type { PostgresPair } from '../../../scripts/postgres-pair.ts'
import type { SentinelRedis, SingleRedis } from '../../../scripts/redis.ts'
import { ranked } from '../../../server/failover/placement.ts'
import { until } from '../../support/until.ts'
import { Eyes } from './eyes.ts'

export const PACE: Pace = { bettingMs: 2_000, restMs: 600 }
export const ROUND_MS = PACE.bettingMs + PACE.restMs
/** A machine that is busy with other suites makes everything slower by this at most. */
export const SLACK_MS = 2_500
/** Tables go on, and clients are back, within this time after a fault has ended. */
const GO_ON_MS = 15_000
const WHOLE_MS = 60_000
/** What was felt, a line for each fault, and the records of what failed. */
const FOLDER = fileURLToPath(new URL('../../../var/faults', import.meta.url))

type RedisOf = { readonly sentinel: SentinelRedis; readonly single: SingleRedis; readonly none: null }
type PostgresOf<Standby extends boolean> = Cluster<
  null,
  Standby extends true ? PostgresPair : { url: string }
>['postgres']

export type FaultHouseOptions<Redis extends keyof RedisOf, Standby extends boolean> = Omit<
  ClusterOptions<Redis, Standby>,
  'folder'
> & {
  readonly nodes: number
  readonly redis: Redis
  readonly standby: Standby
  /** Names of the tables; if not given, one for each node, which is its best place. */
  readonly tables?: readonly string[]
  readonly playersAtTable: number
  readonly pace?: Pace
  /** Where player `i` comes in, if not at the balancer. */
  readonly urlOf?: (
    i: number,
    cluster: { readonly nodes: readonly ClusterNode[]; readonly publicUrl: string },
  ) => string
}

/** What the players felt of a fault, measured by their own steady clock. */
export type Felt = {
  readonly fault: string
  /** The longest that anybody at a table that was hit was without any news of it. */
  readonly silenceMs: number
  /** The same at all other tables; 0 when there are none. */
  readonly othersSilenceMs: number
  /** The longest time from one round's opening to the next at the tables that were hit. */
  readonly slowestRoundMs: number
  /**
   * From the death or pause of a node, or else from the break of a connection, to the client's next event of its table:
   * the slowest client. 0 when nobody was away. Planned moves are not counted.
   */
  readonly awayMs: number
  /** Words of the table's status that its players read, in their order. */
  readonly statuses: readonly string[]
  /** Close codes of the connections that broke at tables that were hit, and how many did at others. */
  readonly drops: readonly number[]
  readonly othersDrops: number
  /** Clients at tables that were hit which had to join anew. */
  readonly reloads: number
}

/** A name for a table for which the nodes rank in this order; `nth` picks one of several. */
export function tableRanked(order: readonly string[], nth = 0): string {
  for (let i = 1, found = 0; ; i++) {
    const tableId = `mesa-${i}`
    if (ranked(tableId, order).every((nodeId, at) => nodeId === order[at]) && found++ === nth) return tableId
  }
}

/** A whole cluster, players at its tables who bet all the time, and their eyes. */
export class FaultHouse<Redis extends keyof RedisOf = 'single', Standby extends boolean = false> {
  readonly cluster: Cluster<RedisOf[Redis], PostgresOf<Standby>>
  readonly crowd: Crowd
  readonly eyes: Eyes
  readonly #stage: Stage
  readonly #directory: OwnerDirectory

  private constructor(cluster: FaultHouse<Redis, Standby>['cluster'], stage: Stage, crowd: Crowd, eyes: Eyes) {
    this.cluster = cluster
    this.#stage = stage
    this.crowd = crowd
    this.eyes = eyes
    this.#directory = new OwnerDirectory(stage)
  }

  /** Resolves when every player sits for long enough for the stock SDK, and every table is in its best place. */
  static async open<Redis extends keyof RedisOf, Standby extends boolean>(
    options: FaultHouseOptions<Redis, Standby>,
  ): Promise<FaultHouse<Redis, Standby>> {
    const { tables, playersAtTable, pace = PACE, urlOf, ...parts } = options
    const started = await startCluster<Redis, Standby>({ ...parts, env: { ...OPEN_DOORS, ...parts.env } })
    const cluster = started as FaultHouse<Redis, Standby>['cluster']
    try {
      const nodeIds = cluster.nodes.map(({ nodeId }) => nodeId)
      const tableIds = tables ?? nodeIds.map((best) => tableRanked([best, ...nodeIds.filter((id) => id !== best)]))
      const stage = stageOf(cluster)
      const eyes = new Eyes()
      // The SDK tells what it does on the console.
      for (const level of ['debug', 'log', 'info', 'warn'] as const)
        console[level] = (...words: unknown[]) => eyes.say(words.map(String).join(' '))
      const crowd = await Crowd.gather(
        stage,
        {
          players: playersAtTable * tableIds.length,
          tables: tableIds,
          seed: 47,
          pace,
          heard: (player, event) => eyes.heard(player, event),
          ...(urlOf === undefined ? {} : { urlOf: (i: number) => urlOf(i, cluster) }),
        },
        eyes,
      )
      await alone(stage, tableIds)
      const house = new FaultHouse<Redis, Standby>(cluster, stage, crowd, eyes)
      for (const player of crowd.players) player.startBetting()
      await house.whole()
      return house
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  get tableIds(): readonly string[] {
    return this.crowd.tableIds
  }

  /** The node that runs the table now. */
  async ownerOf(tableId: string): Promise<ClusterNode> {
    const nodeId = (await this.owner(tableId)).nodeId
    const node = this.cluster.nodes.find((one) => one.nodeId === nodeId)
    if (node === undefined) throw new Error(`no node runs ${tableId}`)
    return node
  }

  /** Who runs the table, and under which epoch, as the books say. */
  async owner(tableId: string): Promise<{ readonly nodeId: string; readonly epoch: number }> {
    // The books may just be moving to another server.
    return until(`the books know the owner of ${tableId}`, async () => {
      const owners = await this.#directory.owners().catch(() => null)
      return owners?.get(tableId)
    })
  }

  /** The same of every table; equal to an earlier answer only when no table has moved meanwhile. */
  async owners(): Promise<Record<string, string>> {
    const owners = await Promise.all(
      this.tableIds.map(async (tableId) => [tableId, await this.owner(tableId)] as const),
    )
    return Object.fromEntries(owners.map(([tableId, { nodeId, epoch }]) => [tableId, `${nodeId} since ${epoch}`]))
  }

  /** The table that is best placed at the node `node-<i>`, counted from 1. Errors: throws when there is none. */
  tableOf(i: number): string {
    const tableId = this.tableIds[i - 1]
    if (tableId === undefined) throw new Error(`no table belongs to node-${i}`)
    return tableId
  }

  playersAt(...tableIds: readonly string[]): Player[] {
    return this.crowd.at(tableIds)
  }

  /** An order of the operators' desk, at the first node that runs. Errors: rejects with the code of a refusal. */
  command(asked: { readonly [name: string]: Json }): Promise<Json> {
    return command(this.#stage, asked)
  }

  /** Signals a node that runs tables, and has their players' time taken from this moment. */
  strike(node: ClusterNode, signal: 'SIGKILL' | 'SIGSTOP', tableIds: readonly string[]): void {
    const atMs = steadyMs()
    node.signal(signal)
    this.crowd.watch.begin(signal === 'SIGKILL' ? 'kill' : 'pause', atMs, this.crowd.at(tableIds))
    this.eyes.note(signal, { nodeId: node.nodeId, tableIds })
  }

  /**
   * Does something to the house, waits until every table has opened a round since and every client is back, and tells
   * what was felt meanwhile. `hit` are the tables that the fault concerns.
   * Errors: rejects with the record of what everybody saw when the house does not go on.
   */
  async feel(fault: string, hit: readonly string[], act: () => Promise<void>): Promise<Felt> {
    const fromMs = steadyMs()
    const { eyes, crowd, tableIds } = this
    const joinedAnew = () => this.playersAt(...hit).reduce((sum, player) => sum + player.reloads.length, 0)
    const before = joinedAnew()
    eyes.say(`— ${fault}`)
    eyes.listenAnew()
    await act()
    await this.goesOn(fault)
    await this.#until('every player reads that his table runs', () => eyes.allRun)
    const others = tableIds.filter((tableId) => !hit.includes(tableId))
    const away = crowd.watch.outages.filter(
      ({ cause, startedMs, tableId }) => cause !== 'moved' && startedMs >= fromMs && hit.includes(tableId),
    )
    const felt: Felt = {
      fault,
      silenceMs: Math.round(eyes.silenceMs(hit)),
      othersSilenceMs: Math.round(eyes.silenceMs(others)),
      slowestRoundMs: Math.round(eyes.slowestRoundMs(hit, fromMs)),
      awayMs: Math.round(Math.max(0, ...away.map((one) => (one.eventMs ?? 0) - one.startedMs))),
      statuses: eyes.statuses(hit, fromMs),
      drops: eyes.drops(hit, fromMs),
      othersDrops: eyes.drops(others, fromMs).length,
      reloads: joinedAnew() - before,
    }
    mkdirSync(FOLDER, { recursive: true })
    appendFileSync(join(FOLDER, 'felt.jsonl'), `${JSON.stringify(felt)}\n`)
    return felt
  }

  /** Waits until every table has opened a round from now on, and every client is back. */
  async goesOn(after: string, tableIds = this.tableIds, withinMs = GO_ON_MS): Promise<void> {
    const sinceMs = steadyMs()
    const { progress, watch } = this.crowd
    const away = () => watch.away.filter(({ tableId }) => tableIds.includes(tableId))
    const holds = () => progress.waiting(tableIds, sinceMs).length === 0 && away().length === 0
    await until(`the tables go on after: ${after}`, holds, withinMs).catch((cause: unknown) => {
      const waiting = `no round at ${progress.waiting(tableIds, sinceMs)}, away ${away().map(({ client }) => client)}`
      throw new Error(`${waiting}; see ${this.record(after)}`, { cause })
    })
  }

  /** Waits until every node is ready, every table is in its best place, and every client stands for long enough. */
  async whole(): Promise<void> {
    for (const node of this.#stage.nodes) await until(`${node.nodeId} is ready`, () => isReady(node), WHOLE_MS)
    await this.placed()
    const { crowd } = this
    const seated = () => crowd.allSeated && crowd.allStandFor(STOCK_MIN_UPTIME_MS)
    await this.#until('everybody sits', seated)
  }

  /** Waits until every table is in its best place. */
  placed(): Promise<void> {
    const nodeIds = this.cluster.nodes.map(({ nodeId }) => nodeId)
    const holds = async () => {
      const owners = await this.#directory.owners().catch(() => null)
      return this.tableIds.every((tableId) => owners?.get(tableId)?.nodeId === ranked(tableId, nodeIds)[0])
    }
    return this.#until('every table is in its best place', holds)
  }

  /** Lets the last rounds end and holds all that was told against the books; everybody may bet again afterwards. */
  async reckon(): Promise<Reckoning> {
    const reckoning = await reckon(this.#stage, this.crowd, this.eyes)
    for (const player of this.crowd.players) player.startBetting()
    return reckoning
  }

  async close(): Promise<void> {
    this.crowd.leave()
    await this.#directory.close()
    await this.cluster.stop()
  }

  async #until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    await until(what, holds, WHOLE_MS).catch((cause: unknown) => {
      throw new Error(`see ${this.record(what)}`, { cause })
    })
  }

  /** Writes down what everybody saw, and the logs of all nodes, for whoever looks into a failure. Answers where. */
  record(of: string): string {
    mkdirSync(FOLDER, { recursive: true })
    const file = join(FOLDER, `${of.replaceAll(/\W+/g, '-')}.log`)
    const words = this.cluster.nodes.map(({ nodeId, logFile }) => `--- ${nodeId}\n${readFileSync(logFile, 'utf8')}`)
    writeFileSync(file, [this.eyes.record, ...words].join('\n'))
    return file
  }
}

/** Ends the house's own first tables, which go at their slow pace, so that nobody takes one of them over. */
async function alone(stage: Stage, tableIds: readonly string[]): Promise<void> {
  const visitor = new Visitor(stage.url)
  await until('no other table is open', async () => {
    const { tables } = await visitor.public<{ tables: readonly { readonly tableId: string }[] }>('/api/tables')
    const others = tables.map(({ tableId }) => tableId).filter((tableId) => !tableIds.includes(tableId))
    for (const target of others)
      await command(stage, { command: 'round.void', target, reason: 'operator-error' }).catch(() => undefined)
    return others.length === 0
  })
}

/** Nothing was lost, doubled, changed or left undecided, and all lines sum to zero. */
export const RIGHT = { lost: 0, doubled: 0, changed: 0, stuck: 0, moneyOffCents: 0, problems: [] } as const

function stageOf(cluster: Cluster<unknown, PostgresPair | { readonly url: string }>): Stage {
  const { postgres } = cluster
  return {
    // One family of addresses, so that no attempt is spent on the other.
    url: cluster.publicUrl.replace('localhost', '127.0.0.1'),
    operatorToken: cluster.operatorToken,
    nodes: cluster.nodes.map(stageNode),
    description: '',
    databaseUrl: async () => ('primaryUrl' in postgres ? postgres.primaryUrl : postgres.url),
    openRedis: async () => null,
    faults: () => [],
    stop: () => cluster.stop(),
  }
}
