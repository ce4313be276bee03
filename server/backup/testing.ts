import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { betDigest } from '../../engine/fairness/bet-digest.ts'
import { gameById } from '../../engine/games.ts'
import { toCents } from '../../engine/money.ts'
import { due } from '../../engine/round/due.ts'
import { rebuild } from '../../engine/round/rebuild.ts'
import type { NewBet, Opening } from '../../engine/round/types.ts'
import { BackupMetrics } from '../../monitoring/backup-metrics.ts'
import { startPostgres, type ThrowAwayPostgres } from '../../scripts/postgres.ts'
import { DrawPool } from '../../workers/draw-pool.ts'
import { AuditLog } from '../audit/audit-log.ts'
import { migrate } from '../database/migrate.ts'
import { type Database, openDatabase } from '../database/open.ts'
import { logName } from '../fairness/log-name.ts'
import { LogSigner, logSecretFrom } from '../fairness/log-signer.ts'
import { MerkleLog } from '../fairness/merkle-log.ts'
import { SeriesKeeper } from '../fairness/series-keeper.ts'
import { SeriesStore } from '../fairness/series-store.ts'
import { LedgerBooks } from '../ledger/ledger-books.ts'
import { openLog } from '../log.ts'
import { sleep } from '../tables/effect-runner.ts'
import { HouseTables } from '../tables/house-tables.ts'
import { openingOf } from '../tables/table-effects.ts'
import { Backups } from './backups.ts'
import { seriesKey } from './keys.ts'
import { Place } from './place.ts'
import { type BackupSettings, readBackupSettings } from './settings.ts'

export const SECRETS_KEY = '5c'.repeat(32)
export const HOST = 'play.example.test'
const { signal } = new AbortController()

/** A house without sockets, whose rounds are played as fast as its books and its draw pool allow. */
export class QuietHouse {
  readonly database: Database
  readonly books: LedgerBooks
  readonly audit: AuditLog
  readonly #draws: DrawPool
  readonly #store: SeriesStore
  readonly #tables: HouseTables
  readonly #epochs = new Map<string, number>()

  constructor(database: Database, draws: DrawPool) {
    this.database = database
    this.books = new LedgerBooks(database)
    this.audit = new AuditLog(database, Date.now)
    this.#draws = draws
    this.#store = new SeriesStore(database.kysely)
    const market = { currency: 'PEN', leastReturnPercent: 85, minRoundGapMs: 0 }
    this.#tables = new HouseTables({ database, nowMs: Date.now, gameById, ...market })
  }

  static async open(database: Database, tableIds: readonly string[] = ['lima', 'cusco']): Promise<QuietHouse> {
    await migrate(database)
    const draws = new DrawPool({ sealKey: seriesKey(Buffer.from(SECRETS_KEY, 'hex')), threads: 1 })
    await draws.start()
    const house = new QuietHouse(database, draws)
    for (const tableId of tableIds) await house.#openTable(tableId)
    for (const playerId of ['ana', 'blas']) {
      await house.books.openAccount(playerId)
      await house.books.grant(randomUUID(), playerId, toCents(1_000_000), 'test')
    }
    return house
  }

  /** Takes the table over, and plays rounds with a bet of each player to their ends. Answers their ids. */
  async play(tableId: string, rounds: number): Promise<string[]> {
    const ids: string[] = []
    for (let i = 0; i < rounds; i++) {
      const opening = await this.openRound(tableId)
      await this.bet(opening)
      await this.finish(tableId)
      ids.push(opening.roundId)
    }
    return ids
  }

  async openRound(tableId: string): Promise<Opening> {
    const table = await this.#tables.get(tableId)
    if (table === null) throw new Error(`there is a table ${tableId}`)
    const series = await this.#series()
    const opening = openingOf(table, await series.nextRound(tableId, signal), Date.now())
    await this.books.openRound(await this.#fence(tableId), opening)
    await series.idle()
    return opening
  }

  async bet({ tableId, roundId }: Opening): Promise<NewBet[]> {
    const bets = ['ana', 'blas'].map((playerId, i) => ({
      betId: randomUUID(),
      playerId,
      selection: { kind: i === 0 ? 'red' : 'black' },
      stakeCents: toCents(1_000),
    }))
    const fence = await this.#fence(tableId)
    for (const { fate } of await this.books.reserve(bets.map((bet) => ({ ...fence, roundId, bet })))) {
      if (fate !== 'reserved') throw new Error(`the stake was ${fate}`)
    }
    return bets
  }

  /** Brings the table's latest round to its end, from wherever it is. */
  async finish(tableId: string): Promise<void> {
    const fence = await this.#fence(tableId)
    const series = await this.#series()
    const facts = await this.books.latestRound(tableId)
    if (facts === null || facts.ended !== null) return
    const { opening, stakes } = facts
    const held = stakes.filter(({ fate }) => fate === 'reserved').map(({ bet }) => bet)
    await this.books.closeRound(fence, opening.roundId, facts.betDigest ?? betDigest(held))
    await this.books.registerDraw(fence, opening.roundId, await series.draw(opening))
    const drawn = await this.books.latestRound(tableId)
    if (drawn === null) throw new Error('the round is in the books')
    const settle = due(rebuild(null, drawn)).find((effect) => effect.type === 'settle')
    if (settle?.type !== 'settle') throw new Error('a drawn round is settled next')
    await this.books.settle({ ...fence, ...settle })
    await series.roundEnded(tableId)
    await this.audit.record({ actor: 'test', action: 'round', target: opening.roundId, detail: null })
  }

  /** Another life of the house takes every table over. */
  forgetEpochs(): void {
    this.#epochs.clear()
  }

  async stop(): Promise<void> {
    await this.#draws.stop()
    await this.database.close()
  }

  async #openTable(tableId: string): Promise<void> {
    const rules = { wheel: 'single-zero', laPartage: false }
    const range = { minCents: 100, maxCents: 10_000 }
    const limits = { perBet: { 'even-chance': range }, perPlayerCents: 50_000, perTableCents: 500_000 }
    const pace = { bettingMs: 2_000, restMs: 1_000 }
    await this.#tables.create({ tableId, name: tableId, gameId: 'roulette', rules, limits, pace }, 'open')
  }

