import { expect, test } from 'vitest'
import { LinkLost, type LinkState } from './link.ts'
import { type JoinedRoom, JoinFailed, type RoomListener, TableConnection, waitMs } from './table-connection.ts'
import { settle, sharedTable } from './testing.ts'

/** A connection whose joins and timers belong to the test. */
class Harness {
  readonly states: LinkState[] = []
  readonly fresh: boolean[] = []
  readonly joins: { listener: RoomListener; succeed: () => Promise<void>; fail: (error: Error) => Promise<void> }[] = []
  readonly asked: string[] = []
  readonly answers: { answer: () => Promise<void>; lose: () => Promise<void> }[] = []
  left = 0
  timers: { delayMs: number; work: () => void }[] = []
  readonly connection = new TableConnection(
    {
      join: (listener) =>
        new Promise<JoinedRoom>((resolve, reject) => {
          const room: JoinedRoom = {
            request: (type) => {
              this.asked.push(type)
              return new Promise((resolve, reject) => {
                this.answers.push({
                  answer: () => {
                    resolve({ clientMs: 0, serverNowMs: 0 } as never)
                    return settle()
                  },
                  lose: () => {
                    reject(new LinkLost('no answer'))
                    return settle()
                  },
                })
              })
            },
            leave: () => {
              this.left += 1
            },
          }
          this.joins.push({
            listener,
            succeed: () => {
              resolve(room)
              return settle()
            },
            fail: (error) => {
              reject(error)
              return settle()
            },
          })
        }),
      after: (delayMs, work) => {
        const timer = { delayMs, work }
        this.timers.push(timer)
        return () => {
          this.timers = this.timers.filter((other) => other !== timer)
        }
      },
      random: () => 0,
    },
    {
      state: (state) => this.states.push(state),
      shared: (_, fresh) => this.fresh.push(fresh),
      public: () => undefined,
      private: () => undefined,
    },
  )

  get latest(): Harness['joins'][number] {
    const join = this.joins.at(-1)
    if (join === undefined) throw new Error('nothing was joined')
    return join
  }

  async fire(): Promise<void> {
    for (const timer of this.timers.splice(0)) timer.work()
    await settle()
  }
}

test('[WEB-14] a drop is told at once, no request goes out until the connection is back', async () => {
  const page = new Harness()
  await page.latest.succeed()
  page.latest.listener.dropped()
  await expect(page.connection.request('clock', { clientMs: 1 })).rejects.toBeInstanceOf(LinkLost)
  page.latest.listener.back()
  void page.connection.request('clock', { clientMs: 1 })
  expect(page.states).toEqual(['live', 'reconnecting', 'live'])
  expect(page.asked).toEqual(['clock'])
})

test('[WEB-14] when the SDK gives up, the page takes a fresh ticket and joins again by itself', async () => {
  const page = new Harness()
  await page.latest.succeed()
  page.latest.listener.dropped()
  page.latest.listener.left()
  expect(page.joins.length).toBe(2)
  await page.latest.succeed()
  expect(page.states.at(-1)).toBe('live')
})

test('[WEB-14] it goes on trying for ever, with pauses, and says that it is offline after a few', async () => {
  const page = new Harness()
  await page.latest.succeed()
  page.latest.listener.left()
  for (let n = 0; n < 50; n += 1) {
    await page.latest.fail(new JoinFailed('unreachable'))
    expect(page.timers.length).toBe(1)
    await page.fire()
  }
  expect(page.joins.length).toBe(52)
  expect(page.states.slice(0, 8)).toEqual(['live', ...Array(6).fill('reconnecting'), 'offline'])
  await page.latest.succeed()
  expect(page.states.at(-1)).toBe('live')
})

test('[WEB-14] pauses double up to four seconds, so that a table that is back is found within five', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 60].map((attempt) => waitMs(attempt, 0.999_999))).toEqual([
    100, 200, 400, 800, 1600, 3200, 4000, 4000,
  ])
})

