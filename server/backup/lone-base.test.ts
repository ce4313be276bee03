import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresInstalled } from '../../scripts/postgres.ts'
import { openDatabase } from '../database/open.ts'
import { drill } from './drill.ts'
import { type BackedUp, startBackedUp, until } from './testing.ts'
import { leavesGap } from './wal-archive.ts'

describe.runIf(postgresInstalled())('a base backup that was taken while nobody streamed', () => {
  let backed: BackedUp
  const streaming = new AbortController()
  let streamed: Promise<void> = Promise.resolve()

  beforeAll(async () => {
    backed = await startBackedUp()
  })
  afterAll(async () => {
    streaming.abort()
    await streamed
    await backed?.stop()
  })

  test('[BAK-16 BAK-11] it is not counted on: another is taken at once, which the WAL follows', async () => {
    const { house, backups, place, settings, postgres, replication } = backed
    await house.play('lima', 2)
    const lone = await backups.once('fast')
    expect(await leavesGap(lone)).toBe(false)
    // What is committed now is in WAL that nobody has kept by the time somebody streams.
    await house.play('lima', 2)
    const admin = await openDatabase({ databaseUrl: postgres.url })
    for (const statement of ['select pg_switch_wal()', 'checkpoint', 'select pg_switch_wal()', 'checkpoint'])
      await admin.pool.query(statement)
    await admin.close()
    streamed = backups.keepOn(3_600_000, 'fast', streaming.signal)
    await until('another base', async () => (await place.bases()).length === 2)
    await house.play('lima', 1)
    const report = await drill({ settings, place, live: { books: house.database, replication }, nowMs: Date.now })
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(await leavesGap(lone)).toBe(true)
  }, 90_000)
})
