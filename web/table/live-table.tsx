import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { TableInfo } from '../../rooms/protocol.ts'
import { muted, stale } from '../app/session.ts'
import { useStore } from '../app/store.ts'
import type { GameView, TableAction } from '../games/view.ts'
import { useTexts } from '../i18n/i18n.ts'
import type { Me } from '../net/api.ts'
import { isDrawn } from '../net/round-view.ts'
import { betsOnFelt, canBet, shownLastOutcomes, shownResult, undoable } from '../net/table-selectors.ts'
import type { TableSession } from '../net/table-session.ts'
import type { TableState } from '../net/table-state.ts'
import { Announcer } from './announcer.tsx'
import { FavouritesDialog } from './favourites-dialog.tsx'
import { HelpDialog } from './help-dialog.tsx'
import { LinkBanner } from './link-banner.tsx'
import { Notices } from './notices.tsx'
import { TableHead } from './table-head.tsx'
import { TableLayout } from './table-layout.tsx'
import { useMedia } from './use-media.ts'
import { useTableSession } from './use-session.ts'

export type LiveTableProps = { readonly info: TableInfo; readonly view: GameView; readonly player: Me | null }
type Open = 'help' | 'favourites' | null

/** The table as it lives: everything on this page follows the session's state. */
export function LiveTable({ info, view, player }: LiveTableProps) {
  const { language } = useTexts()
  const { session, state } = useTableSession(info.tableId, player?.playerId ?? null)
  const [open, setOpen] = useState<Open>(null)
  const [said, setSaid] = useState({ id: 0, text: '' })
  const outdated = useStore(stale)
  const silent = useStore(muted)
  const reducedMotion = useMedia('(prefers-reduced-motion: reduce)')
  const landscape = useMedia('(min-width: 60rem)')
  const nowMs = useCallback(() => session.serverNowMs(), [session])
  const { round } = state
  const ballAtRest = round !== null && isDrawn(round.phase) && state.held === null
  const enabled = !outdated && canBet(state, session.serverNowMs())
  useWakeAtClose(session, state)
  const can = useCan(state, enabled)
  const onAction = (action: TableAction): void => {
    if (action === 'favourites') setOpen('favourites')
    else session[action]()
  }
  return (
    <div class="table-page">
      <TableHead info={info} state={state} observer={player === null} onHelp={() => setOpen('help')} />
      <LinkBanner state={state} observer={player === null} onHurry={() => session.hurry()} />
      {round !== null && (
        <view.Table
          info={info}
          round={round}
          spots={state.shared?.spots ?? NO_SPOTS}
          lastOutcomes={shownLastOutcomes(state)}
          bets={state.bets}
          payouts={shownResult(state)?.payouts ?? null}
          ballAtRest={ballAtRest}
          enabled={enabled}
          can={can}
          nowMs={nowMs}
          language={language}
          muted={silent}
          reducedMotion={reducedMotion}
          landscape={landscape}
          onBet={(specs) => session.place(specs)}
          onWithdraw={(betIds) => session.withdraw(betIds)}
          onAction={onAction}
          onAnnounce={(text) => setSaid(({ id }) => ({ id: id + 1, text }))}
          onBallRest={() => session.ballRested(round.roundId)}
        >
          {(slots) => (
            <TableLayout
              {...{ info, view, player, session, state, slots, ballAtRest, enabled, nowMs }}
              onHelp={() => setOpen('help')}
            />
          )}
        </view.Table>
      )}
      <Notices notices={state.notices} session={session} />
      <Announcer state={state} ballAtRest={ballAtRest} nowMs={nowMs} currency={info.currency} said={said} />
      {open === 'help' && <HelpDialog info={info} onClose={() => setOpen(null)} />}
      {open === 'favourites' && (
        <FavouritesDialog
          gameId={info.gameId}
          currency={info.currency}
          onFelt={betsOnFelt(state)}
          enabled={enabled}
          onPlace={(bets) => session.place(bets)}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  )
}

const NO_SPOTS: ReadonlyMap<string, { readonly cents: number; readonly players: number }> = new Map()

function useCan(state: TableState, enabled: boolean): ReadonlySet<TableAction> {
  return useMemo(() => {
    const can = new Set<TableAction>()
    if (state.balanceCents !== null) can.add('favourites')
    if (!enabled) return can
    const chips = betsOnFelt(state).length > 0
    if (undoable(state).length > 0) can.add('undo')
    if (chips) can.add('clear').add('double')
    else if (state.lastBets.length > 0) can.add('rebet')
    return can
  }, [state, enabled])
}

/** Draws the table again at the closing time, since nothing else happens on this page at that moment. */
function useWakeAtClose(session: TableSession, { round }: TableState): void {
  const [, draw] = useState(0)
  const closesAtMs = round?.closesAtMs ?? 0
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => {
    const leftMs = closesAtMs - session.serverNowMs()
    if (leftMs > 0) timer.current = setTimeout(() => draw((n) => n + 1), leftMs + 1)
    return () => clearTimeout(timer.current)
  }, [closesAtMs, session])
}
