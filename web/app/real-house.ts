import { ApiError, httpApi } from '../net/api.ts'
import { JoinFailed, TableConnection } from '../net/table-connection.ts'
import type { HouseClient } from './house.ts'

const POLL_MS = 5_000

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
    watchLobby: (shown, live) => {
      let stopped = false
      let leave: () => void = () => undefined
      let cancel: () => void = () => undefined
      const poll = async (): Promise<void> => {
        if (stopped) return
        // A lobby that cannot be read now is read again soon; what it showed last stays.
        await api.tables().then(
          (tables) => (stopped ? undefined : shown(tables)),
          () => undefined,
        )
        live(false)
        cancel = after(POLL_MS, () => void watch())
      }
      const watch = async (): Promise<void> => {
        try {
          const { watchLobby } = await import('../net/colyseus.ts')
          const joined = await watchLobby(
            (tables) => shown(tables),
            () => void poll(),
          )
          if (stopped) joined()
          leave = joined
          live(true)
        } catch {
          await poll()
        }
      }
      void api.tables().then(
        (tables) => (stopped ? undefined : shown(tables)),
        () => undefined,
      )
      void watch()
      return () => {
        stopped = true
        cancel()
        leave()
      }
    },
  }
}

function refusedTicket(error: unknown): never {
  const status = error instanceof ApiError ? error.status : 0
  if (status === 401) throw new JoinFailed('signed-out', error)
  if (status === 404) throw new JoinFailed('no-table', error)
  throw new JoinFailed('unreachable', error)
}
