/** `npm run restore-drill`: restores the newest backup to a throw-away server and proves it; 1 on any difference. */
import { openDatabase } from '../../database/open.ts'
import { drill, keepReport, reportText } from '../drill.ts'
import { Place } from '../place.ts'
import { command, EXIT, Misuse, options, settingsOf } from './terminal.ts'

const USAGE = `Usage: npm run restore-drill [-- --from <place>] [--without-live] [--json]

  --from <place>    the second place (default: BACKUP_DIR)
  --without-live    do not ask the live house: compare with the kept marks only, and measure no loss
  --json            the report as JSON

The report is kept in <place>/drills.`

await command(USAGE, async (args, { log, signal, env }) => {
  const { values, positionals } = options(args, {
    from: { type: 'string' },
    'without-live': { type: 'boolean' },
    json: { type: 'boolean' },
  })
  if (positionals.length > 0) throw new Misuse(`"${positionals[0]}" is no option`)
  const alone = values['without-live'] === true
  const url = env.DATABASE_URL || (alone ? 'postgres://lost/' : '')
  const settings = settingsOf({ ...env, DATABASE_URL: url }, values.from)
  const place = new Place(settings.dir)
  const onConnectionLost = (): void => {}
  const open = (databaseUrl: string) => openDatabase({ databaseUrl, poolSize: 4, onConnectionLost })
  const live = alone
    ? null
    : { books: await open(settings.databaseUrl), replication: await open(settings.replicationUrl) }
  try {
    const told = (step: string): void => log.debug({ step }, 'restore drill')
    const report = await drill({ settings, place, live, nowMs: Date.now, told, signal })
    const kept = await keepReport(place, report)
    console.log(values.json ? JSON.stringify(report) : `${reportText(report)}Kept as ${kept}`)
    return report.ok ? EXIT.done : EXIT.failed
  } finally {
    await Promise.all([live?.books.close(), live?.replication.close()])
  }
})
