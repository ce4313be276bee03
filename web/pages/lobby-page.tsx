import { useEffect, useState } from 'preact/hooks'
import type { LobbyTable } from '../../rooms/protocol.ts'
import { useHouse } from '../app/house.ts'
import { hrefOf } from '../app/router.ts'
import { formatCents } from '../format/money.ts'
import { OutcomeBadge, readOutcome } from '../games/outcome-badge.tsx'
import { type T, useTexts } from '../i18n/i18n.ts'
import type { FloorNews } from '../net/floor-watch.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { Loading, Page, useLoaded } from '../ui/loaded.tsx'
import { CardWheel } from './card-wheel.tsx'

const SHOWN = 10

/** The floor: every open table as it is now, and what sets this house apart. */
export function LobbyPage() {
  const { t } = useTexts()
  const house = useHouse()
  const [tables, setTables] = useState<readonly LobbyTable[] | null>(null)
  const [news, setNews] = useState<FloorNews>('polled')
  useEffect(() => house.watchLobby(setTables, setNews), [house])
  return (
    <Page title={t('lobby.title')} lead={t('lobby.lead')}>
      <p class={`live live-${news}`} role="status">
        {t(`lobby.${news}`)}
      </p>
      {tables === null && <Loading />}
      {tables?.length === 0 && (
        <div class="empty">
          <p>{t('lobby.empty')}</p>
          <p class="hint">{t('lobby.emptyNote')}</p>
        </div>
      )}
      <ul class="tables">
        {tables?.map((table) => (
          <TableCard key={table.tableId} table={table} />
        ))}
      </ul>
      <ul class="promises">
        <HousePromise icon="shield" title={t('lobby.fairTitle')} text={t('lobby.fair')} section="justo" />
        <HousePromise icon="rebet" title={t('lobby.safeTitle')} text={t('lobby.safe')} section="conexion" />
        <HousePromise icon="help" title={t('lobby.rulesTitle')} text={t('lobby.rules')} section="pagos" />
      </ul>
    </Page>
  )
}

function TableCard({ table }: { table: LobbyTable }) {
  const { t } = useTexts()
  const rules = useRules(table.tableId)
  const limits = { min: formatCents(table.minCents), max: formatCents(table.maxCents) }
  return (
    <li class="card">
      <a class="card-link" href={hrefOf({ page: 'table', tableId: table.tableId })}>
        <div class="card-felt" aria-hidden="true">
          <CardWheel zeros={rules?.wheel === 'double-zero' ? 2 : 1} />
        </div>
        <div class="card-body">
          <div class="card-head">
            <h2>{table.name}</h2>
            <span class={`state state-${table.status}`}>{statusText(t, table)}</span>
          </div>
          <p class="card-variant">{rules === null ? '\u00a0' : variantText(t, rules)}</p>
          <dl class="card-facts">
            <div>
              <dt>{t('lobby.limitsLabel')}</dt>
              <dd class="number">{t('lobby.limits', limits)}</dd>
            </div>
            <div>
              <dt class="visually-hidden">{t('table.players')}</dt>
              <dd>
                <Icon name="people" />
                {t('lobby.players', { count: table.players })}
              </dd>
            </div>
          </dl>
          <ol class="card-last" aria-label={t('lobby.last')}>
            {table.lastOutcomes.slice(0, SHOWN).map((text, i) => (
              <li key={table.lastOutcomes.length - i}>
                <OutcomeBadge outcome={readOutcome(text)} />
              </li>
            ))}
            {table.lastOutcomes.length === 0 && <li class="hint">{t('lobby.noResults')}</li>}
          </ol>
          <span class="button button-gold card-sit">
            {t('lobby.sit')}
            <Icon name="forward" />
          </span>
        </div>
      </a>
    </li>
  )
}

type Rules = { readonly wheel?: string; readonly laPartage?: boolean }

/** The table's rules, which the lobby's rows leave out; null until they are known, and when they cannot be had. */
function useRules(tableId: string): Rules | null {
  const { api } = useHouse()
  const [loaded] = useLoaded(tableId, () => api.table(tableId))
  return loaded.state === 'ready' ? (loaded.value.rules as Rules | null) : null
}

function variantText(t: T, rules: Rules): string {
  const wheel = rules.wheel === 'double-zero' ? t('rules.doubleZero') : t('rules.singleZero')
  return rules.laPartage === true ? `${wheel} · ${t('lobby.laPartage')}` : wheel
}

/** A table that runs shows what its round is doing; any other shows why it does not. */
function statusText(t: T, { status, phase }: LobbyTable): string {
  switch (status) {
    case 'paused':
    case 'draining':
    case 'closed':
    case 'moving':
    case 'suspended':
      return t(`status.${status}`)
    default:
      return isPhase(phase) ? t(`phase.${phase}`) : t('status.running')
  }
}

type Phase = 'open' | 'closing' | 'closed' | 'drawn' | 'settled' | 'void'

function isPhase(phase: string): phase is Phase {
  return ['open', 'closing', 'closed', 'drawn', 'settled', 'void'].includes(phase)
}

function HousePromise({
  icon,
  title,
  text,
  section,
}: {
  icon: IconName
  title: string
  text: string
  section: string
}) {
  const { t } = useTexts()
  return (
    <li class="promise">
      <Icon name={icon} />
      <h2>{title}</h2>
      <p>{text}</p>
      <a href={hrefOf({ page: 'rules', section })}>
        {t('lobby.more')}
        <span class="visually-hidden">: {title}</span>
      </a>
    </li>
  )
}
