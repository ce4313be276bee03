import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { offeredBet } from '../../../../engine/roulette/bets.ts'
import { FELT } from '../../../../engine/roulette/layout.ts'
import type { Pocket } from '../../../../engine/roulette/pockets.ts'
import type { OwnBet, RouletteTableProps } from '../types.ts'
import { FeltChips, isRefused } from './felt-chips.tsx'
import { FeltGrid } from './felt-grid.tsx'
import { FeltPrint, rounded } from './felt-print.tsx'
import { type FeltPlan, feltPlan, type Orientation, type Spot } from './geometry.ts'
import { announcedText, placeText, spotLabel } from './names.ts'
import { oddsOf, outcomeOf, ownStakes } from './stakes.ts'

export type FeltProps = Pick<
  RouletteTableProps,
  | 'rules'
  | 'phase'
  | 'outcome'
  | 'ballAtRest'
  | 'ownBets'
  | 'spots'
  | 'limits'
  | 'selectedChipCents'
  | 'enabled'
  | 't'
  | 'money'
  | 'onBet'
  | 'onWithdraw'
  | 'onAnnounce'
> & {
  readonly orientation: Orientation
  /** Places that a bet pointed at elsewhere (on the racetrack) would take. */
  readonly preview?: readonly string[]
  /** A bet of this player was refused while the felt was shown; its chips are leaving. */
  readonly onRefused?: (bet: OwnBet) => void
}

/** The betting layout with everything that lies on it. It fills the width it is given and keeps its proportions. */
export function Felt(props: FeltProps) {
  const { rules, orientation, outcome, ballAtRest, phase, ownBets, spots, t, money } = props
  const plan = feltPlan(rules.wheel, orientation)
  const [pointed, setPointed] = useState<string | null>(null)
  const stakes = useMemo(() => ownStakes(rules, ownBets), [rules, ownBets])
  const winner = ballAtRest && outcome !== null && phase !== 'void' ? outcome.pocket : null
  const result = useMemo(() => (winner === null ? null : outcomeOf(rules, ownBets, winner)), [rules, ownBets, winner])
  const labels = useMemo(() => {
    const label = ({ name, position }: Spot): string => {
      const offered = props.limits.perBet[position.kind] !== undefined
      const wins = winner !== null && position.covers.has(winner)
      const on = { own: stakes.get(name), spots, offered, paidCents: result?.paid.get(name), wins }
      return spotLabel(position, on, { t, money })
    }
    return new Map(Array.from(plan.spots.values(), (spot) => [spot.name, label(spot)]))
  }, [plan, stakes, spots, result, winner, props.limits, t, money])
  useRefusals(props)

  const hands = useHands(props, plan)
  const print = useMemo(() => <FeltPrint plan={plan} wheel={rules.wheel} t={t} />, [plan, rules, t])
  const aimedAt = pointed === null ? null : (plan.spots.get(pointed) ?? null)
  return (
    <div
      class={`rf rf-${orientation}${props.enabled ? '' : ' rf-off'}${winner === null ? '' : ' rf-told'}`}
      style={{ aspectRatio: `${plan.width} / ${plan.height}` }}
    >
      <Lights plan={plan} lit={winner === null ? litPockets(props, aimedAt) : NONE} aimedAt={aimedAt} winner={winner} />
      {print}
      <FeltChips
        {...{ rules, ownBets, spots, money, plan, stakes, result, winner }}
        selectedChipCents={props.selectedChipCents}
        aimedAt={props.enabled ? aimedAt : null}
      />
      <FeltGrid
        plan={plan}
        labels={labels}
        label={t(props.enabled ? 'felt.label' : 'felt.closed')}
        enabled={props.enabled}
        onPoint={setPointed}
        onPlace={hands.place}
        onTake={hands.take}
      />
      {aimedAt !== null && <Hint key={aimedAt.name} spot={aimedAt} plan={plan} t={t} />}
    </div>
  )
}

