import { formatCents, formatNetCents } from '../format/money.ts'
import { formatElapsed, formatTime } from '../format/time.ts'
import { useTexts } from '../i18n/i18n.ts'
import { shownBalanceCents, shownLastWinCents, shownTally, totalStakeCents } from '../net/table-selectors.ts'
import type { TableState } from '../net/table-state.ts'
import { useTick } from './use-media.ts'

export type MoneyBarProps = {
  readonly state: TableState
  readonly currency: string
  /** What the balance is; null for an observer, who has none. */
  readonly kind: 'play' | 'real' | null
}

/** Balance, stake and last payout, always in sight (U1). */
export function MoneyBar({ state, currency, kind }: MoneyBarProps) {
  const { t } = useTexts()
  const balance = shownBalanceCents(state)
  const lastWin = shownLastWinCents(state)
  const money = (cents: number | null): string => (cents === null ? '–' : formatCents(cents, currency))
  return (
    <dl class="money" aria-label={t('table.money')}>
      <div class="money-balance">
        <dt>
          {t('table.balance')}{' '}
          {kind !== null && <span class="tag">{kind === 'play' ? t('table.playMoney') : t('table.realMoney')}</span>}
        </dt>
        <dd class="number">{money(balance)}</dd>
      </div>
      <div>
        <dt>{t('table.stake')}</dt>
        <dd class="number">{money(totalStakeCents(state))}</dd>
      </div>
      <div>
        <dt>{t('table.lastWin')}</dt>
        <dd class="number">{money(lastWin)}</dd>
      </div>
    </dl>
  )
}

/** Net position, length of the session and the time of day, in sight during play (H7). */
export function SessionBar({ state, currency, observer }: { state: TableState; currency: string; observer: boolean }) {
  useTick(1_000)
  const { t, language } = useTexts()
  const tally = shownTally(state)
  const now = Date.now()
  return (
    <dl class="session">
      {!observer && (
        <>
          <div>
            <dt>{t('table.net')}</dt>
            <dd class="number">{formatNetCents(tally.paidCents - tally.stakedCents, currency)}</dd>
          </div>
          <div>
            <dt>{t('table.session')}</dt>
            <dd class="number">{formatElapsed(now - tally.startedAtMs)}</dd>
          </div>
        </>
      )}
      <div>
        <dt>{t('table.limaTime')}</dt>
        <dd class="number">{formatTime(now, language)}</dd>
      </div>
    </dl>
  )
}
