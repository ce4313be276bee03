import { render } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { ChipTray, Felt, Racetrack, ResultStrip, Statistics, type TrayAction, Wheel } from '../index.ts'
import { HISTORY, limits, money, nowMs, order, params, rules, SPOTS, sampleBets, t } from './sample.ts'
import { type Stage, sound, useOrientation, useStage } from './stage.ts'

/** Page for looking at the roulette view in every phase, on every size of screen. */
function Demo() {
  const stage = useStage()
  const { phase, outcome, ballAtRest, drawnAtMs, bets, setAll } = stage
  const [chip, setChip] = useState(500)
  const [reach, setReach] = useState(2)
  const [preview, setPreview] = useState<readonly string[]>([])
  const [said, setSaid] = useState('')
  const [reduced, setReduced] = useState(params.has('reduced'))
  const orientation = useOrientation()
  const last = useMemo(() => HISTORY.slice(0, 20), [])
  const outcomes = useMemo(() => HISTORY.toReversed().map((pocket) => ({ pocket })), [])
  const shared = {
    ...{ rules, outcome, ballAtRest, limits, t, money, orientation },
    selectedChipCents: chip,
    enabled: phase === 'open',
    onBet: stage.bet,
    onAnnounce: setSaid,
  }
  return (
    <div class="d-table" onPointerDown={sound.unlock}>
      <h1 class="r-hidden">Ruleta</h1>
      <div class="d-wheel">
        <Wheel
          {...{ rules, phase, outcome, drawnAtMs, nowMs, t }}
          lastOutcomes={last}
          reducedMotion={reduced}
          onAnnounce={setSaid}
          onBallRest={stage.rest}
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
        />
      </div>
      <div class="d-foot">
        <Tray stage={stage} chip={chip} onChip={setChip} />
        <ResultStrip lastOutcomes={last} t={t} />
        <div class="d-pair">
          <Racetrack {...shared} reach={reach} onReach={setReach} onPreview={setPreview} />
          <Statistics rules={rules} t={t} outcomes={outcomes} />
        </div>
        <p class="r-hidden" role="status">
          {said}
        </p>
        <Drive stage={stage} reduced={reduced} onReduced={setReduced} />
      </div>
    </div>
  )
}

function Tray({ stage, chip, onChip }: { stage: Stage; chip: number; onChip: (cents: number) => void }) {
  const act = (action: TrayAction): void => {
    if (action === 'clear') stage.setAll((bet) => ({ ...bet, status: 'dead' }))
    if (action === 'undo') stage.setBets((all) => all.slice(0, -1))
    if (action === 'rebet') stage.setBets(sampleBets())
  }
  return (
    <ChipTray
      {...{ t, money }}
      selectedChipCents={chip}
      chipsCents={[100, 500, 1_000, 2_500, 10_000, 50_000]}
      onSelectChip={onChip}
      actions={['undo', 'clear', 'double', 'rebet', 'favourites']}
      disabled={new Set(stage.bets.length === 0 ? ['undo', 'clear', 'double'] : ['rebet'])}
      onAction={act}
    />
  )
}

type DriveProps = { readonly stage: Stage; readonly reduced: boolean; readonly onReduced: (reduced: boolean) => void }

/** What the server would say, as buttons. */
function Drive({ stage, reduced, onReduced }: DriveProps) {
  const refused = { status: 'dead', refusal: 'insufficient-funds' } as const
  const steps: readonly (readonly [name: string, text: string, act: () => void])[] = [
    ['sample', 'muestra', () => stage.setBets(sampleBets())],
    ['accept', 'aceptar', () => stage.setAll((bet) => ({ ...bet, status: 'accepted' }))],
    [
      'refuse',
      'rechazar pendientes',
      () => stage.setAll((bet) => (bet.status === 'accepted' ? bet : { ...bet, ...refused })),
    ],
    ['close', 'cerrar', stage.close],
    ...([17, 0, 26, 36, '00'] as const)
      .filter((pocket) => order.includes(pocket))
      .map((pocket) => [`draw-${pocket}`, `sale ${pocket}`, () => stage.draw(pocket)] as const),
    ['late', 'llega tarde', () => stage.draw(17, 4_300)],
    ['end', 'fin', () => stage.draw(17, 60_000)],
    ['open', 'abrir', stage.open],
    ['reduced', reduced ? 'con movimiento' : 'sin movimiento', () => onReduced(!reduced)],
    ['bell', 'campana', sound.bell],
  ]
  return (
    <div class="d-drive">
      {steps.map(([name, text, act]) => (
        <button key={name} type="button" data-do={name} onClick={act}>
          {text}
        </button>
      ))}
    </div>
  )
}

const root = document.getElementById('root')
if (root !== null) render(<Demo />, root)
