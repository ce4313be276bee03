import type { ClusterMeter } from './failover/peers.ts'
import type { Log } from './log.ts'

type Counted = Omit<ClusterMeter, 'failed'>

/** Counts as before, and tells every move of a table in the log, so that one line says who has it since (OPS-23). */
export function loggedMeter(
  meter: { readonly [N in keyof Counted]: (...told: Parameters<Counted[N]>) => void },
  log: Log,
  draining: () => boolean,
): Counted {
  return {
    tookOver: (cause, ms, table) => {
      meter.tookOver(cause, ms, table)
      log.info({ ...table, cause, ms: Math.round(ms) }, 'a table was taken over')
    },
    handedOver: (ms, table) => {
      meter.handedOver(ms, table)
      const cause = draining() ? 'drain' : 'placement'
      if (ms === null) log.warn({ ...table, cause }, 'a table could not be handed over')
      else log.info({ ...table, cause, ms: Math.round(ms) }, 'a table was handed over')
    },
    claimLost: () => meter.claimLost(),
    steppedDown: (tables) => {
      meter.steppedDown(tables)
      log.warn({ tables }, 'this node gave its tables up: nothing proves that they are its own')
    },
  }
}
