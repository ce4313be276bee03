/**
 * `npm run cluster [-- options]`: the whole house on this machine, several nodes behind one address, until Ctrl-C. Says
 * where everything is and how to break it; whatever was killed is started again after a while.
 */
import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { lockFolder } from '../server/database/folder-lock.ts'
import { Caretaker } from './cluster/caretaker.ts'
import { type Cluster, type ClusterPorts, startCluster } from './cluster/cluster.ts'
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

/** PostgreSQL refuses root and runs as another user, who must be able to enter every folder above its own. */
function postgresFolderFor(folder: string): string {
  const mine = join(folder, 'postgres')
  if (process.getuid?.() !== 0) return mine
  for (let above = folder; ; above = dirname(above)) {
    if (above !== folder && (statSync(above).mode & 0o001) === 0)
      return join('/var/tmp', `crupier-cluster-${hash('sha256', folder).slice(0, 12)}`)
    if (above === dirname(above)) return mine
  }
}

/** The memorable port, or any free one and a word about it. */
async function portNear(wanted: number, what: string): Promise<number> {
  if (await isFree(wanted)) return wanted
  const port = await freePort()
  console.log(`Port ${wanted} is taken, so ${what} has ${port}.`)
  return port
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
    `  Logs             ${short(join(folder, 'logs'))}/, ${short(join(folder, 'redis'))}/*/redis.log,`,
    `                   ${short(postgresFolder)}/*/log/postgres.log`,
    `  Operator token   ${short(cluster.operatorTokenFile)}`,
    `  Tables           DATA_DIR=${short(folder)} npm run casino -- table list --url ${cluster.publicUrl}`,
    '',
    '  Break something: kill -9 <pid>, or kill -STOP <pid> and later kill -CONT <pid>. Tables go on elsewhere within',
    '  seconds. What was killed is started again after 10 s; a dead PostgreSQL primary is replaced at once.',
    '  Ctrl-C ends everything in order; a second one ends it at once.',
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
  const postgresFolder = postgresFolderFor(folder)
  const unlock = lockFolder(`${folder}.lock`)
  if (wishes.fresh) for (const old of [folder, postgresFolder]) rmSync(old, { recursive: true, force: true })
  const port = wishes.port ?? (await portNear(PUBLIC_PORT, 'the house'))
  const ports = await portsFor(nodes)
  console.log(`Starting PostgreSQL, Redis, ${nodes} nodes and HAProxy (some 20 s) …`)
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

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends this process, and the kernel all of its parts. */
function interrupted(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(1))
        console.log('\n  Stopping …')
        done()
      })
  })
}

process.exitCode = await main()
