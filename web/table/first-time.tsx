import { useState } from 'preact/hooks'
import { useTexts } from '../i18n/i18n.ts'
import { Icon } from '../ui/icon.tsx'

const SEEN = 'crupier.told'

/** Told once before the first bet, without standing in its way: what a lost connection does, what the table is (U6). */
export function FirstTime({ onHelp }: { onHelp: () => void }) {
  const { t } = useTexts()
  const [seen, setSeen] = useState(() => localStorage.getItem(SEEN) === 'yes')
  if (seen) return null
  return (
    <aside class="first-time" aria-label={t('table.firstTime')}>
      <h2>{t('table.firstTime')}</h2>
      <ul class="prose-list">
        <li>{t('rules.connection1')}</li>
        <li>{t('rules.rng')}</li>
      </ul>
      <p class="hint">{t('table.firstTimeLead')}</p>
      <div class="first-time-actions">
        <button
          type="button"
          class="button button-gold button-small"
          onClick={() => {
            localStorage.setItem(SEEN, 'yes')
            setSeen(true)
          }}
        >
          {t('table.understood')}
        </button>
        <button type="button" class="button button-small" onClick={onHelp}>
          <Icon name="help" />
          {t('table.disconnect')}
        </button>
      </div>
    </aside>
  )
}
