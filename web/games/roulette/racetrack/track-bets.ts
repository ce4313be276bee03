import { useMemo, useRef } from 'preact/hooks'
import { offeredBet, positionNamed } from '../../../../engine/roulette/bets.ts'
import type { Pocket } from '../../../../engine/roulette/pockets.ts'
import type { RouletteRules } from '../../../../engine/roulette/rules.ts'
import type { RouletteSelection } from '../../../../engine/roulette/selections.ts'
import { announcedText, placeText } from '../felt/names.ts'
import { stakeOf } from '../felt/stakes.ts'
import type { RouletteTableProps } from '../types.ts'

type TrackBetsProps = Pick<
  RouletteTableProps,
  'rules' | 'limits' | 'selectedChipCents' | 'enabled' | 't' | 'money' | 'onBet' | 'onAnnounce'
> & { readonly reach: number }
export type TrackBets = ReturnType<typeof useTrackBets>

/** What can be bet on the racetrack with the chip in hand: each bet's name, whether it is offered, and placing it. */
export function useTrackBets(props: TrackBetsProps) {
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
export function pocketsOf(rules: RouletteRules, pointed: RouletteSelection | null): ReadonlySet<Pocket> {
  if (pointed === null) return new Set()
  const { chips } = offeredBet(rules, pointed)
  return new Set(chips.flatMap(({ position }) => [...positionNamed(rules.wheel, position).covers]))
}
