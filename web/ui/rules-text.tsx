import type { TableInfo } from '../../rooms/protocol.ts'
import { formatCents } from '../format/money.ts'
import { useTexts } from '../i18n/i18n.ts'
import { limitKind, lineName, paysText, type ReturnLine, returnLines } from './bet-names.ts'

/** What happens when a connection drops or the house fails, told before the first bet (U6). */
export function ConnectionText() {
  const { t } = useTexts()
  return (
    <>
      <ul class="prose-list">
        <li>{t('rules.connection1')}</li>
        <li>{t('rules.connection2')}</li>
        <li>{t('rules.connection3')}</li>
        <li>{t('rules.connection4')}</li>
        <li>{t('rules.connection5')}</li>
      </ul>
      <h3>{t('rules.faultTitle')}</h3>
      <ul class="prose-list">
        <li>{t('rules.fault1')}</li>
        <li>{t('rules.fault2')}</li>
      </ul>
    </>
  )
}

export function RoundText() {
  const { t } = useTexts()
  return (
    <ol class="prose-list">
      <li>{t('rules.round1')}</li>
      <li>{t('rules.round2')}</li>
      <li>{t('rules.round3')}</li>
      <li>{t('rules.round4')}</li>
    </ol>
  )
}

/** Limits, exact returns and how often each bet pays, at one table (U2). */
export function ReturnsTable({ info }: { info: TableInfo }) {
  const { t, language } = useTexts()
  const money = (cents: number): string => formatCents(cents, info.currency)
  const percent = new Intl.NumberFormat(language === 'en' ? 'en' : 'es-PE', {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  })
  const rules = info.rules as { readonly wheel?: string; readonly laPartage?: boolean } | null
  return (
    <>
      <p>
        {rules?.wheel === 'single-zero' && t('rules.singleZero')}
        {rules?.wheel === 'double-zero' && t('rules.doubleZero')}
        {rules?.laPartage === true && <>. {t('rules.laPartage')}</>}
      </p>
      {/* A region that scrolls must be reached by the keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways on a phone */}
      <section class="table-scroll" tabIndex={0} aria-label={t('rules.returnsTitle')}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{t('rules.bet')}</th>
              <th scope="col" class="right">
                {t('rules.pays')}
              </th>
              <th scope="col" class="right">
                {t('rules.return')}
              </th>
              <th scope="col" class="right">
                {t('rules.returnExact')}
              </th>
              <th scope="col" class="right">
                {t('rules.hit')}
              </th>
              <th scope="col" class="right">
                {t('rules.min')}
              </th>
              <th scope="col" class="right">
                {t('rules.max')}
              </th>
            </tr>
          </thead>
          <tbody>
            {returnLines(info.returns).map((line) => {
              const range = info.limits.perBet[limitKind(line.bet)]
              return (
                <tr key={line.bet}>
                  <th scope="row">{lineName(t, line)}</th>
                  <td class="right number">{paysText(t, info.gameId, line.bet)}</td>
                  <td class="right number">{percent.format(line.rows[0]?.returnPct ?? 0)} %</td>
                  <td class="right number">{line.rows[0]?.return}</td>
                  <td class="right number">{hitText(line, percent)}</td>
                  <td class="right number">{range === undefined ? '–' : money(range.minCents)}</td>
                  <td class="right number">{range === undefined ? '–' : money(range.maxCents)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
      <p class="hint">
        {t('rules.perPlayer', { amount: money(info.limits.perPlayerCents) })} ·{' '}
        {t('rules.perTable', { amount: money(info.limits.perTableCents) })}
      </p>
    </>
  )
}

function hitText({ rows }: ReturnLine, percent: Intl.NumberFormat): string {
  const hits = rows.map((row) => row.hitPct)
  const [least, most] = [percent.format(Math.min(...hits)), percent.format(Math.max(...hits))]
  return least === most ? `${least}\u00a0%` : `${least} – ${most}\u00a0%`
}
