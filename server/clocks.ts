import type { Metrics } from '../monitoring/metrics.ts'
import type { AuditLog } from './audit/audit-log.ts'
import { ClockOffset, OFFSET_ALERT_MS } from './clock-offset.ts'
import { ClockWatch } from './clock-watch.ts'
import type { Database } from './database/open.ts'
import type { Log } from './log.ts'

type Clocks = {
  readonly metrics: Metrics
  readonly log: Log
  readonly nowMs: () => number
  readonly steadyMs: () => number
}
type ClockParts = Clocks & { readonly audit: AuditLog }
type MeasuredParts = Clocks & { readonly database: Database }

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

/** Drift is told as long as it lasts; who keeps the clocks right is the time service (O8). */
export function measureClock({ database, metrics, log, nowMs, steadyMs }: MeasuredParts): ClockOffset {
  const offset = new ClockOffset({
    nowMs,
    steadyMs,
    databaseMs: async () => {
      const { rows } = await database.quick.query<{ ms: number }>(
        'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
      )
      return rows[0]?.ms ?? Number.NaN
    },
    measured: (ms) => {
      metrics.clockMeasured(ms)
      if (Math.abs(ms) > OFFSET_ALERT_MS) log.error({ ms: Math.round(ms) }, 'the clock differs from the database')
    },
  })
  offset.start()
  return offset
}
