import type { HeldLease, LeaseStore, Life } from './ports.ts'
import type { RedisConnection, RedisScript } from './redis-client.ts'
import { tableKeys } from './redis-keys.ts'

/**
 * Takes or renews a lease unless a greater epoch holds it; answers 1 when it is held now. One that has more left than a
 * lease lasts was taken by nobody, and is replaced (FOV-97).
 */
const HOLD = `
local held = tonumber(redis.call('HGET', KEYS[1], 'epoch'))
local left = redis.call('PTTL', KEYS[1])
if held and held > tonumber(ARGV[1]) and left >= 0 and left <= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'node', ARGV[2], 'incarnation', ARGV[3], 'ttl', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`

/**
 * A lease with what is left of it. When the clock of Redis was set back, a lease would outlive its owner by as much:
 * one that has more left than it was taken for is cut to that (FOV-5).
 */
const LOOK = `
local lease = redis.call('HMGET', KEYS[1], 'epoch', 'node', 'incarnation', 'ttl')
local ttl = tonumber(lease[4])
if not lease[1] or not ttl then return false end
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > ttl then
  left = ttl
  redis.call('PEXPIRE', KEYS[1], left)
end
return {lease[1], lease[2], lease[3], left}`

const RELEASE = `
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`

/**
 * The leases of all tables, one key each that expires by itself. Every call asks for all its tables at once and rejects
 * when any of them could not be asked; what was asked of the others still holds.
 */
export class RedisLeases implements LeaseStore {
  readonly #redis: RedisConnection
  readonly #house: string
  readonly #hold: RedisScript
  readonly #look: RedisScript
  readonly #release: RedisScript

  /** `house`: see `redisHouse`. */
  constructor(redis: RedisConnection, house: string) {
    this.#redis = redis
    this.#house = house
    this.#hold = redis.script('crupierHold', 1, HOLD)
    this.#look = redis.script('crupierLook', 1, LOOK)
    this.#release = redis.script('crupierRelease', 1, RELEASE)
  }

  async hold(life: Life, leases: ReadonlyMap<string, number>, ttlMs: number): Promise<readonly string[]> {
    // A node without tables still wants to know whether Redis is there.
    if (leases.size === 0) await this.#redis.command('PING')
    const asked = [...leases].map(async ([tableId, epoch]) => ({
      tableId,
      held: await this.#hold(this.#keyOf(tableId), epoch, life.nodeId, life.incarnation, ttlMs),
    }))
    return (await Promise.all(asked)).filter(({ held }) => held !== 1).map(({ tableId }) => tableId)
  }

  async look(tableIds: readonly string[]): Promise<ReadonlyMap<string, HeldLease>> {
    const asked = tableIds.map(async (tableId) => {
      const reply = await this.#look(this.#keyOf(tableId))
      return Array.isArray(reply) ? ([[tableId, heldLease(tableId, reply)]] as const) : []
    })
    return new Map((await Promise.all(asked)).flat())
  }

  async release(tableId: string, epoch: number): Promise<void> {
    await this.#release(this.#keyOf(tableId), epoch)
  }

  #keyOf(tableId: string): string {
    return tableKeys(this.#house, tableId).lease
  }
}

function heldLease(tableId: string, [epoch, nodeId, incarnation, leftMs]: readonly unknown[]): HeldLease {
  return {
    tableId,
    epoch: Number(epoch),
    nodeId: String(nodeId),
    incarnation: Number(incarnation),
    leftMs: Number(leftMs),
  }
}
