import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { colourOf, type Pocket, WHEEL_ORDER } from '../../../../engine/roulette/pockets.ts'
import { ResultPlate, traitsText } from '../results/plate.tsx'
import type { RouletteTableProps } from '../types.ts'
import { playSpin, showEnd } from './animate.ts'
import { planSpin, REST_MS, STILL_MS } from './spin.ts'
import { BowlArt, LightArt, RotorArt } from './wheel-art.tsx'

export type WheelProps = Pick<
  RouletteTableProps,
  | 'rules'
  | 'phase'
  | 'outcome'
  | 'drawnAtMs'
  | 'nowMs'
  | 'lastOutcomes'
  | 'reducedMotion'
  | 't'
  | 'onAnnounce'
  | 'onBallRest'
>

/**
 * The wheel. It spins when an outcome comes, joins a spin that began earlier on the server's clock, and calls
 * `onBallRest` once for each outcome when the ball lies in its pocket. It fills the width it is given, as a square.
 */
export function Wheel(props: WheelProps) {
  const { rules, outcome, phase, lastOutcomes, t } = props
  const order = WHEEL_ORDER[rules.wheel]
  const rotor = useRef<HTMLDivElement>(null)
  const ball = useRef<HTMLDivElement>(null)
  const rested = useSpin(props, rotor, ball)
  const shown = outcome === null ? (lastOutcomes[0] ?? null) : rested ? outcome.pocket : null
  const lifted = outcome === null && (shown === null || phase === 'closing' || phase === 'closed')
  return (
    <div class="rw" role="img" aria-label={wheelLabel(props, shown)}>
      <BowlArt />
      <div class="rw-layer rw-rotor" ref={rotor}>
        <RotorArt key={rules.wheel} order={order} />
      </div>
      <LightArt />
      <div class={lifted ? 'rw-ball rw-ball-lifted' : 'rw-ball'} ref={ball} />
      {outcome !== null && rested && (
        <div class="rw-plate">
          <ResultPlate pocket={outcome.pocket} t={t} />
        </div>
      )}
    </div>
  )
}

function wheelLabel({ rules, outcome, t }: WheelProps, shown: Pocket | null): string {
  const label = t(rules.wheel === 'single-zero' ? 'wheel.label' : 'wheel.labelDouble')
  if (outcome !== null && shown === null) return `${label}. ${t('wheel.spinning')}`
  if (shown === null) return label
  if (outcome !== null) return `${label}. ${t('wheel.result', { number: shown, traits: traitsText(shown, t) })}`
  return `${label}. ${t('wheel.last', { number: shown, colour: t(`colour.${colourOf(shown)}`) })}`
}

type Target = RefObject<HTMLDivElement | null>

/** Drives rotor and ball; true when the ball of the present outcome is at rest. */
function useSpin(props: WheelProps, rotor: Target, ball: Target): boolean {
  const { rules, outcome, drawnAtMs, lastOutcomes, reducedMotion } = props
  const order = WHEEL_ORDER[rules.wheel]
  const pocket = outcome?.pocket ?? null
  const lastPocket = lastOutcomes[0]
  const spinKey = pocket === null ? null : `${pocket}@${drawnAtMs}`
  const standing = useRef<number | null>(null)
  const running = useRef<Animation[]>([])
  const latest = useRef(props)
  latest.current = props
  const [restedOn, setRestedOn] = useState<string | null>(null)

  // Between spins the wheel stands as the last one left it; a spin still slowing down is left to end by itself.
  useEffect(() => {
    if (rotor.current === null || ball.current === null || pocket !== null) return
    // The first results may come after the wheel is shown; from the first spin on, the wheel knows by itself.
    if (standing.current === null && lastPocket !== undefined) standing.current = order.indexOf(lastPocket)
    const slot = standing.current ?? 0
    showEnd(rotor.current, ball.current, planSpin({ slots: order.length, slot, fromSlot: slot }))
  }, [order, pocket, lastPocket])

  useEffect(() => {
    if (rotor.current === null || ball.current === null || pocket === null) return
    const slot = order.indexOf(pocket)
    const spin = planSpin({ slots: order.length, slot, fromSlot: standing.current ?? 0 })
    const elapsedMs = drawnAtMs === null ? STILL_MS : Math.max(0, latest.current.nowMs() - drawnAtMs)
    const still = reducedMotion || elapsedMs >= STILL_MS || restedOn === spinKey
    for (const animation of running.current) animation.cancel()
    running.current = still ? [] : playSpin(rotor.current, ball.current, spin, elapsedMs)
    showEnd(rotor.current, ball.current, spin)
    if (restedOn === spinKey) return
    const rest = () => {
      standing.current = slot
      setRestedOn(spinKey)
      const { t, onAnnounce, onBallRest } = latest.current
      onAnnounce(t('wheel.result', { number: pocket, traits: traitsText(pocket, t) }))
      onBallRest()
    }
    const timer = setTimeout(rest, still ? 0 : Math.max(0, REST_MS - elapsedMs))
    return () => clearTimeout(timer)
  }, [order, pocket, drawnAtMs, reducedMotion])

  useEffect(
    () => () => {
      for (const animation of running.current) animation.cancel()
    },
    [],
  )

  return spinKey !== null && restedOn === spinKey
}
