import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Json } from '../../engine/game.ts'
import { positionNamed, readSelection } from '../../engine/roulette/bets.ts'
import type { RouletteOutcome } from '../../engine/roulette/payouts.ts'
import { isPocket, type Pocket, WHEEL_ORDER } from '../../engine/roulette/pockets.ts'
import { ROULETTE_VARIANTS, type RouletteRules, readRules } from '../../engine/roulette/rules.ts'
import type { RouletteSelection } from '../../engine/roulette/selections.ts'
import { placeName } from '../../engine/roulette/selections.ts'
import { formatCents } from '../format/money.ts'
import type { Language } from '../format/time.ts'
import type { TableBet } from '../net/table-state.ts'
import { readOutcome } from './outcome-badge.tsx'
import {
  announcedText,
  CHIP_VALUES_CENTS,
  ChipTray,
  createSound,
  Felt,
  type OwnBet,
  placeText,
  Racetrack,
  ResultStrip,
  rouletteEn,
  rouletteEsPe,
  type Sound,
  Statistics,
  type Translate,
  Wheel,
} from './roulette/index.ts'
import './roulette/roulette.css'
import type { GameTableProps, GameView } from './view.ts'

const texts: { readonly [language in Language]: Translate } = {
  'es-PE': translate(rouletteEsPe),
  en: translate(rouletteEn),
}
const ACTIONS = ['undo', 'clear', 'double', 'rebet', 'favourites'] as const
const FIRST_CHIP = 500

/** The page itself says the result, together with what it brought the player. */
function unsaid(): void {}

function translate(catalogue: Readonly<Record<keyof typeof rouletteEsPe, string>>): Translate {
  return (key, values = {}) =>
    catalogue[key].replaceAll(/\{\{(\w+)\}\}/g, (place, name: string) => String(values[name] ?? place))
}

function RouletteTable(props: GameTableProps) {
  const { info, round, landscape, can, onAction, onAnnounce, children } = props
  const view = useRoulette(props)
  const { shared, chipCents, setChip, chips } = view
  const [reach, setReach] = useState(2)
  const [preview, setPreview] = useState<readonly string[]>([])
  const orientation = landscape ? 'horizontal' : 'vertical'
  const disabled = new Set(ACTIONS.filter((action) => !can.has(action)))
  return children({
    stage: (
      <Wheel
        {...shared}
        phase={round.phase}
        drawnAtMs={round.drawnAtMs}
        nowMs={props.nowMs}
        reducedMotion={props.reducedMotion}
        onBallRest={props.onBallRest}
        onAnnounce={unsaid}
      />
    ),
    felt: (
      <Felt
        {...shared}
        phase={round.phase}
        ownBets={view.ownBets}
        spots={props.spots}
        limits={info.limits}
        orientation={orientation}
        preview={preview}
        onWithdraw={props.onWithdraw}
        onAnnounce={onAnnounce}
      />
    ),
    track: (
      <Racetrack
        {...shared}
        limits={info.limits}
        orientation={orientation}
        reach={reach}
        onReach={setReach}
        onPreview={setPreview}
        onAnnounce={onAnnounce}
      />
    ),
    tray: (
      <ChipTray
        t={shared.t}
        money={shared.money}
        chipsCents={chips}
        selectedChipCents={chipCents}
        onSelectChip={setChip}
        actions={ACTIONS}
        disabled={disabled}
        onAction={onAction}
      />
    ),
    strip: <ResultStrip t={shared.t} lastOutcomes={shared.lastOutcomes} />,
  })
}

/** What the parts of the table share. */
function useRoulette(props: GameTableProps) {
  const { info, round, bets, payouts, lastOutcomes, language, onBet } = props
  const rules = useMemo(() => readRules(info.rules) ?? ROULETTE_VARIANTS.european, [info.rules])
  const chips = useMemo(() => chipsOf(info.limits.perPlayerCents), [info.limits.perPlayerCents])
  const [chipCents, setChip] = useState(() => (chips.includes(FIRST_CHIP) ? FIRST_CHIP : (chips[0] ?? FIRST_CHIP)))
  const pockets = useMemo(() => lastOutcomes.flatMap((text) => pocketOf(readOutcome(text)) ?? []), [lastOutcomes])
  const outcome = useMemo(() => rouletteOutcome(readOutcome(round.outcome)), [round.outcome])
  const ownBets = useMemo(() => bets.map((bet) => rouletteBet(bet, payouts)), [bets, payouts])
  const money = useMemo(() => (cents: number) => formatCents(cents, info.currency), [info.currency])
  const sound = useSound(props, rules, outcome?.pocket ?? null, pockets[0] ?? null)
  const shared = {
    rules,
    outcome,
    ballAtRest: props.ballAtRest,
    lastOutcomes: pockets,
    selectedChipCents: chipCents,
    enabled: props.enabled,
    limits: info.limits,
    phase: round.phase,
    t: texts[language],
    money,
    onBet: (selection: RouletteSelection, stakeCents: number) => {
      sound.unlock()
      sound.chip()
      onBet([{ selection, stakeCents }])
    },
  }
  return { shared, chips, chipCents, setChip, ownBets }
}

