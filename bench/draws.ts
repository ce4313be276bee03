import { randomBytes, randomInt } from 'node:crypto'
import { assert } from '../engine/assert.ts'
import { DrawPool } from '../workers/draw-pool.ts'
import { TaskPool } from '../workers/task-pool.ts'

const RANGE = 37
const REPETITIONS = 7
const RING_DRAWS = 8_000_000
const RANDOM_INT_DRAWS = 4_000_000
const TASK_DRAWS = 6000
const TASKS_UNDER_WAY = 64
/** Draws between two turns of the event loop, so that refills land as they would in a server. */
const TURN = 16_384
const SINGLE_TAKES = 20_000

type Rates = { readonly ring: number; readonly task: number; readonly randomInt: number }

/**
 * Draws a second on a wheel of 37, three ways in turn in one process: the ring, one pool task a draw, crypto.randomInt.
 * Prints each repetition, then medians and the medians of the ratios of each repetition.
 */
export async function main(): Promise<void> {
  const pool = new DrawPool({ sealKey: randomBytes(32) })
  const tasks = taskPool()
  await pool.start()
  tasks.start()
  const rates: Rates[] = []
  // The first round warms the code up and is not counted.
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    const rate = {
      ring: await perSecond(RING_DRAWS, () => pool.below(RANGE)),
      task: await tasksPerSecond(tasks),
      randomInt: await perSecond(RANDOM_INT_DRAWS, () => randomInt(RANGE)),
    }
    if (repetition === 0) continue
    rates.push(rate)
    console.log(`repetition ${repetition}: ${JSON.stringify(rounded(rate))}`)
  }
  const { p50, p99 } = await singleTakes(pool)
  const { fallbacks, refills, wordsTaken } = pool.counters()
  console.log(`a take alone: p50 ${p50} ns, p99 ${p99} ns (timer included)`)
  console.log(`the ring: ${wordsTaken} words, ${refills} refills, ${fallbacks} fallbacks`)
  await Promise.all([pool.stop(), tasks.stop()])
  const ring = median(rates.map((rate) => rate.ring))
  console.log(
    JSON.stringify({
      ring: Math.round(ring),
      task: Math.round(median(rates.map((rate) => rate.task))),
      randomInt: Math.round(median(rates.map((rate) => rate.randomInt))),
      ringVsTask: Math.round(median(rates.map((rate) => rate.ring / rate.task))),
      ringVsRandomInt: Number(median(rates.map((rate) => rate.ring / rate.randomInt)).toFixed(2)),
      nsPerTake: Number((1e9 / ring).toFixed(1)),
    }),
  )
}

function taskPool(): TaskPool {
  return new TaskPool({
    file: new URL('./draw-task-worker.ts', import.meta.url),
    threads: 2,
    workerData: null,
    niceIncrement: 0,
    maxUnderWay: 2 * TASKS_UNDER_WAY,
    taskMs: 30_000,
    attempts: 1,
    maxHeapMb: 128,
    onMessage: () => {},
  })
}

async function perSecond(draws: number, draw: () => number): Promise<number> {
  let sum = 0
  const startMs = performance.now()
  for (let done = 0; done < draws; done += TURN) {
    for (let at = 0; at < TURN; at++) sum += draw()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const seconds = (performance.now() - startMs) / 1000
  // The mean of fair draws on 0..36 is 18; this also keeps the loop from being optimised away.
  assert(Math.abs(sum / draws - 18) < 0.1, 'the draws are those of a wheel')
  return (Math.ceil(draws / TURN) * TURN) / seconds
}

/** Draws by tasks of their own, 64 of them under way at any time. */
async function tasksPerSecond(tasks: TaskPool): Promise<number> {
  let left = TASK_DRAWS
  const startMs = performance.now()
  const lane = async () => {
    while (left-- > 0) await tasks.run<number>('one', RANGE)
  }
  await Promise.all(Array.from({ length: TASKS_UNDER_WAY }, lane))
  return TASK_DRAWS / ((performance.now() - startMs) / 1000)
}

async function singleTakes(pool: DrawPool): Promise<{ p50: number; p99: number }> {
  const nanoseconds: number[] = []
  for (let at = 0; at < SINGLE_TAKES; at++) {
    if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    const start = process.hrtime.bigint()
    pool.below(RANGE)
    nanoseconds.push(Number(process.hrtime.bigint() - start))
  }
  const sorted = nanoseconds.sort((a, b) => a - b)
  return { p50: sorted[SINGLE_TAKES / 2] ?? 0, p99: sorted[SINGLE_TAKES * 0.99] ?? 0 }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function rounded({ ring, task, randomInt: int }: Rates) {
  return { ring: Math.round(ring), task: Math.round(task), randomInt: Math.round(int) }
}
