import { setTimeout as after } from 'node:timers/promises'
import { type Dice, diceOf } from '../simulation/dice.ts'
import { type Crowd, isReady, LONGEST_ROUND_MS, steadyMs } from './crowd.ts'
import { OwnerDirectory } from './directory.ts'
import { planKills, type Step } from './plan.ts'
import { STOCK_MIN_UPTIME_MS } from './report.ts'
import type { RunLog } from './run-log.ts'
import type { Stage, StageNode } from './stage.ts'
import type { Cause } from './stopwatch.ts'
import { within } from './until.ts'

/** How long a table may take to go on after a fault has ended. */
export const GO_ON_MS = 10_000
const RESTART_GO_ON_MS = 30_000
const NODE_READY_MS = 60_000
const NODE_STOPS_MS = 40_000
const SPREAD_MS = 12_000
const SEES_TAKE_OVER_MS = 6_000
/** A take-over is broken within this time after its claim was seen. */
const INTO_TAKE_OVER_MS = 300
const PAUSED_MS = 5_000
const STEADY_MS = 600

export type Broken = {
  faults: number
  /** Tables or clients that did not go on in time, and nodes that did not come back. */
  stuck: number
  readonly problems: string[]
}

/** Does the faults one after the other, and waits after each until the house is whole again. */
export class Breaker {
  readonly broken: Broken = { faults: 0, stuck: 0, problems: [] }
  readonly #stage: Stage
  readonly #crowd: Crowd
  readonly #log: RunLog
  readonly #dice: Dice
  readonly #directory: OwnerDirectory

  constructor(stage: Stage, crowd: Crowd, log: RunLog, seed: number) {
    this.#stage = stage
    this.#crowd = crowd
    this.#log = log
    this.#dice = diceOf(seed)
    this.#directory = new OwnerDirectory(stage)
  }

  async kill(times: number): Promise<void> {
    for (const step of planKills(times, this.#stage.nodes.length, diceOf(this.#dice.upTo(2 ** 32)))) {
      await after(step.waitMs)
      await this.#killStep(step)
      await this.#whole(step.kind)
      this.broken.faults += step.kills
      this.#log.say(`${this.broken.faults} of ${times} kills (${step.kind}), ${this.#lastTimes()}`)
    }
  }

  async pause(times: number): Promise<void> {
    for (; this.broken.faults < times; this.broken.faults++) {
      await after(this.#dice.upTo(LONGEST_ROUND_MS))
      const hit = await this.#victim()
      if (hit === null) continue
      this.#begin('pause', hit, 'SIGSTOP')
      await after(PAUSED_MS)
      hit.node.signal('SIGCONT')
      this.#log.note('woken', { nodeId: hit.node.nodeId })
      await this.#back(PAUSED_MS + GO_ON_MS, hit.tableIds)
      await this.#whole('pause')
      this.#log.say(`${this.broken.faults + 1} of ${times} pauses, ${this.#lastTimes()}`)
    }
  }

  /** One node after the other is ended in order and started again. */
  async deploy(times: number): Promise<void> {
    for (; this.broken.faults < times; this.broken.faults++) {
      await after(this.#dice.upTo(LONGEST_ROUND_MS))
      const node = this.#stage.nodes[this.broken.faults % this.#stage.nodes.length]
      if (node === undefined) return
      const startedMs = steadyMs()
      node.signal('SIGTERM')
      this.#log.note('SIGTERM', { nodeId: node.nodeId })
      const exit = await Promise.race([node.ended(), after(NODE_STOPS_MS, null)])
      if (exit === null) {
        this.#fail(`${node.nodeId} did not end within ${NODE_STOPS_MS} ms of SIGTERM`)
        node.signal('SIGKILL')
      } else if (exit.code !== 0) this.#fail(`${node.nodeId} ended with ${exit.code ?? exit.signal} after SIGTERM`)
      const drainedMs = Math.round(steadyMs() - startedMs)
      await this.#back(GO_ON_MS, this.#crowd.tableIds)
      await node.start()
      await this.#whole('deploy')
      this.#log.say(`${this.broken.faults + 1} of ${times} drains, ${drainedMs} ms until it ended`)
    }
  }

  /** Faults of Redis, PostgreSQL or the network, each in its turn. */
  async parts(kind: 'redis' | 'postgres' | 'partition', times: number): Promise<void> {
    const faults = this.#stage.faults(kind)
    if (faults.length === 0) throw new Error(`this house has no part for the fault ${kind}`)
    for (; this.broken.faults < times; this.broken.faults++) {
      await after(this.#dice.upTo(LONGEST_ROUND_MS))
      const fault = faults[this.broken.faults % faults.length]
      if (fault === undefined) return
      this.#log.note('fault', { name: fault.name })
      await fault.run()
      this.#log.note('fault ended', { name: fault.name })
      await this.#back(GO_ON_MS, this.#crowd.tableIds)
      await this.#whole(fault.name)
      this.#log.say(`${this.broken.faults + 1} of ${times}: ${fault.name}`)
    }
  }

  close(): Promise<void> {
    return this.#directory.close()
  }

  async #killStep({ kind }: Step): Promise<void> {
    if (kind === 'all') return this.#killAll()
    const first = await this.#victim()
    if (first === null) return
    this.#begin('kill', first, 'SIGKILL')
    const killed = [first.node]
    // Where nobody can take over, the outage lasts until the node is there again.
    if (this.#stage.nodes.length === 1) await killed.pop()?.start()
    if (kind === 'during-take-over') {
      if (await this.#claimed(first)) await after(this.#dice.upTo(INTO_TAKE_OVER_MS))
      else this.#fail(`nobody claimed ${first.tableIds} within ${SEES_TAKE_OVER_MS} ms`)
    } else await this.#back(GO_ON_MS, first.tableIds)
    if (kind !== 'one') {
      const second = await this.#victim(first.tableIds)
      if (second !== null) {
        this.#begin('kill', second, 'SIGKILL')
        killed.push(second.node)
      }
      await this.#back(GO_ON_MS, [...first.tableIds, ...(second?.tableIds ?? [])])
    }
    for (const node of killed) await node.start()
  }

  async #killAll(): Promise<void> {
    const { nodes } = this.#stage
    const atMs = steadyMs()
    for (const node of nodes) node.signal('SIGKILL')
    this.#crowd.watch.begin('all', atMs, this.#crowd.players)
    this.#log.note('killed all')
    for (const node of nodes) await node.start()
    await this.#back(RESTART_GO_ON_MS, this.#crowd.tableIds)
  }

  /** A living node that runs a table, and the tables it runs; of those tables when some are given. */
  async #victim(among = this.#crowd.tableIds): Promise<{ node: StageNode; tableIds: string[] } | null> {
    const owners = await this.#directory.owners()
    const runs = (node: StageNode) => this.#crowd.tableIds.filter((id) => owners.get(id)?.nodeId === node.nodeId)
    const living = this.#stage.nodes.filter((node) => node.alive && among.some((id) => runs(node).includes(id)))
    if (living.length === 0) {
      this.#fail(`no living node runs any of ${among.join(', ')}`)
      return null
    }
    const node = this.#dice.pick(living)
    return { node, tableIds: runs(node) }
  }

  #begin(cause: Cause, { node, tableIds }: { node: StageNode; tableIds: readonly string[] }, signal: NodeJS.Signals) {
    const atMs = steadyMs()
    node.signal(signal)
    this.#crowd.watch.begin(cause, atMs, this.#crowd.at(tableIds))
    this.#log.note(signal, { nodeId: node.nodeId, tableIds })
  }

  /** Waits until another node has claimed one of the tables of a node that was killed. */
  #claimed({ node, tableIds }: { node: StageNode; tableIds: readonly string[] }): Promise<boolean> {
    return within(async () => {
      const owners = await this.#directory.owners()
      return tableIds.some((id) => owners.get(id)?.nodeId !== node.nodeId)
    }, SEES_TAKE_OVER_MS)
  }

  /** Waits until every client has news of its table, and gives up whoever has none in time. */
  async #back(limitMs: number, tableIds: readonly string[]): Promise<void> {
    const sinceMs = steadyMs()
    const { watch, progress } = this.#crowd
    if (!(await within(() => watch.away.length === 0, limitMs))) {
      const late = watch.giveUp(steadyMs(), 0)
      const tables = [...new Set(late.map(({ tableId }) => tableId))]
      this.#fail(`${late.length} clients of ${tables.join(', ')} had no news within ${limitMs} ms`, late.length)
    }
    const leftMs = Math.max(0, sinceMs + limitMs + LONGEST_ROUND_MS - steadyMs())
    if (await within(() => progress.waiting(tableIds, sinceMs).length === 0, leftMs)) return
    const waiting = progress.waiting(tableIds, sinceMs)
    this.#fail(`no round opened at ${waiting.join(', ')} within ${limitMs} ms and a round`, waiting.length)
  }

