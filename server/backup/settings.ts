import { tmpdir } from 'node:os'
import { z } from 'zod'
import { ConfigError, settings as houseSettings } from '../config.ts'
import { keyBytes } from '../secrets.ts'

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((n) => n >= least && n <= most, `must be a whole number from ${least} to ${most}`)
const setting = <S extends z.ZodType>(fallback: string, meaning: string, schema: S) => ({ fallback, meaning, schema })

/** What the operator may set for backups, beside the house's own DATABASE_URL, SECRETS_KEY and PUBLIC_URL (BAK-15). */
export const backupSettings = {
  BACKUP_DIR: setting(
    '',
    'The second place: a folder on other disks, better in another building, that nothing else writes to.',
    z.string(),
  ),
  BACKUP_REPLICATION_URL: setting(
    '',
    'postgres://… of a role with REPLICATION. Empty: DATABASE_URL.',
    houseSettings.DATABASE_URL.schema,
  ),
  BACKUP_SLOT: setting(
    'crupier_backup',
    'Replication slot that keeps WAL on the server until it is in the second place.',
    z.string().regex(/^[a-z0-9_]{1,63}$/, 'must be at most 63 small letters, digits and underscores'),
  ),
  BACKUP_KEEP_DAYS: setting('30', 'Base backups that are younger are kept.', whole(1, 10_000)),
  BACKUP_KEEP_BASES: setting('7', 'The newest base backups are kept, however old: so many.', whole(1, 10_000)),
  BACKUP_SCRATCH_DIR: setting(
    '',
    "Folder for the copies that are checked; needs the database's size. Empty: the system's temporary folder.",
    z.string(),
  ),
  BACKUP_PG_BIN: setting('', "Folder of PostgreSQL's programs. Empty: Debian's of the server's version.", z.string()),
  BACKUP_METRICS_HOST: setting('127.0.0.1', 'Address of /metrics of the long-running mode.', z.string().min(1)),
  BACKUP_METRICS_PORT: setting('9188', 'TCP port of /metrics of the long-running mode; 0 takes any.', whole(0, 65_535)),
  BACKUP_RPO_SECONDS: setting('60', 'Most that may be lost; a drill that measures more fails.', whole(1, 86_400)),
  BACKUP_RTO_MINUTES: setting('30', 'Longest time to be back; a drill that takes more fails.', whole(1, 10_000)),
} as const

type Name = keyof typeof backupSettings
export type BackupSettings = {
  readonly dir: string
  readonly databaseUrl: string
  readonly replicationUrl: string
  readonly slot: string
  readonly keepDays: number
  readonly keepBases: number
  readonly scratchDir: string
  /** Null: to be found by the server's version. */
  readonly pgBin: string | null
  readonly metricsHost: string
  readonly metricsPort: number
  readonly rpoMs: number
  readonly rtoMs: number
  readonly secretsKey: Buffer
  /** Host of PUBLIC_URL, after which the log is named. */
  readonly host: string
  readonly logLevel: string
}

/** Errors: throws `ConfigError` with every problem at once, and names no secret's value. */
export function readBackupSettings(env: NodeJS.ProcessEnv): BackupSettings {
  const problems: string[] = []
  const read = <S extends z.ZodType>(name: string, schema: S, fallback: string): z.output<S> => {
    const parsed = schema.safeParse(env[name] || fallback)
    if (!parsed.success) problems.push(`${name} ${parsed.error.issues.map(({ message }) => message).join(', ')}`)
    return parsed.data as z.output<S>
  }
  const own = <N extends Name>(name: N): z.output<(typeof backupSettings)[N]['schema']> =>
    read(name, backupSettings[name].schema, backupSettings[name].fallback) as z.output<
      (typeof backupSettings)[N]['schema']
    >
  const { DATABASE_URL, PUBLIC_URL, PORT, LOG_LEVEL } = houseSettings
  const databaseUrl = read('DATABASE_URL', DATABASE_URL.schema, '')
  const publicUrl = read('PUBLIC_URL', PUBLIC_URL.schema, `http://localhost:${env.PORT || PORT.fallback}`)
  const secretsKey = keyBytes(env.SECRETS_KEY ?? '')
  if (secretsKey === null) problems.push('SECRETS_KEY must be 32 bytes in hex or base64')
  if (!databaseUrl) problems.push('DATABASE_URL is required: backups are of a PostgreSQL server')
  if (!env.BACKUP_DIR) problems.push('BACKUP_DIR is required')
  const values = {
    dir: own('BACKUP_DIR'),
    databaseUrl,
    replicationUrl: own('BACKUP_REPLICATION_URL') || databaseUrl,
    slot: own('BACKUP_SLOT'),
    keepDays: own('BACKUP_KEEP_DAYS'),
    keepBases: own('BACKUP_KEEP_BASES'),
    scratchDir: own('BACKUP_SCRATCH_DIR') || tmpdir(),
    pgBin: own('BACKUP_PG_BIN') || null,
    metricsHost: own('BACKUP_METRICS_HOST'),
    metricsPort: own('BACKUP_METRICS_PORT'),
    rpoMs: own('BACKUP_RPO_SECONDS') * 1000,
    rtoMs: own('BACKUP_RTO_MINUTES') * 60_000,
    logLevel: read('LOG_LEVEL', LOG_LEVEL.schema, LOG_LEVEL.fallback),
  }
  if (problems.length > 0 || secretsKey === null) throw new ConfigError(problems)
  return { ...values, secretsKey, host: new URL(publicUrl).host }
}

/** The table of `docs/backups.md`, which a test keeps equal to this. */
export function backupSettingsTable(): string {
  const rows = Object.entries(backupSettings).map(
    ([name, { fallback, meaning }]) => `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${meaning} |`,
  )
  return ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n')
}
