import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as after } from 'node:timers/promises'
import { Breaker } from './breaker.ts'
import { Crowd, steadyMs } from './crowd.ts'
import type { ChaosOptions } from './options.ts'
import { countKeys, countRows } from './orphans.ts'
import { reckon } from './reckoning.ts'
import { type Report, reportOf, STOCK_MIN_UPTIME_MS } from './report.ts'
import type { RunLog } from './run-log.ts'
import type { Stage } from './stage.ts'
import { until } from './until.ts'

/** Longer than the uptime that the stock SDK wants before it reconnects, and long enough for rounds with bets. */
const WARM_UP_MS = 12_000
const STAND_MS = 60_000
const NANOS_PER_MS = 1e6

/** One whole run at a stage that stands. Answers the figures and what was found wrong, in words. */
export async function runChaos(
  stage: Stage,
  options: ChaosOptions,
  log: RunLog,
): Promise<{
  readonly report: Report
  readonly problems: readonly string[]
}> {
  const startedMs = steadyMs()
  const lag = monitorEventLoopDelay({ resolution: 5 })
  lag.enable()
  const crowd = await Crowd.gather(stage, options, log)
  const breaker = new Breaker(stage, crowd, log, options.seed)
  try {
    for (const player of crowd.players) player.startBetting()
    crowd.progress.listenAnew()
    await after(WARM_UP_MS)
    // Whoever stands for less would be refused by the stock SDK itself when his connection breaks.
    await until('every player stands', () => crowd.allSeated && crowd.allStandFor(STOCK_MIN_UPTIME_MS), STAND_MS)
    const reloadsBefore = crowd.reloads
    const calmMs = crowd.progress.silences(steadyMs())
    const keysBefore = await countKeys(stage, crowd.tableIds)
    const rowsBefore = await countRows(stage)
    log.say(`calm: the longest silence was ${Math.round(Math.max(...calmMs))} ms; ${options.fault} begins`)
    crowd.progress.listenAnew()
    await breakThings(breaker, options)
    const brokenMs = crowd.progress.silences(steadyMs())
    log.say('no more faults; the last rounds are played')
    const reckoning = await reckon(stage, crowd, log)
    const report = reportOf({
      options,
      stage: stage.description,
      crowd,
      reloadsBefore,
      broken: breaker.broken,
      reckoning,
      silences: { calmMs, brokenMs },
      redisKeys: { before: keysBefore, after: await countKeys(stage, crowd.tableIds) },
      clusterRows: { before: rowsBefore, after: await countRows(stage) },
      harnessLagP99Ms: Math.round((lag.percentile(99) / NANOS_PER_MS) * 10) / 10,
      seconds: Math.round((steadyMs() - startedMs) / 1_000),
    })
    return { report, problems: [...breaker.broken.problems, ...reckoning.problems] }
  } finally {
    crowd.leave()
    await breaker.close()
  }
}

function breakThings(breaker: Breaker, { fault, kills }: ChaosOptions): Promise<void> {
  if (fault === 'kill') return breaker.kill(kills)
  if (fault === 'pause') return breaker.pause(kills)
  if (fault === 'deploy') return breaker.deploy(kills)
  return breaker.parts(fault, kills)
}