  /** Waits until every node is ready, the tables have their places, and everybody sits. */
  async #whole(after_: string): Promise<void> {
    const { nodes } = this.#stage
    for (const node of nodes)
      if (!(await within(() => isReady(node), NODE_READY_MS)))
        this.#fail(`${node.nodeId} was not ready within ${NODE_READY_MS} ms (${after_})`)
    if (!(await within(() => this.#isSpread(), SPREAD_MS))) this.#log.note('not spread', { after: after_ })
    // Whoever had to join anew must stand long enough for the stock SDK before it is tested again.
    if (await within(() => this.#crowd.allSeated && this.#crowd.allStandFor(STOCK_MIN_UPTIME_MS), GO_ON_MS)) return
    const late = this.#crowd.watch.giveUp(steadyMs(), 0)
    const standing = this.#crowd.players.filter(({ seated }) => !seated).map(({ name }) => name)
    this.#fail(`not everybody sits after ${after_}: ${standing.join(', ')}`, late.length)
  }

  /** Every node has tables if there are enough, and for a moment none of them moves. */
  async #isSpread(): Promise<boolean> {
    const before = await this.#directory.owners().catch(() => null)
    const living = new Set(this.#stage.nodes.filter(({ alive }) => alive).map(({ nodeId }) => nodeId))
    const ids = this.#crowd.tableIds
    if (before === null || !ids.every((id) => living.has(before.get(id)?.nodeId ?? ''))) return false
    const used = new Set(ids.map((id) => before.get(id)?.nodeId))
    if (used.size < Math.min(living.size, 2)) return false
    await after(STEADY_MS)
    const now = await this.#directory.owners().catch(() => null)
    return now !== null && ids.every((id) => now.get(id)?.epoch === before.get(id)?.epoch)
  }

  #fail(why: string, stuck = 1): void {
    this.broken.stuck += stuck
    this.broken.problems.push(`stuck: ${why}`)
    this.#log.say(`! ${why}`)
  }

  #lastTimes(): string {
    const last = this.#crowd.watch.outages.slice(-this.#crowd.players.length)
    const times = last
      .filter(({ cause }) => cause !== 'moved')
      .map(({ eventMs, startedMs }) => (eventMs ?? 0) - startedMs)
    return `slowest client ${times.length === 0 ? '-' : Math.round(Math.max(...times))} ms`
  }
}
