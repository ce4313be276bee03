import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresInstalled } from '../../scripts/postgres.ts'
import { type Database, openDatabase } from '../database/open.ts'
import { drill } from './drill.ts'
import { segmentOf } from './lsn.ts'
import { namesIn } from './place.ts'
import { type BackedUp, startBackedUp, until } from './testing.ts'
import { assertNoStandby, packSegments, positions } from './wal-archive.ts'

describe.runIf(postgresInstalled())('the archive of the WAL', () => {
  let backed: BackedUp
  let admin: Database
  let streaming: AbortController
  let streamed: Promise<void> = Promise.resolve()

  beforeAll(async () => {
    backed = await startBackedUp()
    admin = await openDatabase({ databaseUrl: backed.postgres.url, onConnectionLost: () => {} })
  })
  afterAll(async () => {
    await stop()
    await admin?.close()
    await backed?.stop()
  })

  const stop = async () => {
    streaming?.abort()
    await streamed
  }
  const stream = () => {
    streaming = new AbortController()
    streamed = backed.backups.keepOn(3_600_000, 'fast', streaming.signal)
  }
  const ask = (text: string) => admin.pool.query(text)
  const current = async () => (await backed.place.archives()).at(-1)
  /** Everything that is committed by now has reached the second place. */
  const safe = async () => {
    await ask(`select pg_logical_emit_message(true, 'test', 'now')`)
    const { live } = await positions(backed.replication.pool, backed.settings.slot)
    await until('the WAL in the second place', async () => {
      const found = await positions(backed.replication.pool, backed.settings.slot)
      return found.safe !== null && found.safe >= live
    })
  }
  const passes = async () => {
    const { settings, place, house, replication } = backed
    const report = await drill({ settings, place, live: { books: house.database, replication }, nowMs: Date.now })
    return report.checks.filter(({ ok }) => !ok)
  }

  test('[BAK-2] what is committed reaches the second place, over restarts of the stream', async () => {
    stream()
    await until('a base backup', async () => (await backed.place.bases()).length === 1)
    await backed.house.play('lima', 2)
    await safe()
    await stop()
    await backed.house.play('lima', 2)
    await ask('select pg_switch_wal()')
    stream()
    await backed.house.play('cusco', 2)
    await safe()
    await until('a look at the age', () => Date.now() - (backed.backups.walAge.safeAtMs ?? 0) < 5_000)
    const archive = await current()
    if (archive === undefined) throw new Error('there is an archive')
    const kinds = async () => (await namesIn(archive.walDir)).map((file) => segmentOf(file)?.kind)
    await until('a segment that is whole', async () => (await kinds()).some((kind) => kind !== 'partial'))
    await stop()
    await packSegments(archive)
    expect(new Set(await kinds())).toEqual(new Set(['packed', 'partial']))
    expect(archive.number).toBe(1)
    stream()
    expect(await passes()).toEqual([])
  })

  test('[BAK-2] a server that takes the backup for its standby is told of', async () => {
    await expect(assertNoStandby(admin.pool)).resolves.toBeUndefined()
    const setTo = async (names: string) => {
      await admin.pool.query(`alter system set synchronous_standby_names = '${names}'`)
      await admin.pool.query('select pg_reload_conf()')
    }
    const answer = () => assertNoStandby(backed.replication.pool).then(String, (error: Error) => error.message)
    await setTo('*')
    await until('the server to say so', async () => (await answer()).includes('synchronous_standby_names is *'))
    await setTo('')
    await until('it to be well again', async () => (await answer()) === 'undefined')
  })

  test('[BAK-12] when the server lost what would come next, a new archive begins, with a base of its own', async () => {
    await stop()
    await ask(`select pg_drop_replication_slot('${backed.settings.slot}')`)
    for (let i = 0; i < 3; i++) {
      await backed.house.play('lima', 1)
      await ask('select pg_switch_wal()')
      await ask('checkpoint')
    }
    stream()
    await until(
      'a base in a new archive',
      async () => (await backed.place.bases()).at(-1)?.archive.number === 2,
      60_000,
    )
    await backed.house.play('cusco', 2)
    await safe()
    expect((await backed.place.archives()).map(({ number }) => number)).toEqual([1, 2])
    expect(await passes()).toEqual([])
  })
})
