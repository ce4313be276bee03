/**
 * `npm run restored -- --from <place>`: makes the restored database that DATABASE_URL names fit to be opened: nothing
 * of its lost time is ever used again. Once per restore, before the house opens, while no node runs.
 */
import { userInfo } from 'node:os'
import { migrate } from '../../database/migrate.ts'
import { openDatabase } from '../../database/open.ts'
import { RedisHotCopies } from '../../failover/hot-copies.ts'
import { connectRedis } from '../../failover/redis-client.ts'
import { redisHouse } from '../../failover/redis-keys.ts'
import { assertKnownKey } from '../../key-check.ts'
import { latestMarks } from '../high-water.ts'
import { MarkSigner } from '../keys.ts'
import { type MarkReport, markRestored } from '../mark-restored.ts'
import { Place } from '../place.ts'
import { declareRestored, unmarked } from '../restorations.ts'
import { command, EXIT, Misuse, options, settingsOf } from './terminal.ts'

const USAGE = `Usage: npm run restored -- --from <place> [--declare] [--as <name>]
       npm run restored -- --without-marks [--declare] [--as <name>]

  --from <place>     the second place (default: BACKUP_DIR), whose marks say how far the house had come
  --without-marks    the second place is lost: what came after the backup is not known, and the report says so
  --declare          this database was restored by other means than "npm run restore"
  --as <name>        who does it, for the audit record (default: the system's user)

With REDIS_URL set, what Redis holds of the tables' lost time is forgotten.`

const nowMs = Date.now
const REDIS_WAIT_MS = 10_000

await command(USAGE, async (args, { log, env }) => {
  const { values, positionals } = options(args, {
    from: { type: 'string' },
    'without-marks': { type: 'boolean' },
    declare: { type: 'boolean' },
    as: { type: 'string' },
  })
  if (positionals.length > 0) throw new Misuse(`"${positionals[0]}" is no option`)
  if (values['without-marks'] && values.from !== undefined) throw new Misuse('either --from or --without-marks')
  const settings = settingsOf(env, values['without-marks'] ? 'none' : values.from)
  const { databaseUrl, secretsKey, host } = settings
  const database = await openDatabase({ databaseUrl, poolSize: 4, onConnectionLost: () => {} })
  try {
    await migrate(database)
    await assertKnownKey(database.kysely, secretsKey)
    if ((await unmarked(database.kysely)).length === 0) {
      if (!values.declare) throw new Misuse('this database does not say that it was restored; --declare says it')
      await declareRestored(database.kysely, { declared: true }, nowMs())
    }
    const place = values['without-marks'] ? null : new Place(settings.dir)
    const waters = place === null ? [] : await latestMarks(place, new MarkSigner(secretsKey))
    if (place !== null && waters.length === 0)
      throw new Misuse(`${settings.dir} holds no marks; --without-marks says so`)
    const actor = values.as ?? userInfo().username
    const report = await markRestored({ database, waters, host, secretsKey, actor, nowMs })
    const tables = await database.kysely.selectFrom('table_fence').select('table_id').execute()
    if (env.REDIS_URL)
      await forget(
        env.REDIS_URL,
        redisHouse(secretsKey),
        tables.map(({ table_id }) => table_id),
      ).catch((err: unknown) =>
        log.warn({ err }, 'Redis keeps what it held; it expires within a day, and is outranked until then'),
      )
    console.log(inWords(report))
    return EXIT.done
  } finally {
    await database.close()
  }
})

async function forget(redisUrl: string, house: string, tableIds: readonly string[]): Promise<void> {
  const redis = connectRedis(redisUrl, { onError: () => {} })
  try {
    if (!(await redis.whenConnected(REDIS_WAIT_MS))) throw new Error('Redis is out of reach')
    const copies = new RedisHotCopies(redis, house)
    for (const tableId of tableIds) await copies.forget(tableId)
  } finally {
    redis.close()
  }
}

function inWords({ logName, leastEpoch, leastSeriesNo, restoredSize, entriesLost, openRounds }: MarkReport): string {
  const rounds = openRounds.map(
    ({ roundId, bets, stakeCents }) => `  ${roundId}: ${bets} bets, ${(stakeCents / 100).toFixed(2)} at stake`,
  )
  return [
    'The database is marked as restored; the house may open on it.',
    `  epochs begin above ${leastEpoch}, series at ${leastSeriesNo}`,
    `  the public log goes on as ${logName} after ${restoredSize} entries`,
    `  entries of the former log that are known to be lost: ${entriesLost}; up to a minute's more may be`,
    rounds.length === 0
      ? '  no round was open'
      : '  rounds that were open end by their committed seeds, with the bets that the books hold:',
    ...rounds,
  ].join('\n')
}
