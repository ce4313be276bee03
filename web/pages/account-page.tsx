import { useState } from 'preact/hooks'
import { useHouse } from '../app/house.ts'
import { goTo, hrefOf } from '../app/router.ts'
import { me, setBalance } from '../app/session.ts'
import { useStore } from '../app/store.ts'
import { formatCents } from '../format/money.ts'
import { type T, useTexts } from '../i18n/i18n.ts'
import { ApiError, type Me } from '../net/api.ts'
import { Icon } from '../ui/icon.tsx'
import { Loading, Page } from '../ui/loaded.tsx'
import { MoneyField } from '../ui/money-field.tsx'

const FIRST_GRANT_CENTS = 100_000

/** Balance, play money where the house gives it, and the way out. */
export function AccountPage() {
  const { t } = useTexts()
  const player = useStore(me)
  if (player === undefined) return <Loading />
  if (player === null)
    return (
      <Page title={t('account.title')}>
        <a class="button button-gold" href={hrefOf({ page: 'sign-in' })}>
          {t('nav.signIn')}
        </a>
      </Page>
    )
  return (
    <Page title={t('account.title')} lead={t('account.signedInAs', { name: player.name })}>
      <div class="account">
        <section class="panel">
          <h2>{player.playMoney ? t('account.playBalance') : t('account.realBalance')}</h2>
          <p class="account-balance number">{formatCents(player.balanceCents, player.currency)}</p>
          {player.playMoney && <PlayMoney player={player} />}
        </section>
        <AccountLinks />
      </div>
    </Page>
  )
}

function PlayMoney({ player }: { player: Me }) {
  const { t } = useTexts()
  const { api } = useHouse()
  const [cents, setCents] = useState<number | null>(FIRST_GRANT_CENTS)
  const [told, setTold] = useState('')
  // An id is kept until it is answered, so that asking again after a lost answer is the same grant.
  const [id, setId] = useState(() => crypto.randomUUID())
  const ask = async (): Promise<void> => {
    if (cents === null || cents === 0) return
    try {
      setBalance(await api.playMoney(id, cents))
      setTold(t('account.playMoneyGot', { amount: formatCents(cents, player.currency) }))
      setId(crypto.randomUUID())
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) setId(crypto.randomUUID())
      setTold(refusalText(t, error))
    }
  }
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void ask()
      }}
    >
      <p class="hint">{t('account.playMoneyNote')}</p>
      <MoneyField label={t('account.playMoneyAmount')} cents={FIRST_GRANT_CENTS} onCents={setCents} />
      <button type="submit" class="button button-gold" disabled={cents === null || cents === 0}>
        <Icon name="plus" />
        {t('account.playMoney')}
      </button>
      <p role="status">{told}</p>
    </form>
  )
}

function refusalText(t: T, error: unknown): string {
  if (!(error instanceof ApiError)) return t('error.server')
  switch (error.code) {
    case 'play-money-off':
      return t('account.playMoneyOff')
    case 'grant-too-large':
      return t('account.playMoneyMost')
    case 'daily-limit':
      return t('account.playMoneyLimit')
    default:
      return error.status === 0 ? t('error.unreachable') : t('error.server')
  }
}

function AccountLinks() {
  const { t } = useTexts()
  const { api } = useHouse()
  const signOut = async (): Promise<void> => {
    // Signed out here even when the server cannot be told: the session ends there by itself.
    await api.signOut().catch(() => undefined)
    me.set(null)
    goTo({ page: 'lobby' })
  }
  return (
    <section class="panel account-links">
      <a class="link-row" href={hrefOf({ page: 'history' })}>
        <Icon name="rebet" />
        {t('nav.history')}
      </a>
      <a class="link-row" href={hrefOf({ page: 'rules', section: null })}>
        <Icon name="help" />
        {t('nav.rules')}
      </a>
      <a class="link-row" href="/verify/">
        <Icon name="shield" />
        {t('nav.verify')}
      </a>
      <button type="button" class="button" onClick={() => void signOut()}>
        {t('nav.signOut')}
      </button>
    </section>
  )
}
