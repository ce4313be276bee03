import type { TableInfo } from '../../rooms/protocol.ts'
import { hrefOf } from '../app/router.ts'
import { useTitle } from '../app/title.ts'
import { formatCents } from '../format/money.ts'
import { useTexts } from '../i18n/i18n.ts'
import type { TableState } from '../net/table-state.ts'
import { Icon } from '../ui/icon.tsx'
import { SessionBar } from './money-bar.tsx'

export type TableHeadProps = {
  readonly info: TableInfo
  readonly state: TableState
  readonly observer: boolean
  readonly onHelp: () => void
}

export function TableHead({ info, state, observer, onHelp }: TableHeadProps) {
  const { t } = useTexts()
  useTitle(info.name)
  const ranges = Object.values(info.limits.perBet)
  const min = formatCents(Math.min(...ranges.map((range) => range.minCents)), info.currency)
  const max = formatCents(Math.max(...ranges.map((range) => range.maxCents)), info.currency)
  return (
    <header class="table-head">
      <a class="table-back" href={hrefOf({ page: 'lobby' })}>
        <Icon name="back" />
        <span>{t('table.back')}</span>
      </a>
      <h1>{info.name}</h1>
      <p class="table-facts">
        <span class="table-limits number">
          <span class="visually-hidden">{t('table.limits')}: </span>
          {t('lobby.limits', { min, max })}
        </span>
        <span class="table-players">
          <Icon name="people" />
          <span class="visually-hidden">{t('table.players')}: </span>
          <span class="number">{state.shared?.players ?? 0}</span>
        </span>
      </p>
      <SessionBar state={state} currency={info.currency} observer={observer} />
      <button type="button" class="button button-quiet table-help" onClick={onHelp}>
        <Icon name="help" />
        <span>{t('table.help')}</span>
      </button>
    </header>
  )
}
