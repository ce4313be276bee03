import type { Broken } from './breaker.ts'
import type { Crowd } from './crowd.ts'
import type { ChaosOptions } from './options.ts'
import type { Counts } from './orphans.ts'
import type { Reckoning } from './reckoning.ts'
import { outageTimes, type Times, timesOf } from './stopwatch.ts'

/** The SDK's own default, which the harness leaves alone: it reconnects only after this uptime. */
export const STOCK_MIN_UPTIME_MS = 5_000

export type Measured = {
  readonly options: ChaosOptions
  readonly stage: string
  readonly crowd: Crowd
  /** Clients that had to join anew before the first fault: a finding too, but none of the faults'. */
  readonly reloadsBefore: number
  readonly broken: Broken
  readonly reckoning: Reckoning
  /** Longest time without any news, of each client: while nothing was broken, and over all faults. */
  readonly silences: { readonly calmMs: readonly number[]; readonly brokenMs: readonly number[] }
  readonly redisKeys: { readonly before: Counts | null; readonly after: Counts | null }
  readonly clusterRows: { readonly before: Counts; readonly after: Counts }
  readonly harnessLagP99Ms: number
  readonly seconds: number
}

/** What the issue asks for first, and then what explains it (CHA-11). */
export function reportOf(measured: Measured) {
  const { options, crowd, broken, reckoning, silences } = measured
  const { outages } = crowd.watch
  const hit = outageTimes(outages, 'kill', 'pause')
  const moved = outageTimes(outages, 'moved')
  const byOutage = options.fault === 'kill' || options.fault === 'pause'
  const headline = byOutage ? hit.event : options.fault === 'deploy' ? moved.event : timesOf(silences.brokenMs)
  return {
    kills: broken.faults,
    p50Ms: headline.p50Ms,
    p99Ms: headline.p99Ms,
    maxMs: headline.maxMs,
    accepted: reckoning.accepted,
    lost: reckoning.lost,
    doubled: reckoning.doubled,
    changed: reckoning.changed,
    stuck: reckoning.stuck + broken.stuck,
    reloads: crowd.reloads - measured.reloadsBefore,
    moneyOffCents: reckoning.moneyOffCents,
    fault: options.fault,
    seed: options.seed,
    nodes: options.nodes,
    players: options.players,
    tables: options.tables,
    samples: headline.count,
    ...named('state', hit.state),
    ...named('planned', moved.event),
    ...named('plannedState', moved.state),
    ...named('wholeRestart', outageTimes(outages, 'all').event),
    ...named('dropped', outageTimes(outages, 'dropped').event),
    calmSilenceMaxMs: timesOf(silences.calmMs).maxMs,
    silenceMaxMs: timesOf(silences.brokenMs).maxMs,
    reloadsBefore: measured.reloadsBefore,
    rounds: reckoning.rounds,
    transcriptsVerified: reckoning.transcriptsVerified,
    redisKeysBefore: measured.redisKeys.before,
    redisKeysAfter: measured.redisKeys.after,
    clusterRowsBefore: measured.clusterRows.before,
    clusterRowsAfter: measured.clusterRows.after,
    reloadCodes: crowd.players.flatMap(({ reloads }) => reloads),
    minUptimeMs: STOCK_MIN_UPTIME_MS,
    harnessLagP99Ms: measured.harnessLagP99Ms,
    seconds: measured.seconds,
    stage: measured.stage,
  }
}
export type Report = ReturnType<typeof reportOf>

function named(name: string, { count, p50Ms, p99Ms, maxMs }: Times) {
  return { [`${name}Samples`]: count, [`${name}P50Ms`]: p50Ms, [`${name}P99Ms`]: p99Ms, [`${name}MaxMs`]: maxMs }
}

/** Whether the run showed what it is there to show. How fast it was is for the reader. */
export function passed(report: Report): boolean {
  const { lost, doubled, changed, stuck, reloads, moneyOffCents, accepted } = report
  return accepted > 0 && [lost, doubled, changed, stuck, reloads, moneyOffCents].every((count) => count === 0)
}
