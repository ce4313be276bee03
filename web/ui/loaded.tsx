import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useTitle } from '../app/title.ts'
import { useTexts } from '../i18n/i18n.ts'
import { ApiError } from '../net/api.ts'

export type Loaded<Value> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: Value }
  | { readonly state: 'failed'; readonly error: unknown }

/** Loads once for each `key`; `again` loads anew. */
export function useLoaded<Value>(key: string, load: () => Promise<Value>): [Loaded<Value>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: 'loading' })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let current = true
    setLoaded({ state: 'loading' })
    load().then(
      (value) => current && setLoaded({ state: 'ready', value }),
      (error: unknown) => current && setLoaded({ state: 'failed', error }),
    )
    return () => {
      current = false
    }
    // The key names everything that `load` depends on.
  }, [key, turn])
  return [loaded, () => setTurn((n) => n + 1)]
}

export function Loading() {
  const { t } = useTexts()
  return (
    <div class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      <span>{t('app.loading')}</span>
    </div>
  )
}

/** What a failure means for the player, with a way to try again. */
export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTexts()
  const status = error instanceof ApiError ? error.status : -1
  const text = status === 0 ? t('error.unreachable') : status === 404 ? t('error.notFound') : t('error.server')
  return (
    <div class="failure" role="alert">
      <p>{text}</p>
      {again !== undefined && status !== 404 && (
        <button type="button" class="button" onClick={again}>
          {t('app.retry')}
        </button>
      )}
    </div>
  )
}

export function Page({ title, lead, children }: { title: string; lead?: string; children: ComponentChildren }) {
  useTitle(title)
  return (
    <div class="page">
      <header class="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        {lead !== undefined && <p class="lead">{lead}</p>}
      </header>
      {children}
    </div>
  )
}
