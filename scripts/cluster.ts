/**
 * `npm run cluster [-- options]`: the whole house on this machine, several nodes behind one address, until Ctrl-C. Says
 * where everything is and how to break it; whatever was killed is started again after a while.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { lockFolder } from '../server/database/folder-lock.ts'
import { StartRefused } from '../server/start-refused.ts'
import { booksFolderFor } from './cluster/books-folder.ts'
import { Caretaker } from './cluster/caretaker.ts'
import { type Cluster, type ClusterPorts, startCluster } from './cluster/cluster.ts'
import { leftByNpm } from './cluster/left-by-npm.ts'
import { freePort, isFree } from './cluster/ports.ts'
import { type DebianPackage, installDebianPackages } from './debian.ts'
import type { PostgresPair } from './postgres-pair.ts'
import type { SentinelRedis } from './redis.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKAGES: readonly DebianPackage[] = ['postgresql-15', 'redis-server', 'haproxy']
const PUBLIC_PORT = 8080
const STATUS_PORT = 8404
const FIRST_NODE_PORT = 8081
const FIRST_PEER_PORT = 8181
const POSTGRES_PORTS = [5541, 5542] as const
const REDIS_PORTS = [6371, 6372, 26_371, 26_372, 26_373] as const

const USAGE = `usage: npm run cluster -- [options]

  --nodes 1..9      nodes (3)
  --port <port>     public port (${PUBLIC_PORT}, or any free one when that is taken)
  --folder <path>   books, secrets and logs (./var/cluster)
  --fresh           begins with empty books
`

type Wishes = { readonly nodes: number; readonly port: number | null; readonly folder: string; readonly fresh: boolean }

function readWishes(args: readonly string[]): Wishes | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        nodes: { type: 'string', default: '3' },
        port: { type: 'string' },
        folder: { type: 'string', default: join(ROOT, 'var/cluster') },
        fresh: { type: 'boolean', default: false },
      },
    })
    const [nodes, port] = [Number(values.nodes), values.port === undefined ? null : Number(values.port)]
    const within = (n: number, least: number, most: number) => Number.isInteger(n) && n >= least && n <= most
    if (!within(nodes, 1, 9) || (port !== null && !within(port, 1, 65_535))) return null
    return { nodes, port, folder: resolve(values.folder), fresh: values.fresh }
  } catch {
    return null
  }
}

/** The memorable port, or any free one and a word about it. */
async function portNear(wanted: number, what: string): Promise<number> {
  if (await isFree(wanted)) return wanted
  const port = await freePort()
  console.log(`Port ${wanted} is taken, so ${what} has ${port}.`)
  return port
}

/** Errors: throws when the port that somebody asked for is taken: he would look for the house in vain. */
async function publicPort(wanted: number | null): Promise<number> {
  if (wanted === null) return portNear(PUBLIC_PORT, 'the house')
  if (await isFree(wanted)) return wanted
  throw new StartRefused('port-taken', `another process listens on port ${wanted}; --port names another`)
}

async function portsFor(nodes: number): Promise<Required<ClusterPorts>> {
  const several = async (ports: readonly number[], what: string) => {
    const chosen: number[] = []
    for (const [i, port] of ports.entries()) chosen.push(await portNear(port, `${what} ${i + 1}`))
    return chosen
  }
  const from = (first: number) => Array.from({ length: nodes }, (_, i) => first + i)
  const [one, two] = POSTGRES_PORTS
  return {
    status: await portNear(STATUS_PORT, 'the statistics page'),
    nodes: await several(from(FIRST_NODE_PORT), 'node'),
    peers: await several(from(FIRST_PEER_PORT), 'the peers of node'),
    postgres: [await portNear(one, 'PostgreSQL one'), await portNear(two, 'PostgreSQL two')],
    redis: await several(REDIS_PORTS, 'Redis part'),
  }
}

