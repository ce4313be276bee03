/**
 * `npm test [vitest arguments]`: every test of the project. On Debian as root it installs what some suites need
 * (Chromium, PostgreSQL, Redis, HAProxy) and starts a throw-away PostgreSQL; elsewhere it uses what the environment
 * names (TEST_DATABASE_URL, CHROMIUM) and says plainly which suites it could not run. Stops only what it started.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { haproxyInstalled } from './cluster/balancer.ts'
import { installDebianPackages } from './debian.ts'
import { postgresInstalled, startPostgres, type ThrowAwayPostgres } from './postgres.ts'
import { redisInstalled } from './redis.ts'

const DEBIAN_CHROMIUM = '/usr/bin/chromium'

async function main(): Promise<number> {
  installDebianPackages()
  const environment: NodeJS.ProcessEnv = { ...process.env }
  const notRun: string[] = []
  let postgres: ThrowAwayPostgres | null = null
  if (environment.TEST_DATABASE_URL === undefined) {
    if (postgresInstalled()) {
      postgres = await startPostgres()
      environment.TEST_DATABASE_URL = postgres.url
    } else notRun.push('the real PostgreSQL (set TEST_DATABASE_URL to a server where databases may be made)')
  }
  if (environment.CHROMIUM === undefined) {
    if (existsSync(DEBIAN_CHROMIUM)) environment.CHROMIUM = DEBIAN_CHROMIUM
    else notRun.push('the browser (set CHROMIUM to the path of a Chromium)')
  }
  if (!(haproxyInstalled() && postgresInstalled() && redisInstalled()))
    notRun.push('a cluster (they start the haproxy, postgresql-15 and redis-server of Debian)')
  if (!postgresInstalled()) notRun.push('a PostgreSQL primary with its standby (they start the one of Debian)')
  if (!redisInstalled()) notRun.push('the real Redis (they start the redis-server of Debian)')
  if (environment.FAULTS !== 'all') notRun.push('every fault, crash point and upgrade of a cluster (npm run faults)')
  try {
    const code = await run(['vitest', 'run', ...process.argv.slice(2)], environment)
    for (const suite of notRun) console.log(`Not run here: tests on ${suite}.`)
    return code
  } finally {
    await postgres?.stop()
  }
}

function run(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

process.exitCode = await main()
