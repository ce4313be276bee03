import { connect as connectTo, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../e2e/support/until.ts'
import { freePort } from '../../scripts/cluster/ports.ts'
import { startRedis, startRedisCluster, type ThrowAwayRedis } from '../../scripts/redis.ts'
import { Sealer, sealKey } from '../../workers/seal.ts'
import { MOST_SEATS, RedisHotCopies } from './hot-copies.ts'
import { SealedHotCopies } from './hot-copies-sealed.ts'
import { HotCopyWriter } from './hot-copy-writer.ts'
import { RedisLeases } from './lease-store.ts'
import { connectRedis, type RedisConnection } from './redis-client.ts'
import { tableKeys } from './redis-keys.ts'

const HOUSE = 'house-1'
const DAY_MS = 24 * 3_600_000

/** Time limits are not what is tested here, and the machine may be busy. */
const PATIENT = { onError: () => {}, limitMs: 2_000 }

describe.each(['single', 'cluster'] as const)('hot copies on a %s Redis', (kind) => {
  let redis: ThrowAwayRedis
  const connections: RedisConnection[] = []
  let ofAna: RedisHotCopies
  let ofEva: RedisHotCopies

  beforeAll(async () => {
    redis = kind === 'single' ? await startRedis() : await startRedisCluster()
    for (let i = 0; i < 2; i++) connections.push(connectRedis(redis.url, PATIENT))
    for (const connection of connections) expect(await connection.whenConnected(5_000)).toBe(true)
    ofAna = new RedisHotCopies(connections[0] as RedisConnection, HOUSE)
    ofEva = new RedisHotCopies(connections[1] as RedisConnection, HOUSE)
  })
  afterAll(async () => {
    for (const connection of connections) connection.close()
    await redis.stop()
  })
  beforeEach(() => Promise.all(redis.parts.map((part) => part.ask('FLUSHALL'))))

  const everywhere = async (...words: readonly [string, ...string[]]) =>
    (await Promise.all(redis.parts.map((part) => part.ask(...words).catch(() => [])))).flat()

  test('[FOV-7] the newest copy of the greatest epoch is read by whoever asks', async () => {
    expect(await ofEva.read('lima')).toBe(null)
    expect(await ofAna.save('lima', 3, 'a')).toBe(true)
    expect(await ofAna.save('lima', 3, 'b')).toBe(true)
    expect(await ofEva.read('lima')).toEqual({ epoch: 3, text: 'b' })
    expect(await ofEva.save('lima', 10, 'ñ\n"€"')).toBe(true)
    expect(await ofAna.read('lima')).toEqual({ epoch: 10, text: 'ñ\n"€"' })
  })

  test('[FOV-7] an owner of an earlier epoch is refused, and what it wrote is nowhere', async () => {
    await ofEva.save('lima', 10, 'new')
    expect(await ofAna.save('lima', 9, 'zombie')).toBe(false)
    expect(await ofAna.read('lima')).toEqual({ epoch: 10, text: 'new' })
  })

  test('[FOV-7] after Redis has forgotten everything anybody may write, and the greater epoch wins again', async () => {
    await ofEva.save('lima', 10, 'new')
    await everywhere('FLUSHALL')
    expect(await ofAna.read('lima')).toBe(null)
    expect(await ofAna.save('lima', 9, 'zombie')).toBe(true)
    expect(await ofEva.save('lima', 10, 'newer')).toBe(true)
    expect(await ofAna.save('lima', 9, 'zombie')).toBe(false)
    expect(await ofEva.read('lima')).toEqual({ epoch: 10, text: 'newer' })
  })

  test('[FOV-8] seats are remembered with their latest generation', async () => {
    await ofAna.seat('lima', 'ses-1', 1)
    await ofAna.seat('lima', 'ses-2', 5)
    await ofAna.seat('lima', 'ses-1', 2)
    await ofAna.seat('lima', 'ses-2', 4) // comes late
    await ofAna.seat('lima', 'ses-3', 1)
    await ofAna.seat('lima', 'ses-3', null)
    await ofAna.seat('lima', 'never-sat', null)
    await ofAna.seat('cusco', 'ses-9', 1)
    expect(await ofEva.seats('lima')).toEqual(
      new Map([
        ['ses-1', 2],
        ['ses-2', 5],
      ]),
    )
    expect(await ofEva.seats('cusco')).toEqual(new Map([['ses-9', 1]]))
  })

  test('[FOV-99] every owner after the first finds the seats, however often the table moves', async () => {
    await ofAna.seat('lima', 'ses-1', 3)
    for (let move = 1; move <= 3; move++) expect(await ofEva.seats('lima')).toEqual(new Map([['ses-1', 3]]))
  })

  test('[FOV-8] a table remembers a bounded number of seats, and forgets the one of longest ago', async () => {
    const { seats, seatsAt } = tableKeys(HOUSE, 'lima')
    for (let from = 0; from < MOST_SEATS - 1; from += 2_000) {
      const sessions = Array.from({ length: Math.min(2_000, MOST_SEATS - 1 - from) }, (_, i) => `ses-${from + i}`)
      await connections[0]?.command('HSET', seats, ...sessions.flatMap((name) => [name, 1]))
      await connections[0]?.command('ZADD', seatsAt, ...sessions.flatMap((name, i) => [1 + from + i, name]))
    }
    await ofAna.seat('lima', 'ses-0', 2)
    await ofAna.seat('lima', 'one-more', 1)
    await ofAna.seat('lima', 'the-last', 1)
    const known = await ofEva.seats('lima')
    expect([known.size, known.get('ses-0'), known.get('one-more'), known.get('the-last')]).toEqual([
      MOST_SEATS,
      2,
      1,
      1,
    ])
    expect([known.has('ses-1'), known.has('ses-2')]).toEqual([false, true])
    expect(await connections[0]?.command('ZCARD', seatsAt)).toBe(MOST_SEATS)
  })

  test('[FOV-96] a copy that this house did not seal outranks nothing; one that it did seal does', async () => {
    const sealed = new SealedHotCopies(ofAna, new Sealer([sealKey(Buffer.alloc(32, 1))]))
    const connection = connections[0] as RedisConnection
    for (const epoch of ['999999', '1e300', 'nonsense']) {
      await connection.command('HSET', tableKeys(HOUSE, 'lima').hot, 'epoch', epoch, 'number', '9', 'text', 'forged')
      expect(await sealed.save('lima', 3, `after ${epoch}`)).toBe(true)
      expect(await sealed.read('lima')).toEqual({ epoch: 3, text: `after ${epoch}` })
    }
    await sealed.save('lima', 4, 'the next owner')
    expect(await sealed.save('lima', 3, 'the one before')).toBe(false)
    expect(await sealed.read('lima')).toEqual({ epoch: 4, text: 'the next owner' })
  })

  test('[FOV-98] copies and seats of two houses on one Redis are apart', async () => {
    const elsewhere = new RedisHotCopies(connections[1] as RedisConnection, 'house-2')
    await ofAna.save('lima', 3, 'ours')
    await ofAna.seat('lima', 'ses-1', 1)
    expect(await elsewhere.save('lima', 9, 'theirs')).toBe(true)
    await elsewhere.forget('lima')
    expect(await ofAna.save('lima', 3, 'ours still')).toBe(true)
    expect([await elsewhere.read('lima'), (await elsewhere.seats('lima')).size]).toEqual([null, 0])
    expect([await ofAna.read('lima'), (await ofAna.seats('lima')).size]).toEqual([{ epoch: 3, text: 'ours still' }, 1])
  })

  test('[FOV-6] nothing stays for ever, and a table that the house has closed leaves nothing', async () => {
    const connection = connections[0] as RedisConnection
    await new RedisLeases(connection, HOUSE).hold({ nodeId: 'pit-1', incarnation: 1 }, new Map([['lima', 3]]), 60_000)
    await ofAna.save('lima', 3, 'a')
    await ofAna.seat('lima', 'ses-1', 1)
    const { lease, hot, seats, seatsAt } = tableKeys(HOUSE, 'lima')
    for (const [key, atMost] of [
      [lease, 60_000],
      [hot, DAY_MS],
      [seats, DAY_MS],
      [seatsAt, DAY_MS],
    ] as const) {
      const leftMs = Number(await connection.command('PTTL', key))
      expect(leftMs).toBeGreaterThan(atMost - 30_000)
      expect(leftMs).toBeLessThanOrEqual(atMost)
    }
    expect(await everywhere('KEYS', '*')).toHaveLength(4)
    await ofAna.forget('lima')
    expect(await everywhere('KEYS', '*')).toEqual([])
  })

  test('[FOV-6] each write lengthens the life of what it writes', async () => {
    const connection = connections[0] as RedisConnection
    for (const write of [() => ofAna.save('lima', 3, 'a'), () => ofAna.seat('lima', 'ses-1', 1)]) {
      await write()
      const keys = (await everywhere('KEYS', '*')).map(String)
      for (const key of keys) await connection.command('PEXPIRE', key, 1_000)
      await write()
      for (const key of keys) expect(Number(await connection.command('PTTL', key))).toBeGreaterThan(DAY_MS - 30_000)
      await ofAna.forget('lima')
    }
  })

  test('[FOV-13] the last copy of a burst gets there once Redis is back from the dead', async () => {
    let failures = 0
    const writer = new HotCopyWriter({ copies: ofAna, failed: () => failures++, outdated: () => {} })
    for (const part of redis.parts) await part.kill()
    for (let i = 0; i < 50; i++) writer.save('lima', 3, () => `state ${i}`, true)
    await until('a write has failed', () => failures > 0)
    for (const part of redis.parts) await part.restart()
    await until('the copy is there', async () => (await ofEva.read('lima').catch(() => null))?.text === 'state 49')
    expect(await writer.flush('lima', 1_000)).toBe(true)
  })
})

/** Passes bytes on to Redis, and holds back those of the client from `hold` to `release`, also when it has gone. */
async function holdingProxy(to: number) {
  let held: (() => void)[] | null = null
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connectTo(to, '127.0.0.1')
    sockets.push(client, upstream)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('data', (bytes) => {
      if (held === null) upstream.write(bytes)
      else held.push(() => upstream.write(bytes))
    })
    upstream.on('data', (bytes) => client.write(bytes))
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `redis://127.0.0.1:${port}`,
    hold: () => {
      held = []
    },
    release: () => {
      for (const write of held ?? []) write()
      held = null
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

test('[FOV-10] a copy that comes late over a connection that was given up replaces no newer one', async () => {
  const redis = await startRedis()
  const proxy = await holdingProxy(redis.server.port)
  const connection = connectRedis(proxy.url, { onError: () => {} })
  try {
    await connection.whenConnected(5_000)
    const copies = new RedisHotCopies(connection, HOUSE)
    await copies.save('lima', 3, 'first')
    proxy.hold()
    await expect(copies.save('lima', 3, 'late')).rejects.toThrow('Redis')
    const direct = connectRedis(redis.url, PATIENT)
    await direct.whenConnected(5_000)
    await new RedisHotCopies(direct, HOUSE).save('lima', 3, 'newest')
    const scripts = async () => {
      const stats = String(await redis.server.ask('INFO', 'commandstats'))
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
    }
    const ran = await scripts()
    proxy.release()
    await until('the late copy has reached Redis', async () => (await scripts()) > ran)
    expect(await new RedisHotCopies(direct, HOUSE).read('lima')).toEqual({ epoch: 3, text: 'newest' })
    direct.close()
  } finally {
    connection.close()
    proxy.close()
    await redis.stop()
  }
})
