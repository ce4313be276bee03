import { useEffect, useMemo, useState } from 'preact/hooks'
import { useHouse } from '../app/house.ts'
import { me, readMe, setBalance } from '../app/session.ts'
import type { Api } from '../net/api.ts'
import { lackedResult, shownBalanceCents } from '../net/table-selectors.ts'
import { TableSession } from '../net/table-session.ts'
import type { TableState } from '../net/table-state.ts'
import { keepTally, readTally, recounted, resultOf } from './tally.ts'

const HISTORY_ROWS = 100
const EVENT_GRACE_MS = 1_500

/** The page's session at a table, from when it is opened until it is left. `playerId` is null for an observer. */
export function useTableSession(
  tableId: string,
  playerId: string | null,
): { session: TableSession; state: TableState } {
  const house = useHouse()
  const session = useMemo(
    () =>
      new TableSession(
        {
          nowMs: Date.now,
          newId: () => crypto.randomUUID(),
          after: (delayMs, work) => {
            const timer = setTimeout(work, delayMs)
            return () => clearTimeout(timer)
          },
          openLink: (listener) => house.openTable(tableId, playerId !== null, listener),
        },
        playerId === null ? null : readTally(sessionStorage, playerId, Date.now()),
      ),
    [house, tableId, playerId],
  )
  const [state, setState] = useState(session.state)
  useEffect(() => {
    const changed = (): void => setState(session.state)
    changed()
    const unwatch = session.subscribe(changed)
    const online = (): void => session.hurry()
    const shown = (): void => {
      if (document.visibilityState === 'visible') session.hurry()
    }
    window.addEventListener('online', online)
    document.addEventListener('visibilitychange', shown)
    return () => {
      window.removeEventListener('online', online)
      document.removeEventListener('visibilitychange', shown)
      unwatch()
      session.stop()
    }
  }, [session])
  useBooks(session, state, playerId, house.api)
  return { session, state }
}

/** Keeps the header's balance and the session's net position true to the books. */
function useBooks(session: TableSession, state: TableState, playerId: string | null, api: Api): void {
  const shown = shownBalanceCents(state)
  useEffect(() => {
    if (shown !== null) setBalance(shown)
  }, [shown])
  useEffect(() => {
    if (playerId !== null) keepTally(sessionStorage, playerId, state.tally, Date.now())
  }, [playerId, state.tally])
  const back = state.link === 'live' && state.synced
  useEffect(() => {
    if (!back || playerId === null) return
    // Events may have been missed for good; the history has them. Without an answer the count stays as it is.
    void api.rounds(null, HISTORY_ROWS).then(
      ({ rounds }) => session.counted(recounted(session.state.tally, rounds)),
      () => undefined,
    )
  }, [back, playerId, session, api])
  const lacked = playerId === null ? null : lackedResult(state)
  useEffect(() => {
    if (lacked === null) return
    // The event is usually on its way; only when it does not come is the history asked.
    const timer = setTimeout(() => {
      void api.round(lacked).then(
        (detail) => session.resultRead(resultOf(detail)),
        () => undefined,
      )
    }, EVENT_GRACE_MS)
    return () => clearTimeout(timer)
  }, [lacked, session, api])
  const signedOut = state.link === 'signed-out'
  useEffect(() => {
    if (signedOut) void readMe(api).catch(() => me.set(null))
  }, [signedOut, api])
}
