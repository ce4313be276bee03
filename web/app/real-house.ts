import { ApiError, httpApi } from '../net/api.ts'
import { type FloorListener, FloorWatch } from '../net/floor-watch.ts'
import { JoinFailed, TableConnection } from '../net/table-connection.ts'
import type { HouseClient } from './house.ts'

function after(delayMs: number, work: () => void): () => void {
  const timer = setTimeout(work, delayMs)
  return () => clearTimeout(timer)
}

/** The house behind this page's own address. The SDK is loaded when it is first needed. */
export function realHouse(): HouseClient {
  const api = httpApi()
  return {
    api,
    // What cannot be fetched now is fetched when the table is joined.
    prepareTable: () => void import('../net/colyseus.ts').catch(() => undefined),
    openTable: (tableId, signedIn, listener) =>
      new TableConnection(
        {
          after,
          random: Math.random,
          join: async (room) => {
            const [{ joinTable }, ticket] = await Promise.all([
              import('../net/colyseus.ts'),
              signedIn ? api.ticket(tableId).catch(refusedTicket) : null,
            ])
            return joinTable(tableId, ticket, room)
          },
        },
        listener,
      ),
    watchLobby: (shown, told) => {
      const ports = {
        after,
        read: () => api.tables(),
        join: async (listener: FloorListener) => (await import('../net/colyseus.ts')).watchLobby(listener),
      }
      const watch = new FloorWatch(ports, shown, told)
      return () => watch.stop()
    },
  }
}

function refusedTicket(error: unknown): never {
  const status = error instanceof ApiError ? error.status : 0
  if (status === 401) throw new JoinFailed('signed-out', error)
  if (status === 404) throw new JoinFailed('no-table', error)
  throw new JoinFailed('unreachable', error)
}
