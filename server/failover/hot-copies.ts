import type { HotCopies, HotCopy } from './ports.ts'
import type { RedisConnection, RedisScript } from './redis-client.ts'
import { tableKeys } from './redis-keys.ts'

/** Longer than any outage after which a round could still go on; nothing of a table stays in Redis for ever. */
const KEPT_MS = 24 * 3_600_000
/** Seats of one table whose tokens are counted. For a seat beyond them any generation is good. */
export const MOST_SEATS = 20_000

/**
 * Writes a copy unless a greater epoch has written. The number orders the copies of one epoch: one that comes late,
 * over a connection that was given up, never replaces a newer one.
 */
const SAVE = `
local epoch, number = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'number'))
local asked = tonumber(ARGV[1])
if epoch and tonumber(epoch) > asked then return 0 end
if not epoch or tonumber(epoch) < asked or tonumber(number) < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'number', ARGV[2], 'text', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1`

const SEAT = `
if ARGV[2] == '' then return redis.call('HDEL', KEYS[1], ARGV[1]) end
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]))
if not known and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
if not known or known < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[3])`

const TAKE_SEATS = `
local seats = redis.call('HGETALL', KEYS[1])
redis.call('UNLINK', KEYS[1])
return seats`

const FORGET = `return redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])`

/** Orders all copies that this process writes. No other process ever writes under the same epoch. */
let copies = 0

/** The hot copies and the seats of all tables, as plain as they are given; `SealedHotCopies` seals them. */
export class RedisHotCopies implements HotCopies {
  readonly #redis: RedisConnection
  readonly #save: RedisScript
  readonly #seat: RedisScript
  readonly #takeSeats: RedisScript
  readonly #forget: RedisScript

  constructor(redis: RedisConnection) {
    this.#redis = redis
    this.#save = redis.script('crupierSave', 1, SAVE)
    this.#seat = redis.script('crupierSeat', 1, SEAT)
    this.#takeSeats = redis.script('crupierTakeSeats', 1, TAKE_SEATS)
    this.#forget = redis.script('crupierForget', 3, FORGET)
  }

  async save(tableId: string, epoch: number, text: string): Promise<boolean> {
    copies++
    return (await this.#save(tableKeys(tableId).hot, epoch, copies, text, KEPT_MS)) === 1
  }

  async read(tableId: string): Promise<HotCopy | null> {
    const reply = await this.#redis.command('HMGET', tableKeys(tableId).hot, 'epoch', 'text')
    const [epoch, text] = Array.isArray(reply) ? reply : []
    return typeof epoch === 'string' && typeof text === 'string' ? { epoch: Number(epoch), text } : null
  }

  async seat(tableId: string, sessionId: string, generation: number | null): Promise<void> {
    await this.#seat(tableKeys(tableId).seats, sessionId, generation ?? '', KEPT_MS, MOST_SEATS)
  }

  async takeSeats(tableId: string): Promise<ReadonlyMap<string, number>> {
    const reply = await this.#takeSeats(tableKeys(tableId).seats)
    const seats = new Map<string, number>()
    const words = Array.isArray(reply) ? reply : []
    for (let i = 0; i + 1 < words.length; i += 2) seats.set(String(words[i]), Number(words[i + 1]))
    return seats
  }

  async forget(tableId: string): Promise<void> {
    const { lease, hot, seats } = tableKeys(tableId)
    await this.#forget(lease, hot, seats)
  }
}
