import { render } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { defaultLimits } from '../../../../engine/roulette/limits.ts'
import { type Pocket, WHEEL_ORDER } from '../../../../engine/roulette/pockets.ts'
import { ROULETTE_VARIANTS } from '../../../../engine/roulette/rules.ts'
import type { RouletteSelection } from '../../../../engine/roulette/selections.ts'
import type { Phase } from '../../../../engine/round/types.ts'
import { formatCents } from '../../../format/money.ts'
import {
  ChipTray,
  createSound,
  Felt,
  type OwnBet,
  Racetrack,
  ResultStrip,
  rouletteEn,
  rouletteEsPe,
  Statistics,
  type Translate,
  Wheel,
} from '../index.ts'

/** Page for looking at the roulette view in every phase: everything that the server would say is a button here. */
const params = new URLSearchParams(location.search)
const texts = params.get('lang') === 'en' ? rouletteEn : rouletteEsPe
const rules = params.get('wheel') === 'double' ? ROULETTE_VARIANTS.american : ROULETTE_VARIANTS.european
const limits = defaultLimits(rules)
const sound = createSound()
const order = WHEEL_ORDER[rules.wheel]
const money = (cents: number) => formatCents(cents)
const nowMs = () => performance.timeOrigin + performance.now()
const t: Translate = (key, values = {}) =>
  texts[key].replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => `${values[name] ?? ''}`)

/** A fixed sequence of results for strip and statistics. */
const HISTORY: readonly Pocket[] = Array.from({ length: 500 }, (_, i) => {
  const mixed = Math.imul(i + 11, 2_654_435_761) >>> 8
  return order[mixed % order.length] ?? 0
})
const SPOTS = new Map(
  (
    [
      ['straight:8', 1_500],
      ['split:19-22', 500],
      ['corner:31-32-34-35', 2_500],
      ['dozen:2', 12_000],
      ['red', 55_000],
      ['straight:17', 3_000],
      ['line:7-8-9-10-11-12', 700],
    ] as const
  ).map(([name, cents]) => [name, { cents, players: 3 }]),
)
const SAMPLE: readonly (readonly [RouletteSelection, number, OwnBet['status']])[] = [
  [{ kind: 'straight', numbers: [17] }, 1_000, 'accepted'],
  [{ kind: 'split', numbers: [17, 20] }, 500, 'accepted'],
  [{ kind: 'corner', numbers: [25, 26, 28, 29] }, 2_500, 'accepted'],
  [{ kind: 'street', numbers: [4, 5, 6] }, 500, 'reserving'],
  [{ kind: 'black' }, 11_600, 'accepted'],
  [{ kind: 'dozen', index: 2 }, 5_000, 'accepted'],
  [{ kind: 'column', index: 2 }, 1_000, 'sending'],
  [{ kind: 'straight', numbers: [0] }, 100, 'accepted'],
]
let nextId = 0
const made = (selection: RouletteSelection, stakeCents: number, status: OwnBet['status'] = 'accepted'): OwnBet => {
  nextId += 1
  return { betId: `bet-${nextId}`, selection, stakeCents, status }
}

