/**
 * `npm run backup`: one base backup. With `--every 24h` it goes on: WAL is streamed to the second place as it is
 * written, how far the house has come is kept every minute, and a base backup is taken each time the span is over.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { BackupMetrics, type BackupReading } from '../../../monitoring/backup-metrics.ts'
import { openDatabase } from '../../database/open.ts'
import { assertKnownKey } from '../../key-check.ts'
import { AlreadyRunning, Backups } from '../backups.ts'
import type { DrillReport } from '../drill.ts'
import { latestMark } from '../high-water.ts'
import { MarkSigner } from '../keys.ts'
import { Place, readOrNull } from '../place.ts'
import type { BackupSettings } from '../settings.ts'
import { command, EXIT, Misuse, options, type Session, settingsOf, spanMs } from './terminal.ts'

const USAGE = `Usage: npm run backup [-- --every 24h] [-- --fast | --spread]

  --every <span>   go on: stream WAL, mark every minute, a base backup each span (30m, 24h, 7d); serves /metrics
  --fast           checkpoint at once (default for a single backup)
  --spread         let the checkpoint take minutes and spare the disks (default with --every)

Settings come from the environment; docs/backups.md lists them.`

const nowMs = Date.now

await command(USAGE, async (args, session) => {
  const { values, positionals } = options(args, {
    every: { type: 'string' },
    fast: { type: 'boolean' },
    spread: { type: 'boolean' },
  })
  if (positionals.length > 0) throw new Misuse(`"${positionals[0]}" is no option`)
  if (values.fast && values.spread) throw new Misuse('either --fast or --spread')
  const everyMs = values.every === undefined ? null : spanMs(values.every)
  const settings = settingsOf(session.env, undefined)
  const spread = values.spread ?? (everyMs !== null && values.fast !== true)
  return backUp(settings, everyMs, spread ? 'spread' : 'fast', session)
})

async function backUp(
  settings: BackupSettings,
  everyMs: number | null,
  checkpoint: 'fast' | 'spread',
  { log, signal }: Session,
): Promise<number> {
  const onConnectionLost = (err: Error): void => log.warn({ err }, 'a database connection was lost')
  const books = await openDatabase({ databaseUrl: settings.databaseUrl, poolSize: 4, onConnectionLost })
  const replication = await openDatabase({ databaseUrl: settings.replicationUrl, poolSize: 4, onConnectionLost })
  const place = new Place(settings.dir)
  const metrics: BackupMetrics = new BackupMetrics({ nowMs, read: () => reading(place, settings, () => backups) })
  const backups = new Backups({ settings, place, books, replication, log, metrics, nowMs })
  let server: Server | null = null
  try {
    // A backup says which key it wants, and marks are signed under it: another one would make both worthless.
    await assertKnownKey(books.kysely, settings.secretsKey)
    if (everyMs === null) {
      await backups.once(checkpoint, signal)
      return EXIT.done
    }
    server = await serve(metrics, settings)
    log.info({ port: (server.address() as AddressInfo).port, place: settings.dir }, 'backups go on')
    await backups.keepOn(everyMs, checkpoint, signal)
    return EXIT.done
  } catch (error) {
    if (!(error instanceof AlreadyRunning)) throw error
    log.error(error.message)
    return EXIT.failed
  } finally {
    server?.close()
    server?.closeAllConnections()
    await Promise.all([books.close(), replication.close()])
  }
}

/** What stands in the second place now, whoever brought it there. */
async function reading(place: Place, settings: BackupSettings, backups: () => Backups): Promise<BackupReading> {
  const archive = (await place.archives()).at(-1)
  const mark = archive && (await latestMark(archive, new MarkSigner(settings.secretsKey)).catch(() => null))
  const last = await drillOf(place, 'last.json')
  return {
    baseAtMs: (await place.bases()).at(-1)?.endedAtMs ?? null,
    walSafeAtMs: backups().walAge.safeAtMs,
    markAtMs: mark?.atMs ?? null,
    drillOkAtMs: (await drillOf(place, 'last-passed.json'))?.atMs ?? null,
    drill: last && { ok: last.ok, rpoSeconds: secondsOf(last.rpoMs), rtoSeconds: last.rtoMs / 1000 },
  }
}

/** Null stays null: what was not measured is not nothing. */
function secondsOf(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

async function drillOf(place: Place, name: string): Promise<DrillReport | null> {
  const text = await readOrNull(join(place.drillsDir, name))
  return text === null ? null : (JSON.parse(text) as DrillReport)
}

/** Errors: rejects when the port is taken. */
async function serve(metrics: BackupMetrics, { metricsHost, metricsPort }: BackupSettings): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end()
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  server.listen(metricsPort, metricsHost)
  await once(server, 'listening')
  return server
}
