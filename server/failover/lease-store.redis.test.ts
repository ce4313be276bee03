import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../e2e/support/until.ts'
import { startRedis, startRedisCluster, type ThrowAwayRedis } from '../../scripts/redis.ts'
import { RedisLeases } from './lease-store.ts'
import { connectRedis, type RedisConnection } from './redis-client.ts'
import { tableKeys } from './redis-keys.ts'

const ana = { nodeId: 'pit-ana', incarnation: 7 }
const eva = { nodeId: 'pit-eva', incarnation: 8 }
const HOUSE = 'house-1'
const TABLES = ['lima', 'cusco', 'tacna', 'piura', 'ica', 'puno']

/** Time limits are not what is tested here, and the machine may be busy. */
const PATIENT = { onError: () => {}, limitMs: 2_000 }

describe.each(['single', 'cluster'] as const)('leases on a %s Redis', (kind) => {
  let redis: ThrowAwayRedis
  const connections: RedisConnection[] = []
  let ofAna: RedisLeases
  let ofEva: RedisLeases

  beforeAll(async () => {
    redis = kind === 'single' ? await startRedis() : await startRedisCluster()
    for (let i = 0; i < 2; i++) connections.push(connectRedis(redis.url, PATIENT))
    for (const connection of connections) expect(await connection.whenConnected(5_000)).toBe(true)
    ofAna = new RedisLeases(connections[0] as RedisConnection, HOUSE)
    ofEva = new RedisLeases(connections[1] as RedisConnection, HOUSE)
  })
  afterAll(async () => {
    for (const connection of connections) connection.close()
    await redis.stop()
  })
  beforeEach(() => Promise.all(redis.parts.map((part) => part.ask('FLUSHALL'))))

  const keys = async () => Promise.all(redis.parts.map((part) => part.ask('KEYS', '*'))).then((all) => all.flat())
  const all = (epoch: number) => new Map(TABLES.map((tableId) => [tableId, epoch]))

  test('[FOV-4] many tables are held at once, and every node sees by whom and for how long', async () => {
    expect(await ofAna.hold(ana, all(3), 2_000)).toEqual([])
    const seen = await ofEva.look([...TABLES, 'nowhere'])
    expect([...seen.keys()].sort()).toEqual([...TABLES].sort())
    expect(seen.get('lima')).toEqual({ tableId: 'lima', epoch: 3, ...ana, leftMs: expect.any(Number) })
    expect(seen.get('lima')?.leftMs).toBeGreaterThan(1_000)
    expect(seen.get('lima')?.leftMs).toBeLessThanOrEqual(2_000)
  })

  test('[FOV-4] a greater epoch takes a lease over, and the smaller one is told and takes nothing back', async () => {
    await ofAna.hold(ana, all(3), 60_000)
    expect(await ofEva.hold(eva, new Map([['cusco', 4]]), 60_000)).toEqual([])
    expect(await ofAna.hold(ana, all(3), 60_000)).toEqual(['cusco'])
    expect((await ofAna.look(['cusco'])).get('cusco')).toMatchObject({ ...eva, epoch: 4 })
    expect(await ofAna.hold(ana, new Map([['cusco', 10]]), 60_000)).toEqual([]) // 10 is more than 4, not less
  })

  test('[FOV-4] only the epoch that holds a lease can end it', async () => {
    await ofEva.hold(eva, new Map([['lima', 4]]), 60_000)
    await ofAna.release('lima', 3)
    expect((await ofAna.look(['lima'])).size).toBe(1)
    await ofEva.release('lima', 4)
    expect((await ofAna.look(['lima'])).size).toBe(0)
    await ofEva.release('lima', 4)
    expect(await keys()).toEqual([])
  })

  test('[FOV-6] a lease that is not renewed ends and leaves nothing, one that is renewed goes on', async () => {
    await ofAna.hold(ana, new Map([['lima', 3]]), 300)
    await until(
      'the lease of cusco alone is left',
      async () => {
        await ofAna.hold(ana, new Map([['cusco', 3]]), 300)
        return (await ofEva.look(['lima', 'cusco'])).size === 1
      },
      3_000,
    )
    expect(await keys()).toEqual([tableKeys(HOUSE, 'cusco').lease])
  })

  test('[FOV-5] after the clock of Redis was set back a lease ends as if it had not been', async () => {
    await ofAna.hold(ana, new Map([['lima', 3]]), 300)
    const hour = 3_600_000
    for (const part of redis.parts) await part.ask('PEXPIRE', tableKeys(HOUSE, 'lima').lease, hour).catch(() => null)
    const left = (await ofEva.look(['lima'])).get('lima')?.leftMs ?? hour
    expect(left).toBeLessThanOrEqual(300)
    await until('the lease has ended', async () => (await ofEva.look(['lima'])).size === 0, 2_000)
  })

  test('[FOV-4] when Redis has forgotten everything the next renewal takes the lease again', async () => {
    await ofAna.hold(ana, all(3), 60_000)
    await Promise.all(redis.parts.map((part) => part.ask('FLUSHALL')))
    expect((await ofAna.look(TABLES)).size).toBe(0)
    expect(await ofAna.hold(ana, all(3), 60_000)).toEqual([])
    expect((await ofEva.look(TABLES)).size).toBe(TABLES.length)
  })

  test('[FOV-97] a lease that nobody can have taken refuses nobody', async () => {
    await ofAna.hold(ana, all(3), 2_000)
    const forged = ['epoch', '999', 'node', 'pit-eva', 'incarnation', '8', 'ttl', '2000']
    const redisOfAna = connections[0] as RedisConnection
    const { lease } = tableKeys(HOUSE, 'lima')
    await redisOfAna.command('HSET', lease, ...forged)
    await redisOfAna.command('PEXPIRE', lease, 60_000)
    expect(await ofAna.hold(ana, all(3), 2_000)).toEqual([])
    await redisOfAna.command('HSET', lease, ...forged)
    await redisOfAna.command('PERSIST', lease)
    expect(await ofAna.hold(ana, all(3), 2_000)).toEqual([])
    expect((await ofEva.look(['lima'])).get('lima')).toMatchObject({ ...ana, epoch: 3 })
    await redisOfAna.command('HSET', lease, 'epoch', 'nonsense', 'ttl', 'nonsense')
    expect((await ofEva.look(['lima', 'cusco'])).size).toBe(1)
    expect(await ofAna.hold(ana, all(3), 2_000)).toEqual([])
  })

  test('[FOV-98] the leases of two houses on one Redis know nothing of each other', async () => {
    const elsewhere = new RedisLeases(connections[1] as RedisConnection, 'house-2')
    await ofAna.hold(ana, all(3), 60_000)
    expect(await elsewhere.hold(eva, all(9), 60_000)).toEqual([])
    expect(await ofAna.hold(ana, all(3), 60_000)).toEqual([])
    expect((await ofAna.look(['lima'])).get('lima')).toMatchObject({ ...ana, epoch: 3 })
    await elsewhere.release('lima', 9)
    expect((await ofAna.look(['lima'])).size).toBe(1)
  })

  test('[FOV-1 FOV-4] a node without tables hears too that Redis is gone', async () => {
    expect(await ofAna.hold(ana, new Map(), 1_000)).toEqual([])
    for (const part of redis.parts) part.pause()
    const holding = ofAna.hold(ana, new Map(), 1_000)
    const looking = ofAna.look(['lima'])
    await expect(holding).rejects.toThrow('Redis')
    await expect(looking).rejects.toThrow('Redis')
    for (const part of redis.parts) part.resume()
    await until('leases are held again', () =>
      ofAna.hold(ana, all(3), 1_000).then(
        (lost) => lost,
        () => null,
      ),
    )
  })
})
