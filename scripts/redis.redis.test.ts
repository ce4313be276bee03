import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { until } from '../e2e/support/until.ts'
import { startRedis, startRedisCluster, startSentinels } from './redis.ts'

function runs(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a throw-away Redis', () => {
  test('is killed, paused and started again part by part, and leaves nothing when it stops', async () => {
    const redis = await startRedis()
    const { server } = redis
    const pid = server.pid
    expect([await server.ask('PING'), redis.url]).toEqual(['PONG', `redis://127.0.0.1:${server.port}`])
    server.pause()
    await expect(server.ask('PING')).rejects.toThrow()
    server.resume()
    await until('it answers again', async () => (await server.ask('PING').catch(() => null)) === 'PONG')
    await server.kill()
    expect([server.pid, runs(pid)]).toEqual([null, false])
    await expect(server.ask('PING')).rejects.toThrow()
    await server.restart()
    expect([await server.ask('PING'), server.pid === pid]).toEqual(['PONG', false])
    server.pause()
    const last = server.pid
    await redis.stop()
    expect([runs(last), existsSync(redis.folder)]).toEqual([false, false])
  })

  test('keeps its folder where one was wanted, and takes further settings', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crupier-kept-'))
    try {
      const redis = await startRedis({ folder, settings: ['maxclients 77'] })
      expect(await redis.server.ask('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '77'])
      await redis.stop()
      expect(readFileSync(join(folder, 'redis', 'redis.log'), 'utf8')).toContain('Ready to accept connections')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('says why it does not start', async () => {
    await expect(startRedis({ settings: ['no-such-setting 1'] })).rejects.toThrow('no-such-setting')
  })

  test('under Sentinels knows its master, its replica and three who watch', async () => {
    const redis = await startSentinels()
    try {
      expect(redis.parts.map(({ name }) => name)).toEqual([
        'redis-1',
        'redis-2',
        'sentinel-1',
        'sentinel-2',
        'sentinel-3',
      ])
      expect((await redis.master()).name).toBe('redis-1')
      expect(await redis.sentinels[2]?.ask('SENTINEL', 'CKQUORUM', 'house')).toMatch(/^OK 3 usable Sentinels/)
    } finally {
      await redis.stop()
    }
  })

  test('as a Cluster shares its slots among three nodes', async () => {
    const redis = await startRedisCluster()
    try {
      const slots = await redis.parts[2]?.ask('CLUSTER', 'SLOTS')
      expect(
        (slots as [number, number, [string, number]][]).map(([from, to, [, port]]) => [from, to, port]).sort(),
      ).toEqual(
        [
          [0, 5460, redis.parts[0]?.port],
          [5461, 10921, redis.parts[1]?.port],
          [10922, 16383, redis.parts[2]?.port],
        ].sort(),
      )
    } finally {
      await redis.stop()
    }
  })
})
