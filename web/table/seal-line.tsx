import { useTexts } from '../i18n/i18n.ts'
import type { RoundView } from '../net/round-view.ts'
import { Icon } from '../ui/icon.tsx'

/** The round and its commitment in one line, in sight before the first bet; it opens what they mean. */
export function SealLine({ round, onOpen }: { round: RoundView; onOpen: () => void }) {
  const { t } = useTexts()
  return (
    <button type="button" class="seal" onClick={onOpen} title={round.commitment}>
      <Icon name="shield" />
      <span>
        {t('round.id')} <span class="mono">{round.roundId}</span> · {t('round.sealed')}{' '}
        <span class="mono">{round.commitment.slice(0, 10)}…</span>
      </span>
    </button>
  )
}
