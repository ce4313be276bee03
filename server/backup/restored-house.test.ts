import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCheckpoint, readLogKey } from '../../engine/fairness/checkpoint.ts'
import { fromHex, toHex } from '../../engine/fairness/hex.ts'
import { verifyConsistency } from '../../engine/fairness/merkle.ts'
import type { LogRestored } from '../../engine/fairness/transcript.ts'
import { verifyTranscript } from '../../engine/fairness/verify.ts'
import { freePort } from '../../scripts/cluster/ports.ts'
import { openFolder, PostgresServer, postgresInstalled } from '../../scripts/postgres.ts'
import { readConfig } from '../config.ts'
import { type Database, openDatabase } from '../database/open.ts'
import { logName } from '../fairness/log-name.ts'
import { LogSigner, logSecretFrom } from '../fairness/log-signer.ts'
import { MerkleLog } from '../fairness/merkle-log.ts'
import { openHouse } from '../house.ts'
import { LedgerBooks } from '../ledger/ledger-books.ts'
import { openLog } from '../log.ts'
import { Backups } from './backups.ts'
import { drill } from './drill.ts'
import { type HighWater, latestMarks } from './high-water.ts'
import { MarkSigner } from './keys.ts'
import { type MarkReport, markRestored } from './mark-restored.ts'
import { assertNotBehind, BehindMark, NotMarked } from './restorations.ts'
import { restore } from './restore.ts'
import { type BackedUp, HOST, SECRETS_KEY, startBackedUp, testMetrics, until } from './testing.ts'

const SECRET = Buffer.from(SECRETS_KEY, 'hex')

