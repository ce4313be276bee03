import { useMemo, useRef, useState } from 'preact/hooks'
import { MOST_REACH } from '../../../../engine/roulette/announced.ts'
import { offeredBet, positionNamed } from '../../../../engine/roulette/bets.ts'
import { colourOf, type Pocket } from '../../../../engine/roulette/pockets.ts'
import type { RouletteSelection } from '../../../../engine/roulette/selections.ts'
import type { Orientation } from '../felt/geometry.ts'
import { announcedText, placeText } from '../felt/names.ts'
import { stakeOf } from '../felt/stakes.ts'
import type { RouletteTableProps } from '../types.ts'
import { trackPlan } from './track.ts'

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
  const lit = litOn(props, pointed)
  const won = props.ballAtRest ? (props.outcome?.pocket ?? null) : null
  const point = (selection: RouletteSelection | null): void => {
    setPointed(selection)
    props.onPreview(selection === null ? [] : offeredBet(rules, selection).chips.map(({ position }) => position))
  }
  const act = (selection: RouletteSelection, index: number) => ({
    role: 'button' as const,
    tabIndex: keys.current === index ? 0 : -1,
    'data-at': index,
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
  })
  return (
    <section class={`rt rt-${orientation}${enabled ? '' : ' rf-off'}`} aria-label={t('track.label')}>
      <fieldset class="rt-round" onKeyDown={keys.onKeyDown} onFocusIn={keys.onFocusIn}>
        <legend class="r-hidden">{t('track.label')}</legend>
        <svg class="rt-track" role="presentation" viewBox={`0 0 ${plan.width} ${plan.height}`}>
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
        {rules.wheel === 'single-zero' && <Finales bets={bets} enabled={enabled} point={point} t={t} />}
      </div>
    </section>
  )
}

type TrackBets = ReturnType<typeof useTrackBets>

type FinalesProps = {
  readonly bets: TrackBets
  readonly enabled: boolean
  readonly point: (selection: RouletteSelection | null) => void
  readonly t: RacetrackProps['t']
}

function Finales({ bets, enabled, point, t }: FinalesProps) {
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

function useTrackBets(props: RacetrackProps) {
  const latest = useRef(props)
  latest.current = props
  const { rules, reach, limits, selectedChipCents, t, money } = props
  return useMemo(() => {
    const offered = (selection: RouletteSelection) => limits.perBet[offeredBet(rules, selection).kind] !== undefined
    const named = (selection: RouletteSelection): string =>
      announcedText(selection, { t }) ||
      placeText(positionNamed(rules.wheel, offeredBet(rules, selection).chips[0]?.position ?? ''), { t })
    const stake = (selection: RouletteSelection) => stakeOf(rules, selection, selectedChipCents)
    return {
      offered,
      around: (of: Pocket): RouletteSelection =>
        reach === 0 ? { kind: 'straight', numbers: [of] } : { kind: 'neighbours', of, reach },
      label(selection: RouletteSelection): string {
        const count = offeredBet(rules, selection).chipCount
        return `${named(selection)}, ${t('bet.chips', { count, amount: money(stake(selection)) })}`
      },
      place(selection: RouletteSelection): void {
        const { enabled, onBet, onAnnounce } = latest.current
        const offer = offered(selection)
        if (enabled && offer) onBet(selection, stake(selection))
        if (!enabled) onAnnounce(t('say.closed'))
        else if (!offer) onAnnounce(`${named(selection)}: ${t('spot.notOffered')}`)
        else onAnnounce(t('say.placed', { spot: named(selection), amount: money(stake(selection)) }))
      },
    }
  }, [rules, reach, limits, selectedChipCents, t, money])
}

/** The pockets that the bet pointed at covers. */
function litOn({ rules }: RacetrackProps, pointed: RouletteSelection | null): ReadonlySet<Pocket> {
  if (pointed === null) return new Set()
  const { chips } = offeredBet(rules, pointed)
  return new Set(chips.flatMap(({ position }) => [...positionNamed(rules.wheel, position).covers]))
}

/** One tab stop for a row of controls marked `data-at`; arrows move, and go round at the ends. */
function useRoving(count: number) {
  const [current, setCurrent] = useState(0)
  return {
    current: Math.min(current, count - 1),
    onFocusIn(event: FocusEvent): void {
      const at = event.target instanceof Element ? event.target.getAttribute('data-at') : null
      if (at !== null) setCurrent(Number(at))
    },
    onKeyDown(event: KeyboardEvent): void {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
      if (step === undefined || !(event.currentTarget instanceof Element)) return
      event.preventDefault()
      const next = (current + step + count) % count
      setCurrent(next)
      event.currentTarget.querySelector<SVGElement | HTMLElement>(`[data-at="${next}"]`)?.focus()
    },
  }
}
