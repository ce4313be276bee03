/**
 * `npm run restore -- --from <place> --target <folder>`: brings a backup back into an empty folder, as far as the
 * archive goes or to a moment, and holds it against what was kept of it. The server is left stopped, and the database
 * is not to be opened before it was marked (`npm run restored`).
 */
import { resolve } from 'node:path'
import { allMarks } from '../high-water.ts'
import { MarkSigner } from '../keys.ts'
import { Place } from '../place.ts'
import { prove } from '../proofs.ts'
import { restore } from '../restore.ts'
import { command, EXIT, Misuse, momentMs, options, settingsOf } from './terminal.ts'

const USAGE = `Usage: npm run restore -- --from <place> --target <empty folder> [--to-time <moment>] [--base <name>]

  --from <place>       the second place (default: BACKUP_DIR)
  --target <folder>    empty, or to be made; afterwards a PostgreSQL data folder
  --to-time <moment>   2026-11-22T10:15:00Z; without it as far as the archive goes
  --base <name>        begin with this base backup instead of the newest that fits

SECRETS_KEY must be the key of that time. Afterwards: start PostgreSQL on the folder, run "npm run restored", open the
house. docs/runbooks/restore-from-backup.md has every step.`

const nowMs = Date.now

await command(USAGE, async (args, { log, signal, env }) => {
  const { values, positionals } = options(args, {
    from: { type: 'string' },
    target: { type: 'string' },
    'to-time': { type: 'string' },
    base: { type: 'string' },
  })
  if (positionals.length > 0) throw new Misuse(`"${positionals[0]}" is no option`)
  if (values.target === undefined) throw new Misuse('--target names the folder to restore to')
  const toTimeMs = values['to-time'] === undefined ? null : momentMs(values['to-time'], nowMs())
  // The server that is lost need not be named: the backup says what was in it.
  const settings = settingsOf({ ...env, DATABASE_URL: env.DATABASE_URL || 'postgres://restored/' }, values.from)
  const place = new Place(settings.dir)
  const { secretsKey, host, pgBin } = settings
  const target = resolve(values.target)
  const told = (step: string): void => log.info({ step }, 'restore')
  const base = values.base ?? null
  const wanted = { place, secretsKey, target, base, toTimeMs, pgBin, durable: true, nowMs, told, signal }
  const restored = await restore(wanted)
  try {
    const marks = await allMarks(restored.base.archive, new MarkSigner(secretsKey))
    const keys = { host, secretsKey, nowMs }
    const checks = await prove({ restored: restored.database, lsn: restored.lsn, marks, live: null, keys })
    for (const { check, ok, detail } of checks) console.log(`${ok ? 'ok  ' : 'FAIL'} ${check}: ${detail}`)
    const at = restored.lastCommitAtMs === null ? 'not known' : new Date(restored.lastCommitAtMs).toISOString()
    console.log(`\n${restored.base.name} was restored to ${target}, up to ${restored.lsn}; last commit ${at}.`)
    console.log('Start PostgreSQL on it, then: npm run restored -- --from', settings.dir)
    return checks.every(({ ok }) => ok) ? EXIT.done : EXIT.failed
  } finally {
    await restored.stop()
  }
})
