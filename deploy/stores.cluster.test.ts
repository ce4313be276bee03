import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../e2e/support/until.ts'
import { BoundProcess } from '../scripts/cluster/bound-process.ts'
import { freePort } from '../scripts/cluster/ports.ts'
import { POSTGRES_BIN } from '../scripts/postgres.ts'

const here = import.meta.dirname
/** The server refuses root, as which the tests may run. */
const AS_POSTGRES =
  process.getuid?.() === 0 ? ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--init-groups', '--'] : []
const COMMIT_WAITS_MS = 1_500
const folders: string[] = []
const running = new Set<BoundProcess>()

function newFolder(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'crupier-stores-'))
  folders.push(folder)
  mkdirSync(join(folder, 'secrets'))
  for (const name of ['postgres', 'replication', 'redis'])
    writeFileSync(join(folder, `secrets/${name}-password`), `of-${name}`)
  copyFileSync(join(here, script), join(folder, 'start.sh'))
  copyFileSync(join(here, 'postgres/postgresql.conf'), join(folder, 'postgresql.conf'))
  return folder
}

async function start(command: readonly string[], env: NodeJS.ProcessEnv, logFile: string): Promise<BoundProcess> {
  const started = await BoundProcess.start(command, { env: { PATH: process.env.PATH, ...env }, logFile })
  running.add(started)
  return started
}

