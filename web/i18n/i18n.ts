import { createInstance, type TFunction } from 'i18next'
import { useEffect, useState } from 'preact/hooks'
import type { Language } from '../format/time.ts'
import type { Catalogue } from './es-PE.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page'
    resources: { page: Catalogue }
  }
}

export type T = TFunction<'page'>

const STORED = 'crupier.language'
const loaders: { readonly [language in Language]: () => Promise<Catalogue> } = {
  'es-PE': async () => (await import('./es-PE.ts')).esPE,
  en: async () => (await import('./en.ts')).en,
}

const i18n = createInstance()

/** The language chosen before on this device; Spanish of Peru for everyone else. */
export function storedLanguage(): Language {
  return localStorage.getItem(STORED) === 'en' ? 'en' : 'es-PE'
}

export function language(): Language {
  return i18n.language === 'en' ? 'en' : 'es-PE'
}

/** Loads the texts before the first page is drawn; only those of the language in use are fetched. */
export async function startI18n(first: Language): Promise<void> {
  await i18n.init({
    lng: first,
    fallbackLng: false,
    ns: ['page'],
    defaultNS: 'page',
    resources: { [first]: { page: await loaders[first]() } },
    // Preact escapes what it draws.
    interpolation: { escapeValue: false },
  })
  document.documentElement.lang = first
}

export async function changeLanguage(to: Language): Promise<void> {
  if (!i18n.hasResourceBundle(to, 'page')) i18n.addResourceBundle(to, 'page', await loaders[to]())
  localStorage.setItem(STORED, to)
  document.documentElement.lang = to
  await i18n.changeLanguage(to)
}

/** The texts in the page's language; the component is drawn again when the language changes. */
export function useTexts(): { readonly t: T; readonly language: Language } {
  const [, draw] = useState(0)
  useEffect(() => {
    const changed = (): void => draw((n) => n + 1)
    i18n.on('languageChanged', changed)
    return () => i18n.off('languageChanged', changed)
  }, [])
  return { t: i18n.t, language: language() }
}