  async #fence(tableId: string): Promise<{ tableId: string; epoch: number }> {
    const epoch = this.#epochs.get(tableId) ?? (await this.books.raiseEpoch(tableId))
    this.#epochs.set(tableId, epoch)
    return { tableId, epoch }
  }

  async #series(): Promise<SeriesKeeper> {
    const { kysely } = this.database
    const signer = new LogSigner(await logName(kysely, HOST), logSecretFrom(Buffer.from(SECRETS_KEY, 'hex')))
    const clock = { nowMs: Date.now, wait: (ms: number) => sleep(ms, signal) }
    const sizes = { rounds: 20, gatherMs: 1, hurriedGatherMs: 1 }
    const log = new MerkleLog(kysely, signer)
    return new SeriesKeeper({
      store: this.#store,
      log,
      vault: this.#draws,
      clock,
      books: this.books,
      beacon: null,
      ...sizes,
    })
  }
}

/** A server of its own with a house on it, and a second place beside it; all of it goes with `stop`. */
export type BackedUp = {
  readonly postgres: ThrowAwayPostgres
  readonly house: QuietHouse
  readonly folder: string
  readonly place: Place
  readonly settings: BackupSettings
  readonly backups: Backups
  readonly replication: Database
  stop(): Promise<void>
}

export function settingsFor(databaseUrl: string, folder: string, more: NodeJS.ProcessEnv = {}): BackupSettings {
  return readBackupSettings({
    DATABASE_URL: databaseUrl,
    SECRETS_KEY,
    PUBLIC_URL: `https://${HOST}`,
    BACKUP_DIR: join(folder, 'place'),
    ...more,
  })
}

export function testMetrics(): BackupMetrics {
  const read = async () => ({ baseAtMs: null, walSafeAtMs: null, markAtMs: null, drillOkAtMs: null, drill: null })
  return new BackupMetrics({ nowMs: Date.now, read })
}

export async function startBackedUp(): Promise<BackedUp> {
  const postgres = await startPostgres()
  const { port } = postgres
  // As in a real house: who owns the books may not stream, and who streams may not read the books.
  const admin = await openDatabase({ databaseUrl: postgres.url, onConnectionLost: () => {} })
  for (const statement of [
    'create role casino login',
    'create role replicator login replication',
    'create database casino owner casino',
    'revoke all on database casino from public',
  ])
    await admin.pool.query(statement)
  await admin.close()
  const [casinoUrl, replicationUrl] = [
    `postgres://casino@127.0.0.1:${port}/casino`,
    `postgres://replicator@127.0.0.1:${port}/postgres`,
  ]
  return { ...(await backUp(casinoUrl, replicationUrl, () => postgres.stop())), postgres }
}

/** A house on a server that runs already, and its second place; `stop` ends the server too. */
export async function backUp(
  casinoUrl: string,
  replicationUrl: string,
  stopServer: () => Promise<void>,
): Promise<Omit<BackedUp, 'postgres'>> {
  const folder = mkdtempSync(join(tmpdir(), 'crupier-backup-test-'))
  chmodSync(folder, 0o755) // whoever the servers run as must reach what is restored within
  const settings = settingsFor(casinoUrl, folder, { BACKUP_REPLICATION_URL: replicationUrl })
  const house = await QuietHouse.open(await openDatabase({ databaseUrl: casinoUrl, onConnectionLost: () => {} }))
  const replication = await openDatabase({ databaseUrl: replicationUrl, onConnectionLost: () => {} })
  const place = new Place(settings.dir)
  const log = openLog({ level: 'silent' })
  const metrics = testMetrics()
  const backups = new Backups({ settings, place, books: house.database, replication, log, metrics, nowMs: Date.now })
  const stop = async () => {
    await house.stop()
    await replication.close()
    await stopServer()
    rmSync(folder, { recursive: true, force: true })
  }
  return { house, folder, place, settings, backups, replication, stop }
}

/** Waits until the question is answered with yes. */
export async function until(what: string, asked: () => Promise<boolean> | boolean, limitMs = 20_000): Promise<void> {
  const giveUpAtMs = performance.now() + limitMs
  while (!(await asked())) {
    if (performance.now() > giveUpAtMs) throw new Error(`${what}: not within ${limitMs} ms`)
    await sleep(20, signal)
  }
}
