import type { TableInfo } from '../../rooms/protocol.ts'
import { useTexts } from '../i18n/i18n.ts'
import { Dialog } from '../ui/dialog.tsx'
import { ConnectionText, ReturnsTable, RoundText } from '../ui/rules-text.tsx'

/** Rules, returns and what happens without a connection, at the table itself. */
export function HelpDialog({ info, onClose }: { info: TableInfo; onClose: () => void }) {
  const { t } = useTexts()
  return (
    <Dialog title={t('rules.title')} onClose={onClose} wide>
      <div class="prose">
        <h3>{t('rules.roundTitle')}</h3>
        <RoundText />
        <h3>{t('rules.connectionTitle')}</h3>
        <ConnectionText />
        <h3>{t('rules.returnsTitle')}</h3>
        <p class="hint">{t('rules.returnsLead')}</p>
        <ReturnsTable info={info} />
        <h3>{t('rules.rngTitle')}</h3>
        <p>{t('rules.rng')}</p>
      </div>
    </Dialog>
  )
}
