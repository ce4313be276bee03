import type { HotCopies, HotCopy } from './ports.ts'
import type { RedisConnection, RedisScript } from './redis-client.ts'
import { tableKeys } from './redis-keys.ts'

/** Longer than any outage after which a round could still go on; nothing of a table stays in Redis for ever. */
const KEPT_MS = 24 * 3_600_000
/** Seats of one table whose tokens are counted; of one that was forgotten any generation is good. */
export const MOST_SEATS = 20_000

/**
 * Writes a copy unless a greater epoch has written. The number orders the copies of one epoch: one that comes late,
 * over a connection that was given up, never replaces a newer one.
 */
const SAVE = `
local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch'))
local number = tonumber(redis.call('HGET', KEYS[1], 'number'))
local asked = tonumber(ARGV[1])
if epoch and epoch > asked then return 0 end
if epoch and epoch == asked and number and number >= tonumber(ARGV[2]) then return 1 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'number', ARGV[2], 'text', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`

/** Ends a copy, if it is still of this epoch. */
const DISCARD = `
if tonumber(redis.call('HGET', KEYS[1], 'epoch')) == tonumber(ARGV[1]) then redis.call('UNLINK', KEYS[1]) end
return 1`

/** A seat and when it was written last; beyond the most that are remembered the one of longest ago goes. */
const SEAT = `
if ARGV[2] == '' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]))
if not known or known < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[1])
while redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4]) do
  local oldest = redis.call('ZPOPMIN', KEYS[2])[1]
  if not oldest then break end
  redis.call('HDEL', KEYS[1], oldest)
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return redis.call('PEXPIRE', KEYS[1], ARGV[3])`

const FORGET = `return redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])`

/** Orders all copies that this process writes. No other process ever writes under the same epoch. */
let copies = 0

/** The hot copies and the seats of all tables, as plain as they are given; `SealedHotCopies` seals them. */
export class RedisHotCopies implements HotCopies {
  readonly #redis: RedisConnection
  readonly #house: string
  readonly #save: RedisScript
  readonly #discard: RedisScript
  readonly #seat: RedisScript
  readonly #forget: RedisScript

  /** `house`: see `redisHouse`. */
  constructor(redis: RedisConnection, house: string) {
    this.#redis = redis
    this.#house = house
    this.#save = redis.script('crupierSave', 1, SAVE)
    this.#discard = redis.script('crupierDiscard', 1, DISCARD)
    this.#seat = redis.script('crupierSeat', 2, SEAT)
    this.#forget = redis.script('crupierForget', 4, FORGET)
  }

  async save(tableId: string, epoch: number, text: string): Promise<boolean> {
    copies++
    return (await this.#save(tableKeys(this.#house, tableId).hot, epoch, copies, text, KEPT_MS)) === 1
  }

  async read(tableId: string): Promise<HotCopy | null> {
    const reply = await this.#redis.command('HMGET', tableKeys(this.#house, tableId).hot, 'epoch', 'text')
    const [epoch, text] = Array.isArray(reply) ? reply : []
    return typeof epoch === 'string' && typeof text === 'string' ? { epoch: Number(epoch), text } : null
  }

  async discard(tableId: string, epoch: number): Promise<void> {
    await this.#discard(tableKeys(this.#house, tableId).hot, epoch)
  }

  async seat(tableId: string, sessionId: string, generation: number | null): Promise<void> {
    const { seats, seatsAt } = tableKeys(this.#house, tableId)
    await this.#seat(seats, seatsAt, sessionId, generation ?? '', KEPT_MS, MOST_SEATS)
  }

  async seats(tableId: string): Promise<ReadonlyMap<string, number>> {
    const reply = await this.#redis.command('HGETALL', tableKeys(this.#house, tableId).seats)
    const seats = new Map<string, number>()
    const words = Array.isArray(reply) ? reply : []
    for (let i = 0; i + 1 < words.length; i += 2) seats.set(String(words[i]), Number(words[i + 1]))
    return seats
  }

  async forget(tableId: string): Promise<void> {
    const { lease, hot, seats, seatsAt } = tableKeys(this.#house, tableId)
    await this.#forget(lease, hot, seats, seatsAt)
  }
}
