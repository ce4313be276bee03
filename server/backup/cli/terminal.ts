import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ConfigError } from '../../config.ts'
import { type Log, openLog } from '../../log.ts'
import { type BackupSettings, readBackupSettings } from '../settings.ts'

/** What the command was given makes no sense; its message says why. */
export class Misuse extends Error {}

/** What a command of the backups ends with. */
export const EXIT = { done: 0, failed: 1, misused: 2 } as const

export type Session = { readonly log: Log; readonly signal: AbortSignal; readonly env: NodeJS.ProcessEnv }

/**
 * Runs one command to its end: what it makes is readable by its owner alone, an interrupt ends it in an orderly way,
 * and whatever goes wrong is said without secrets.
 */
export async function command(usage: string, work: (args: readonly string[], session: Session) => Promise<number>) {
  process.umask(0o077)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error(signal)))
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage)
    return
  }
  const log = openLog({ level: process.env.LOG_LEVEL || 'info' })
  try {
    process.exitCode = await work(args, { log, signal: stop.signal, env: process.env })
  } catch (error) {
    if (error instanceof Misuse || error instanceof ConfigError) {
      console.error(`${error.message}\n\n${usage}`)
      process.exitCode = EXIT.misused
      return
    }
    log.error({ err: error }, error instanceof Error ? error.message : String(error))
    process.exitCode = EXIT.failed
  }
}

/** Errors: `Misuse` on an option that is not known, or has no value. */
export function options<const O extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], known: O) {
  try {
    return parseArgs({ args: [...args], options: known, allowPositionals: true, strict: true })
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error))
  }
}

/** `10m`, `24h`, `7d` in milliseconds. Errors: `Misuse`. */
export function spanMs(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,4})([smhd])$/.exec(text) ?? []
  const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  const ms = units[unit]
  if (ms === undefined) throw new Misuse(`${text} is no time such as 24h, 30m or 7d`)
  return Number(count) * ms
}

/** A moment such as 2026-11-22T10:15:00Z, in milliseconds. Errors: `Misuse` without a zone, or in the future. */
export function momentMs(text: string, nowMs: number): number {
  const ms = Date.parse(text)
  if (!/T.*(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(ms)) throw new Misuse(`${text} is no time with its zone`)
  if (ms > nowMs) throw new Misuse(`${text} has not come yet`)
  return ms
}

/** The settings, with `--from` or another option in the place of BACKUP_DIR. */
export function settingsOf(env: NodeJS.ProcessEnv, from: string | undefined): BackupSettings {
  return readBackupSettings(from === undefined ? env : { ...env, BACKUP_DIR: from })
}