/** Bell at "no more bets", the ball while it runs. Silent until the player has touched the page, as browsers want. */
function useSound(
  { round, muted, nowMs, reducedMotion }: GameTableProps,
  rules: RouletteRules,
  pocket: Pocket | null,
  last: Pocket | null,
): Sound {
  const made = useRef<Sound | null>(null)
  made.current ??= createSound(muted)
  const sound = made.current
  useEffect(() => sound.mute(muted), [sound, muted])
  useEffect(() => {
    const unlock = (): void => sound.unlock()
    window.addEventListener('pointerdown', unlock, { once: true })
    window.addEventListener('keydown', unlock, { once: true })
    return () => {
      window.removeEventListener('pointerdown', unlock)
      window.removeEventListener('keydown', unlock)
      sound.stop()
    }
  }, [sound])
  const closing = round.phase === 'closing' || round.phase === 'closed'
  const seen = useRef(closing)
  useEffect(() => {
    if (closing && !seen.current) sound.bell()
    seen.current = closing
  }, [sound, closing])
  const fromPocket = useRef(last)
  useEffect(() => {
    if (pocket === null) {
      fromPocket.current = last
      return
    }
    if (round.drawnAtMs === null || reducedMotion) return
    const order = WHEEL_ORDER[rules.wheel]
    const from = fromPocket.current === null ? 0 : order.indexOf(fromPocket.current)
    sound.spin(order.length, order.indexOf(pocket), from, Math.max(0, nowMs() - round.drawnAtMs))
  }, [sound, pocket, round.drawnAtMs])
  return sound
}

/** The house's chips up to what a player may have down, smallest first; at most seven. */
function chipsOf(perPlayerCents: number): readonly number[] {
  const fitting = CHIP_VALUES_CENTS.filter((value) => value <= perPlayerCents)
  return fitting.length > 0 ? fitting.toReversed() : [CHIP_VALUES_CENTS[CHIP_VALUES_CENTS.length - 1] ?? 100]
}

function rouletteBet(bet: TableBet, payouts: GameTableProps['payouts']): OwnBet {
  return {
    betId: bet.betId,
    // The table keeps selections in their canonical form; what this page sends is made by the felt.
    selection: bet.selection as RouletteSelection,
    stakeCents: bet.stakeCents,
    status: bet.status,
    leaving: bet.leaving,
    refusal: bet.reason === 'withdrawn' ? null : bet.reason,
    paidCents: payouts === null ? null : (payouts.get(bet.betId) ?? 0),
  }
}

function pocketOf(outcome: Json): Pocket | null {
  return rouletteOutcome(outcome)?.pocket ?? null
}

function rouletteOutcome(outcome: Json): RouletteOutcome | null {
  if (typeof outcome !== 'object' || outcome === null || !('pocket' in outcome)) return null
  return isPocket(outcome.pocket) ? { pocket: outcome.pocket } : null
}

/** A bet is named without its table at hand: the wheel on whose layout it lies tells which it was. */
function betText(value: Json, language: Language): string {
  const t = texts[language]
  for (const rules of Object.values(ROULETTE_VARIANTS)) {
    const selection = readSelection(rules, value)
    if (selection === null) continue
    const announced = announcedText(selection, { t })
    if (announced !== '') return announced
    return placeText(positionNamed(rules.wheel, placeName(selection) ?? ''), { t })
  }
  return JSON.stringify(value)
}

function RouletteStatistics({
  rules,
  outcomes,
  language,
}: {
  rules: Json
  outcomes: readonly Json[]
  language: Language
}) {
  const oldestFirst = useMemo(() => outcomes.flatMap((one) => rouletteOutcome(one) ?? []).toReversed(), [outcomes])
  return (
    <Statistics rules={readRules(rules) ?? ROULETTE_VARIANTS.european} outcomes={oldestFirst} t={texts[language]} />
  )
}

export const rouletteView: GameView = { Table: RouletteTable, Statistics: RouletteStatistics, betText }