function Demo() {
  const [phase, setPhase] = useState<Phase>('open')
  const [outcome, setOutcome] = useState<{ pocket: Pocket } | null>(null)
  const [drawnAtMs, setDrawnAtMs] = useState<number | null>(null)
  const [ballAtRest, setBallAtRest] = useState(false)
  const [bets, setBets] = useState<readonly OwnBet[]>([])
  const [chip, setChip] = useState(500)
  const [reach, setReach] = useState(2)
  const [preview, setPreview] = useState<readonly string[]>([])
  const [said, setSaid] = useState('')
  const [reduced, setReduced] = useState(params.has('reduced'))
  const orientation = useOrientation()
  const enabled = phase === 'open'

  const draw = (pocket: Pocket, lateMs = 0): void => {
    setPhase('drawn')
    setBallAtRest(false)
    setOutcome({ pocket })
    setDrawnAtMs(nowMs() - lateMs)
    sound.spin(order.length, order.indexOf(pocket), 0, lateMs)
  }
  const open = (): void => {
    setPhase('open')
    setOutcome(null)
    setDrawnAtMs(null)
    setBallAtRest(false)
    setBets([])
  }
  const setAll = (change: (bet: OwnBet) => OwnBet) => setBets((all) => all.map(change))
  const onBet = (selection: RouletteSelection, stakeCents: number): void => {
    sound.chip()
    const bet = made(selection, stakeCents, 'sending')
    setBets((all) => [...all, bet])
    setTimeout(() => setAll((b) => (b.betId === bet.betId ? { ...b, status: 'accepted' } : b)), 700)
  }
  const shared = { rules, outcome, ballAtRest, limits, selectedChipCents: chip, enabled, t, money, onBet, orientation }
  const last = useMemo(() => HISTORY.slice(0, 20), [])
  return (
    <div class="d-table" onPointerDown={sound.unlock}>
      <div class="d-wheel">
        <Wheel
          {...{ rules, phase, outcome, drawnAtMs, nowMs, t }}
          lastOutcomes={last}
          reducedMotion={reduced}
          onAnnounce={setSaid}
          onBallRest={() => setBallAtRest(true)}
        />
      </div>
      <div class="d-rail">
        <Felt
          {...shared}
          phase={phase}
          ownBets={bets}
          spots={SPOTS}
          preview={preview}
          onWithdraw={(ids) => setAll((b) => (ids.includes(b.betId) ? { ...b, status: 'dead' } : b))}
          onAnnounce={setSaid}
        />
      </div>
      <div class="d-foot">
        <ChipTray
          {...{ t, money }}
          selectedChipCents={chip}
          chipsCents={[100, 500, 1_000, 2_500, 10_000, 50_000]}
          onSelectChip={setChip}
          actions={['undo', 'clear', 'double', 'rebet', 'favourites']}
          disabled={new Set(bets.length === 0 ? ['undo', 'clear', 'double'] : ['rebet'])}
          onAction={(action) => {
            if (action === 'clear') setAll((b) => ({ ...b, status: 'dead' }))
            if (action === 'undo') setBets((all) => all.slice(0, -1))
            if (action === 'rebet') setBets(SAMPLE.map(([s, cents]) => made(s, cents)))
          }}
        />
        <ResultStrip lastOutcomes={last} t={t} />
        <div class="d-pair">
          <Racetrack {...shared} reach={reach} onReach={setReach} onPreview={setPreview} onAnnounce={setSaid} />
          <Statistics rules={rules} t={t} outcomes={HISTORY.toReversed().map((pocket) => ({ pocket }))} />
        </div>
        <p class="r-hidden" role="status">
          {said}
        </p>
        <div class="d-drive">
          <button
            type="button"
            data-do="sample"
            onClick={() => setBets(SAMPLE.map(([s, cents, st]) => made(s, cents, st)))}
          >
            muestra
          </button>
          <button type="button" data-do="accept" onClick={() => setAll((b) => ({ ...b, status: 'accepted' }))}>
            aceptar
          </button>
          <button
            type="button"
            data-do="refuse"
            onClick={() =>
              setAll((b) => (b.status === 'accepted' ? b : { ...b, status: 'dead', refusal: 'insufficient-funds' }))
            }
          >
            rechazar pendientes
          </button>
          <button type="button" data-do="close" onClick={() => setPhase('closed')}>
            cerrar
          </button>
          {([17, 0, 26, 36, '00'] as const)
            .filter((pocket) => order.includes(pocket))
            .map((pocket) => (
              <button key={pocket} type="button" data-do={`draw-${pocket}`} onClick={() => draw(pocket)}>
                sale {pocket}
              </button>
            ))}
          <button type="button" data-do="late" onClick={() => draw(17, 4_300)}>
            llega tarde
          </button>
          <button type="button" data-do="end" onClick={() => draw(17, 60_000)}>
            fin
          </button>
          <button type="button" data-do="open" onClick={open}>
            abrir
          </button>
          <button type="button" data-do="reduced" aria-pressed={reduced} onClick={() => setReduced(!reduced)}>
            sin movimiento
          </button>
          <button type="button" onClick={() => sound.bell()}>
            campana
          </button>
        </div>
      </div>
    </div>
  )
}

function useOrientation(): 'horizontal' | 'vertical' {
  const query = useMemo(() => matchMedia('(max-width: 640px) and (orientation: portrait)'), [])
  const [upright, setUpright] = useState(query.matches)
  useEffect(() => {
    const change = () => setUpright(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [query])
  return upright ? 'vertical' : 'horizontal'
}

const root = document.getElementById('root')
if (root !== null) render(<Demo />, root)
