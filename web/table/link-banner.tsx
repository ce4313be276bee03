import { hrefOf } from '../app/router.ts'
import { useTexts } from '../i18n/i18n.ts'
import type { TableState } from '../net/table-state.ts'

export type LinkBannerProps = {
  readonly state: TableState
  readonly observer: boolean
  readonly onHurry: () => void
}

/** What stands between the player and betting, in plain words; nothing when nothing does. */
export function LinkBanner({ state, observer, onHurry }: LinkBannerProps) {
  const { t } = useTexts()
  const broken = brokenText(state)
  const status = state.shared?.status ?? 'running'
  return (
    <div class="link-banners">
      <div role="alert">
        {broken !== null && (
          <div class={`notice notice-${state.link === 'connecting' ? 'info' : 'warn'}${floating(isAway(state))}`}>
            {state.link !== 'no-table' && state.link !== 'signed-out' && <span class="spinner" aria-hidden="true" />}
            <span>{t(broken)}</span>
            {state.link === 'offline' && (
              <button type="button" class="button button-small" onClick={onHurry}>
                {t('link.now')}
              </button>
            )}
            {state.link === 'signed-out' && (
              <a class="button button-small" href={hrefOf({ page: 'sign-in' })}>
                {t('nav.signIn')}
              </a>
            )}
          </div>
        )}
      </div>
      <div role="status">
        {broken === null && isTold(status) && (
          <div class={`notice notice-info${floating(HOLDING.includes(status))}`}>{t(`link.${status}`)}</div>
        )}
        {broken === null && observer && (
          <div class="notice notice-info">
            <span>{t('link.observer')}</span>
            <a class="button button-small" href={hrefOf({ page: 'sign-in' })}>
              {t('nav.signIn')}
            </a>
          </div>
        )}
      </div>
    </div>
  )
}

function brokenText({ link, shared }: TableState) {
  switch (link) {
    case 'live':
      return null
    case 'connecting':
      return 'link.connecting'
    case 'reconnecting':
      return shared?.status === 'moving' ? 'link.moving' : 'link.reconnecting'
    case 'offline':
      return 'link.offline'
    case 'signed-out':
      return 'link.signedOut'
    case 'no-table':
      return 'link.noTable'
  }
}

/** What comes and goes by itself lies above the felt, so that no place moves away under a hand that aims at it. */
function floating(floats: boolean): string {
  return floats ? ' notice-float' : ''
}

function isAway({ link }: TableState): boolean {
  return link === 'reconnecting' || link === 'offline'
}

const TOLD = ['paused', 'draining', 'waiting', 'moving', 'suspended'] as const

/** No bets are taken meanwhile. */
const HOLDING: readonly string[] = ['waiting', 'moving', 'suspended']

function isTold(status: string): status is (typeof TOLD)[number] {
  return (TOLD as readonly string[]).includes(status)
}
