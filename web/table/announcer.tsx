import { useEffect, useRef, useState } from 'preact/hooks'
import { outcomeText, readOutcome } from '../games/outcome-badge.tsx'
import { useTexts } from '../i18n/i18n.ts'
import { lackedResult, shownResult } from '../net/table-selectors.ts'
import type { TableState } from '../net/table-state.ts'
import { momentOf, secondsUntil } from './phase.ts'
import { resultText } from './result-banner.tsx'
import { useTick } from './use-media.ts'

export type AnnouncerProps = {
  readonly state: TableState
  readonly ballAtRest: boolean
  readonly nowMs: () => number
  readonly currency: string
  /** What a part of the table wants said ("Pleno 17: apuesta enviada"); `id` tells two equal texts apart. */
  readonly said: { readonly id: number; readonly text: string }
}

/** Says what the eye would see: phases, the last call, the result, chips placed. Only changes are said. */
export function Announcer({ state, ballAtRest, nowMs, currency, said }: AnnouncerProps) {
  useTick(500)
  const { t } = useTexts()
  const [phaseText, setPhaseText] = useState('')
  const now = nowMs()
  const moment = momentOf(state.round, now, ballAtRest)
  const key = `${state.round?.roundId}:${moment}`
  const before = useRef<string | null>(null)
  useEffect(() => {
    const first = before.current === null
    before.current = key
    // A page that has just opened is read as it stands; only what changes is announced.
    if (first || state.round === null) return
    const count = secondsUntil(state.round.closesAtMs, nowMs())
    const number = outcomeText(readOutcome(state.round.outcome))
    const detail = resultText(t, shownResult(state), currency, lackedResult(state) !== null)
    const texts = {
      waiting: '',
      open: t('phase.sayOpen', { count }),
      'last-call': t('phase.sayLastCall', { count }),
      closed: t('phase.sayClosed'),
      drawn: t('phase.sayDrawn'),
      settled: t('result.say', { number, detail }),
      void: t('phase.sayVoid'),
    }
    setPhaseText(texts[moment])
  }, [key])
  return (
    <>
      <p class="visually-hidden" aria-live="polite" data-testid="phase-said">
        {phaseText}
      </p>
      <p class="visually-hidden" aria-live="polite">
        <span key={said.id}>{said.text}</span>
      </p>
    </>
  )
}
