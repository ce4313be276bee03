import { useHouse } from '../app/house.ts'
import { hrefOf } from '../app/router.ts'
import { me } from '../app/session.ts'
import { useStore } from '../app/store.ts'
import { formatCents, formatNetCents } from '../format/money.ts'
import { formatDateTime, formatTime } from '../format/time.ts'
import { OutcomeBadge } from '../games/outcome-badge.tsx'
import type { GameView } from '../games/view.ts'
import { loadView } from '../games/views.ts'
import { type T, useTexts } from '../i18n/i18n.ts'
import { type Api, ApiError, type RoundDetail } from '../net/api.ts'
import { Icon } from '../ui/icon.tsx'
import { Failure, Loading, Page, useLoaded } from '../ui/loaded.tsx'
import { Verification } from './verification.tsx'

type Own = { readonly round: RoundDetail; readonly view: GameView }

/** One round: the player's own bets in it, when there were any, and its proof, which is open to everyone. */
export function RoundPage({ roundId }: { roundId: string }) {
  const { t } = useTexts()
  const { api } = useHouse()
  const player = useStore(me)
  const [loaded, again] = useLoaded(`${roundId}:${player?.playerId}`, async () =>
    player ? ownRound(api, roundId) : null,
  )
  return (
    <Page title={t('detail.title', { id: roundId })}>
      <a class="link-row" href={hrefOf({ page: 'history' })}>
        <Icon name="back" />
        {t('history.title')}
      </a>
      {loaded.state === 'loading' && <Loading />}
      {loaded.state === 'failed' && <Failure error={loaded.error} again={again} />}
      {loaded.state === 'ready' && loaded.value !== null && (
        <Detail {...loaded.value} currency={player?.currency ?? 'PEN'} />
      )}
      <Verification roundId={roundId} />
    </Page>
  )
}

/** Null when the session has ended, or the player had no bet in the round. */
async function ownRound(api: Api, roundId: string): Promise<Own | null> {
  try {
    const round = await api.round(roundId)
    return { round, view: await loadView(round.gameId) }
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 404)) return null
    throw error
  }
}

function Detail({ round, view, currency }: Own & { currency: string }) {
  const { t, language } = useTexts()
  const voided = round.how === 'void'
  const paid = voided ? round.stakedCents : round.paidCents
  return (
    <>
      <section class="panel round-sum">
        <div class="round-outcome">
          {voided ? <span class="tag">{t('history.voided')}</span> : <OutcomeBadge outcome={round.outcome} />}
        </div>
        <dl class="facts facts-row">
          <Fact name={t('history.when')} value={formatDateTime(round.endedAtMs, language)} />
          <Fact name={t('history.table')} value={round.tableId} />
          <Fact name={t('history.staked')} value={formatCents(round.stakedCents, currency)} />
          <Fact name={t('history.paid')} value={formatCents(paid, currency)} />
          <Fact name={t('history.net')} value={formatNetCents(paid - round.stakedCents, currency)} />
          {round.balanceAfterCents !== null && (
            <Fact name={t('detail.balanceAfter')} value={formatCents(round.balanceAfterCents, currency)} />
          )}
        </dl>
      </section>
      <section class="panel">
        <h2>{t('detail.bets')}</h2>
        <BetTable round={round} view={view} currency={currency} />
      </section>
      <section class="panel">
        <dl class="facts">
          <Fact name={t('detail.commitment')} value={round.opening.commitment} mono />
          <Fact name={t('detail.seed')} value={round.seedHex ?? t('detail.seedLater')} mono={round.seedHex !== null} />
        </dl>
      </section>
    </>
  )
}

function Fact({ name, value, mono = false }: { name: string; value: string; mono?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={mono ? 'mono hex' : 'number'}>{value}</dd>
    </div>
  )
}

function BetTable({ round, view, currency }: Own & { currency: string }) {
  const { t, language } = useTexts()
  return (
    <table class="data history">
      <thead>
        <tr>
          <th scope="col">{t('detail.bet')}</th>
          <th scope="col">{t('detail.placed')}</th>
          <th scope="col">{t('detail.fate')}</th>
          <th scope="col" class="right">
            {t('detail.stake')}
          </th>
          <th scope="col" class="right">
            {t('detail.paid')}
          </th>
        </tr>
      </thead>
      <tbody>
        {round.bets.map((bet) => (
          <tr key={bet.betId}>
            <th scope="row" data-label={t('detail.bet')}>
              {view.betText(bet.selection, language)}
            </th>
            <td data-label={t('detail.placed')} class="number">
              {formatTime(bet.placedAtMs, language)}
            </td>
            <td data-label={t('detail.fate')}>{fateText(t, bet.fate)}</td>
            <td data-label={t('detail.stake')} class="right number">
              {formatCents(bet.stakeCents, currency)}
            </td>
            <td data-label={t('detail.paid')} class="right number">
              {formatCents(bet.paidCents, currency)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function fateText(t: T, fate: string): string {
  switch (fate) {
    case 'accepted':
    case 'reserved':
    case 'released':
    case 'refused':
      return t(`detail.${fate}`)
    default:
      return fate
  }
}
