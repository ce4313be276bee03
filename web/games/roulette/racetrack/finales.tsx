import type { RouletteSelection } from '../../../../engine/roulette/selections.ts'
import type { Translate } from '../types.ts'
import { useRoving } from './roving.ts'
import type { TrackBets } from './track-bets.ts'

type FinalesProps = {
  readonly bets: TrackBets
  readonly enabled: boolean
  readonly point: (selection: RouletteSelection | null) => void
  readonly t: Translate
}

/** The ten finales: all numbers that end in a digit. One tab stop. */
export function Finales({ bets, enabled, point, t }: FinalesProps) {
  const keys = useRoving(10)
  return (
    <fieldset class="rt-finales" onKeyDown={keys.onKeyDown} onFocusIn={keys.onFocusIn}>
      <legend>{t('track.finales')}</legend>
      {Array.from({ length: 10 }, (_, digit) => {
        const selection: RouletteSelection = { kind: 'finale', digit }
        return (
          <button
            key={digit}
            type="button"
            data-at={digit}
            tabIndex={keys.current === digit ? 0 : -1}
            aria-label={bets.label(selection)}
            aria-disabled={!enabled || !bets.offered(selection) ? true : undefined}
            onClick={() => bets.place(selection)}
            onPointerEnter={() => point(selection)}
            onPointerLeave={() => point(null)}
            onFocus={() => point(selection)}
            onBlur={() => point(null)}
          >
            {digit}
          </button>
        )
      })}
    </fieldset>
  )
}
