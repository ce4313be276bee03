import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { assert } from '../../engine/assert.ts'
import { testOpening } from '../../engine/round/testing.ts'
import type { Effect } from '../../engine/round/types.ts'
import type { EffectAnswer } from '../../rooms/ports.ts'
import { EffectRunner, type Perform, type RunnerOptions, retryDelayMs } from './effect-runner.ts'

const draw: Effect = { id: 'lima.1.0:draw', type: 'draw', opening: testOpening() }
const done: EffectAnswer = { event: { type: 'clockReached', atMs: 1 }, balances: new Map() }

/** Runs the effect until the runner has something to say. */
function outcomeOf(perform: Perform, more: Partial<RunnerOptions> = {}): Promise<EffectAnswer | string> {
  const options = { perform, nowMs: Date.now, failed: () => {}, ...more }
  return new Promise((resolve) => new EffectRunner(options).start([draw], resolve, resolve))
}

describe('[RND-7 RND-11] the effect runner', () => {
  test('asks again for what failed, under the same id, until it is answered', async () => {
    const ids: string[] = []
    const answered = await outcomeOf(async (effect) => {
      ids.push(effect.id)
      if (ids.length < 3) throw new Error('connection lost')
      return done
    })
    expect([answered, ids]).toEqual([done, [draw.id, draw.id, draw.id]])
  })

  test('never runs one effect twice at a time', async () => {
    let running = 0
    let most = 0
    const release: (() => void)[] = []
    const runner = new EffectRunner({
      perform: async () => {
        most = Math.max(most, ++running)
        await new Promise<void>((resolve) => release.push(resolve))
        running--
        return done
      },
      nowMs: Date.now,
      failed: () => {},
    })
    const answers: EffectAnswer[] = []
    const told = new Promise<void>((resolve) => {
      for (let i = 0; i < 5; i++)
        runner.start(
          [draw, draw],
          (answer) => resolve(void answers.push(answer)),
          () => {},
        )
    })
    release[0]?.()
    await told
    expect([most, answers.length, runner.runningCount]).toEqual([1, 1, 0])
  })

  test('a broken invariant suspends the table and is not tried again', async () => {
    let attempts = 0
    const suspended = await outcomeOf(async () => {
      attempts++
      assert(false, 'LED-12: the handle is what the books hold')
      return done
    })
    expect([suspended, attempts]).toEqual(['suspended', 1])
  })

  test('an old epoch ends the lease, and a stopped runner says nothing more', async () => {
    expect(await outcomeOf(async () => 'fenced')).toBe('lost')
    const said: unknown[] = []
    const runner = new EffectRunner({
      perform: async () => {
        runner.stop()
        return done
      },
      nowMs: Date.now,
      failed: () => {},
    })
    const say = (what: unknown) => said.push(what)
    runner.start([draw], say, say)
    await new Promise((resolve) => setImmediate(resolve))
    runner.start([draw], say, say)
    await new Promise((resolve) => setImmediate(resolve))
    expect([said, runner.runningCount]).toEqual([[], 0])
  })

  test('waits longer after each failure, up to a second', () => {
    expect([1, 2, 3, 20].map(retryDelayMs)).toEqual([25, 50, 100, 1_000])
  })

  test('a clock that is behind is waited for, not believed', async () => {
    let nowMs = 1_000
    const runner = new EffectRunner({
      perform: async () => done,
      nowMs: () => {
        nowMs += 5
        return nowMs
      },
      failed: () => {},
    })
    const woken = await new Promise<EffectAnswer>((resolve) => {
      runner.start([{ id: 'lima.1.0:closes', type: 'wakeAt', atMs: 1_018, withinMs: 60_000 }], resolve, () => {})
    })
    expect(woken.event).toMatchObject({ type: 'clockReached', atMs: 1_025 })
  })
})

