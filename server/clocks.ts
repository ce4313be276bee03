import type { Metrics } from '../monitoring/metrics.ts'
import type { AuditLog } from './audit/audit-log.ts'
import { ClockOffset, OFFSET_ALERT_MS } from './clock-offset.ts'
import { ClockWatch } from './clock-watch.ts'
import type { Database } from './database/open.ts'
import { HouseClock } from './house-clock.ts'
import type { Log } from './log.ts'

type Clocks = {
  readonly metrics: Metrics
  readonly log: Log
  readonly nowMs: () => number
  readonly steadyMs: () => number
}
type ClockParts = Clocks & { readonly audit: AuditLog }
type MeasuredParts = Clocks & { readonly database: Database; readonly clock: HouseClock }

/** A clock that is set is a significant event, and worth somebody's attention (O8). */
export function watchClock({ metrics, audit, log, nowMs, steadyMs }: ClockParts): ClockWatch {
  const watch = new ClockWatch({
    nowMs,
    steadyMs,
    jumped: (ms) => {
      metrics.clockJumped()
      log.error({ ms }, 'the wall clock jumped')
      const detail = { ms: Math.round(ms) }
      audit.record({ actor: 'house', action: 'clock.jumped', target: '', detail }).catch((err: unknown) => {
        log.error({ err }, 'a jump of the clock is not on the record')
      })
    },
  })
  watch.start()
  return watch
}

/** The house's time from now on. Errors: rejects when the database is out of reach. */
export async function openClock(database: Database, steadyMs: () => number): Promise<HouseClock> {
  const clock = new HouseClock(steadyMs, Date.now)
  const askedAtMs = steadyMs()
  const sharedMs = await databaseMs(database)
  clock.correct(sharedMs, steadyMs() - askedAtMs)
  return clock
}

/** Drift of the wall clock is told as long as it lasts; who keeps it right is the time service (O8). */
export function measureClock({ database, metrics, log, nowMs, steadyMs, clock }: MeasuredParts): ClockOffset {
  const offset = new ClockOffset({
    nowMs,
    steadyMs,
    databaseMs: () => databaseMs(database),
    measured: (ms) => {
      metrics.clockMeasured(ms)
      if (Math.abs(ms) > OFFSET_ALERT_MS) log.error({ ms: Math.round(ms) }, 'the clock differs from the database')
    },
    heard: (...said) => clock.correct(...said),
  })
  offset.start()
  return offset
}

async function databaseMs({ quick }: Database): Promise<number> {
  const { rows } = await quick.query<{ ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  )
  const [row] = rows
  if (row === undefined) throw new Error('the database does not say what time it is')
  return row.ms
}
