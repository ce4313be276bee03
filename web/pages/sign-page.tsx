import { useState } from 'preact/hooks'
import { useHouse } from '../app/house.ts'
import { goTo, hrefOf } from '../app/router.ts'
import { readMe } from '../app/session.ts'
import { useTitle } from '../app/title.ts'
import { type T, useTexts } from '../i18n/i18n.ts'
import { ApiError } from '../net/api.ts'
import { Icon, Mark } from '../ui/icon.tsx'

const PASSWORD = { least: 10, most: 128 }

/** Sign-up (`creating`) or sign-in. */
export function SignPage({ creating }: { creating: boolean }) {
  const { t } = useTexts()
  useTitle(creating ? t('nav.signUp') : t('nav.signIn'))
  return (
    <div class="sign">
      <div class="sign-card">
        <Mark />
        <h1>{creating ? t('auth.signUpTitle') : t('auth.signInTitle')}</h1>
        <p class="lead">{creating ? t('auth.signUpLead') : t('auth.signInLead')}</p>
        <SignForm creating={creating} />
        <p class="sign-other">
          {creating ? t('auth.hasAccount') : t('auth.noAccount')}{' '}
          <a href={hrefOf({ page: creating ? 'sign-in' : 'sign-up' })}>
            {creating ? t('nav.signIn') : t('nav.signUp')}
          </a>
        </p>
      </div>
      <p class="sign-pledge">
        <Icon name="shield" />
        {t('auth.pledge')}
      </p>
    </div>
  )
}

type Sent = { readonly told: string | null; readonly busy: boolean; readonly send: (form: FormData) => void }

/** Sends the form, and says what was wrong with it. */
function useSign(creating: boolean): Sent {
  const { t } = useTexts()
  const { api } = useHouse()
  const [told, setTold] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const send = async (form: FormData): Promise<void> => {
    const read = (name: string): string => String(form.get(name) ?? '')
    const [email, password] = [read('email').trim(), read('password')]
    const wrong = creating ? wrongInput(t, email, password, form.has('adult')) : null
    setTold(wrong)
    if (wrong !== null) return
    setBusy(true)
    try {
      if (creating) await api.signUp(email, password, read('name').trim())
      else await api.signIn(email, password)
      await readMe(api)
      goTo({ page: 'lobby' })
    } catch (error) {
      setTold(failureText(t, error))
    } finally {
      setBusy(false)
    }
  }
  return { told, busy, send: (form) => void send(form) }
}

function SignForm({ creating }: { creating: boolean }) {
  const { t } = useTexts()
  const { told, busy, send } = useSign(creating)
  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        send(new FormData(event.currentTarget))
      }}
    >
      {creating && (
        <div class="field">
          <label for="sign-name">{t('auth.name')}</label>
          <input id="sign-name" name="name" autocomplete="nickname" maxLength={40} required />
        </div>
      )}
      <div class="field">
        <label for="sign-email">{t('auth.email')}</label>
        <input id="sign-email" name="email" type="email" autocomplete="email" maxLength={254} required />
      </div>
      <Password creating={creating} />
      {creating && (
        <label class="check">
          <input type="checkbox" name="adult" />
          {t('auth.adult')}
        </label>
      )}
      <p class="form-error" role="alert">
        {told}
      </p>
      <button type="submit" class="button button-gold button-wide" disabled={busy}>
        {creating ? t('auth.signUp') : t('auth.signIn')}
      </button>
    </form>
  )
}

function Password({ creating }: { creating: boolean }) {
  const { t } = useTexts()
  const [shown, setShown] = useState(false)
  const password = {
    id: 'sign-password',
    name: 'password',
    autocomplete: creating ? 'new-password' : 'current-password',
    maxLength: PASSWORD.most,
    'aria-describedby': 'sign-password-help',
    required: true,
  }
  return (
    <>
      <div class="field">
        <label for="sign-password">{t('auth.password')}</label>
        {shown ? <input type="text" {...password} /> : <input type="password" {...password} />}
        <p class="hint" id="sign-password-help">
          {creating && t('auth.passwordHelp')}
        </p>
      </div>
      <label class="check">
        <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} />
        {t('auth.showPassword')}
      </label>
    </>
  )
}

function wrongInput(t: T, email: string, password: string, adult: boolean): string | null {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return t('auth.badEmail')
  if (password.length < PASSWORD.least || password.length > PASSWORD.most) return t('auth.weak')
  return adult ? null : t('auth.adultNeeded')
}

/** The auth library's codes that a player can do something about. */
function failureText(t: T, error: unknown): string {
  if (!(error instanceof ApiError)) return t('error.server')
  if (error.status === 0) return t('error.unreachable')
  if (error.status === 429) return t('auth.tooMany')
  if (/USER_ALREADY_EXISTS/.test(error.code)) return t('auth.taken')
  if (/PASSWORD_TOO/.test(error.code)) return t('auth.weak')
  if (error.code === 'INVALID_EMAIL') return t('auth.badEmail')
  return error.status === 401 ? t('auth.invalid') : t('error.server')
}