test('[WEB-14] a connection that stands but carries nothing is noticed, left and joined anew', async () => {
  const page = new Harness()
  await page.latest.succeed()
  expect(page.timers.map((timer) => timer.delayMs)).toEqual([4_000])
  await page.fire()
  expect(page.asked).toEqual(['clock'])
  await page.answers[0]?.lose()
  expect([page.states, page.left, page.joins.length]).toEqual([['live', 'reconnecting'], 1, 2])
  await page.latest.succeed()
  expect(page.states.at(-1)).toBe('live')
})

test('[WEB-14] a quiet connection that answers stands, and is asked again after the next quiet', async () => {
  const page = new Harness()
  await page.latest.succeed()
  await page.fire()
  await page.answers[0]?.answer()
  expect([page.states, page.joins.length]).toEqual([['live'], 1])
  page.latest.listener.shared(sharedTable())
  expect(page.timers.length).toBe(1)
  expect(page.asked.length).toBe(1)
})

test('[WEB-14] an answer that is lost after the connection has changed means nothing', async () => {
  const page = new Harness()
  await page.latest.succeed()
  await page.fire()
  page.latest.listener.left()
  await page.latest.succeed()
  await page.answers[0]?.lose()
  expect([page.states.at(-1), page.joins.length]).toEqual(['live', 2])
})

test('[WEB-14] a try of the SDK has nine seconds, as a moving table may hold it; then the page joins', async () => {
  const page = new Harness()
  await page.latest.succeed()
  page.latest.listener.dropped()
  expect(page.timers.map((timer) => timer.delayMs)).toEqual([9_000])
  await page.fire()
  expect([page.left, page.joins.length]).toEqual([1, 2])
})

test('[WEB-14] the device coming back online ends the pause', async () => {
  const page = new Harness()
  await page.latest.fail(new JoinFailed('unreachable'))
  page.connection.hurry()
  page.connection.hurry()
  expect(page.joins.length).toBe(2)
  expect(page.timers).toEqual([])
})

test('[WEB-14] the device coming back online ends what the SDK began without a network', async () => {
  const page = new Harness()
  await page.latest.succeed()
  page.connection.hurry()
  expect([page.left, page.joins.length]).toEqual([0, 1])
  page.latest.listener.dropped()
  page.connection.hurry()
  page.connection.hurry()
  expect([page.left, page.joins.length]).toEqual([1, 2])
  await page.latest.succeed()
  expect(page.states).toEqual(['live', 'reconnecting', 'reconnecting', 'live'])
})

test.each(['signed-out', 'no-table'] as const)('[WEB-14] %s is told and not tried again', async (why) => {
  const page = new Harness()
  await page.latest.fail(new JoinFailed(why))
  page.connection.hurry()
  expect(page.states).toEqual([why])
  expect([page.timers.length, page.joins.length]).toEqual([0, 1])
})

test('[WEB-14] a room of an earlier join is not heard any more', async () => {
  const page = new Harness()
  await page.latest.succeed()
  const old = page.latest.listener
  old.left()
  await page.latest.succeed()
  old.left()
  old.shared(sharedTable())
  expect(page.joins.length).toBe(2)
  expect(page.fresh).toEqual([])
})

test('[WEB-13] the first state after a join or a reconnection is marked fresh, the next is not', async () => {
  const page = new Harness()
  await page.latest.succeed()
  page.latest.listener.shared(sharedTable())
  page.latest.listener.shared(sharedTable())
  page.latest.listener.dropped()
  page.latest.listener.back()
  page.latest.listener.shared(sharedTable())
  expect(page.fresh).toEqual([true, false, true])
})

test('[WEB-14] a page that was closed while joining leaves the room it then gets', async () => {
  const page = new Harness()
  page.connection.close()
  await page.latest.succeed()
  expect(page.left).toBe(1)
  expect(page.states).toEqual([])
})
