import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { assert } from '../engine/assert.ts'
import type { BetsAnswer, Resumed } from '../rooms/protocol.ts'
import { askSeat, RawClient, seatAddress } from '../rooms/testing-client.ts'
import { Tickets } from '../server/players/tickets.ts'
import type { BenchHouse } from './failover-house.ts'

const JOINS_AT_ONCE = 20
const STAKE_CENTS = 500
const TICK_MS = 2
const WARM_MS = 500

export type Steady = { readonly p50Ms: number; readonly p99Ms: number }

/** Players at one table, each with a socket of his own. */
export class Crowd {
  readonly #house: BenchHouse
  readonly #clients: readonly RawClient[]
  readonly #roundId: string
  accepted = 0

  private constructor(house: BenchHouse, clients: readonly RawClient[], roundId: string) {
    this.#house = house
    this.#clients = clients
    this.#roundId = roundId
  }

  /** They come by node `i` of the house, whichever runs the table. Tickets are made without the house. */
  static async sit(house: BenchHouse, i: number, tableId: string, playerIds: readonly string[]): Promise<Crowd> {
    const url = house.url(i)
    const tickets = new Tickets({ database: house.database, nowMs: Date.now, randomBytes })
    const clients: RawClient[] = []
    for (let from = 0; from < playerIds.length; from += JOINS_AT_ONCE) {
      const some = playerIds.slice(from, from + JOINS_AT_ONCE)
      clients.push(
        ...(await Promise.all(
          some.map(async (playerId) => {
            const { ticket } = await tickets.issue(playerId, 'bench', tableId)
            const { status, body } = await askSeat(url, tableId, ticket)
            assert(status === 200 && body.processId === 'node-1', `the owner gives a seat: ${JSON.stringify(body)}`)
            const client = new RawClient(seatAddress(url, body))
            await client.joined
            return client
          }),
        )),
      )
    }
    const { value } = (await clients[0]?.request('resume', { publicVersion: 0, privateVersion: 0 })) ?? {}
    return new Crowd(house, clients, (value as Resumed).snapshot.roundId)
  }

  /**
   * Messages at a fixed rate, each as soon as it is due, whatever became of those before: milliseconds from sending to
   * the answer that every bet of it is in the books.
   */
  async steady(wish: { readonly perSecond: number; readonly bets: number; readonly seconds: number }): Promise<Steady> {
    const count = wish.perSecond * wish.seconds
    const startedAt = performance.now()
    const answered: Promise<number>[] = []
    while (answered.length < count) {
      const due = Math.min(count, ((performance.now() - startedAt) / 1_000) * wish.perSecond)
      while (answered.length < due) answered.push(this.#bet(answered.length, wish.bets))
      await pause(TICK_MS)
    }
    const sorted = (await Promise.all(answered)).sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
    return { p50Ms: at(0.5), p99Ms: at(0.99) }
  }

  /** Everybody sends the next message when the last one is answered: accepted bets a second, after half a second. */
  async full(wish: { readonly bets: number; readonly seconds: number }): Promise<number> {
    const countFrom = performance.now() + WARM_MS
    const until = countFrom + wish.seconds * 1_000
    let counted = 0
    const player = async (i: number): Promise<void> => {
      while (performance.now() < until) {
        await this.#bet(i, wish.bets)
        const nowMs = performance.now()
        if (nowMs >= countFrom && nowMs < until) counted += wish.bets
      }
    }
    await Promise.all(this.#clients.map((_, i) => player(i)))
    return counted / wish.seconds
  }

  leave(): void {
    for (const { ws } of this.#clients) ws.terminate()
  }

  async #bet(turn: number, bets: number): Promise<number> {
    const client = this.#clients[turn % this.#clients.length]
    assert(client !== undefined, 'there are players')
    const asked = Array.from({ length: bets }, () => ({
      betId: randomUUID(),
      selection: { kind: 'straight', numbers: [randomInt(37)] },
      stakeCents: STAKE_CENTS,
    }))
    const sentAt = performance.now()
    const { value } = await client.request('bet', { roundId: this.#roundId, bets: asked })
    const ms = performance.now() - sentAt
    const { answers } = value as BetsAnswer
    const accepted = answers?.filter(({ status }) => status === 'accepted').length
    assert(accepted === bets, `every bet of the bench is accepted: ${JSON.stringify(value)}`)
    this.accepted += bets
    this.#house.accepted += bets
    return ms
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
