import { useEffect, useState } from 'preact/hooks'
import { useHouse } from '../app/house.ts'
import { useTexts } from '../i18n/i18n.ts'
import { Failure, Loading, Page, useLoaded } from '../ui/loaded.tsx'
import { ConnectionText, ReturnsTable, RoundText } from '../ui/rules-text.tsx'

/** Rules, returns and what happens when something fails, open to everyone (U2, U6). */
export function RulesPage({ section }: { section: string | null }) {
  const { t } = useTexts()
  useEffect(() => {
    if (section !== null) document.getElementById(section)?.scrollIntoView()
  }, [section])
  return (
    <Page title={t('rules.title')} lead={t('rules.lead')}>
      <div class="prose rules">
        <section id="ronda" class="panel">
          <h2>{t('rules.roundTitle')}</h2>
          <RoundText />
        </section>
        <section id="conexion" class="panel">
          <h2>{t('rules.connectionTitle')}</h2>
          <ConnectionText />
        </section>
        <section id="justo" class="panel">
          <h2>{t('rules.fairTitle')}</h2>
          <ol class="prose-list">
            <li>{t('rules.fair1')}</li>
            <li>{t('rules.fair2')}</li>
            <li>{t('rules.fair3')}</li>
            <li>{t('rules.fair4')}</li>
          </ol>
          <p>
            <a href="/verify/">{t('verify.standalone')}</a>
          </p>
        </section>
        <section class="panel">
          <h2>{t('rules.rngTitle')}</h2>
          <p>{t('rules.rng')}</p>
        </section>
        <section id="pagos" class="rules-wide">
          <h2>{t('rules.returnsTitle')}</h2>
          <p>{t('rules.returnsLead')}</p>
          <Returns />
        </section>
        <section class="panel rules-wide">
          <h2>{t('rules.safeTitle')}</h2>
          <p>{t('rules.safe')}</p>
        </section>
      </div>
    </Page>
  )
}

function Returns() {
  const { t } = useTexts()
  const { api } = useHouse()
  const [loaded, again] = useLoaded('tables', () => api.tables())
  const [chosen, setChosen] = useState<string | null>(null)
  if (loaded.state === 'loading') return <Loading />
  if (loaded.state === 'failed') return <Failure error={loaded.error} again={again} />
  const tables = loaded.value
  const tableId = chosen ?? tables[0]?.tableId
  if (tableId === undefined) return <p class="hint">{t('rules.noTables')}</p>
  return (
    <>
      <div class="field field-inline">
        <label for="rules-table">{t('rules.chooseTable')}</label>
        <select id="rules-table" value={tableId} onChange={(event) => setChosen(event.currentTarget.value)}>
          {tables.map((table) => (
            <option key={table.tableId} value={table.tableId}>
              {table.name}
            </option>
          ))}
        </select>
      </div>
      <TableReturns tableId={tableId} />
    </>
  )
}

function TableReturns({ tableId }: { tableId: string }) {
  const { api } = useHouse()
  const [loaded, again] = useLoaded(tableId, () => api.table(tableId))
  if (loaded.state === 'loading') return <Loading />
  if (loaded.state === 'failed') return <Failure error={loaded.error} again={again} />
  return <ReturnsTable info={loaded.value} />
}
