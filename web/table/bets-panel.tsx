import { formatCents } from '../format/money.ts'
import type { GameView } from '../games/view.ts'
import { useTexts } from '../i18n/i18n.ts'
import { shownResult } from '../net/table-selectors.ts'
import type { RoundResult, TableBet, TableState } from '../net/table-state.ts'
import { Icon } from '../ui/icon.tsx'

export type BetsPanelProps = {
  readonly state: TableState
  readonly view: GameView
  readonly currency: string
  readonly enabled: boolean
  readonly onWithdraw: (betIds: readonly string[]) => void
}

/** Every bet of the round with what became of it, the newest first (U3). */
export function BetsPanel(props: BetsPanelProps) {
  const { t } = useTexts()
  const bets = props.state.bets.toReversed()
  if (bets.length === 0)
    return (
      <div class="bets-empty">
        <p>{t('table.noBets')}</p>
        <p class="hint">{t('table.noBetsHint')}</p>
      </div>
    )
  return (
    <ul class="bets">
      {bets.map((bet) => (
        <BetLine key={bet.betId} bet={bet} {...props} />
      ))}
    </ul>
  )
}

function BetLine({ bet, state, view, currency, enabled, onWithdraw }: BetsPanelProps & { bet: TableBet }) {
  const { t, language } = useTexts()
  const name = view.betText(bet.selection, language)
  const result = shownResult(state)
  const removable = enabled && !bet.leaving && (bet.status === 'accepted' || bet.status === 'reserving')
  return (
    <li class={`bet bet-${bet.leaving ? 'releasing' : bet.status}`}>
      <span class="bet-name">{name}</span>
      <span class="bet-stake number">{formatCents(bet.stakeCents, currency)}</span>
      <BetState bet={bet} result={result} currency={currency} />
      {removable && (
        <button
          type="button"
          class="bet-remove"
          aria-label={t('table.takeBack', { bet: name })}
          onClick={() => onWithdraw([bet.betId])}
        >
          <Icon name="close" />
        </button>
      )}
    </li>
  )
}

function BetState({ bet, result, currency }: { bet: TableBet; result: RoundResult | null; currency: string }) {
  const { t } = useTexts()
  if (bet.status === 'dead') {
    if (bet.reason === 'withdrawn' || bet.reason === null) return <span class="bet-state">{t('bet.withdrawn')}</span>
    return (
      <span class="bet-state bet-bad">
        <Icon name="close" />
        {t('bet.dead')}. {t(`reason.${bet.reason}`)}
      </span>
    )
  }
  if (result?.how === 'void') return <span class="bet-state">{t('bet.void')}</span>
  if (result !== null && bet.status === 'accepted') {
    const paid = result.payouts.get(bet.betId) ?? 0
    if (paid === 0) return <span class="bet-state">{t('bet.lost')}</span>
    return <span class="bet-state bet-good">{t('bet.pays', { amount: formatCents(paid, currency) })}</span>
  }
  const status = bet.leaving ? 'releasing' : bet.status
  return (
    <span class={status === 'accepted' ? 'bet-state bet-good' : 'bet-state'}>
      {status === 'accepted' && <Icon name="check" />}
      {t(`bet.${status}`)}
    </span>
  )
}
