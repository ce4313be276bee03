import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { freePort } from '../../scripts/cluster/ports.ts'
import { startRedis } from '../../scripts/redis.ts'
import { type Dice, diceOf } from '../../simulation/dice.ts'
import { inTurns, steadyMs } from '../crowd.ts'
import type { ChaosOptions } from '../options.ts'
import type { RunLog } from '../run-log.ts'
import { timesOf } from '../stopwatch.ts'
import { until, within } from '../until.ts'
import { installVanilla, TurnBalancer, VanillaProcess } from './cluster.ts'
import { TableClient } from './table-client.ts'

/** The SDK tries for almost a minute before it gives a room up. */
const BACK_MS = 90_000
const SIT_MS = 30_000
/** The stock SDK reconnects only after an uptime of 5 s. */
const STANDS_MS = 6_000
const STALL_MS = 5_000
const AFTER_STALL_MS = 3_000

/** How players reach a process: by its own address, as the documentation has it, or all by one public address. */
type Arrangement = 'address-per-process' | 'one-address'

type House = {
  readonly processes: readonly VanillaProcess[]
  readonly clients: readonly TableClient[]
  readonly dice: Dice
  readonly log: RunLog
}

/** The same kills of plain Colyseus, half of them in each arrangement, and one stall of 5 s. */
export async function runVanilla(options: ChaosOptions, log: RunLog): Promise<object> {
  installVanilla()
  const redis = await startRedis()
  try {
    const { kills, seed, nodes, players, tables } = options
    const half = Math.ceil(kills / 2)
    const rest = kills - half
    const own = await measure('address-per-process', half, options, redis.server.port, log)
    await redis.server.ask('FLUSHALL')
    const one = rest === 0 ? null : await measure('one-address', rest, options, redis.server.port, log)
    const figures = { ...own.figures, ...(one === null ? {} : { oneAddress: one.figures }) }
    return { vanilla: '0.18', kills, ...figures, liveRoomsAfterStall: own.liveRooms, seed, nodes, players, tables }
  } finally {
    await redis.stop()
  }
}

async function measure(how: Arrangement, kills: number, options: ChaosOptions, redisPort: number, log: RunLog) {
  const ports: number[] = []
  while (ports.length < options.nodes) ports.push(await freePort())
  const processes = ports.map((port) => {
    const address = how === 'one-address' ? '' : `127.0.0.1:${port}`
    return new VanillaProcess(port, redisPort, address, join(log.folder, `${how}-${port}.log`))
  })
  for (const process of processes) await process.start()
  const publicPort = await freePort()
  const balancer = new TurnBalancer(publicPort, ports)
  const url = `http://127.0.0.1:${publicPort}`
  const clients = Array.from(
    { length: options.players },
    (_, i) => new TableClient(url, `caos-${(i % options.tables) + 1}`, steadyMs),
  )
  const house: House = { processes, clients, dice: diceOf(options.seed), log }
  try {
    await inTurns(clients, (client) => client.sit())
    await until('every client hears its table', () => clients.every(({ from }) => from !== null), SIT_MS)
    for (const client of clients) client.startBetting()
    const backMs: number[] = []
    const gaveUpMs: number[] = []
    for (let kill = 1; kill <= kills; kill++) {
      await after(STANDS_MS + house.dice.upTo(1_000))
      await killOne(house, backMs, gaveUpMs)
      log.say(`${how}: ${kill} of ${kills} kills, slowest client ${Math.round(Math.max(...backMs))} ms`)
    }
    const figures = figuresOf(clients, backMs, gaveUpMs)
    return { figures, liveRooms: how === 'one-address' ? null : await stall(house) }
  } finally {
    for (const client of clients) client.leave()
    for (const process of processes) await process.end()
    balancer.close()
  }
}

/** Kills the process of one table, and times when each of its clients hears that table again, however it came back. */
async function killOne({ processes, clients, dice }: House, backMs: number[], gaveUpMs: number[]): Promise<void> {
  const owner = dice.pick(clients).from?.owner
  const victim = processes.find(({ processId }) => processId === owner)
  if (victim === undefined) throw new Error('nobody runs the table')
  const hit = clients.filter(({ from }) => from?.owner === owner)
  const atMs = steadyMs()
  victim.signal('SIGKILL')
  const isBack = ({ from }: TableClient): boolean => from !== null && from.owner !== owner
  await within(() => hit.every(isBack), BACK_MS)
  for (const client of hit) {
    backMs.push(isBack(client) ? (client.from?.atMs ?? 0) - atMs : steadyMs() - atMs)
    if (client.gaveUp !== null && client.gaveUp.atMs > atMs) gaveUpMs.push(client.gaveUp.atMs - atMs)
  }
  await victim.start()
}

function figuresOf(clients: readonly TableClient[], backMs: readonly number[], gaveUpMs: readonly number[]) {
  const { p50Ms, p99Ms, maxMs, count } = timesOf(backMs)
  return {
    ...{ p50Ms, p99Ms, maxMs, samples: count },
    accepted: clients.reduce((sum, { accepted }) => sum + accepted.length, 0),
    lost: clients.reduce((sum, { lost }) => sum + lost, 0),
    stuck: backMs.filter((ms) => ms >= BACK_MS).length,
    reloads: clients.reduce((sum, { reloads }) => sum + reloads, 0),
    gaveUpP50Ms: timesOf(gaveUpMs).p50Ms,
    gaveUpMaxMs: timesOf(gaveUpMs).maxMs,
  }
}

/** Stops the process of one table for 5 s while others ask for that table; answers how many rooms of it live then. */
async function stall({ processes, clients, log }: House): Promise<number> {
  const [first] = clients
  const owner = first?.from?.owner
  const stalled = processes.find(({ processId }) => processId === owner)
  const other = processes.find((process) => process !== stalled)
  if (first === undefined || stalled === undefined || other === undefined) throw new Error('nobody runs the table')
  stalled.signal('SIGSTOP')
  // A balancer that checks health sends newcomers to a process that answers.
  const newcomer = new TableClient(`http://127.0.0.1:${other.port}`, first.tableId, steadyMs)
  try {
    void newcomer.sit()
    await after(STALL_MS)
    stalled.signal('SIGCONT')
    await after(AFTER_STALL_MS)
    const live = processes.filter(({ runs }) => runs.includes(first.tableId)).length
    log.say(`after a stall of ${STALL_MS} ms, ${live} processes run ${first.tableId}`)
    return live
  } finally {
    newcomer.leave()
  }
}
