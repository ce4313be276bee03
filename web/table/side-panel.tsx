import { useId } from 'preact/hooks'
import type { Json } from '../../engine/game.ts'
import type { TableInfo } from '../../rooms/protocol.ts'
import { useHouse } from '../app/house.ts'
import type { GameView } from '../games/view.ts'
import { useTexts } from '../i18n/i18n.ts'
import type { Me } from '../net/api.ts'
import type { TableSession } from '../net/table-session.ts'
import type { TableState } from '../net/table-state.ts'
import { Failure, Loading, useLoaded } from '../ui/loaded.tsx'
import { BetsPanel } from './bets-panel.tsx'
import { RoundPanel } from './round-panel.tsx'

const RESULTS = 500
const TABS = ['bets', 'round', 'stats'] as const
export type Tab = (typeof TABS)[number]

export type SidePanelProps = {
  readonly info: TableInfo
  readonly view: GameView
  readonly player: Me | null
  readonly session: TableSession
  readonly state: TableState
  readonly ballAtRest: boolean
  readonly enabled: boolean
  readonly endedRoundId: string | null
  readonly tab: Tab
  readonly onTab: (tab: Tab) => void
}

/** Own bets, the round's proof, and the table's numbers, one at a time. */
export function SidePanel(props: SidePanelProps) {
  const { t } = useTexts()
  const { tab, onTab: setTab } = props
  const id = useId()
  const tabs: readonly Tab[] = props.view.Statistics === null ? TABS.filter((name) => name !== 'stats') : TABS
  const names = { bets: t('table.panelBets'), round: t('table.panelRound'), stats: t('table.panelStats') }
  const move = (step: number): void => {
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] ?? 'bets'
    setTab(next)
    document.getElementById(`${id}-${next}`)?.focus()
  }
  return (
    <section class="area-side">
      <div
        class="tabs"
        role="tablist"
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight') move(1)
          if (event.key === 'ArrowLeft') move(-1)
        }}
      >
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={tab === name}
            aria-controls={`${id}-panel`}
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
          >
            {names[name]}
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the panel scrolls, so that the keyboard must reach it */}
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`} tabIndex={0}>
        <Panel {...props} />
      </div>
    </section>
  )
}

function Panel({ tab, info, view, player, session, state, ballAtRest, enabled, endedRoundId }: SidePanelProps) {
  switch (tab) {
    case 'bets':
      return (
        <BetsPanel
          state={state}
          view={view}
          currency={info.currency}
          enabled={enabled}
          onWithdraw={(betIds) => session.withdraw(betIds)}
        />
      )
    case 'round':
      return (
        <RoundPanel
          round={state.round}
          endedRoundId={endedRoundId}
          ballAtRest={ballAtRest}
          session={session}
          observer={player === null}
        />
      )
    case 'stats':
      return <Numbers info={info} view={view} endedRoundId={endedRoundId} />
  }
}

/** Fetched when looked at, and again after each round. */
function Numbers({ info, view, endedRoundId }: Pick<SidePanelProps, 'info' | 'view' | 'endedRoundId'>) {
  const { language } = useTexts()
  const { api } = useHouse()
  const [loaded, again] = useLoaded(`${info.tableId}:${endedRoundId}`, async (): Promise<readonly Json[]> => {
    const results = await api.results(info.tableId, RESULTS)
    return results.filter((result) => result.how === 'settled').map((result) => result.outcome)
  })
  if (view.Statistics === null) return null
  if (loaded.state === 'failed') return <Failure error={loaded.error} again={again} />
  if (loaded.state === 'loading') return <Loading />
  return <view.Statistics rules={info.rules} outcomes={loaded.value} language={language} />
}
