import { useTexts } from '../i18n/i18n.ts'
import type { RoundView } from '../net/round-view.ts'
import { type Moment, momentOf, secondsUntil } from './phase.ts'
import { useTick } from './use-media.ts'

export type PhaseBarProps = {
  readonly round: RoundView | null
  readonly openedAtMs: number
  readonly ballAtRest: boolean
  /** False while the connection is away or the table holds: the clock runs on, but this page cannot bet. */
  readonly live: boolean
  readonly nowMs: () => number
}

const RADIUS = 26
const AROUND = 2 * Math.PI * RADIUS

/** Where the round stands: a ring that empties, the seconds in it, and the words of the croupier. */
export function PhaseBar({ round, openedAtMs, ballAtRest, live, nowMs }: PhaseBarProps) {
  useTick(200)
  const { t } = useTexts()
  const now = nowMs()
  const moment = momentOf(round, now, ballAtRest)
  const betting = moment === 'open' || moment === 'last-call'
  const until = betting ? (round?.closesAtMs ?? 0) : ended(moment) ? (round?.nextOpensAtMs ?? 0) : 0
  const seconds = secondsUntil(until, now)
  const totalMs = betting ? (round?.closesAtMs ?? 0) - openedAtMs : 0
  const left = betting && totalMs > 0 ? Math.min(1, Math.max(0, (until - now) / totalMs)) : 0
  return (
    <div class={`phase phase-${moment}${live ? '' : ' phase-away'}`}>
      <div class="ring" role="timer" aria-label={t('phase.timer')}>
        <svg viewBox="0 0 64 64" aria-hidden="true">
          <circle class="ring-track" cx="32" cy="32" r={RADIUS} />
          <circle
            class="ring-left"
            cx="32"
            cy="32"
            r={RADIUS}
            stroke-dasharray={AROUND}
            stroke-dashoffset={AROUND * (1 - left)}
          />
        </svg>
        <span class="ring-seconds number">{betting || (ended(moment) && seconds > 0) ? seconds : '–'}</span>
      </div>
      <div class="phase-words">
        <p class="phase-name">{t(betting && !live ? 'phase.away' : PHASE_KEYS[moment])}</p>
        <p class="phase-sub">
          {betting && t('phase.closesIn', { count: seconds })}
          {ended(moment) && seconds > 0 && t('phase.nextIn', { count: seconds })}
        </p>
      </div>
    </div>
  )
}

const PHASE_KEYS = {
  waiting: 'phase.waiting',
  open: 'phase.open',
  'last-call': 'phase.lastCall',
  closed: 'phase.closed',
  drawn: 'phase.drawn',
  settled: 'phase.settled',
  void: 'phase.void',
} as const satisfies Record<Moment, string>

function ended(moment: Moment): boolean {
  return moment === 'settled' || moment === 'void'
}
