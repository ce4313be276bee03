import { useEffect } from 'preact/hooks'
import { useTexts } from '../i18n/i18n.ts'
import type { TableSession } from '../net/table-session.ts'
import type { Notice } from '../net/table-state.ts'
import { Icon } from '../ui/icon.tsx'

const SHOWN_MS = 7_000

/** Refusals as they happen, read out at once and shown for some seconds; the bets list keeps them for the round. */
export function Notices({ notices, session }: { notices: readonly Notice[]; session: TableSession }) {
  return (
    <div class="notices" aria-live="assertive" aria-relevant="additions">
      {notices.map((notice) => (
        <NoticeLine key={notice.id} notice={notice} onGone={() => session.dismiss(notice.id)} />
      ))}
    </div>
  )
}

function NoticeLine({ notice, onGone }: { notice: Notice; onGone: () => void }) {
  const { t } = useTexts()
  useEffect(() => {
    const timer = setTimeout(onGone, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [notice.id])
  const reason = t(`reason.${notice.reason}`)
  const count = notice.betIds.length
  return (
    <div class="toast">
      <p>{count > 1 ? t('notice.some', { count, reason }) : t('notice.one', { reason })}</p>
      <button type="button" class="icon-button" aria-label={t('app.close')} onClick={onGone}>
        <Icon name="close" />
      </button>
    </div>
  )
}
