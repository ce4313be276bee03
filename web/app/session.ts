import type { Api, House, Me } from '../net/api.ts'
import { Store } from './store.ts'
import { isStale } from './version.ts'

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

/** Asks who operates the house, and whether it will pause; no answer leaves things as they are. */
export async function readHouse(api: Api): Promise<void> {
  const house = await api.house().catch(() => null)
  if (house !== null) operator.set(house)
}

/** Asks which build the server serves; no answer leaves things as they are. */
export async function checkVersion(api: Api, ownBuild: string): Promise<void> {
  const served = await api.build().catch(() => null)
  stale.set(isStale(ownBuild, served))
}
