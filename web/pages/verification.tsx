import { useState } from 'preact/hooks'
import type { Verdict } from '../../engine/fairness/verify.ts'
import { useHouse } from '../app/house.ts'
import { useTexts } from '../i18n/i18n.ts'
import { Icon } from '../ui/icon.tsx'

type Check =
  | { readonly state: 'idle' | 'running' | 'failed' }
  | { readonly state: 'done'; readonly verdict: Verdict; readonly trusted: boolean }

/** The proof of a round: checked here in the browser, or taken away as a file and checked anywhere. */
export function Verification({ roundId }: { roundId: string }) {
  const { t } = useTexts()
  const { api } = useHouse()
  const [check, setCheck] = useState<Check>({ state: 'idle' })
  const run = async (): Promise<void> => {
    setCheck({ state: 'running' })
    try {
      const [{ verifyTranscript }, text] = await Promise.all([
        import('../../engine/fairness/verify.ts'),
        api.transcript(roundId),
      ])
      const transcript: unknown = JSON.parse(text)
      const trusted = (transcript as { operatorTrusted?: boolean } | null)?.operatorTrusted === true
      setCheck({ state: 'done', verdict: verifyTranscript(transcript), trusted })
    } catch {
      setCheck({ state: 'failed' })
    }
  }
  const download = async (): Promise<void> => {
    try {
      save(`${roundId}.json`, await api.transcript(roundId))
    } catch {
      setCheck({ state: 'failed' })
    }
  }
  return (
    <section class="panel verify">
      <h2>{t('verify.title')}</h2>
      <p>{t('verify.lead')}</p>
      <div class="button-row">
        <button
          type="button"
          class="button button-gold"
          disabled={check.state === 'running'}
          onClick={() => void run()}
        >
          <Icon name="shield" />
          {check.state === 'running' ? t('verify.running') : t('verify.run')}
        </button>
        <button type="button" class="button" onClick={() => void download()}>
          <Icon name="download" />
          {t('verify.download')}
        </button>
      </div>
      <div role="status">
        {check.state === 'failed' && <p class="form-error">{t('verify.failed')}</p>}
        {check.state === 'done' && <VerdictList verdict={check.verdict} trusted={check.trusted} />}
      </div>
      <p class="hint">
        {t('verify.steps')} <a href="/verify/">{t('verify.standalone')}</a>
      </p>
    </section>
  )
}

function VerdictList({ verdict, trusted }: { verdict: Verdict; trusted: boolean }) {
  const { t } = useTexts()
  return (
    <>
      <p class={verdict.ok ? 'verdict verdict-ok' : 'verdict verdict-bad'}>
        {verdict.ok ? t('verify.ok') : t('verify.bad')}
      </p>
      <ul class="checks">
        {verdict.checks.map((one) => (
          <li key={one.id} class={one.ok ? 'check-ok' : 'check-bad'}>
            <Icon name={one.ok ? 'check' : 'close'} />
            <span>{t(`verify.check.${one.id}`)}</span>
          </li>
        ))}
      </ul>
      {trusted && <p class="hint">{t('verify.trust')}</p>}
    </>
  )
}

/** The bytes as the server sent them: whoever checks them elsewhere must find the same signatures. */
function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}
