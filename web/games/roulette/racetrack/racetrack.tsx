import { useState } from 'preact/hooks'
import { MOST_REACH } from '../../../../engine/roulette/announced.ts'
import { offeredBet } from '../../../../engine/roulette/bets.ts'
import { colourOf } from '../../../../engine/roulette/pockets.ts'
import type { RouletteSelection } from '../../../../engine/roulette/selections.ts'
import type { Orientation } from '../felt/geometry.ts'
import type { RouletteTableProps } from '../types.ts'
import { Finales } from './finales.tsx'
import { useRoving } from './roving.ts'
import { trackPlan } from './track.ts'
import { pocketsOf, type TrackBets, useTrackBets } from './track-bets.ts'

export type RacetrackProps = Pick<
  RouletteTableProps,
  | 'rules'
  | 'limits'
  | 'selectedChipCents'
  | 'enabled'
  | 'outcome'
  | 'ballAtRest'
  | 't'
  | 'money'
  | 'onBet'
  | 'onAnnounce'
> & {
  readonly orientation: Orientation
  /** Neighbours on each side, 0 to 5. */
  readonly reach: number
  readonly onReach: (reach: number) => void
  /** The places that the bet pointed at would take, for the felt to light; empty when none is. */
  readonly onPreview: (positions: readonly string[]) => void
}

/** The wheel laid flat for announced bets, neighbours and finales. One tab stop; arrows go round it. */
export function Racetrack(props: RacetrackProps) {
  const { rules, orientation, reach, enabled, t, onReach } = props
  const plan = trackPlan(rules.wheel, orientation)
  const bets = useTrackBets(props)
  const [pointed, setPointed] = useState<RouletteSelection | null>(null)
  const keys = useRoving(plan.pockets.length + plan.sections.length)
  const lit = pocketsOf(rules, pointed)
  const won = props.ballAtRest ? (props.outcome?.pocket ?? null) : null
  const point = (selection: RouletteSelection | null): void => {
    setPointed(selection)
    props.onPreview(selection === null ? [] : offeredBet(rules, selection).chips.map(({ position }) => position))
  }
  const act = (selection: RouletteSelection, index: number) => ({
    // In SVG the attribute is lower case; as 'tabIndex' it would mean nothing.
    tabindex: keys.current === index ? 0 : -1,
    'data-at': index,
    ...trackButton(bets, selection, enabled, point),
  })
  return (
    <section class={`rt rt-${orientation}${enabled ? '' : ' rf-off'}`} aria-label={t('track.label')}>
      <fieldset class="rt-round" onKeyDown={keys.onKeyDown} onFocusIn={keys.onFocusIn}>
        <legend class="r-hidden">{t('track.label')}</legend>
        <svg class="rt-track" role="presentation" viewBox={`0 0 ${plan.width} ${plan.height}`}>
          <path class="rt-inner" d={plan.inner.path} />
          {plan.sections.length === 0 && (
            <text class="rt-inner-text" x={plan.inner.at[0]} y={plan.inner.at[1]}>
              {t('track.voisins')} ±{reach}
            </text>
          )}
          {plan.sections.map(({ kind, path, at }, i) => (
            <g key={kind} class="rt-section" {...act({ kind }, i)}>
              <path d={path} />
              <text x={at[0]} y={at[1]}>
                {t(`track.${kind}`)}
              </text>
            </g>
          ))}
          {plan.pockets.map(({ pocket, path, at }, i) => (
            <g
              key={pocket}
              class={`rt-pocket${lit.has(pocket) ? ' rt-lit' : ''}${won === pocket ? ' rt-won' : ''}`}
              {...act(bets.around(pocket), i + plan.sections.length)}
            >
              <path d={path} class={`rt-${colourOf(pocket)}`} />
              <text x={at[0]} y={at[1]}>
                {pocket}
              </text>
            </g>
          ))}
        </svg>
      </fieldset>
      <div class="rt-tools">
        <ReachStepper reach={reach} onReach={onReach} t={t} />
        {rules.wheel === 'single-zero' && <Finales bets={bets} enabled={enabled} point={point} t={t} />}
      </div>
    </section>
  )
}

/** What makes a field of the track a button. */
function trackButton(bets: TrackBets, selection: RouletteSelection, enabled: boolean, point: PointAt) {
  return {
    role: 'button' as const,
    'aria-label': bets.label(selection),
    'aria-disabled': !enabled || !bets.offered(selection) ? true : undefined,
    onClick: () => bets.place(selection),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      bets.place(selection)
    },
    onPointerEnter: () => point(selection),
    onPointerLeave: () => point(null),
    onFocus: () => point(selection),
    onBlur: () => point(null),
  }
}

type PointAt = (selection: RouletteSelection | null) => void

/** How many neighbours on each side a bet on the track takes in. */
function ReachStepper({ reach, onReach, t }: Pick<RacetrackProps, 'reach' | 'onReach' | 't'>) {
  return (
    <div class="rt-reach">
      <button type="button" aria-label={t('track.less')} disabled={reach <= 0} onClick={() => onReach(reach - 1)}>
        −
      </button>
      <output aria-live="polite">
        <span class="rt-reach-name">{t('track.reach')}</span> <b>±{reach}</b>
      </output>
      <button
        type="button"
        aria-label={t('track.more')}
        disabled={reach >= MOST_REACH}
        onClick={() => onReach(reach + 1)}
      >
        +
      </button>
    </div>
  )
}
