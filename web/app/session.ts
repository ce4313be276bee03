import type { Api, House, Me } from '../net/api.ts'
import { Store } from './store.ts'

/** Who is signed in: `undefined` until the server has said, `null` for nobody. */
export const me = new Store<Me | null | undefined>(undefined)
export const operator = new Store<House | null>(null)
/** True when the server serves another build of this page than the one that is open (U7). */
export const stale = new Store(false)

const MUTED = 'crupier.muted'
export const muted = new Store(localStorage.getItem(MUTED) === 'yes')

export function setMuted(on: boolean): void {
  localStorage.setItem(MUTED, on ? 'yes' : 'no')
  muted.set(on)
}

/** Asks the server who is signed in. Errors: rejects with `ApiError` when it cannot say. */
export async function readMe(api: Api): Promise<void> {
  me.set(await api.me())
}

export function setBalance(balanceCents: number): void {
  const known = me.get()
  if (known && known.balanceCents !== balanceCents) me.set({ ...known, balanceCents })
}

/**
 * Compares this page's build with the one that the server serves. A server that does not say is believed to be the same;
 * a page built without a build id (the design harness) is never stale.
 */
export async function checkVersion(api: Api, ownBuild: string): Promise<void> {
  const served = await api.build().catch(() => null)
  stale.set(served !== null && ownBuild !== '' && served !== ownBuild)
}