describe.runIf(postgresInstalled())('a house whose books went back to an earlier time', () => {
  let backed: BackedUp
  let server: PostgresServer
  let books: Database
  let casinoUrl: string
  let report: MarkReport
  let target: string
  let openRoundId: string
  let lostRounds: string[]
  let lostCheckpoint: string
  let keyText: string
  const dataDir = mkdtempSync(join(tmpdir(), 'crupier-restored-'))
  const streaming = new AbortController()
  let streamed: Promise<void> = Promise.resolve()

  beforeAll(async () => {
    backed = await startBackedUp()
    const { house, backups, place, replication } = backed
    await house.play('lima', 2)
    streamed = backups.keepOn(3_600_000, 'fast', streaming.signal)
    await until('a base backup', async () => (await place.bases()).length > 0)
    await house.play('lima', 2)
    await house.play('cusco', 1)
    const open = await house.openRound('cusco')
    openRoundId = open.roundId
    await house.bet(open)
    // The moment to go back to lies between two commits, by the server's own clock.
    await house.audit.record({ actor: 'test', action: 'moment', target: '', detail: null })
    const { rows } = await replication.pool.query<{ at: number }>(
      'select (extract(epoch from clock_timestamp()) * 1000)::bigint + 1 as at from pg_sleep(0.01)',
    )
    const toTimeMs = rows[0]?.at ?? 0
    await until('the moment is past', () => Date.now() > toTimeMs + 10)
    await house.bet(open)
    await house.finish('cusco')
    house.forgetEpochs()
    lostRounds = [...(await house.play('lima', 30)), ...(await house.play('cusco', 2)), openRoundId]
    await backups.mark()
    const log = new MerkleLog(house.database.kysely, new LogSigner(HOST, logSecretFrom(SECRET)))
    lostCheckpoint = (await log.checkpoint()).note
    keyText = log.keyText
    target = openFolder(null)
    const restored = await restore({
      ...{ place, target: join(target, 'restored'), toTimeMs, secretsKey: SECRET, pgBin: null },
      ...{ durable: true, nowMs: Date.now },
    })
    await restored.stop()
    server = new PostgresServer(target, 'restored', await freePort(), [])
    await server.start()
    casinoUrl = server.url.replace('crupier@', 'casino@').replace(/[^/]+$/, 'casino')
    books = await openDatabase({ databaseUrl: casinoUrl, onConnectionLost: () => {} })
  })
  afterAll(async () => {
    streaming.abort()
    await streamed
    await books?.close()
    await server?.stop()
    await backed?.stop()
    for (const folder of [dataDir, target ?? dataDir]) rmSync(folder, { recursive: true, force: true })
  })

  const config = (more: NodeJS.ProcessEnv = {}) => {
    const OPERATOR_TOKEN = '7'.repeat(64)
    return readConfig({
      ...{ PORT: '0', DATA_DIR: dataDir, DATABASE_URL: casinoUrl, SECRETS_KEY, OPERATOR_TOKEN, MIN_ROUND_GAP_MS: '0' },
      PUBLIC_URL: `https://${HOST}`,
      ...more,
    })
  }
  const marks = () => latestMarks(backed.place, new MarkSigner(SECRET))
  const mark = async () =>
    markRestored({
      database: books,
      waters: await marks(),
      host: HOST,
      secretsKey: SECRET,
      actor: 'ana',
      nowMs: Date.now,
    })

  test('[BAK-8] is refused by the house and by its own database, until it is marked', async () => {
    const log = openLog({ level: 'silent' })
    await expect(openHouse({ config: config(), log, page: null })).rejects.toThrow(NotMarked)
    const ledger = new LedgerBooks(books)
    for (const tableId of ['lima', 'a-new-one']) {
      await expect(ledger.raiseEpoch(tableId)).rejects.toThrow('restored from a backup and is not marked')
    }
    await expect(backed.house.books.latestRound('cusco')).resolves.toMatchObject({ ended: { how: 'settled' } })
  })

  test('[BAK-8] a node that still runs from before is fenced before anything is marked', async () => {
    const tables: HighWater['tables'] = (await marks())[0]?.tables ?? {}
    const fences = await books.kysely.selectFrom('table_fence').selectAll().execute()
    for (const { table_id, epoch } of fences) expect(epoch).toBeGreaterThan(tables[table_id]?.epoch ?? 0)
  })

  test('[BAK-14] books that are behind the latest mark are not opened by whoever can read it', async () => {
    const place = { dir: backed.settings.dir, secretsKey: SECRET }
    await expect(assertNotBehind(books.kysely, place)).rejects.toThrow(BehindMark)
    await expect(assertNotBehind(backed.house.database.kysely, place)).resolves.toBeUndefined()
  })

  test('[BAK-9] the mark puts every number above all that were seen, also when it is interrupted', async () => {
    const before = await marks()
    // The log's entry is written first; whoever comes back finds it and goes on from there.
    let transactions = 0
    const broken = new Proxy(books.kysely, {
      get(on, name) {
        if (name === 'transaction' && ++transactions > 1)
          return () => ({ execute: () => Promise.reject(new Error('killed')) })
        const member: unknown = Reflect.get(on, name, on)
        return typeof member === 'function' ? member.bind(on) : member
      },
    })
    const options = { waters: before, host: HOST, secretsKey: SECRET, actor: 'ana', nowMs: Date.now }
    await expect(markRestored({ ...options, database: { ...books, kysely: broken } })).rejects.toThrow('killed')
    report = await mark()
    const seen = before.flatMap(({ tables }) => Object.values(tables))
    expect(Math.max(...seen.map(({ epoch }) => epoch))).toBeLessThan(report.leastEpoch)
    expect(Math.max(...seen.map(({ seriesNo }) => seriesNo))).toBeLessThan(report.leastSeriesNo)
    const fences = await books.kysely.selectFrom('table_fence').select('epoch').execute()
    expect(new Set(fences.map(({ epoch }) => epoch))).toEqual(new Set([report.leastEpoch]))
    expect(report.entriesLost).toBeGreaterThan(30)
    await expect(mark()).rejects.toThrow('does not wait for a mark')
    await expect(assertNotBehind(books.kysely, { dir: backed.settings.dir, secretsKey: SECRET })).resolves.toBe(
      undefined,
    )
  })

  test('[FAI-26 BAK-9] the log goes on under another name, and shows the break to who kept a checkpoint', async () => {
    const name = await logName(books.kysely, HOST)
    expect(name).toMatch(/^play\.example\.test\/restored-\d{8}T\d{6}Z$/)
    const signer = new LogSigner(name, logSecretFrom(SECRET))
    const log = new MerkleLog(books.kysely, signer)
    const [logged] = await log.entries(report.restoredSize, report.restoredSize + 1)
    const entry = JSON.parse(logged?.body ?? '') as LogRestored
    expect(entry).toMatchObject({ type: 'log-restored', name, leastSeriesNo: report.leastSeriesNo })
    // The old name's checkpoint is in the entry, verifies by players' key, and is longer than what came back.
    const key = readLogKey(keyText)
    const former = entry.formers.find((known) => known.name === HOST)
    const kept = key && readCheckpoint(former?.checkpoint ?? '', key)
    expect(former?.checkpoint).toBe(lostCheckpoint)
    expect(kept?.size).toBeGreaterThan(entry.restoredSize)
    // Nothing is ever signed again under the old name; the new name's log begins with what came back.
    const { note, size } = await log.checkpoint()
    expect(key && readCheckpoint(note, key)).toBeNull()
    const root = readCheckpoint(note, signer.key)?.root ?? new Uint8Array()
    const path = (await log.consistency(entry.restoredSize, size)).map(fromHex)
    const consistent = verifyConsistency(entry.restoredSize, size, path, fromHex(entry.restoredRootHex), root)
    expect([consistent, toHex(await log.rootAt(entry.restoredSize))]).toEqual([true, entry.restoredRootHex])
  })

  test('[BAK-10 BAK-9] opens, ends the open round as committed, and plays rounds of new numbers', async () => {
    const bet = { betId: randomUUID(), playerId: 'ana', selection: { kind: 'red' }, stakeCents: 100 as never }
    const ledger = new LedgerBooks(books)
    const late = await ledger.reserve([{ tableId: 'cusco', epoch: report.leastEpoch, roundId: openRoundId, bet }])
    expect(late[0]).toMatchObject({ fate: 'refused', refusal: 'bets-closed' })
    expect(report.openRounds).toEqual([{ roundId: openRoundId, bets: 2, stakeCents: 2_000 }])
    const lost = await backed.house.books.latestRound('cusco')
    const seriesBefore = new Set(
      (await backed.house.database.kysely.selectFrom('series').select('series_id').execute()).map(
        ({ series_id }) => series_id,
      ),
    )
    const house = await openHouse({
      config: config({ BACKUP_DIR: backed.settings.dir }),
      log: openLog({ level: 'silent' }),
      page: null,
    })
    try {
      await house.ready
      const rounds = () => books.kysely.selectFrom('round').selectAll().orderBy('seq').execute()
      const played = async () =>
        (await rounds()).filter(({ round_id, ended_how }) => ended_how !== null && isNew(round_id))
      const isNew = (roundId: string) => Number(roundId.split('.')[1]) >= report.leastSeriesNo
      await until('two new rounds of every table', async () => (await played()).length >= 4, 40_000)
      const fresh = (await played()).map(({ round_id }) => round_id)
      const seen = new Set([...lostRounds])
      expect(fresh.filter((roundId) => seen.has(roundId))).toEqual([])
      expect(fresh.filter((roundId) => seriesBefore.has(roundId.replace(/\.\d+$/, '')))).toEqual([])
      // The round that was open ended with the seed and outcome that the lost time saw as well.
      const before = await backed.house.database.kysely
        .selectFrom('round')
        .selectAll()
        .where('round_id', '=', openRoundId)
        .executeTakeFirstOrThrow()
      const after = (await rounds()).find(({ round_id }) => round_id === openRoundId)
      expect(after).toMatchObject({ ended_how: 'settled', seed_hex: before.seed_hex, outcome: before.outcome })
      expect(after?.bet_digest).not.toBe(before.bet_digest)
      expect(lost?.ended?.how).toBe('settled')
      const base = `http://127.0.0.1:${house.port}`
      for (const roundId of [fresh[0], openRoundId]) {
        const transcript = await until(
          'the transcript',
          async () => (await fetch(`${base}/api/rounds/${roundId}/transcript`)).ok,
        ).then(async () => (await fetch(`${base}/api/rounds/${roundId}/transcript`)).json())
        expect(verifyTranscript(transcript).checks.filter(({ ok }) => !ok)).toEqual([])
      }
      const fences = await books.kysely.selectFrom('table_fence').select('epoch').execute()
      for (const { epoch } of fences) expect(epoch).toBeGreaterThan(report.leastEpoch)
      const audit = await ledger.audit()
      expect([audit.linesSumCents, audit.accountsOff, audit.negativePlayers]).toEqual([0, 0, 0])
    } finally {
      await house.stop()
    }
  })

  test('[BAK-12 BAK-11] is backed up again, into an archive of its own beside the former one', async () => {
    streaming.abort()
    await streamed
    const { place, settings: before } = backed
    const settings = { ...before, databaseUrl: casinoUrl, replicationUrl: server.url }
    const replication = await openDatabase({ databaseUrl: server.url, onConnectionLost: () => {} })
    const more = { log: openLog({ level: 'silent' }), metrics: testMetrics(), nowMs: Date.now }
    const backups = new Backups({ settings, place, books, replication, ...more })
    const again = new AbortController()
    const going = backups.keepOn(3_600_000, 'fast', again.signal)
    try {
      await until('a base of the new life', async () => (await place.bases()).at(-1)?.archive.number === 2)
      const passed = await drill({ settings, place, live: { books, replication }, nowMs: Date.now })
      expect(passed.checks.filter(({ ok }) => !ok)).toEqual([])
      const known = await marks()
      expect(known.map(({ log }) => log.name)).toEqual([HOST, report.logName])
      const [old, now] = known.map(({ tables }) => tables.lima)
      expect(now?.epoch).toBeGreaterThan(old?.epoch ?? 0)
      expect(now?.seriesNo).toBeGreaterThan(old?.seriesNo ?? 0)
    } finally {
      again.abort()
      await going
      await replication.close()
    }
  })
})
