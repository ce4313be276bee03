import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresInstalled } from '../../scripts/postgres.ts'
import { openLog } from '../log.ts'
import { Backups } from './backups.ts'
import { type DrillReport, drill, keepReport, reportText } from './drill.ts'
import { keyIdOf } from './keys.ts'
import { takeLock } from './lock.ts'
import { namesIn, Place } from './place.ts'
import { restore } from './restore.ts'
import { type BackedUp, SECRETS_KEY, startBackedUp, testMetrics, until } from './testing.ts'
import { positions } from './wal-archive.ts'

/** What a drill found to be different. */
const failedIn = ({ checks }: DrillReport) => checks.filter(({ ok }) => !ok).map(({ check }) => check)

describe.runIf(postgresInstalled())('the drill', () => {
  let backed: BackedUp
  const streaming = new AbortController()
  let streamed: Promise<void>

  beforeAll(async () => {
    backed = await startBackedUp()
    await backed.house.play('lima', 3)
    streamed = backed.backups.keepOn(3_600_000, 'fast', streaming.signal)
    await until('a base backup', async () => (await backed.place.bases()).length > 0)
    await backed.house.play('cusco', 25)
    await backed.backups.mark()
    await backed.house.play('lima', 4)
    await backed.house.bet(await backed.house.openRound('cusco'))
  })
  afterAll(async () => {
    streaming.abort()
    await streamed
    await backed?.stop()
  })

  /** A drill on a copy of the second place, after somebody was there. */
  async function drillOn(tamper: (copy: Place) => Promise<void>): Promise<DrillReport> {
    const dir = join(backed.folder, 'copy')
    await cp(backed.settings.dir, dir, { recursive: true })
    try {
      const place = new Place(dir)
      await tamper(place)
      const { house, settings, replication } = backed
      return await drill({ settings, place, live: { books: house.database, replication }, nowMs: Date.now })
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }

  test('[BAK-11 BAK-2] passes on what was backed up, while rounds are played and one is open', async () => {
    const { settings, place, house, replication } = backed
    const playing = house.play('lima', 10)
    const report = await drill({ settings, place, live: { books: house.database, replication }, nowMs: Date.now })
    await playing
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(report.rpoMs).toBeLessThan(report.rpoLimitMs)
    const text = await readFile(await keepReport(place, report), 'utf8')
    expect(text).toBe(reportText(report))
    expect(text).toMatch(/PASSED[\s\S]*ok {3}nothing is lost: none of \d+[\s\S]*[12] open rounds/)
    expect(JSON.parse(await readFile(join(place.drillsDir, 'last-passed.json'), 'utf8'))).toEqual(report)
  })

  test('[BAK-11] goes by the marks alone when the live house cannot be asked', async () => {
    const { settings, place } = backed
    const report = await drill({ settings, place, live: null, nowMs: Date.now })
    expect([failedIn(report), report.rpoMs, report.missing]).toEqual([[], null, null])
    expect(reportText(report)).toContain('not measured, since the live house was not asked')
  })

  test('[BAK-11 BAK-1] a backup of which a byte was changed does not pass', async () => {
    const report = await drillOn(async (copy) => {
      const file = join((await copy.bases()).at(-1)?.dir ?? '', 'base.tar.gz')
      const bytes = await readFile(file)
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
      await writeFile(file, bytes)
    })
    expect(failedIn(report)).toEqual(['a server was restored'])
    expect(reportText(report)).toMatch(/FAILED[\s\S]*base\.tar\.gz of the backup \S+ was changed or cut off/)
  })

  test('[BAK-11] a place that lost its WAL does not pass: what came after the base is missing', async () => {
    const report = await drillOn(async (copy) => {
      for (const { walDir } of await copy.archives()) {
        for (const file of await namesIn(walDir)) await rm(join(walDir, file))
      }
    })
    expect(failedIn(report)).toEqual(['nothing is lost'])
  })

  test('[BAK-11 BAK-6] a mark that was changed, or is of other books, does not pass', async () => {
    const report = await drillOn(async (copy) => {
      const [archive] = await copy.archives()
      const marks = join(archive?.marksDir ?? '', 'latest.json')
      const day = join(archive?.marksDir ?? '', (await namesIn(archive?.marksDir ?? ''))[0] ?? '')
      for (const file of [marks, day]) {
        await writeFile(file, (await readFile(file, 'utf8')).replace(/"paidCents":(\d)/g, '"paidCents":1$1'))
      }
    })
    expect(failedIn(report)).toEqual(expect.arrayContaining(['marks are signed', 'it opens only when marked']))
  })

  test('[BAK-11] misses its objectives when they are set too close', async () => {
    const { house, place, replication } = backed
    const settings = { ...backed.settings, rtoMs: 1 }
    const report = await drill({ settings, place, live: { books: house.database, replication }, nowMs: Date.now })
    expect(failedIn(report)).toEqual(['time is within its objective'])
    streaming.abort()
    await streamed
    const stopped = await drill({
      settings: { ...backed.settings, rpoMs: 200 },
      place,
      live: { books: house.database, replication },
      nowMs: Date.now,
    })
    expect(failedIn(stopped)).toContain('loss is within its objective')
    expect(stopped.rpoMs).toBeNull()
    const text = reportText(stopped)
    expect(text).toMatch(/FAIL does not hold: loss is within its objective \(not measured\)/)
    expect(text).toMatch(/What is missing: no process streams the WAL .*crupier_backup.*npm run backup -- --every 24h/)
  })

  test('[BAK-7] a backup is not restored over anything, nor with another key', async () => {
    const { place, folder } = backed
    const wanted = { place, target: folder, pgBin: null, durable: false, nowMs: Date.now }
    await expect(restore({ ...wanted, secretsKey: Buffer.from(SECRETS_KEY, 'hex') })).rejects.toThrow('is not empty')
    const target = join(folder, 'other')
    const other = restore({ ...wanted, target, secretsKey: Buffer.alloc(32, 9) })
    await expect(other).rejects.toThrow(/SECRETS_KEY is not the key of this backup: it has the id [0-9a-f]{16}/)
    expect(await namesIn(target)).toEqual([])
  })

  test('[BAK-7] a moment that the archive does not reach is refused, in the words of PostgreSQL', async () => {
    const target = join(backed.folder, 'too-late')
    const { place } = backed
    const wanted = { place, target, pgBin: null, durable: false, nowMs: Date.now, toTimeMs: Date.now() }
    const restoring = restore({ ...wanted, secretsKey: Buffer.from(SECRETS_KEY, 'hex') })
    await expect(restoring).rejects.toThrow('recovery ended before configured recovery target was reached')
  })

  test('[BAK-7] a key that only claims to be the right one is found out by the sealed series', async () => {
    const dir = join(backed.folder, 'claimed')
    await cp(backed.settings.dir, dir, { recursive: true })
    const place = new Place(dir)
    const other = Buffer.alloc(32, 9)
    const manifest = join((await place.bases()).at(-1)?.dir ?? '', 'crupier-base.json')
    const text = await readFile(manifest, 'utf8')
    await writeFile(manifest, text.replace(keyIdOf(Buffer.from(SECRETS_KEY, 'hex')), keyIdOf(other)))
    const target = join(backed.folder, 'claimed-target')
    const restoring = restore({ place, target, secretsKey: other, pgBin: null, durable: false, nowMs: Date.now })
    await expect(restoring).rejects.toThrow(/SECRETS_KEY does not open the secret of series (lima|cusco)\.\d+/)
  })

  test('[BAK-1] what PostgreSQL finds damaged is not kept', async () => {
    const bin = join(backed.folder, 'bin')
    await cp('/usr/lib/postgresql/15/bin', bin, { recursive: true })
    await rm(join(bin, 'pg_verifybackup'))
    await writeFile(join(bin, 'pg_verifybackup'), '#!/bin/sh\necho "checksum mismatch" >&2\nexit 1\n', { mode: 0o755 })
    const { place, house, replication, backups } = backed
    const before = await place.bases()
    const settings = { ...backed.settings, pgBin: bin }
    const log = openLog({ level: 'silent' })
    const damaged = new Backups({
      ...{ settings, place, books: house.database, replication, log },
      metrics: testMetrics(),
      nowMs: Date.now,
    })
    await expect(damaged.once('fast')).rejects.toThrow('pg_verifybackup failed: checksum mismatch')
    expect(await place.bases()).toEqual(before)
    expect(await namesIn(before[0]?.archive.baseDir ?? '')).toHaveLength(before.length)
    await backups.once('fast')
    expect(await place.bases()).toHaveLength(before.length + 1)
  })

  test('[BAK-4] only one takes a base backup, and only one streams', async () => {
    const { backups, replication, settings } = backed
    const held = await takeLock(replication.pool, 'base')
    await expect(backups.once('fast')).rejects.toThrow('another base backup')
    await held?.release()
    const wal = await takeLock(replication.pool, 'wal')
    expect(await takeLock(replication.pool, 'wal')).toBeNull()
    await expect(backups.keepOn(1, 'fast', new AbortController().signal)).rejects.toThrow('another process')
    await wal?.release()
    const next = await takeLock(replication.pool, 'wal')
    expect(next).not.toBeNull()
    await next?.release()
    expect((await positions(replication.pool, settings.slot)).safe).toBeNull()
  })
})
