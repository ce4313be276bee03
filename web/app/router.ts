import { useEffect, useState } from 'preact/hooks'

/** Every page of the app. Addresses live behind the `#`, so that any web server can serve the app as one file. */
export type Route =
  | { readonly page: 'lobby' }
  | { readonly page: 'table'; readonly tableId: string }
  | { readonly page: 'history' }
  | { readonly page: 'round'; readonly roundId: string }
  | { readonly page: 'rules'; readonly section: string | null }
  | { readonly page: 'account' }
  | { readonly page: 'sign-in' }
  | { readonly page: 'sign-up' }
  | { readonly page: 'not-found' }

export function routeOf(hash: string): Route {
  const [page = '', rest = '', ...more] = hash.replace(/^#\/?/, '').split('/')
  const id = decoded(rest)
  if (more.length > 0 || id === null) return { page: 'not-found' }
  if (page === 'mesa' && id !== '') return { page: 'table', tableId: id }
  if (page === 'reglas') return { page: 'rules', section: id === '' ? null : id }
  if (page === 'historial') return id === '' ? { page: 'history' } : { page: 'round', roundId: id }
  if (id !== '') return { page: 'not-found' }
  switch (page) {
    case '':
      return { page: 'lobby' }
    case 'cuenta':
      return { page: 'account' }
    case 'ingresar':
      return { page: 'sign-in' }
    case 'registro':
      return { page: 'sign-up' }
    default:
      return { page: 'not-found' }
  }
}

export function hrefOf(route: Exclude<Route, { page: 'not-found' }>): string {
  const id = encodeURIComponent
  switch (route.page) {
    case 'lobby':
      return '#/'
    case 'table':
      return `#/mesa/${id(route.tableId)}`
    case 'history':
      return '#/historial'
    case 'round':
      return `#/historial/${id(route.roundId)}`
    case 'rules':
      return route.section === null ? '#/reglas' : `#/reglas/${id(route.section)}`
    case 'account':
      return '#/cuenta'
    case 'sign-in':
      return '#/ingresar'
    case 'sign-up':
      return '#/registro'
  }
}

export function goTo(route: Exclude<Route, { page: 'not-found' }>): void {
  window.location.hash = hrefOf(route)
}

export function useRoute(): Route {
  const [hash, setHash] = useState(window.location.hash)
  useEffect(() => {
    const changed = (): void => setHash(window.location.hash)
    window.addEventListener('hashchange', changed)
    return () => window.removeEventListener('hashchange', changed)
  }, [])
  return routeOf(hash)
}

/** Null for an escape sequence that means nothing. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