describe('[O8] a wall clock that is set', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** After how many milliseconds the wake that is due in 20 s comes, and the time it says. */
  async function wokenAfter(setTheClock: (set: (byMs: number) => void) => void): Promise<[number, number]> {
    let offsetMs = 0
    const startMs = Date.now()
    const runner = new EffectRunner({
      perform: async () => done,
      nowMs: () => Date.now() + offsetMs,
      steadyMs: () => Date.now(),
      failed: () => {},
    })
    const woken = new Promise<[number, number]>((resolve) => {
      const wake: Effect = { id: 'lima.1.0:closes', type: 'wakeAt', atMs: startMs + 20_000, withinMs: 20_000 }
      const answer = ({ event }: EffectAnswer) =>
        resolve([Date.now() - startMs, event.type === 'clockReached' ? event.atMs - startMs : 0])
      runner.start([wake], answer, () => {})
    })
    await vi.advanceTimersByTimeAsync(5_000)
    setTheClock((byMs) => {
      offsetMs += byMs
    })
    await vi.advanceTimersByTimeAsync(3 * 3_600_000)
    return woken
  }

  test('[O8] set back by an hour, it keeps no round open for longer than was agreed', async () => {
    expect(await wokenAfter((set) => set(-3_600_000))).toEqual([20_000, 20_000])
  })

  test('[O8] set forward by an hour, it closes the round within a second', async () => {
    const [afterMs] = await wokenAfter((set) => set(3_600_000))
    expect(afterMs).toBeLessThanOrEqual(6_000)
  })

  test('[O8] left alone, it closes the round on time', async () => {
    expect(await wokenAfter(() => undefined)).toEqual([20_000, 20_000])
  })
})

describe('[ROM-27] stalled effects', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** A runner whose effects are answered or failed by the test; `told` is what it said of its stalls. */
  function stalling(effects: readonly Effect[]) {
    const told: boolean[] = []
    const asked = new Map<string, PromiseWithResolvers<EffectAnswer>>()
    const perform: Perform = (effect) => {
      const next = Promise.withResolvers<EffectAnswer>()
      asked.set(effect.id, next)
      return next.promise
    }
    const runner = new EffectRunner({ perform, nowMs: Date.now, failed: () => {} })
    runner.start(
      effects,
      () => {},
      () => {},
      (stalled) => told.push(stalled),
    )
    const of = (effect: Effect) => asked.get(effect.id) ?? Promise.withResolvers<EffectAnswer>()
    return {
      told,
      runner,
      answer: async (effect: Effect) => {
        of(effect).resolve(done)
        await vi.advanceTimersByTimeAsync(0)
      },
      /** Fails the effect and waits until it is asked again. */
      fail: async (effect: Effect, attempt: number) => {
        of(effect).reject(new Error('connection lost'))
        await vi.advanceTimersByTimeAsync(retryDelayMs(attempt))
      },
    }
  }
  const other: Effect = { ...draw, id: 'lima.1.0:other' }
  const next: Effect = { id: 'lima.1.0:next', type: 'openNext', after: testOpening() }
  const wake: Effect = { id: 'lima.1.0:closes', type: 'wakeAt', atMs: 60_000, withinMs: 60_000 }

  test('[ROM-27] three tries in vain are told once, and the answer that ends it', async () => {
    const { told, fail, answer } = stalling([draw])
    await fail(draw, 1)
    await fail(draw, 2)
    expect(told).toEqual([])
    await fail(draw, 3)
    expect(told).toEqual([true])
    for (let attempt = 4; attempt < 9; attempt++) await fail(draw, attempt)
    expect(told).toEqual([true])
    await answer(draw)
    expect(told).toEqual([true, false])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(told).toEqual([true, false])
  })

  test('[ROM-27] two seconds without an answer are told, and the end once all that stalled are answered', async () => {
    const { told, answer } = stalling([draw, other])
    await vi.advanceTimersByTimeAsync(1_999)
    expect(told).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(told).toEqual([true])
    await answer(draw)
    expect(told).toEqual([true])
    await answer(other)
    expect(told).toEqual([true, false])
  })

  test('[ROM-27] alarms never stall, nor does a next round that waits for a person; its failures do', async () => {
    const { told, fail } = stalling([wake, next])
    await vi.advanceTimersByTimeAsync(50_000)
    expect(told).toEqual([])
    for (const attempt of [1, 2, 3]) await fail(next, attempt)
    expect(told).toEqual([true])
  })

  test('[ROM-27] a runner that was stopped tells nothing more', async () => {
    const { told, runner, fail, answer } = stalling([draw])
    for (const attempt of [1, 2, 3]) await fail(draw, attempt)
    runner.stop()
    await answer(draw)
    await vi.advanceTimersByTimeAsync(10_000)
    const silent = stalling([draw])
    silent.runner.stop()
    await vi.advanceTimersByTimeAsync(10_000)
    expect([told, silent.told]).toEqual([[true], []])
  })
})
