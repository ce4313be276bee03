import { useEffect, useState } from 'preact/hooks'
import { useHouse } from '../app/house.ts'
import { hrefOf } from '../app/router.ts'
import { me } from '../app/session.ts'
import { useStore } from '../app/store.ts'
import { formatCents, formatNetCents } from '../format/money.ts'
import { formatDateTime } from '../format/time.ts'
import { OutcomeBadge } from '../games/outcome-badge.tsx'
import { useTexts } from '../i18n/i18n.ts'
import type { RoundRow } from '../net/api.ts'
import { Failure, Loading, Page } from '../ui/loaded.tsx'

const PAGE = 25

/** The player's rounds, newest first (G23). */
export function HistoryPage() {
  const { t } = useTexts()
  const player = useStore(me)
  if (player === undefined) return <Loading />
  return (
    <Page title={t('history.title')} lead={player === null ? t('history.signIn') : t('history.lead')}>
      {player === null ? (
        <a class="button button-gold" href={hrefOf({ page: 'sign-in' })}>
          {t('nav.signIn')}
        </a>
      ) : (
        <Rounds currency={player.currency} />
      )}
    </Page>
  )
}

function Rounds({ currency }: { currency: string }) {
  const { t } = useTexts()
  const { rows, more, error, load } = useRounds()
  if (rows === null) return error === null ? <Loading /> : <Failure error={error} again={load} />
  if (rows.length === 0)
    return (
      <div class="empty">
        <p>{t('history.empty')}</p>
        <a class="button button-gold" href={hrefOf({ page: 'lobby' })}>
          {t('error.toLobby')}
        </a>
      </div>
    )
  return (
    <>
      <table class="data history">
        <thead>
          <tr>
            <th scope="col">{t('history.when')}</th>
            <th scope="col">{t('history.round')}</th>
            <th scope="col">{t('history.outcome')}</th>
            <th scope="col" class="right">
              {t('history.staked')}
            </th>
            <th scope="col" class="right">
              {t('history.paid')}
            </th>
            <th scope="col" class="right">
              {t('history.net')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <RoundLine key={row.roundId} row={row} currency={currency} />
          ))}
        </tbody>
      </table>
      {error !== null && <Failure error={error} />}
      {more && (
        <button type="button" class="button" onClick={load}>
          {t('history.more')}
        </button>
      )}
    </>
  )
}

function RoundLine({ row, currency }: { row: RoundRow; currency: string }) {
  const { t, language } = useTexts()
  const voided = row.how === 'void'
  const net = voided ? 0 : row.paidCents - row.stakedCents
  return (
    <tr>
      <td data-label={t('history.when')} class="number">
        {formatDateTime(row.endedAtMs, language)}
      </td>
      <th scope="row" data-label={t('history.round')}>
        <a class="mono" href={hrefOf({ page: 'round', roundId: row.roundId })}>
          {row.roundId}
        </a>
      </th>
      <td data-label={t('history.outcome')}>
        {voided ? <span class="tag">{t('history.voided')}</span> : <OutcomeBadge outcome={row.outcome} />}
      </td>
      <td data-label={t('history.staked')} class="right number">
        {formatCents(row.stakedCents, currency)}
      </td>
      <td data-label={t('history.paid')} class="right number">
        {formatCents(voided ? row.stakedCents : row.paidCents, currency)}
      </td>
      <td data-label={t('history.net')} class="right number">
        {formatNetCents(net, currency)}
      </td>
    </tr>
  )
}

function useRounds(): { rows: readonly RoundRow[] | null; more: boolean; error: unknown; load: () => void } {
  const { api } = useHouse()
  const [rows, setRows] = useState<readonly RoundRow[] | null>(null)
  const [next, setNext] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const load = (): void => {
    setError(null)
    api.rounds(next, PAGE).then(
      (page) => {
        setRows((known) => [...(known ?? []), ...page.rounds])
        setNext(page.next)
      },
      (cause: unknown) => setError(cause),
    )
  }
  useEffect(load, [api])
  return { rows, more: next !== null, error, load }
}
