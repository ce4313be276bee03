import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../e2e/support/until.ts'
import { freePort } from '../../scripts/cluster/ports.ts'
import { type SingleRedis, startRedis } from '../../scripts/redis.ts'
import { connectRedis, type RedisConnection, type RedisConnectionOptions, RedisOutOfReach } from './redis-client.ts'

/** What a busy machine may add to a time limit of 250 ms. */
const SLACK_MS = 750
const open: RedisConnection[] = []

function connect(url: string, options: Partial<RedisConnectionOptions> = {}): RedisConnection {
  const connection = connectRedis(url, { onError: () => {}, ...options })
  open.push(connection)
  return connection
}

afterEach(() => {
  for (const connection of open.splice(0)) connection.close()
})

/** How the call ended, and after how many milliseconds. */
async function timed(call: Promise<unknown>): Promise<{ value: unknown; ms: number }> {
  const startMs = performance.now()
  const value = await call.catch((error: unknown) => error)
  return { value, ms: performance.now() - startMs }
}

function works(redis: RedisConnection): Promise<boolean> {
  return redis.command('PING').then(
    (reply) => reply === 'PONG',
    () => false,
  )
}

describe('a single Redis', () => {
  let redis: SingleRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  afterEach(() => redis.server.resume())

  test('[FOV-1] a call to a paused Redis rejects within its limit, and calls work again when it wakes', async () => {
    const connection = connect(redis.url)
    expect(await connection.whenConnected(5_000)).toBe(true)
    redis.server.pause()
    for (let i = 0; i < 8; i++) {
      const { value, ms } = await timed(connection.command('PING'))
      expect(value).toBeInstanceOf(RedisOutOfReach)
      expect(ms).toBeLessThan(250 + SLACK_MS)
    }
    // The socket has been silent for too long and is given up, with all that was queued in it.
    await until('the connection is given up', () => !connection.connected, 2_000)
    redis.server.resume()
    await until('calls work again', () => works(connection), 3_000)
  })

  test('[FOV-1] when Redis is killed calls reject at once, and they work again when it is back', async () => {
    const connection = connect(redis.url)
    await connection.whenConnected(5_000)
    const script = connection.script('echoTest', 1, 'return ARGV[1]')
    expect(await script('k', 'a')).toBe('a')
    redis.server.pause()
    const underWay = timed(script('k', 'b'))
    await redis.server.kill()
    expect(String((await underWay).value)).toContain('the connection to Redis was lost')
    await until('the loss is noticed', () => !connection.connected, 1_000)
    const offline = await timed(script('k', 'c'))
    expect([offline.value, offline.ms < 250]).toEqual([expect.any(RedisOutOfReach), true])
    await redis.server.restart()
    await until('calls work again', () => works(connection), 2_000)
    expect(await script('k', 'd')).toBe('d') // the new server has never seen it
  })

  test('[FOV-1] a script that Redis has forgotten is sent again', async () => {
    const connection = connect(redis.url)
    await connection.whenConnected(5_000)
    const script = connection.script('echoTest', 1, 'return ARGV[1]')
    expect(await script('k', 'a')).toBe('a')
    await redis.server.ask('SCRIPT', 'FLUSH')
    expect(await script('k', 'b')).toBe('b')
  })

  test('[FOV-1] more calls at once than a bounded number are refused', async () => {
    const connection = connect(redis.url)
    await connection.whenConnected(5_000)
    redis.server.pause()
    const calls = await Promise.allSettled(Array.from({ length: 5_000 }, () => connection.command('PING')))
    redis.server.resume()
    const reasons = calls.map((call) => (call.status === 'rejected' ? String(call.reason) : ''))
    expect(reasons.filter((reason) => reason.includes('too many'))).toHaveLength(5_000 - 4_096)
    await until('calls work again', () => works(connection), 3_000)
  })

  test('[FOV-1] a stall of this process is not blamed on Redis', async () => {
    const connection = connect(redis.url)
    await connection.whenConnected(5_000)
    const call = timed(connection.command('PING'))
    const untilMs = performance.now() + 400
    while (performance.now() < untilMs); // the answer comes meanwhile, and so does the end of the limit
    expect((await call).value).toBe('PONG')
  })

  test('[FOV-1] a call over a closed connection rejects, and so does one that is under way', async () => {
    const connection = connect(redis.url)
    await connection.whenConnected(5_000)
    const underWay = timed(connection.command('BLPOP', 'nothing', 0))
    connection.close()
    expect((await underWay).value).toBeInstanceOf(RedisOutOfReach)
    await expect(connection.command('PING')).rejects.toThrow('closed')
  })

  test('[FOV-3] a connection that was wanted before there is a Redis is made when there is one', async () => {
    const port = await freePort()
    const connection = connect(`redis://127.0.0.1:${port}`)
    expect(await connection.whenConnected(300)).toBe(false)
    const late = await startRedis({ port })
    try {
      expect(await connection.whenConnected(2_000)).toBe(true)
      expect(await works(connection)).toBe(true)
    } finally {
      await late.stop()
    }
  })

  test('[FOV-2] lost connections are told of at most once a second', async () => {
    const told: { atMs: number; message: string }[] = []
    connect(`redis://127.0.0.1:${await freePort()}`, {
      onError: ({ message }) => told.push({ atMs: performance.now(), message }),
    })
    await until('three errors', () => told.length >= 3, 10_000)
    expect((told[2]?.atMs ?? 0) - (told[0]?.atMs ?? 0)).toBeGreaterThan(1_900)
    expect(told[0]?.message).toContain('ECONNREFUSED')
    expect(told[2]?.message).toMatch(/and \d+ errors before it/)
  })
})