/** Where to look, and how to break what. */
async function guide(cluster: Cluster<SentinelRedis, PostgresPair>, postgresFolder: string): Promise<string> {
  const { nodes, redis, postgres, balancer, folder } = cluster
  const short = (path: string) => relative(process.cwd(), path) || '.'
  const pidOf = (name: string) => readFileSync(join(postgresFolder, name, 'postmaster.pid'), 'utf8').split('\n')[0]
  const primary = postgres.primaryUrl === postgres.urls[0] ? 'one' : 'two'
  const row = (name: string, where: string, pid: number | string | null | undefined) =>
    `    ${name.padEnd(12)} ${where.padEnd(52)} pid ${pid ?? '-'}`
  const master = (await redis.master()).name
  return [
    '',
    `  Crupier is open: ${cluster.publicUrl}`,
    '',
    '  Nodes, each also under its own address',
    ...nodes.map((node) => row(node.nodeId, node.url, node.pid)),
    '  PostgreSQL, every commit confirmed by the standby',
    row(primary, `${postgres.primaryUrl} (primary)`, pidOf(primary)),
    row(
      primary === 'one' ? 'two' : 'one',
      `${postgres.standbyUrl} (standby)`,
      pidOf(primary === 'one' ? 'two' : 'one'),
    ),
    '  Redis, watched by Sentinels',
    ...redis.parts.map((part) =>
      row(part.name, `redis-cli -p ${part.port}${part.name === master ? ' (master)' : ''}`, part.pid),
    ),
    '  Balancer',
    row('haproxy', `${balancer.statusUrl} (statistics; /metrics)`, balancer.pid),
    '',
    `  Folder           ${folder}`,
    `  Books            ${postgresFolder} (PostgreSQL's data)`,
    `  Logs             ${short(join(folder, 'logs'))}/, ${short(join(folder, 'redis'))}/*/redis.log,`,
    `                   ${short(postgresFolder)}/*/log/postgres.log`,
    `  Operator token   ${short(cluster.operatorTokenFile)}`,
    `  Who runs what    DATA_DIR=${short(folder)} npm run casino -- table list --url ${cluster.publicUrl}`,
    '',
    '  Break something: kill -9 <pid>, or kill -STOP <pid> and later kill -CONT <pid>. Tables go on elsewhere within',
    '  seconds. What was killed is started again after 10 s; a dead PostgreSQL primary is replaced at once.',
    '  kill -TERM <pid> of a node is a planned stop: it hands its tables over first.',
    `  Ctrl-C, or kill ${process.pid}, ends everything in order; a second one ends it at once.`,
    '',
  ].join('\n')
}

async function main(): Promise<number> {
  const wishes = readWishes(process.argv.slice(2))
  if (wishes === null) {
    console.error(USAGE)
    return 2
  }
  const missing = installDebianPackages(PACKAGES)
  if (missing.length > 0) {
    console.error(`These Debian packages are missing, and only root can install them: ${missing.join(', ')}.`)
    return 1
  }
  const { nodes, folder } = wishes
  mkdirSync(folder, { recursive: true })
  const unlock = lockFolder(`${folder}.lock`)
  const postgresFolder = booksFolderFor(folder, { otherUser: process.getuid?.() === 0 })
  if (wishes.fresh) for (const old of [folder, postgresFolder]) rmSync(old, { recursive: true, force: true })
  const port = await publicPort(wishes.port)
  const ports = await portsFor(nodes)
  console.log(`Starting PostgreSQL, Redis, ${nodes} nodes and HAProxy (some 20 s) …`)
  console.log(`The folder is ${folder}; the books are in ${postgresFolder}.`)
  const stopping = interrupted()
  const cluster = await startCluster({ nodes, folder, postgresFolder, port, ports })
  console.log(await guide(cluster, postgresFolder))
  const caretaker = new Caretaker(cluster, (line) => console.log(`  ${new Date().toLocaleTimeString('en-GB')} ${line}`))
  caretaker.start()
  await stopping
  await caretaker.stop()
  await cluster.stop()
  unlock()
  console.log('  Stopped.')
  return 0
}

/** Resolves at the first Ctrl-C or SIGTERM, or at the end of npm; a second one ends this process, and all its parts. */
function interrupted(): Promise<void> {
  return new Promise((done) => {
    const begun = new AbortController()
    const stop = () => {
      if (begun.signal.aborted) process.exit(1)
      begun.abort()
      console.log('\n  Stopping …')
      done()
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
    // Nobody may read any more what is said, and that is no reason to leave parts behind.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
    void leftByNpm(begun.signal).then(stop)
  })
}

process.exitCode = await main().catch((error: unknown) => {
  const why =
    error instanceof StartRefused ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : error
  console.error(`The cluster cannot start: ${why}`)
  return 1
})
