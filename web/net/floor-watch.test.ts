import { expect, test } from 'vitest'
import type { LobbyTable } from '../../rooms/protocol.ts'
import { type FloorListener, type FloorNews, FloorWatch } from './floor-watch.ts'
import { settle } from './testing.ts'

const row = (tableId: string) => ({ tableId, name: tableId }) as LobbyTable

/** The test plays the house. */
class Floor {
  readonly news: FloorNews[] = []
  shown: readonly string[] = []
  /** Null: the house does not answer. */
  list: readonly LobbyTable[] | null = [row('lima')]
  opens = true
  joins = 0
  left = 0
  room: FloorListener | null = null
  #timers: { readonly ms: number; readonly work: () => void }[] = []
  readonly watch = new FloorWatch(
    {
      join: async (listener) => {
        this.joins += 1
        if (!this.opens) throw new Error('503')
        this.room = listener
        return () => {
          this.left += 1
        }
      },
      read: async () => {
        if (this.list === null) throw new Error('unreachable')
        return this.list
      },
      after: (ms, work) => {
        const timer = { ms, work }
        this.#timers.push(timer)
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer)
        }
      },
    },
    (tables) => {
      this.shown = tables.map(({ tableId }) => tableId)
    },
    (news) => this.news.push(news),
  )

  /** Lets the next round begin; answers after how many milliseconds it would have. */
  async next(): Promise<number> {
    const [timer, ...others] = this.#timers
    if (timer === undefined) throw new Error('no round is due')
    this.#timers = others
    timer.work()
    await settle()
    return timer.ms
  }

  get due(): number {
    return this.#timers.length
  }
}

async function live(): Promise<Floor> {
  const floor = new Floor()
  await settle()
  expect(floor.news.at(-1)).toBe('live')
  expect(floor.due).toBe(0)
  return floor
}

test('[WEB-25] the list is shown before the room is joined, and then every change of it', async () => {
  const floor = await live()
  expect(floor.shown).toEqual(['lima'])
  floor.room?.shown([row('lima'), row('trujillo')])
  expect(floor.shown).toEqual(['lima', 'trujillo'])
})

test('[WEB-25] a room that dropped is live no more: the list is read at once, and until the room is back', async () => {
  const floor = await live()
  floor.list = [row('cusco')]
  floor.room?.dropped()
  await settle()
  expect([floor.news.at(-1), floor.shown]).toEqual(['polled', ['cusco']])
  floor.list = [row('lima')]
  expect(await floor.next()).toBe(5_000)
  expect([floor.shown, floor.joins]).toEqual([['lima'], 1])
  floor.room?.back()
  expect([floor.news.at(-1), floor.due]).toEqual(['live', 0])
})

test('[WEB-25] when nothing can be had the page says so, keeps what it shows, and asks again soon', async () => {
  const floor = await live()
  floor.list = null
  floor.room?.dropped()
  await settle()
  expect([floor.news.at(-1), floor.shown]).toEqual(['away', ['lima']])
  expect(await floor.next()).toBe(1_000)
  floor.list = [row('lima')]
  await floor.next()
  expect(floor.news.at(-1)).toBe('polled')
})

test('[WEB-25] a room that the SDK gave up is joined again, for as long as it takes', async () => {
  const floor = await live()
  floor.opens = false
  floor.room?.dropped()
  floor.room?.left()
  await settle()
  await floor.next()
  await floor.next()
  expect([floor.news.at(-1), floor.joins]).toEqual(['polled', 3])
  floor.opens = true
  await floor.next()
  expect([floor.news.at(-1), floor.joins, floor.due]).toEqual(['live', 4, 0])
})

test('[WEB-25] whoever looks away leaves the room, and nothing is asked any more', async () => {
  const floor = await live()
  floor.watch.stop()
  floor.room?.dropped()
  await settle()
  expect([floor.left, floor.due, floor.news.at(-1)]).toEqual([1, 0, 'live'])
})

test('[WEB-25] every table keeps its place, in whichever order a node tells of them', async () => {
  const floor = await live()
  floor.room?.shown([row('ñaña'), row('trujillo'), row('cusco')])
  expect(floor.shown).toEqual(['cusco', 'ñaña', 'trujillo'])
  floor.room?.shown([row('cusco'), row('trujillo'), row('ñaña')])
  expect(floor.shown).toEqual(['cusco', 'ñaña', 'trujillo'])
})
