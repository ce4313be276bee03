import { formatCents, formatNetCents } from '../format/money.ts'
import { outcomeText, readOutcome } from '../games/outcome-badge.tsx'
import { type T, useTexts } from '../i18n/i18n.ts'
import type { RoundView } from '../net/round-view.ts'
import type { RoundResult } from '../net/table-state.ts'

/** A payout above the stake is a win; anything else plays no win effect (H15). */
export function isWin(result: RoundResult | null): boolean {
  return result !== null && result.how === 'settled' && result.paidCents > result.stakedCents
}

/** What the round brought the player, in one line; `lacked` when it is still to be told. */
export function resultText(t: T, result: RoundResult | null, currency: string, lacked: boolean): string {
  if (result === null) return lacked ? t('result.lacked') : t('result.noBet')
  const paid = formatCents(result.paidCents, currency)
  if (result.how === 'void') return t('result.void', { amount: paid })
  if (result.paidCents === 0) return t('result.lost')
  if (isWin(result)) return t('result.won', { paid })
  return t('result.even', { paid, staked: formatCents(result.stakedCents, currency) })
}

export type ResultBannerProps = {
  readonly round: RoundView
  readonly result: RoundResult | null
  readonly currency: string
  /** True when the player had chips in the round and its result has not been told yet. */
  readonly lacked: boolean
}

/** The result as it stands from the moment the ball rests until the next round. */
export function ResultBanner({ round, result, currency, lacked }: ResultBannerProps) {
  const { t } = useTexts()
  const win = isWin(result)
  return (
    <div class={win ? 'result result-win' : 'result'}>
      {round.phase !== 'void' && (
        <p class="result-number">{t('result.title', { number: outcomeText(readOutcome(round.outcome)) })}</p>
      )}
      <p class="result-text">
        {round.phase === 'void' && result === null ? t('phase.void') : resultText(t, result, currency, lacked)}
      </p>
      {win && result !== null && (
        <p class="result-net">
          {t('result.wonNet', { net: formatNetCents(result.paidCents - result.stakedCents, currency) })}
        </p>
      )}
    </div>
  )
}
