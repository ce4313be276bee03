import { useState } from 'preact/hooks'
import { useHouse } from '../app/house.ts'
import { formatCents } from '../format/money.ts'
import { useTexts } from '../i18n/i18n.ts'
import type { Favourite } from '../net/api.ts'
import type { BetSpec } from '../net/table-state.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icon.tsx'
import { Failure, Loading, useLoaded } from '../ui/loaded.tsx'

const MOST = 12
const NAME_LENGTH = 40

export type FavouritesProps = {
  readonly gameId: string
  readonly currency: string
  /** The bets on the felt, to be saved. */
  readonly onFelt: readonly BetSpec[]
  readonly enabled: boolean
  readonly onPlace: (bets: readonly BetSpec[]) => void
  readonly onClose: () => void
}

/** Bets saved under a name, placed again with one touch. */
export function FavouritesDialog(props: FavouritesProps) {
  const { t } = useTexts()
  const { api } = useHouse()
  const [loaded, again] = useLoaded('favourites', () => api.favourites())
  return (
    <Dialog title={t('favourites.title')} onClose={props.onClose}>
      {loaded.state === 'loading' && <Loading />}
      {loaded.state === 'failed' && <Failure error={loaded.error} again={again} />}
      {loaded.state === 'ready' && <Favourites {...props} known={loaded.value} />}
    </Dialog>
  )
}

type Keep = (next: readonly Favourite[], done: string) => Promise<void>

function Favourites(props: FavouritesProps & { known: readonly Favourite[] }) {
  const { gameId, onFelt } = props
  const { t } = useTexts()
  const { api } = useHouse()
  const [all, setAll] = useState(props.known)
  const [told, setTold] = useState('')
  const keep: Keep = (next, done) =>
    api.saveFavourites(next).then(
      (saved) => {
        setAll(saved)
        setTold(done)
      },
      () => setTold(t('favourites.failed')),
    )
  const save = (name: string): void => {
    const bets = onFelt.map(({ selection, stakeCents }) => ({ selection, stakeCents }))
    if (all.length >= MOST) setTold(t('favourites.full'))
    else void keep([...all, { name, gameId, bets }], t('favourites.saved'))
  }
  return (
    <>
      <FavouriteList {...props} all={all} keep={keep} />
      <NewFavourite empty={onFelt.length === 0} onSave={save} />
      <p class="hint" role="status">
        {told}
      </p>
    </>
  )
}

type ListProps = FavouritesProps & { readonly all: readonly Favourite[]; readonly keep: Keep }

function FavouriteList({ all, keep, gameId, enabled, currency, onPlace, onClose }: ListProps) {
  const { t } = useTexts()
  const here = all.filter((favourite) => favourite.gameId === gameId)
  if (here.length === 0) return <p class="hint">{t('favourites.empty')}</p>
  return (
    <ul class="favourites">
      {here.map((favourite) => (
        <li key={`${favourite.name}:${all.indexOf(favourite)}`}>
          <span class="favourite-name">{favourite.name}</span>
          <button
            type="button"
            class="button button-gold button-small"
            disabled={!enabled}
            onClick={() => {
              onPlace(favourite.bets)
              onClose()
            }}
          >
            {t('favourites.place', { amount: formatCents(totalCents(favourite.bets), currency) })}
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label={t('favourites.remove', { name: favourite.name })}
            onClick={() => {
              const others = all.filter((other) => other !== favourite)
              void keep(others, '')
            }}
          >
            <Icon name="clear" />
          </button>
        </li>
      ))}
    </ul>
  )
}

/** Saves the bets on the felt under a name; there must be some. */
function NewFavourite({ empty, onSave }: { empty: boolean; onSave: (name: string) => void }) {
  const { t } = useTexts()
  const [name, setName] = useState('')
  return (
    <form
      class="favourite-new"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() === '' || empty) return
        onSave(name.trim())
        setName('')
      }}
    >
      <div class="field">
        <label for="favourite-name">{t('favourites.name')}</label>
        <input
          id="favourite-name"
          maxLength={NAME_LENGTH}
          autocomplete="off"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </div>
      <button type="submit" class="button" disabled={name.trim() === '' || empty}>
        <Icon name="star" />
        {t('favourites.save')}
      </button>
      {empty && <p class="hint">{t('favourites.nothing')}</p>}
    </form>
  )
}

function totalCents(bets: readonly BetSpec[]): number {
  return bets.reduce((sum, bet) => sum + bet.stakeCents, 0)
}
