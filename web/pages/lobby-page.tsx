import { useEffect, useState } from 'preact/hooks'
import type { LobbyTable } from '../../rooms/protocol.ts'
import { useHouse } from '../app/house.ts'
import { hrefOf } from '../app/router.ts'
import { formatCents } from '../format/money.ts'
import { OutcomeBadge, readOutcome } from '../games/outcome-badge.tsx'
import { type T, useTexts } from '../i18n/i18n.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { Loading, Page } from '../ui/loaded.tsx'

const SHOWN = 10

/** The floor: every open table as it is now, and what sets this house apart. */
export function LobbyPage() {
  const { t } = useTexts()
  const house = useHouse()
  const [tables, setTables] = useState<readonly LobbyTable[] | null>(null)
  const [live, setLive] = useState(false)
  useEffect(() => house.watchLobby(setTables, setLive), [house])
  return (
    <Page title={t('lobby.title')} lead={t('lobby.lead')}>
      <p class={live ? 'live live-on' : 'live'}>{live ? t('lobby.live') : t('lobby.polled')}</p>
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
  const limits = { min: formatCents(table.minCents), max: formatCents(table.maxCents) }
  return (
    <li class="card">
      <a class="card-link" href={hrefOf({ page: 'table', tableId: table.tableId })}>
        <div class="card-felt" aria-hidden="true">
          <CardWheel />
        </div>
        <div class="card-body">
          <div class="card-head">
            <h2>{table.name}</h2>
            <span class={`state state-${table.status}`}>{statusText(t, table)}</span>
          </div>
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

/** A quarter of a wheel, as the card's picture: red and black by turns, one green. */
function CardWheel() {
  const slots = Array.from({ length: 37 }, (_, i) => i)
  return (
    <svg viewBox="-100 -100 200 200" aria-hidden="true">
      <circle r="98" class="cw-wood" />
      <circle r="84" class="cw-rim" />
      {slots.map((i) => {
        const from = (i * 2 * Math.PI) / 37
        const to = ((i + 1) * 2 * Math.PI) / 37
        const point = (r: number, a: number): string =>
          `${(r * Math.sin(a)).toFixed(1)} ${(-r * Math.cos(a)).toFixed(1)}`
        const d = `M${point(80, from)}A80 80 0 0 1 ${point(80, to)}L${point(54, to)}A54 54 0 0 0 ${point(54, from)}Z`
        return <path key={i} d={d} class={i === 0 ? 'cw-green' : i % 2 === 0 ? 'cw-black' : 'cw-red'} />
      })}
      <circle r="54" class="cw-cone" />
      <circle r="14" class="cw-hub" />
      <circle cx="38" cy="-52" r="5" class="cw-ball" />
    </svg>
  )
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
