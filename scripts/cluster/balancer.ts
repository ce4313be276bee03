import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { until } from '../../e2e/support/until.ts'
import { BoundProcess } from './bound-process.ts'

const HAPROXY = '/usr/sbin/haproxy'
const CONFIGURATION = fileURLToPath(new URL('../../deploy/haproxy/haproxy.cfg', import.meta.url))
const STARTS_WITHIN_MS = 10_000
const STOPS_WITHIN_MS = 3_000

export type BalancerOptions = {
  readonly port: number
  /** Statistics page and its own /metrics. */
  readonly statusPort: number
  /** `address` is host:port of a node's web server, as the balancer reaches it. */
  readonly nodes: readonly { readonly nodeId: string; readonly address: string }[]
  readonly logFile: string
}

export type Balancer = {
  readonly statusUrl: string
  readonly logFile: string
  /** Of its last life. */
  readonly pid: number
  readonly running: boolean
  /** Ids of the nodes that get new requests now. */
  ready(): Promise<readonly string[]>
  /** Ids of the nodes that the balancer does not hold for dead. */
  living(): Promise<readonly string[]>
  /** Ends it without a warning, and every connection with it. */
  kill(): Promise<void>
  /** Starts it again after `kill`, on the same ports. Resolves when it listens. */
  start(): Promise<void>
  stop(): Promise<void>
}

export function haproxyInstalled(): boolean {
  return existsSync(HAPROXY)
}

/** What `deploy/haproxy/haproxy.cfg` reads. Errors: throws when there are more nodes than the file has places for. */
export function balancerEnvironment({ port, statusPort, nodes }: Omit<BalancerOptions, 'logFile'>): NodeJS.ProcessEnv {
  if (nodes.length > 9) throw new Error('haproxy.cfg has places for nine nodes')
  const places = nodes.flatMap(({ nodeId, address }, i) => [
    [`NODE_${i + 1}_ID`, nodeId],
    [`NODE_${i + 1}_ADDRESS`, address],
  ])
  return {
    PUBLIC_BIND: `127.0.0.1:${port}`,
    STATUS_BIND: `127.0.0.1:${statusPort}`,
    ...Object.fromEntries(places),
  }
}

/** HAProxy's own check of the file under this environment. Errors: rejects with what HAProxy says. */
export async function checkConfiguration(env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await promisify(execFile)(HAPROXY, ['-c', '-f', CONFIGURATION], { env })
  } catch (cause) {
    throw new Error(`haproxy refuses its configuration: ${(cause as { stderr?: string }).stderr ?? ''}`, { cause })
  }
}

/** Starts HAProxy on loopback. Resolves when it listens. */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  const env = balancerEnvironment(options)
  await checkConfiguration(env)
  const { logFile } = options
  const statusUrl = `http://127.0.0.1:${options.statusPort}`
  const launch = () => BoundProcess.start([HAPROXY, '-db', '-f', CONFIGURATION], { env, logFile })
  const inState = async (backend: string, fits: (status: string) => boolean) => {
    const rows = await statusRows(statusUrl)
    return rows.filter((row) => row.backend === backend && fits(row.status)).map(({ server }) => server)
  }
  let process = await launch()
  const balancer: Balancer = {
    statusUrl,
    logFile,
    get pid() {
      return process.pid
    },
    get running() {
      return process.running
    },
    ready: () => inState('ready', (status) => status.startsWith('UP')),
    living: () => inState('ready', (status) => status.startsWith('UP') || status.startsWith('NOLB')),
    kill: async () => {
      await process.end('SIGKILL', 0)
    },
    start: async () => {
      if (!process.running) process = await launch()
      const answers = () => {
        if (!process.running) throw new Error(`haproxy ended at its start; it said so in ${logFile}`)
        return balancer.living().catch(() => null)
      }
      await until('the balancer listens', answers, STARTS_WITHIN_MS)
    },
    stop: async () => {
      // At once: the graceful way waits for every open socket.
      await process.end('SIGINT', STOPS_WITHIN_MS)
    },
  }
  try {
    await balancer.start()
  } catch (error) {
    await balancer.kill()
    throw error
  }
  return balancer
}

/** HAProxy's statistics as CSV, without its rows for whole front and back ends. */
async function statusRows(statusUrl: string) {
  const response = await fetch(`${statusUrl}/;csv`)
  const [head = '', ...lines] = (await response.text()).trim().split('\n')
  const status = head.split(',').indexOf('status')
  return lines
    .map((line) => line.split(','))
    .map((cells) => ({ backend: cells[0] ?? '', server: cells[1] ?? '', status: cells[status] ?? '' }))
    .filter(({ server }) => server !== 'FRONTEND' && server !== 'BACKEND')
}
