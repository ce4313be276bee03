import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresInstalled } from '../../scripts/postgres.ts'
import { type PostgresPair, startPostgresPair } from '../../scripts/postgres-pair.ts'
import { drill } from './drill.ts'
import { namesIn } from './place.ts'
import { type BackedUp, backUp, until } from './testing.ts'

describe.runIf(postgresInstalled())('backups of a pair of servers', () => {
  let pair: PostgresPair
  let backed: Omit<BackedUp, 'postgres'>
  const streaming = new AbortController()
  let streamed: Promise<void> = Promise.resolve()

  beforeAll(async () => {
    pair = await startPostgresPair()
    backed = await backUp(pair.url, pair.url, () => pair.stop())
  })
  afterAll(async () => {
    streaming.abort()
    await streamed
    await backed?.stop()
  })

  test('[BAK-2 BAK-12] follow the house to the server that was promoted, and lose nothing on the way', async () => {
    const { house, place, settings, replication, backups } = backed
    streamed = backups.keepOn(3_600_000, 'fast', streaming.signal)
    await until('a base backup', async () => (await place.bases()).length === 1)
    await house.play('lima', 3)
    await pair.killPrimary()
    await pair.promoteStandby()
    await house.play('lima', 3)
    const streams = async () =>
      (await replication.pool.query<{ active: boolean }>('select active from pg_replication_slots')).rows[0]?.active
    await until('the stream from the new server', async () => (await streams().catch(() => false)) === true, 60_000)
    await house.play('cusco', 3)
    const newest = (await place.archives()).at(-1)
    await until('a base of the archive', async () => (await place.bases()).at(-1)?.archive.number === newest?.number)
    const report = await drill({ settings, place, live: { books: house.database, replication }, nowMs: Date.now })
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([])
    const files = await namesIn(newest?.walDir ?? '')
    expect(files.filter((file) => file.startsWith('00000002'))).not.toEqual([])
  })
})
