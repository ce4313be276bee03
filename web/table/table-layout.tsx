import { useEffect, useRef, useState } from 'preact/hooks'
import type { TableInfo } from '../../rooms/protocol.ts'
import type { GameSlots, GameView } from '../games/view.ts'
import { useTexts } from '../i18n/i18n.ts'
import type { Me } from '../net/api.ts'
import { isDrawn } from '../net/round-view.ts'
import { isRunning, lackedResult, shownResult } from '../net/table-selectors.ts'
import type { TableSession } from '../net/table-session.ts'
import type { TableState } from '../net/table-state.ts'
import { FirstTime } from './first-time.tsx'
import { MoneyBar } from './money-bar.tsx'
import { PhaseBar } from './phase-bar.tsx'
import { ResultBanner } from './result-banner.tsx'
import { SealLine } from './seal-line.tsx'
import { SidePanel, type Tab } from './side-panel.tsx'

export type TableLayoutProps = {
  readonly info: TableInfo
  readonly view: GameView
  readonly player: Me | null
  readonly session: TableSession
  readonly state: TableState
  readonly slots: GameSlots
  readonly ballAtRest: boolean
  readonly enabled: boolean
  readonly nowMs: () => number
  readonly onHelp: () => void
}

/** Where everything lies: wheel and clock left, the felt in the middle, bets and proof right, chips below. */
export function TableLayout(props: TableLayoutProps) {
  const { info, player, state, slots, ballAtRest, nowMs } = props
  const { t } = useTexts()
  const { round } = state
  const [tab, setTab] = useState<Tab>('bets')
  const ended = ballAtRest || round?.phase === 'void'
  // On a phone the wheel is small while bets are taken and large while the ball runs.
  const rolling = round !== null && isDrawn(round.phase) && !ballAtRest
  return (
    <div class="table-grid">
      <div class={rolling || ended ? 'col-draw col-draw-large' : 'col-draw'}>
        <section class="area-clock">
          <PhaseBar
            round={round}
            openedAtMs={state.shared?.roundId === round?.roundId ? (state.shared?.openedAtMs ?? 0) : 0}
            ballAtRest={ballAtRest}
            live={isRunning(state)}
            nowMs={nowMs}
          />
          {round !== null && <SealLine round={round} onOpen={() => setTab('round')} />}
        </section>
        <section class="area-stage">
          {slots.stage}
          {ended && round !== null && (
            <ResultBanner
              round={round}
              result={shownResult(state)}
              currency={info.currency}
              lacked={lackedResult(state) !== null}
            />
          )}
        </section>
        <section class="area-strip" aria-label={t('table.results')}>
          {slots.strip}
        </section>
      </div>
      <div class="col-bets">
        <section class="area-felt" aria-label={t('table.felt')}>
          {slots.felt}
        </section>
        {slots.track !== null && slots.track !== false && <div class="area-track">{slots.track}</div>}
      </div>
      <SidePanel {...props} tab={tab} onTab={setTab} endedRoundId={useEndedRound(state, ended)} />
      <div class="area-bottom">
        <MoneyBar
          state={state}
          currency={info.currency}
          kind={player === null ? null : player.playMoney ? 'play' : 'real'}
        />
        <div class="area-tray">{slots.tray}</div>
      </div>
      {player !== null && <FirstTime onHelp={props.onHelp} />}
    </div>
  )
}

/** The last round that ended on this page: the one at the table once its ball rests, the one before until then. */
function useEndedRound(state: TableState, ended: boolean): string | null {
  const last = useRef<string | null>(null)
  const roundId = state.round?.roundId ?? null
  const over = ended && (state.round?.phase === 'settled' || state.round?.phase === 'void')
  useEffect(() => {
    if (over) last.current = roundId
  }, [over, roundId])
  return over ? roundId : last.current
}
