import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ConfigError } from '../config.ts'
import { momentMs, spanMs } from './cli/terminal.ts'
import { reachOf } from './programs.ts'
import { backupSettingsTable, readBackupSettings } from './settings.ts'

const KEY = 'ab'.repeat(32)

test('[BAK-15] the page of backups lists every setting with its default', () => {
  const page = readFileSync(new URL('../../docs/backups.md', import.meta.url), 'utf8')
  expect(page).toContain(backupSettingsTable())
})

test('[BAK-15] every problem is told at once, and no value of a secret', () => {
  const problems = (env: NodeJS.ProcessEnv): string => {
    try {
      readBackupSettings(env)
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.join('; ')
    }
    return ''
  }
  const told = problems({ SECRETS_KEY: 'hunter2', BACKUP_KEEP_DAYS: 'many', BACKUP_SLOT: 'A;B' })
  for (const name of ['SECRETS_KEY', 'BACKUP_KEEP_DAYS', 'BACKUP_SLOT', 'DATABASE_URL', 'BACKUP_DIR'])
    expect(told).toContain(name)
  expect(told).not.toContain('hunter2')
  const set = { SECRETS_KEY: KEY, DATABASE_URL: 'postgres://a/b', BACKUP_DIR: '/second' }
  expect(problems(set)).toBe('')
  expect(readBackupSettings({ ...set, PUBLIC_URL: 'https://play.example.pe' })).toMatchObject({
    host: 'play.example.pe',
    replicationUrl: 'postgres://a/b',
    rpoMs: 60_000,
    rtoMs: 1_800_000,
  })
})

test('[BAK-5] the password of an address travels in the environment alone', () => {
  for (const [url, dbname] of [
    ['postgres://casino:p%40ss%2F1@db:5433/house', 'postgres://casino@db:5433/house'],
    ['postgres://casino@db/house?password=p%40ss%2F1&sslmode=require', 'postgres://casino@db/house?sslmode=require'],
    ['postgres://casino:p%40ss%2F1@a:1,b:2/house', 'postgres://casino@a:1,b:2/house?target_session_attrs=read-write'],
  ] as const) {
    const reach = reachOf(url)
    expect([reach.dbname, reach.env.PGPASSWORD]).toEqual([dbname, 'p@ss/1'])
  }
  expect(reachOf('postgres://casino@db/house').env).not.toHaveProperty('PGPASSWORD')
})

test('[BAK-15] spans and moments are read, or refused', () => {
  expect([spanMs('24h'), spanMs('30m'), spanMs('7d')]).toEqual([86_400_000, 1_800_000, 604_800_000])
  const nowMs = Date.parse('2026-11-22T12:00:00Z')
  expect(momentMs('2026-11-22T06:00:00-05:00', nowMs)).toBe(nowMs - 3_600_000)
  for (const wrong of [
    () => spanMs('0h'),
    () => spanMs('daily'),
    () => momentMs('2026-11-22 10:00', nowMs),
    () => momentMs('2026-11-23T10:00:00Z', nowMs),
  ])
    expect(wrong).toThrow()
})
