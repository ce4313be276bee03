import { connect } from 'node:net'
import type { PostgresPair } from '../postgres-pair.ts'
import type { RedisPart, SentinelRedis } from '../redis.ts'
import type { Exit } from './bound-process.ts'
import type { Cluster } from './cluster.ts'

const LOOK_EVERY_MS = 500
const PROBE_LIMIT_MS = 1_000

/**
 * Does for a cluster on one machine what an operator's supervisor does: whatever somebody killed is started again after
 * a while, the balancer at once, and a dead PostgreSQL primary is replaced by its standby at once. What is paused is
 * left alone.
 */
export class Caretaker {
  readonly #cluster: Cluster<SentinelRedis, PostgresPair>
  readonly #say: (line: string) => void
  readonly #restartAfterMs: number
  /** When each part was found dead. */
  readonly #dead = new Map<string, number>()
  #looking: Promise<void> = Promise.resolve()
  #timer: ReturnType<typeof setInterval> | null = null

  constructor(cluster: Cluster<SentinelRedis, PostgresPair>, say: (line: string) => void, restartAfterMs = 10_000) {
    this.#cluster = cluster
    this.#say = say
    this.#restartAfterMs = restartAfterMs
  }

  start(): void {
    let under = false
    this.#timer = setInterval(() => {
      if (under) return
      under = true
      this.#looking = this.#look()
        .catch((error: unknown) => this.#say(`! ${error instanceof Error ? error.message : error}`))
        .finally(() => {
          under = false
        })
    }, LOOK_EVERY_MS)
  }

  /** Resolves when nothing is being started any more. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    const { nodes, redis, balancer } = this.#cluster
    // Whoever would play comes by it, so it has not to wait.
    if (!balancer.running) {
      await balancer.start()
      this.#say(`haproxy was dead and runs again: pid ${balancer.pid}`)
    }
    await this.#postgres()
    for (const node of nodes)
      await this.#revive(node.nodeId, node.running ? null : endOf(node.lastExit), async () => {
        await node.start()
        return node.pid
      })
    for (const part of redis.parts)
      await this.#revive(part.name, part.pid === null ? 'is dead' : null, () => restarted(part))
  }

  /** `ended` says how; null for a part that lives. */
  async #revive(name: string, ended: string | null, restart: () => Promise<number | null>): Promise<void> {
    if (ended === null) return
    const since = this.#dead.get(name)
    if (since === undefined) {
      this.#dead.set(name, performance.now())
      this.#say(`${name} ${ended}; it is started again in ${this.#restartAfterMs / 1000} s`)
    } else if (performance.now() - since >= this.#restartAfterMs) {
      this.#dead.delete(name)
      this.#say(`${name} runs again: pid ${await restart()}`)
    }
  }

  async #postgres(): Promise<void> {
    const { postgres } = this.#cluster
    const [primary, standby] = await Promise.all([refused(postgres.primaryUrl), refused(postgres.standbyUrl)])
    if (primary && !standby) {
      this.#say('the PostgreSQL primary is dead; its standby takes over')
      await postgres.promoteStandby()
    } else if (primary) {
      this.#say('both PostgreSQL servers are dead; the primary is started again')
      await postgres.restartPrimary()
    } else if (!standby) return
    await postgres.rejoin()
    this.#say(`PostgreSQL has a synchronous standby again; the primary is ${postgres.primaryUrl}`)
  }
}

/** What was planned is told from what was not: a node that was asked to end hands its tables over and ends with 0. */
export function endOf(exit: Exit | null): string {
  if (exit?.code === 0) return 'has drained and ended'
  if (exit === null) return 'is dead'
  return exit.signal === null ? `ended with ${exit.code} (its log says why)` : `is dead (${exit.signal})`
}

async function restarted(part: RedisPart): Promise<number | null> {
  await part.restart()
  return part.pid
}

/** Whether nobody listens there; a server that is paused or busy does. */
function refused(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: PROBE_LIMIT_MS })
    const done = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => done(false))
    socket.once('timeout', () => done(false))
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'ECONNREFUSED'))
  })
}