/** Placing and taking back on one place, with what is said about it. */
function useHands(props: FeltProps, plan: FeltPlan): { place: (name: string) => void; take: (name: string) => void } {
  const latest = useRef(props)
  latest.current = props
  return useMemo(() => {
    const named = (name: string) => plan.spots.get(name)?.position
    return {
      place(name) {
        const { enabled, limits, selectedChipCents, t, money, onBet, onAnnounce } = latest.current
        const position = named(name)
        if (position === undefined) return
        const spot = placeText(position, { t })
        if (!enabled) return onAnnounce(t('say.closed'))
        if (limits.perBet[position.kind] === undefined) return onAnnounce(`${spot}: ${t('spot.notOffered')}`)
        onBet(position.selection, selectedChipCents)
        onAnnounce(t('say.placed', { spot, amount: money(selectedChipCents) }))
      },
      take(name) {
        const { enabled, rules, ownBets, t, money, onWithdraw, onAnnounce } = latest.current
        const position = named(name)
        if (position === undefined) return
        if (!enabled) return onAnnounce(t('say.closed'))
        const on = (bet: OwnBet) => offeredBet(rules, bet.selection).chips.some((chip) => chip.position === name)
        const last = ownBets.findLast((bet) => bet.status !== 'dead' && bet.leaving !== true && on(bet))
        const spot = placeText(position, { t })
        if (last === undefined) return onAnnounce(t('say.nothingHere', { spot }))
        onWithdraw([last.betId])
        const what = announcedText(last.selection, { t }) || spot
        onAnnounce(t('say.removed', { spot: what, amount: money(last.stakeCents) }))
      },
    }
  }, [plan])
}

/** Tells once of each bet that was refused while this felt was shown. */
function useRefusals({ rules, ownBets, t, money, onAnnounce, onRefused }: FeltProps): void {
  const known = useRef<Set<string> | null>(null)
  useEffect(() => {
    const refused = ownBets.filter(isRefused)
    const told = known.current ?? new Set(refused.map((bet) => bet.betId))
    known.current = told
    for (const bet of refused) {
      if (told.has(bet.betId)) continue
      told.add(bet.betId)
      const position = FELT[rules.wheel].get(offeredBet(rules, bet.selection).chips[0]?.position ?? '')
      const place = announcedText(bet.selection, { t }) || (position === undefined ? '' : placeText(position, { t }))
      onAnnounce(t('say.refused', { spot: place, amount: money(bet.stakeCents) }))
      onRefused?.(bet)
    }
  }, [ownBets])
}

function litPockets({ rules, preview }: FeltProps, aimedAt: Spot | null): ReadonlySet<Pocket> {
  if (aimedAt !== null) return aimedAt.position.covers
  return new Set((preview ?? []).flatMap((name) => [...(FELT[rules.wheel].get(name)?.covers ?? [])]))
}

const NONE: ReadonlySet<Pocket> = new Set()

type LightsProps = {
  readonly plan: FeltPlan
  readonly lit: ReadonlySet<Pocket>
  readonly aimedAt: Spot | null
  readonly winner: Pocket | null
}

/** Light on the numbers that the place pointed at covers, and an outline around what the drawn number wins. */
function Lights({ plan, lit, aimedAt, winner }: LightsProps) {
  const own = aimedAt === null ? undefined : plan.cells.get(aimedAt.name)
  const winning =
    winner === null
      ? []
      : [winner, ...Array.from(plan.spots.values()).flatMap((s) => (s.position.covers.has(winner) ? [s.name] : []))]
  return (
    <svg class="rf-lights" viewBox={`0 0 ${plan.width} ${plan.height}`} aria-hidden="true">
      <defs>
        <linearGradient id="rf-dolly" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stop-color="#fff6d8" />
          <stop offset="0.45" stop-color="#e2bf72" />
          <stop offset="1" stop-color="#8d6526" />
        </linearGradient>
      </defs>
      {[...lit].map((pocket) => {
        const cell = plan.cells.get(pocket)
        return cell && <path key={pocket} class="rf-lit" d={rounded(cell, SQUARE)} />
      })}
      {own && <path class="rf-lit rf-lit-own" d={rounded(own, SQUARE)} />}
      {winning.map((name) => {
        const cell = plan.cells.get(name)
        return (
          cell && (
            <path key={name} class={name === winner ? 'rf-win rf-win-number' : 'rf-win'} d={rounded(cell, SQUARE)} />
          )
        )
      })}
    </svg>
  )
}
const SQUARE = { tl: 3, tr: 3, br: 3, bl: 3 }

/** The name and the odds of the place pointed at, beside it; the grid says the same to a screen reader. */
function Hint({ spot, plan, t }: { spot: Spot; plan: FeltPlan; t: FeltProps['t'] }) {
  const left = (spot.anchor.x / plan.width) * 100
  const below = spot.anchor.y < 70
  const side = left < 18 ? ' rf-hint-start' : left > 82 ? ' rf-hint-end' : ''
  return (
    <div
      class={`rf-hint${below ? ' rf-hint-below' : ''}${side}`}
      style={{ left: `${left}%`, top: `${(spot.anchor.y / plan.height) * 100}%` }}
      aria-hidden="true"
    >
      {placeText(spot.position, { t })} · {t('spot.pays', { odds: oddsOf(spot.position) })}
    </div>
  )
}
