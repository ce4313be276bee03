import { useState } from 'preact/hooks'
import { formatCents } from '../format/money.ts'
import { changeLanguage, useTexts } from '../i18n/i18n.ts'
import { Icon, Mark } from '../ui/icon.tsx'
import { hrefOf, type Route } from './router.ts'
import { me, muted, operator, setMuted } from './session.ts'
import { useStore } from './store.ts'

export function Header({ route }: { route: Route }) {
  const { t } = useTexts()
  const [open, setOpen] = useState(false)
  const links = [
    ['lobby', t('nav.lobby'), hrefOf({ page: 'lobby' })],
    ['history', t('nav.history'), hrefOf({ page: 'history' })],
    ['rules', t('nav.rules'), hrefOf({ page: 'rules', section: null })],
  ] as const
  return (
    <header class="top">
      <a class="brand" href={hrefOf({ page: 'lobby' })}>
        <Mark />
        <span>{t('app.name')}</span>
      </a>
      <nav class={open ? 'top-nav top-nav-open' : 'top-nav'} aria-label={t('nav.label')} id="top-nav">
        {links.map(([page, text, href]) => (
          <a
            key={page}
            href={href}
            aria-current={route.page === page ? 'page' : undefined}
            onClick={() => setOpen(false)}
          >
            {text}
          </a>
        ))}
      </nav>
      <div class="top-tools">
        <LanguageSwitch />
        <SoundSwitch />
        <Account />
        <button
          type="button"
          class="icon-button top-menu"
          aria-expanded={open}
          aria-controls="top-nav"
          aria-label={t('app.menu')}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? 'close' : 'menu'} />
        </button>
      </div>
    </header>
  )
}

function LanguageSwitch() {
  const { t, language } = useTexts()
  const other = language === 'en' ? 'es-PE' : 'en'
  return (
    <button type="button" class="icon-button language" lang={other} onClick={() => void changeLanguage(other)}>
      {language === 'en' ? 'ES' : 'EN'}
      <span class="visually-hidden"> ({language === 'en' ? t('app.spanish') : t('app.english')})</span>
    </button>
  )
}

function SoundSwitch() {
  const { t } = useTexts()
  const silent = useStore(muted)
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={silent ? t('app.unmute') : t('app.mute')}
      onClick={() => setMuted(!silent)}
    >
      <Icon name={silent ? 'muted' : 'sound'} />
    </button>
  )
}

function Account() {
  const { t } = useTexts()
  const player = useStore(me)
  if (player === undefined) return <span class="top-account-wait" aria-hidden="true" />
  if (player === null)
    return (
      <>
        <a class="button button-quiet top-sign-in" href={hrefOf({ page: 'sign-in' })}>
          {t('nav.signIn')}
        </a>
        <a class="button button-gold top-sign-up" href={hrefOf({ page: 'sign-up' })}>
          {t('nav.signUp')}
        </a>
      </>
    )
  return (
    <a class="wallet" href={hrefOf({ page: 'account' })}>
      <span class="wallet-money">
        <span class="wallet-kind">{player.playMoney ? t('table.playMoney') : t('table.realMoney')}</span>
        <span class="number">{formatCents(player.balanceCents, player.currency)}</span>
      </span>
      <span class="visually-hidden">{t('nav.account')}</span>
      <Icon name="user" />
    </a>
  )
}

/** What the law and honesty ask for on every page; it cannot be switched off (R6). */
export function Footer({ short }: { short: boolean }) {
  const { t } = useTexts()
  const house = useStore(operator)
  return (
    <footer class={short ? 'foot foot-short' : 'foot'}>
      <p class="foot-warning">
        <span class="foot-18" aria-hidden="true">
          18+
        </span>
        {t('footer.warning')} {t('footer.adults')}
      </p>
      <p>{t('footer.rng')}</p>
      <p>
        {house === null || house.registrationCode === '' || house.ruc === ''
          ? t('footer.operatorMissing')
          : t('footer.operator', { name: house.name, ruc: house.ruc, code: house.registrationCode })}
      </p>
    </footer>
  )
}