afterAll(async () => {
  await Promise.all([...running].map((one) => one.end('SIGKILL', 0)))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe('PostgreSQL', () => {
  let folder: string
  const ports: number[] = []
  const servers: (BoundProcess | undefined)[] = []
  const dataOf = (i: number) => join(folder, `server-${i}/books`)

  const environment = (i: number): NodeJS.ProcessEnv => ({
    PATH: `${POSTGRES_BIN}:${process.env.PATH}`,
    ...{ PGDATA: dataOf(i), PGPORT: String(ports[i]), SERVER_NAME: `postgres-${i}` },
    ...{ OTHER_SERVER: '127.0.0.1', OTHER_PORT: String(ports[3 - i]), LISTEN: '127.0.0.1' },
    ...{ SECRETS: join(folder, 'secrets'), SETTINGS: join(folder, 'postgresql.conf') },
  })
  const run = (i: number, ...words: string[]) => {
    const [program = '', ...args] = [...AS_POSTGRES, 'sh', join(folder, 'start.sh'), ...words]
    const ended = spawnSync(program, args, { env: environment(i), encoding: 'utf8', cwd: folder })
    return { code: ended.status, said: ended.stderr }
  }
  const begin = async (i: number) => {
    const command = [...AS_POSTGRES, 'sh', join(folder, 'start.sh')]
    servers[i] = await start(command, environment(i), join(folder, `server-${i}.log`))
  }
  const end = (i: number, signal: NodeJS.Signals) => servers[i]?.end(signal, 10_000)
  const ask = async (i: number, text: string, withinMs = 10_000): Promise<unknown[]> => {
    const client = new pg.Client({
      connectionString: `postgres://crupier:of-postgres@127.0.0.1:${ports[i]}/crupier`,
      query_timeout: withinMs,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query({ text, rowMode: 'array' })).rows.flat()
    } finally {
      void client.end()
      client.connection.stream.destroy()
    }
  }
  const answers = (i: number, text: string) => until(text, () => ask(i, text).catch(() => null))
  /** What the primary says of whoever copies from it: name, state, and whether commits wait for it. */
  const followers = (i: number): string => {
    const each = `application_name || ' ' || state || ' ' || sync_state`
    const query = `select string_agg(${each}, ', ') from pg_stat_replication`
    const [program = '', ...args] = [...AS_POSTGRES, 'psql', '-U', 'postgres', '-d', 'postgres', '-Atc', query]
    return execFileSync(program, args, { env: { ...environment(i) }, encoding: 'utf8' }).trim()
  }

  beforeAll(async () => {
    folder = newFolder('postgres/start.sh')
    ports.push(0, await freePort(), await freePort())
    for (const i of [1, 2]) mkdirSync(join(folder, `server-${i}`))
    if (AS_POSTGRES.length === 0) return
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
    chmodSync(folder, 0o755)
    for (const path of ['', 'server-1', 'server-2']) chownSync(join(folder, path), id('-u'), id('-g'))
  })

  test('[DEP-7] a server without files waits for the other one, and makes no books', async () => {
    await begin(2)
    await until('it has waited', () => existsSync(join(folder, 'server-2.log')))
    expect(existsSync(dataOf(2))).toBe(false)
  })

  test('[DEP-7] books are made once, and only when nobody has any', () => {
    expect(run(1, 'create').code).toBe(0)
    const again = run(1, 'create')
    expect([again.code, again.said]).toEqual([1, expect.stringContaining('there are books')])
  })

  test('[DEP-7] the other server copies them, and vouches for commits only when it is whole', async () => {
    await begin(1)
    const seen = new Set<string>()
    await until('it follows', () => {
      const now = servers[1]?.running && existsSync(join(dataOf(1), 'postmaster.pid')) ? safely(() => followers(1)) : ''
      for (const follower of now.split(', ')) seen.add(follower)
      return now.includes('postgres-2 streaming')
    })
    const early = [...seen].filter(
      (follower) => /backup|catchup/.test(follower) || follower.startsWith('pg_basebackup'),
    )
    expect(early.filter((follower) => !follower.endsWith(' async'))).toEqual([])
    // It counts as synchronous only after its first report, a moment later.
    await until('it vouches for commits', () => followers(1) === 'postgres-2 streaming quorum')
    await answers(1, 'create table told (i int)')
  })

  test('[DEP-7] without the standby no commit is answered', async () => {
    await answers(1, 'insert into told values (1)')
    await end(2, 'SIGINT')
    await expect(ask(1, 'insert into told values (2)', COMMIT_WAITS_MS)).rejects.toThrow('timeout')
    await begin(2)
    await answers(1, 'insert into told values (3)')
  })

  test('[DEP-7] promoted, the standby has whatever was answered, and the former primary does not start', async () => {
    await end(1, 'SIGKILL')
    const [program = '', ...args] = [...AS_POSTGRES, `${POSTGRES_BIN}/pg_ctl`, 'promote', '-w', '-D', dataOf(2)]
    execFileSync(program, args, { stdio: 'ignore' })
    expect(await ask(2, 'select i from told where i <> 2 order by i')).toEqual([1, 3])
    const former = run(1)
    expect([former.code, former.said]).toEqual([1, expect.stringContaining('remove its volume')])
    expect(run(1, 'create').code).toBe(1)
  })

  test('[DEP-7] the former primary, emptied, becomes the standby', async () => {
    rmSync(dataOf(1), { recursive: true })
    expect([run(1, 'create').code, existsSync(dataOf(1))]).toEqual([1, false])
    await begin(1)
    await until('it follows', () => followers(2) === 'postgres-1 streaming quorum')
    await answers(2, 'insert into told values (4)')
    await until('it has it too', async () => (await ask(1, 'select count(*)::int from told where i = 4'))[0] === 1)
  })
})

describe('Redis', () => {
  test('[DEP-8] Sentinels choose another master, and everybody comes back as what he was', async () => {
    const folder = newFolder('redis/start.sh')
    const ports = new Map<string, number>()
    for (const name of ['redis-1', 'redis-2', 'sentinel-1', 'sentinel-2', 'sentinel-3'])
      ports.set(name, await freePort())
    const first = String(ports.get('redis-1'))
    const parts = new Map<string, BoundProcess>()
    const begin = async (name: string) => {
      const data = join(folder, name)
      mkdirSync(data, { recursive: true })
      const address = { OWN_ADDRESS: '127.0.0.1', FIRST_MASTER: '127.0.0.1', MASTER_PORT: first }
      const env = { ...address, DATA: data, PORT: String(ports.get(name)), SECRETS: join(folder, 'secrets') }
      const role = name.startsWith('redis') ? 'server' : 'sentinel'
      parts.set(name, await start(['sh', join(folder, 'start.sh'), role], env, join(folder, `${name}.log`)))
    }
    const ask = (name: string, ...words: string[]): string => {
      const env = { ...process.env, REDISCLI_AUTH: 'of-redis' }
      return safely(() =>
        execFileSync('redis-cli', ['-p', String(ports.get(name)), ...words], { env, encoding: 'utf8' }),
      )
    }
    for (const name of ports.keys()) await begin(name)
    const whole = 'status=ok,address=127.0.0.1:MASTER,slaves=1,sentinels=3'
    for (const name of ['sentinel-1', 'sentinel-2', 'sentinel-3'])
      await until(`${name} knows all`, () => ask(name, 'info', 'sentinel').includes(whole.replace('MASTER', first)))
    await until('the replica follows', () => ask('redis-2', 'info', 'replication').includes('master_link_status:up'))
    expect(safely(() => execFileSync('redis-cli', ['-p', first, 'ping'], { encoding: 'utf8' }))).toContain('NOAUTH')

    await parts.get('redis-1')?.end('SIGKILL', 0)
    await until('the replica is the master', () => ask('redis-2', 'info', 'replication').includes('role:master'))
    await begin('redis-1')
    // A Sentinel that the machine held up for two seconds trusts its clock no more for the next thirty (its TILT mode).
    const followsAgain = () => /role:slave[\s\S]*master_link_status:up/.test(ask('redis-1', 'info', 'replication'))
    await until('the former master follows', followsAgain, 90_000)
    for (const name of parts.keys()) await parts.get(name)?.end('SIGTERM', 5_000)
    for (const name of ports.keys()) await begin(name)
    const second = String(ports.get('redis-2'))
    await until('a Sentinel knows all', () =>
      ask('sentinel-2', 'info', 'sentinel').includes(whole.replace('MASTER', second)),
    )
    expect(ask('redis-2', 'info', 'replication')).toContain('role:master')
    expect(ask('redis-1', 'info', 'replication')).toContain('role:slave')
  }, 180_000)
})

function safely(attempt: () => string): string {
  try {
    return attempt()
  } catch {
    return ''
  }
}
