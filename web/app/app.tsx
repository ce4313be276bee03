import { useEffect, useRef } from 'preact/hooks'
import { formatDateTime, formatTime } from '../format/time.ts'
import { useTexts } from '../i18n/i18n.ts'
import { LobbyPage } from '../pages/lobby-page.tsx'
import { Page } from '../ui/loaded.tsx'
import { type HouseClient, HouseProvider } from './house.ts'
import { lazyPage } from './lazy-page.tsx'
import { hrefOf, type Route, useRoute } from './router.ts'
import { checkVersion, operator, readHouse, readMe, stale } from './session.ts'
import { Footer, Header } from './shell.tsx'
import { useStore } from './store.ts'

/** A window of maintenance is announced at least a minute ahead. */
const LOOK_EVERY_MS = 60_000

const TablePage = lazyPage(async () => (await import('../table/table-page.tsx')).TablePage)
const HistoryPage = lazyPage(async () => (await import('../pages/history-page.tsx')).HistoryPage)
const RoundPage = lazyPage(async () => (await import('../pages/round-page.tsx')).RoundPage)
const RulesPage = lazyPage(async () => (await import('../pages/rules-page.tsx')).RulesPage)
const AccountPage = lazyPage(async () => (await import('../pages/account-page.tsx')).AccountPage)
const SignPage = lazyPage(async () => (await import('../pages/sign-page.tsx')).SignPage)

/** `build` is the id of this page's build; empty outside a build. */
export function App({ house, build }: { house: HouseClient; build: string }) {
  const route = useRoute()
  useSession(house, build)
  const main = useFocusOnRoute(route)
  return (
    <HouseProvider value={house}>
      <SkipLink to={() => main.current?.focus()} />
      <Header route={route} />
      <StaleNotice />
      <MaintenanceNotice />
      <main ref={main} tabIndex={-1} class={route.page === 'table' ? 'main main-table' : 'main'}>
        <PageOf route={route} />
      </main>
      <Footer short={route.page === 'table'} />
    </HouseProvider>
  )
}

function PageOf({ route }: { route: Route }) {
  switch (route.page) {
    case 'lobby':
      return <LobbyPage />
    case 'table':
      return <TablePage key={route.tableId} tableId={route.tableId} />
    case 'history':
      return <HistoryPage />
    case 'round':
      return <RoundPage key={route.roundId} roundId={route.roundId} />
    case 'rules':
      return <RulesPage section={route.section} />
    case 'account':
      return <AccountPage />
    case 'sign-in':
    case 'sign-up':
      return <SignPage key={route.page} creating={route.page === 'sign-up'} />
    case 'not-found':
      return <NotFound />
  }
}

function NotFound() {
  const { t } = useTexts()
  return (
    <Page title={t('error.notFoundTitle')} lead={t('error.notFound')}>
      <a class="button button-gold" href={hrefOf({ page: 'lobby' })}>
        {t('error.toLobby')}
      </a>
    </Page>
  )
}

function SkipLink({ to }: { to: () => void }) {
  const { t } = useTexts()
  // A link to an anchor would change the route, which lives in the same place.
  return (
    <button type="button" class="skip" onClick={to}>
      {t('app.skip')}
    </button>
  )
}

function MaintenanceNotice() {
  const { t, language } = useTexts()
  const window = useStore(operator)?.maintenance ?? null
  if (window === null) return null
  const { startsAtMs, endsAtMs, reason } = window
  const [from, to] = [formatDateTime(startsAtMs, language), formatTime(endsAtMs, language)]
  return (
    <div class="notice notice-warn" role="status">
      <span>{t(startsAtMs > Date.now() ? 'maintenance.planned' : 'maintenance.underWay', { from, to, reason })}</span>
    </div>
  )
}

function StaleNotice() {
  const { t } = useTexts()
  if (!useStore(stale)) return null
  return (
    <div class="notice notice-warn" role="alert">
      <span>{t('version.stale')}</span>
      <button type="button" class="button button-small" onClick={() => window.location.reload()}>
        {t('version.reload')}
      </button>
    </div>
  )
}

function useSession({ api }: HouseClient, build: string): void {
  useEffect(() => {
    // Without an answer the page stays as for nobody; every later request tells what is wrong.
    void readMe(api).catch(() => undefined)
    const look = (): void => {
      void readHouse(api)
      void checkVersion(api, build)
    }
    look()
    const timer = setInterval(look, LOOK_EVERY_MS)
    return () => clearInterval(timer)
  }, [api, build])
}

/** Moves the focus to the new page, as a browser does on a page load; not on the first, which was just opened. */
function useFocusOnRoute(route: Route) {
  const main = useRef<HTMLElement>(null)
  const address = JSON.stringify(route)
  const first = useRef(true)
  useEffect(() => {
    if (first.current) first.current = false
    else {
      main.current?.focus({ preventScroll: true })
      window.scrollTo(0, 0)
    }
  }, [address])
  return main
}
