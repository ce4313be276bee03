import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Pocket } from '../../../../engine/roulette/pockets.ts'
import type { RouletteSelection } from '../../../../engine/roulette/selections.ts'
import type { Phase } from '../../../../engine/round/types.ts'
import { createSound, type Orientation, type OwnBet } from '../index.ts'
import { madeBet, nowMs, order } from './sample.ts'

export const sound = createSound()
const ANSWER_MS = 700

export type Stage = ReturnType<typeof useStage>

/** A round without a server: what the server would say is a function here. */
export function useStage() {
  const [phase, setPhase] = useState<Phase>('open')
  const [outcome, setOutcome] = useState<{ pocket: Pocket } | null>(null)
  const [drawnAtMs, setDrawnAtMs] = useState<number | null>(null)
  const [ballAtRest, setBallAtRest] = useState(false)
  const [bets, setBets] = useState<readonly OwnBet[]>([])
  const setAll = (change: (bet: OwnBet) => OwnBet): void => setBets((all) => all.map(change))
  return {
    phase,
    outcome,
    drawnAtMs,
    ballAtRest,
    bets,
    setBets,
    setAll,
    rest: () => setBallAtRest(true),
    close: () => setPhase('closed'),
    open(): void {
      setPhase('open')
      setOutcome(null)
      setDrawnAtMs(null)
      setBallAtRest(false)
      setBets([])
    },
    draw(pocket: Pocket, lateMs = 0): void {
      setPhase('drawn')
      setBallAtRest(false)
      setOutcome({ pocket })
      setDrawnAtMs(nowMs() - lateMs)
      sound.spin(order.length, order.indexOf(pocket), 0, lateMs)
    },
    bet(selection: RouletteSelection, stakeCents: number): void {
      sound.chip()
      const bet = madeBet(selection, stakeCents, 'sending')
      setBets((all) => [...all, bet])
      setTimeout(() => setAll((b) => (b.betId === bet.betId ? { ...b, status: 'accepted' } : b)), ANSWER_MS)
    },
  }
}

/** Upright on a phone held upright, lengthwise elsewhere. */
export function useOrientation(): Orientation {
  const query = useMemo(() => matchMedia('(max-width: 640px) and (orientation: portrait)'), [])
  const [upright, setUpright] = useState(query.matches)
  useEffect(() => {
    const change = () => setUpright(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [query])
  return upright ? 'vertical' : 'horizontal'
}
