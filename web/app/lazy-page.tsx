import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Failure, Loading } from '../ui/loaded.tsx'

type Fetched<Props> = { readonly page: ComponentType<Props> } | { readonly error: unknown } | null

/**
 * A page whose code is fetched when it is first opened, so that the table loads only what the table needs.
 * A fetch that failed can be tried again.
 */
export function lazyPage<Props extends object>(fetchPage: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let known: ComponentType<Props> | null = null
  return function LazyPage(props: Props) {
    const [fetched, setFetched] = useState<Fetched<Props>>(() => (known === null ? null : { page: known }))
    const [turn, setTurn] = useState(0)
    useEffect(() => {
      let current = true
      if (known !== null) return
      setFetched(null)
      fetchPage().then(
        (page) => {
          known = page
          if (current) setFetched({ page })
        },
        (error: unknown) => {
          if (current) setFetched({ error })
        },
      )
      return () => {
        current = false
      }
    }, [turn])
    if (fetched === null) return <Loading />
    if ('error' in fetched) return <Failure error={fetched.error} again={() => setTurn((n) => n + 1)} />
    const Fetched = fetched.page
    return <Fetched {...props} />
  }
}
