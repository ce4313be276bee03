import { useState } from 'preact/hooks'
import { hrefOf } from '../app/router.ts'
import { useTexts } from '../i18n/i18n.ts'
import type { RoundView } from '../net/round-view.ts'
import type { TableSession } from '../net/table-session.ts'
import { Icon } from '../ui/icon.tsx'

export type RoundPanelProps = {
  readonly round: RoundView | null
  /** The last round that ended while this page was at the table; null before one has. */
  readonly endedRoundId: string | null
  /** True once the ball rests: the seed would tell the result before. */
  readonly ballAtRest: boolean
  readonly session: TableSession
  readonly observer: boolean
}

const SEED_LENGTH = 64
/** What the table takes as a seed: printable ASCII, so that its bytes are the same everywhere. */
const SEED = /^[\x20-\x7e]+$/

/** What fixes the round's result before the first bet, and how to check it afterwards. */
export function RoundPanel({ round, endedRoundId, ballAtRest, session, observer }: RoundPanelProps) {
  const { t } = useTexts()
  return (
    <div class="round-panel">
      <dl class="facts">
        <div>
          <dt>{t('round.id')}</dt>
          <dd class="mono">{round?.roundId ?? '–'}</dd>
        </div>
        <Fingerprint label={t('round.commitment')} hex={round?.commitment ?? ''} />
        {ballAtRest && round !== null && round.seedHex !== '' && (
          <Fingerprint label={t('round.seed')} hex={round.seedHex} />
        )}
      </dl>
      <p class="hint">{t('round.explain')}</p>
      {endedRoundId !== null && (
        <a class="link-row" href={hrefOf({ page: 'round', roundId: endedRoundId })}>
          <Icon name="shield" />
          {endedRoundId === round?.roundId ? t('round.verify') : t('round.previous')}
        </a>
      )}
      {!observer && <Contribution session={session} />}
    </div>
  )
}

function Fingerprint({ label, hex }: { label: string; hex: string }) {
  const { t } = useTexts()
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    // A browser may refuse the clipboard; the text can still be selected by hand.
    await navigator.clipboard?.writeText(hex).then(
      () => setCopied(true),
      () => undefined,
    )
  }
  return (
    <div>
      <dt>
        {label}
        {hex !== '' && (
          <button type="button" class="text-button" onClick={() => void copy()}>
            {copied ? t('round.copied') : t('round.copy')}
          </button>
        )}
      </dt>
      <dd class="mono hex">{hex === '' ? '–' : hex}</dd>
    </div>
  )
}

/** A player's own seed for the next series. */
function Contribution({ session }: { session: TableSession }) {
  const { t } = useTexts()
  const [seed, setSeed] = useState('')
  const [answer, setAnswer] = useState<string | null>(null)
  const send = async (): Promise<void> => {
    if (!SEED.test(seed.trim())) return setAnswer(t('round.contributePlain'))
    const refused = await session.contribute(seed.trim())
    if (refused === null) setSeed('')
    setAnswer(
      refused === null
        ? t('round.contributeDone')
        : refused === 'lost'
          ? t('round.contributeLost')
          : t(`reason.${refused}`),
    )
  }
  return (
    <form
      class="contribute"
      onSubmit={(event) => {
        event.preventDefault()
        if (seed.trim() !== '') void send()
      }}
    >
      <h2>{t('round.contribute')}</h2>
      <p class="hint">{t('round.contributeLead')}</p>
      <div class="contribute-row">
        <input
          type="text"
          aria-label={t('round.contributeLabel')}
          maxLength={SEED_LENGTH}
          autocomplete="off"
          value={seed}
          onInput={(event) => setSeed(event.currentTarget.value)}
        />
        <button type="submit" class="button button-small" disabled={seed.trim() === ''}>
          {t('round.contributeSend')}
        </button>
      </div>
      <p class="hint" role="status">
        {answer}
      </p>
    </form>
  )
}
