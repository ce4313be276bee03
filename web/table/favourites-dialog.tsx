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

function Favourites(props: FavouritesProps & { known: readonly Favourite[] }) {
  const { gameId, onFelt, enabled, onPlace, onClose, currency } = props
  const { t } = useTexts()
  const { api } = useHouse()
  const [all, setAll] = useState(props.known)
  const [name, setName] = useState('')
  const [told, setTold] = useState('')
  const keep = async (next: readonly Favourite[], done: string): Promise<void> => {
    await api.saveFavourites(next).then(
      (saved) => {
        setAll(saved)
        setTold(done)
      },
      () => setTold(t('favourites.failed')),
    )
  }
  const here = all.filter((favourite) => favourite.gameId === gameId)
  const save = (): void => {
    const bets = onFelt.map(({ selection, stakeCents }) => ({ selection, stakeCents }))
    if (bets.length === 0) setTold(t('favourites.nothing'))
    else if (all.length >= MOST) setTold(t('favourites.full'))
    else void keep([...all, { name: name.trim(), gameId, bets }], t('favourites.saved')).then(() => setName(''))
  }
  return (
    <>
      {here.length === 0 && <p class="hint">{t('favourites.empty')}</p>}
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
              onClick={() =>
                void keep(
                  all.filter((other) => other !== favourite),
                  '',
                )
              }
            >
              <Icon name="clear" />
            </button>
          </li>
        ))}
      </ul>
      <form
        class="favourite-new"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') save()
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
        <button type="submit" class="button" disabled={name.trim() === '' || onFelt.length === 0}>
          <Icon name="star" />
          {t('favourites.save')}
        </button>
      </form>
      <p class="hint" role="status">
        {told}
      </p>
    </>
  )
}

function totalCents(bets: readonly BetSpec[]): number {
  return bets.reduce((sum, bet) => sum + bet.stakeCents, 0)
}
