import { describe, expect, test } from 'vitest'
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
      runner.start([{ id: 'lima.1.0:closes', type: 'wakeAt', atMs: 1_018 }], resolve, () => {})
    })
    expect(woken.event).toMatchObject({ type: 'clockReached', atMs: 1_020 })
  })
})
