import type { Metrics } from '../../monitoring/metrics.ts'
import type { TableMeter } from '../../rooms/ports.ts'
import type { Log } from '../log.ts'

/** What tables count, as metrics; what fails at one, as a line of the log. */
export function tableMeter(metrics: Metrics, log: Log): TableMeter {
  return {
    refused: (code) => metrics.messageRefused(code),
    betAnswered: (code, ms) => {
      metrics.betAnswered(code ?? 'accepted')
      metrics.betAcknowledged(ms / 1000)
    },
    phaseReached: (tableId, phase) => {
      metrics.tableInPhase(tableId, phase)
      if (phase !== null) metrics.phaseReached(phase)
    },
    betSettled: (ms) => metrics.betSettled(ms / 1000),
    socketOpened: (room) => metrics.socketOpened(room),
    socketClosed: (room) => metrics.socketClosed(room),
    failed: (where, err) => log.error({ err, where }, 'a table met a failure'),
  }
}