describe('a Redis with a password', () => {
  const password = 'p@ss:wörd/1'
  let redis: SingleRedis
  beforeAll(async () => {
    redis = await startRedis({ password })
  })
  afterAll(() => redis.stop())

  test('[FOV-3] the right one of the address opens it', async () => {
    const connection = connect(redis.url)
    expect(await connection.whenConnected(5_000)).toBe(true)
    expect(await works(connection)).toBe(true)
  })

  test('[FOV-2] no error carries a password, neither in its words nor in what hangs on it', async () => {
    const told: RedisOutOfReach[] = []
    const url = redis.url.replace(encodeURIComponent(password), 'geheim')
    const connection = connect(url, { onError: (error) => told.push(error) })
    await until('a refused log-in', () => told.length > 0, 5_000)
    const refused = (await timed(connection.command('NOSUCH', 'geheim'))).value
    const answered = connect(redis.url)
    await answered.whenConnected(5_000)
    const unknown = (await timed(answered.command('NOSUCH', password))).value
    for (const error of [...told, refused, unknown]) {
      expect(error).toBeInstanceOf(RedisOutOfReach)
      const all = `${String(error)} ${JSON.stringify(error, Object.getOwnPropertyNames(error))}`
      expect(all).not.toMatch(/geheim|p@ss/)
    }
    expect(String(told[0])).toContain('WRONGPASS')
    expect(String(unknown)).toContain('***') // Redis itself repeats the words of an unknown command
  })
})

describe('a Redis that speaks TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crupier-redis-tls-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const trusted = tls.getCACertificates('default')
  let redis: SingleRedis
  let url: string
  beforeAll(async () => {
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate]
    execFileSync('openssl', [...made, ...names], { stdio: 'ignore' })
    const port = await freePort()
    const files = [`tls-cert-file "${certificate}"`, `tls-key-file "${key}"`, 'tls-auth-clients no']
    redis = await startRedis({ settings: [`tls-port ${port}`, ...files] })
    url = `rediss://localhost:${port}`
  })
  afterAll(async () => {
    tls.setDefaultCACertificates(trusted)
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('[FOV-3] rediss:// reaches it when its certificate is trusted, and only then', async () => {
    const told: string[] = []
    const stranger = connect(url, { onError: ({ message }) => told.push(message) })
    await until('a refused certificate', () => told.length > 0, 5_000)
    expect(told[0]).toMatch(/self-signed certificate/)
    expect(stranger.connected).toBe(false)
    tls.setDefaultCACertificates([...trusted, readFileSync(certificate, 'utf8')])
    const connection = connect(url)
    expect(await connection.whenConnected(5_000)).toBe(true)
    expect(await works(connection)).toBe(true)
  })
})
