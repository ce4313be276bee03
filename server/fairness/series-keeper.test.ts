import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { contributorTag } from '../../engine/fairness/transcript.ts'
import { verifyTranscript } from '../../engine/fairness/verify.ts'
import { databasesUnderTest, openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { findCommitted, findEnded, findSalted } from './log-entries.ts'
import { LogSigner } from './log-signer.ts'
import { MerkleLog } from './merkle-log.ts'
import { PublicRecords } from './records.ts'
import { SeriesKeeper, type SeriesKeeperOptions } from './series-keeper.ts'
import { MOST_CONTRIBUTIONS, SeriesStore } from './series-store.ts'
import { openingOf, TestBeacon, TestBooks, TestClock, TestVault } from './testing.ts'
import { Transcripts } from './transcripts.ts'

describe.each(databasesUnderTest())('on %s', (kind) => {
  let database: TestDatabase
  let log: MerkleLog
  let store: SeriesStore
  let clock: TestClock
  let vault: TestVault
  let books: TestBooks
  let tableId: string
  let tables = 0
  beforeAll(async () => {
    database = await openTestDatabase(kind)
    log = new MerkleLog(database.kysely, new LogSigner('log.example.test', new Uint8Array(32).fill(7)))
    store = new SeriesStore(database.kysely)
  })
  afterAll(() => database?.close())
  beforeEach(() => {
    clock = new TestClock()
    vault = new TestVault()
    books = new TestBooks()
    tables += 1
    tableId = `table-${tables}`
  })

  const keeperWith = (change: Partial<SeriesKeeperOptions> = {}) =>
    new SeriesKeeper({ store, log, vault, clock, books, beacon: null, rounds: 3, gatherMs: 60_000, ...change })

  /** Plays one round to its end and answers its opening. */
  async function play(keeper: SeriesKeeper, voidReason: 'equipment-fault' | null = null) {
    const opening = openingOf(await keeper.nextRound(tableId), clock.nowMs())
    await books.open(opening)
    await clock.wait(20_000)
    const draw = await keeper.draw(opening)
    await books.end(opening, draw, voidReason, clock.nowMs())
    await keeper.roundEnded(tableId)
    await keeper.idle()
    return opening
  }

  test('[FAI-14] root before salt before round before result: the log tells it in this order', async () => {
    const opening = await play(keeperWith())
    const [committed, salted, ended] = await Promise.all([
      findCommitted(log, opening.seriesId),
      findSalted(log, opening.seriesId),
      findEnded(log, opening.roundId),
    ])
    expect(committed?.index).toBeLessThan(salted?.index ?? -1)
    expect(salted?.index).toBeLessThan(ended?.index ?? -1)
    expect(committed?.entry.saltDeadlineMs).toBeLessThanOrEqual(opening.openedAtMs)
  })

  test('[FAI-15] the first series waits three seconds for seeds; the next is committed meanwhile', async () => {
    const startedAtMs = clock.nowMs()
    const keeper = keeperWith()
    await keeper.nextRound(tableId)
    expect(clock.nowMs() - startedAtMs).toBe(3000)
    await keeper.idle()
    expect((await findCommitted(log, `${tableId}.2`))?.entry.saltDeadlineMs).toBe(clock.nowMs() + 60_000)
    expect(await findSalted(log, `${tableId}.2`)).toBeNull()
    await clock.wait(60_000)
    await keeper.nextRound(tableId)
    await keeper.idle()
    expect(await findSalted(log, `${tableId}.2`)).not.toBeNull()
  })

  test('[FAI-16] rounds are numbered from 0 without gap, series from 1', async () => {
    const keeper = keeperWith()
    const ids: string[] = []
    for (let i = 0; i < 7; i++) ids.push((await play(keeper)).roundId)
    expect(ids).toEqual(['1.0', '1.1', '1.2', '2.0', '2.1', '2.2', '3.0'].map((tail) => `${tableId}.${tail}`))
  })

  test('[FAI-16] a round that was not opened is offered again; one in play holds up the next', async () => {
    const first = await keeperWith().nextRound(tableId)
    expect(await keeperWith().nextRound(tableId)).toEqual(first)
    await books.open(openingOf(first, clock.nowMs()))
    await expect(keeperWith().nextRound(tableId)).rejects.toThrow('has not ended')
  })

  test('[FAI-16] a number that the log knows as played is never given again, whatever the books forgot', async () => {
    await play(keeperWith())
    await expect(keeperWith({ books: new TestBooks() }).nextRound(tableId)).rejects.toThrow('FAI-16')
  })

  test('[FAI-16] two nodes that ask at once are offered the same round of the same series', async () => {
    const [a, b] = await Promise.all([keeperWith().nextRound(tableId), keeperWith().nextRound(tableId)])
    expect(a).toEqual(b)
  })

  test('[FAI-17] a vault that answers another secret than the committed one is found out', async () => {
    const keeper = keeperWith()
    const opening = openingOf(await keeper.nextRound(tableId), clock.nowMs())
    const draw = vault.draw.bind(vault)
    vault.draw = async (request) => ({ ...(await draw(request)), seedHex: '00'.repeat(32) })
    await expect(keeper.draw(opening)).rejects.toThrow('FAI-17')
    vault.commitment = async () => ({ commitment: '00'.repeat(32), path: [] })
    await expect(keeper.nextRound(tableId)).rejects.toThrow('FAI-17')
  })

  test('[FAI-18] a transcript exists once the log knows the end of the round, and verifies', async () => {
    const keeper = keeperWith()
    const transcripts = new Transcripts(store, log, vault)
    const next = await keeper.nextRound(tableId)
    await books.open(openingOf(next, clock.nowMs()))
    expect(await transcripts.transcriptOf(next.roundId)).toBeNull()
    const opening = openingOf(next, clock.nowMs())
    await books.end(opening, await keeper.draw(opening), 'equipment-fault', clock.nowMs() + 1)
    expect(await transcripts.transcriptOf(next.roundId)).toBeNull()
    await keeper.roundEnded(tableId)
    for (const roundId of [next.roundId, (await play(keeper)).roundId]) {
      const transcript = JSON.parse(JSON.stringify(await transcripts.transcriptOf(roundId)))
      expect(verifyTranscript(transcript).checks.filter(({ ok }) => !ok)).toEqual([])
      expect(transcript.operatorTrusted).toBe(true)
    }
    expect(await transcripts.transcriptOf('unknown.1.0')).toBeNull()
  })

  test('[FAI-18] nothing that is public of a running series holds a secret or a seed to come', async () => {
    const keeper = keeperWith()
    const transcripts = new Transcripts(store, log, vault)
    const { seriesId, roundId } = await play(keeper)
    const series = await store.seriesById(seriesId)
    const secret = series?.sealedSecret ?? ''
    const coming = await keeper.draw(openingOf(await keeper.nextRound(tableId), clock.nowMs()))
    const entries = await log.entries(0, 1000)
    const shown = JSON.stringify([
      await transcripts.transcriptOf(roundId),
      await transcripts.seriesOf(seriesId),
      entries,
    ])
    expect(shown).toContain((await findEnded(log, roundId))?.entry.seedHex)
    for (const hidden of [secret, Buffer.from(secret, 'base64').toString('hex'), coming.seedHex]) {
      expect(hidden.length).toBeGreaterThan(40)
      expect(shown).not.toContain(hidden)
    }
  })

  test('[FAI-18] the public records answer what there is, and null for the rest', async () => {
    const { roundId, seriesId } = await play(keeperWith())
    const records = new PublicRecords(log, new Transcripts(store, log, vault))
    const size = await log.size()
    expect((await records.transcript(roundId))?.ended.roundId).toBe(roundId)
    expect((await records.series(seriesId))?.seriesId).toBe(seriesId)
    expect(await records.checkpoint()).toMatch(new RegExp(`^log\\.example\\.test\n${size}\n`))
    expect((await records.entries(size - 1, size + 1))?.entries).toHaveLength(1)
    expect((await records.inclusion(0, size))?.pathHex).toEqual(await log.inclusion(0, size))
    expect((await records.consistency(1, size))?.pathHex).toEqual(await log.consistency(1, size))
    const nothing = await Promise.all([
      ...[records.transcript('x.1.0'), records.series('x.1'), records.entries(1, 1), records.entries(0, 1001)],
      ...[records.inclusion(size, size), records.inclusion(0, size + 1), records.inclusion(-1, size)],
      ...[records.consistency(2, 1), records.consistency(0, size + 1)],
    ])
    expect(new Set(nothing)).toEqual(new Set([null]))
  })

  test('[FAI-19] a round that ended unreported is reported before the next is offered, once', async () => {
    const keeper = keeperWith()
    const opening = openingOf(await keeper.nextRound(tableId), clock.nowMs())
    await books.open(opening)
    await keeper.roundEnded(tableId)
    expect(await findEnded(log, opening.roundId)).toBeNull()
    await books.end(opening, await keeper.draw(opening), null, clock.nowMs() + 1)
    await keeperWith().nextRound(tableId)
    const reported = await findEnded(log, opening.roundId)
    expect(reported?.entry).toMatchObject({ how: 'settled', roundNo: 0, betDigestHex: 'ab'.repeat(32) })
    await keeper.roundEnded(tableId)
    expect(await findEnded(log, opening.roundId)).toEqual(reported)
  })

  test("[FAI-20] a player's seed enters the salt of the next series, once, and is shown only with it", async () => {
    const keeper = keeperWith()
    const transcripts = new Transcripts(store, log, vault)
    expect(await keeper.contribute(tableId, 'ana', 'early')).toBe('too-late')
    await keeper.nextRound(tableId)
    await keeper.idle()
    expect(await keeper.contribute(tableId, 'ana', 'mi suerte \u0000\u{1f340}')).toBe('taken')
    expect(await keeper.contribute(tableId, 'ana', 'mi suerte \u0000\u{1f340}')).toBe('taken')
    expect(await keeper.contribute(tableId, 'ana', 'another')).toBe('already-contributed')
    expect(await keeper.contribute(tableId, 'blas', 'b'.repeat(64))).toBe('taken')
    expect(await transcripts.seriesOf(`${tableId}.2`)).toMatchObject({ salt: null, operatorTrusted: true })
    expect(JSON.stringify(await transcripts.seriesOf(`${tableId}.2`))).not.toContain('suerte')
    await clock.wait(60_000)
    expect(await keeper.contribute(tableId, 'carla', 'late')).toBe('too-late')
    for (let i = 0; i < 3; i++) await play(keeper)
    const { roundId } = await play(keeper)
    const transcript = await transcripts.transcriptOf(roundId)
    expect(roundId).toBe(`${tableId}.2.0`)
    expect(new Set(transcript?.contributions)).toEqual(
      new Set([
        { contributor: contributorTag(`${tableId}.2`, 'ana'), seed: 'mi suerte \u0000\u{1f340}' },
        { contributor: contributorTag(`${tableId}.2`, 'blas'), seed: 'b'.repeat(64) },
      ]),
    )
    expect(verifyTranscript(transcript).ok).toBe(true)
    expect((await transcripts.seriesOf(`${tableId}.2`))?.salt?.contributions).toHaveLength(2)
    expect(await transcripts.seriesOf('unknown.1')).toBeNull()
  })

  test('[FAI-20] no seed is taken once the salt is made, even by a node whose clock is behind', async () => {
    const keeper = keeperWith()
    await keeper.nextRound(tableId)
    const behind = keeperWith({ clock: { nowMs: () => 0, wait: async () => {} }, vault: new TestVault() })
    await keeper.idle()
    await clock.wait(60_000)
    await keeper.nextRound(tableId)
    await keeper.idle()
    expect(await behind.contribute(tableId, 'ana', 'late')).toBe('too-late')
  })

  test('[FAI-20] a series takes 256 seeds, of 1 to 64 characters', async () => {
    const keeper = keeperWith()
    await keeper.nextRound(tableId)
    await keeper.idle()
    await database.kysely
      .insertInto('contribution')
      .values(
        Array.from({ length: MOST_CONTRIBUTIONS }, (_, i) => ({
          series_id: `${tableId}.2`,
          contributor: contributorTag(`${tableId}.2`, `player ${i}`),
          seed: Buffer.from(`${i}`),
        })),
      )
      .execute()
    expect(await keeper.contribute(tableId, 'ana', 'one more')).toBe('full')
    for (const bad of ['', 'x'.repeat(65), '\ud800']) {
      await expect(keeper.contribute(tableId, 'ana', bad)).rejects.toThrow('1 to 64')
    }
  })

  test('[FAI-21] a beacon round is named before its value is out, and waited for', async () => {
    const beacon = new TestBeacon(clock)
    const keeper = keeperWith({ beacon })
    const { roundId, seriesId } = await play(keeper)
    const committed = await findCommitted(log, seriesId)
    const named = committed?.entry.beacon?.round ?? 0
    expect(named * 3000).toBeGreaterThan(committed?.entry.saltDeadlineMs ?? Number.POSITIVE_INFINITY)
    expect(new Set(beacon.asked)).toEqual(new Set([named]))
    const transcript = await new Transcripts(store, log, vault).transcriptOf(roundId)
    expect(transcript).toMatchObject({ operatorTrusted: false, salted: { beacon: { round: named } } })
    expect(verifyTranscript(transcript).ok).toBe(true)
  })

  test('[FAI-21] a beacon that stays silent, or is no longer configured, is never replaced by anything', async () => {
    const beacon = new TestBeacon(clock)
    beacon.valueOf = async () => null
    await expect(keeperWith({ beacon }).nextRound(tableId)).rejects.toThrow('is not out')
    await expect(keeperWith().nextRound(tableId)).rejects.toThrow('not set up for the beacon')
    expect(await findSalted(log, `${tableId}.1`)).toBeNull()
    await keeperWith({ beacon: new TestBeacon(clock) }).nextRound(tableId)
    expect(await findSalted(log, `${tableId}.1`)).not.toBeNull()
  })

  test('[FAI-21] preparing ahead under a beacon waits for its value too', async () => {
    const keeper = keeperWith({ beacon: new TestBeacon(clock) })
    await keeper.nextRound(tableId)
    await keeper.idle()
    const deadlineMs = (await findCommitted(log, `${tableId}.2`))?.entry.saltDeadlineMs ?? 0
    await clock.wait(deadlineMs - clock.nowMs())
    await keeper.nextRound(tableId)
    await keeper.idle()
    expect(await findSalted(log, `${tableId}.2`)).toBeNull()
    await clock.wait(3000)
    await keeper.nextRound(tableId)
    await keeper.idle()
    expect(await findSalted(log, `${tableId}.2`)).not.toBeNull()
  })

  test('[FAI-15] a failure while preparing ahead is reported, and tried again with the next round', async () => {
    const failures: unknown[] = []
    const keeper = keeperWith({ failed: (...args) => failures.push(args) })
    const newSeries = vault.newSeries.bind(vault)
    await keeper.nextRound(tableId)
    await keeper.idle()
    const other = `${tableId}-b`
    vault.newSeries = async (request) => {
      if (request.seriesId.endsWith('.2')) throw new Error('busy')
      return newSeries(request)
    }
    await keeper.nextRound(other)
    await keeper.idle()
    expect(failures).toEqual([[other, new Error('busy')]])
    vault.newSeries = newSeries
    await keeper.nextRound(other)
    await keeper.idle()
    expect(await findCommitted(log, `${other}.2`)).not.toBeNull()
  })

  test('[FAI-15] a table that is given up stops waiting', async () => {
    const stopped = new AbortController()
    stopped.abort(new Error('stopped'))
    await expect(keeperWith().nextRound(tableId, stopped.signal)).rejects.toThrow('stopped')
  })

  test('[FAI-15 O8] a clock that was set back makes no table wait for its salt, no round look early', async () => {
    const keeper = keeperWith()
    const first = await play(keeper)
    const rightMs = clock.nowMs()
    await clock.wait(-3_600_000)
    const next = await keeper.nextRound(tableId)
    expect(clock.nowMs()).toBe(rightMs - 3_600_000)
    const deadlineMs = (await findCommitted(log, first.seriesId))?.entry.saltDeadlineMs
    expect(next.opensFromMs).toBe(deadlineMs)
    expect(openingOf(next, clock.nowMs()).openedAtMs).toBe(deadlineMs)
  })

  // The last test of the file, since a mark of the books holds for every table.
  test('[FAI-25] after a restore no series from before goes on; the next one takes the seeds', async () => {
    const keeper = keeperWith()
    await play(keeper)
    await keeper.idle()
    expect(await keeper.contribute(tableId, 'ana', 'before')).toBe('taken')
    await database.kysely.insertInto('restoration').values({ id: 1, at_ms: 0, source: '{}' }).execute()
    const mark = { restoration_id: 1, at_ms: 0, actor: 'test', log_suffix: 'restored', least_epoch: 1 }
    await database.kysely
      .insertInto('restoration_mark')
      .values({ ...mark, least_series_no: 500 })
      .execute()
    expect(await keeper.contribute(tableId, 'blas', 'after')).toBe('too-late')
    expect((await play(keeper)).roundId).toBe(`${tableId}.500.0`)
    expect((await play(keeper)).roundId).toBe(`${tableId}.500.1`)
    expect(await keeper.contribute(tableId, 'blas', 'after')).toBe('taken')
    expect((await store.contributions(`${tableId}.501`)).map(({ seed }) => seed)).toEqual(['after'])
    expect((await keeper.nextRound(`${tableId}-new`)).roundId).toBe(`${tableId}-new.500.0`)
  })
})
