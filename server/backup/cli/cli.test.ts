import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../scripts/cluster/ports.ts'
import { openFolder, PostgresServer, postgresInstalled } from '../../../scripts/postgres.ts'
import { redisInstalled, type SingleRedis, startRedis } from '../../../scripts/redis.ts'
import { RedisHotCopies } from '../../failover/hot-copies.ts'
import { connectRedis } from '../../failover/redis-client.ts'
import { redisHouse } from '../../failover/redis-keys.ts'
import { type BackedUp, HOST, SECRETS_KEY, startBackedUp, until } from '../testing.ts'

const PASSWORD = 'planted-password'
type Ran = { readonly code: number | null; readonly said: string }

describe.runIf(postgresInstalled() && redisInstalled())('the commands of backups', () => {
  let backed: BackedUp
  let env: NodeJS.ProcessEnv
  let keeper: ChildProcess
  let keeperSaid = ''
  let server: PostgresServer
  let redis: SingleRedis
  let metricsPort: number
  let folder: string | undefined
  const allSaid: string[] = []

  beforeAll(async () => {
    backed = await startBackedUp()
    metricsPort = await freePort()
    // The servers of tests ask for no password, so one may be given.
    const withPassword = (url: string) => url.replace('@', `:${PASSWORD}@`)
    env = {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: withPassword(backed.settings.databaseUrl),
      BACKUP_REPLICATION_URL: withPassword(backed.settings.replicationUrl),
      BACKUP_DIR: backed.settings.dir,
      BACKUP_METRICS_PORT: String(metricsPort),
      PUBLIC_URL: `https://${HOST}`,
      SECRETS_KEY,
    }
    await backed.house.play('lima', 3)
  })
  afterAll(async () => {
    keeper?.kill('SIGKILL')
    await server?.stop()
    await redis?.stop()
    await backed?.stop()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  const file = (name: string) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  function run(name: string, args: readonly string[] = [], more: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const child = spawn(process.execPath, [file(name), ...args], { env: { ...env, ...more } })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        allSaid.push(said)
        resolve({ code, said })
      })
    })
  }
  const metric = async (name: string) => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  }

  test('[BAK-2 BAK-4] the long-running mode streams, takes a base, tells its ages; a second is refused', async () => {
    keeper = spawn(process.execPath, [file('backup'), '--every', '1h', '--fast'], { env })
    for (const stream of [keeper.stdout, keeper.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (keeperSaid += text))
    await until('a base backup', () => keeperSaid.includes('a base backup was taken'), 40_000)
    await until('the stream', async () => (await metric('crupier_backup_wal_age_seconds')) < 5)
    expect(await metric('crupier_backup_base_age_seconds')).toBeLessThan(60)
    expect(await metric('crupier_backup_base_bytes')).toBeGreaterThan(1_000_000)
    expect(await metric('crupier_backup_failures_total\\{step="wal"\\}')).toBe(0)
    const second = await run('backup', ['--every', '1h'], { BACKUP_METRICS_PORT: '0' })
    expect(second).toMatchObject({ code: 1, said: expect.stringContaining('streams the WAL of this house already') })
  })

  test('[BAK-11 BAK-5] the drill passes, its report is kept; no secret is told, nor given as an argument', async () => {
    const watched: string[] = []
    const watch = setInterval(() => watched.push(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })), 200)
    const drilled = await run('drill')
    clearInterval(watch)
    expect(drilled).toMatchObject({ code: 0, said: expect.stringMatching(/PASSED[\s\S]*Kept as .*drills/) })
    expect(await metric('crupier_backup_drill_age_seconds')).toBeLessThan(60)
    expect(await metric('crupier_backup_drill_failed')).toBe(0)
    expect(await metric('crupier_backup_drill_rto_seconds')).toBeGreaterThan(0.1)
    expect(watched.join()).toContain('pg_receivewal')
    for (const secret of [PASSWORD, SECRETS_KEY]) expect(watched.join()).not.toContain(secret)
  })

  test('[BAK-7 BAK-8 BAK-9] restore, start, mark: each once, in this order', async () => {
    await backed.house.play('cusco', 2)
    folder = openFolder(null)
    const target = join(folder, 'restored')
    const wrong = await run('restore', ['--target', target], { SECRETS_KEY: '00'.repeat(32) })
    expect(wrong).toMatchObject({ code: 1, said: expect.stringContaining('SECRETS_KEY is not the key of this backup') })
    const restored = await run('restore', ['--target', target], { DATABASE_URL: '' })
    expect(restored.said).toMatch(/ok {3}ledger balances[\s\S]*was restored to .* up to 0\//)
    expect(restored.code).toBe(0)
    expect(await run('restore', ['--target', target])).toMatchObject({
      code: 1,
      said: expect.stringContaining('is not empty'),
    })
    server = new PostgresServer(folder, 'restored', await freePort(), [])
    await server.start()
    const DATABASE_URL = backed.settings.databaseUrl.replace(String(backed.postgres.port), String(server.port))
    redis = await startRedis()
    const connection = connectRedis(redis.url, { onError: () => {} })
    expect(await connection.whenConnected(10_000)).toBe(true)
    const copies = new RedisHotCopies(connection, redisHouse(Buffer.from(SECRETS_KEY, 'hex')))
    await copies.save('lima', 7, 'of the lost time')
    const marked = await run('restored', ['--as', 'Ana'], { DATABASE_URL, REDIS_URL: redis.url })
    expect(await copies.read('lima')).toBeNull()
    connection.close()
    expect(marked).toMatchObject({
      code: 0,
      said: expect.stringMatching(/epochs begin above \d{4}, series at \d{4}[\s\S]*restored-\d{8}T\d{6}Z/),
    })
    expect(await run('restored', [], { DATABASE_URL })).toMatchObject({
      code: 2,
      said: expect.stringContaining('does not say that it was restored'),
    })
    const declared = await run('restored', ['--declare', '--without-marks'], { DATABASE_URL })
    expect(declared).toMatchObject({ code: 0, said: expect.stringContaining('series at') })
  }, 180_000)

  test('[BAK-15] what makes no sense is said, and ends with 2', async () => {
    const senseless = [
      ['backup', ['--every', 'daily'], {}],
      ['backup', ['--fast', '--spread'], {}],
      ['restore', [], {}],
      ['restore', ['--target', '/x', '--to-time', 'yesterday'], {}],
      ['restored', ['--from', '/x', '--without-marks'], {}],
      ['drill', ['--loud'], {}],
      ['drill', [], { SECRETS_KEY: '' }],
    ] as const
    const answers = await Promise.all(senseless.map(([name, args, more]) => run(name, args, more)))
    for (const [i, { code, said }] of answers.entries())
      expect([senseless[i], code, said.includes('Usage: npm run')]).toEqual([senseless[i], 2, true])
  }, 120_000)

  test('[BAK-5] an orderly end, and nothing secret was said by anything', async () => {
    const ended = new Promise<number | null>((resolve) => keeper.once('close', resolve))
    keeper.kill('SIGTERM')
    expect(await ended).toBe(0)
    const all = [...allSaid, keeperSaid].join()
    for (const secret of [PASSWORD, SECRETS_KEY]) expect(all).not.toContain(secret)
    const { rows } = await backed.replication.pool.query('select active from pg_replication_slots')
    expect(rows).toEqual([{ active: false }])
  })
})
