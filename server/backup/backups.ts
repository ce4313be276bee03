import type { BackupMetrics } from '../../monitoring/backup-metrics.ts'
import type { Database } from '../database/open.ts'
import { logName } from '../fairness/log-name.ts'
import type { Log } from '../log.ts'
import { sleep } from '../tables/effect-runner.ts'
import { about, takeBase } from './base-backup.ts'
import { type HighWater, keepMark, latestMark, readHighWater } from './high-water.ts'
import { keyIdOf, MarkSigner } from './keys.ts'
import { type Lock, takeLock } from './lock.ts'
import type { Archive, Base, Place } from './place.ts'
import { programsOf, reachOf, serverOwner } from './programs.ts'
import { assertMarked } from './restorations.ts'
import { prune } from './retention.ts'
import { extendRounds, NO_ROUNDS } from './rounds-chain.ts'
import type { BackupSettings } from './settings.ts'
import {
  assertNoStandby,
  ensureSlot,
  leavesGap,
  packSegments,
  positions,
  receiveWal,
  renewSlot,
  WalAge,
} from './wal-archive.ts'

export type BackupsOptions = {
  readonly settings: BackupSettings
  readonly place: Place
  /** The house's books, and the same server as the role that may stream from it. */
  readonly books: Database
  readonly replication: Database
  readonly log: Log
  readonly metrics: BackupMetrics
  readonly nowMs: () => number
}

const LOOK_MS = 1_000
const MARK_MS = 60_000
const LONGEST_RETRY_MS = 30_000

/** Somebody else backs this house up already. */
export class AlreadyRunning extends Error {}

/** Backs a house up: base backups, its WAL as it is written, and how far it has come (BAK-1 to BAK-6). */
export class Backups {
  readonly walAge = new WalAge()
  readonly #options: BackupsOptions
  readonly #signer: MarkSigner
  #turn: Promise<unknown> = Promise.resolve()
  #marking: Promise<unknown> = Promise.resolve()

  constructor(options: BackupsOptions) {
    this.#options = options
    this.#signer = new MarkSigner(options.settings.secretsKey)
  }

  /** One base backup, one mark, and away with what need not be kept. Errors: `AlreadyRunning`, and what went wrong. */
  async once(checkpoint: 'fast' | 'spread', signal?: AbortSignal): Promise<Base> {
    const { place, replication, settings, nowMs, books, log } = this.#options
    const lock = await takeLock(replication.pool, 'base')
    if (lock === null) throw new AlreadyRunning('another base backup of this house is being taken')
    try {
      const { archive, major } = await this.#current()
      const startedMs = performance.now()
      const base = await takeBase({
        archive,
        pool: books.pool,
        reach: reachOf(settings.replicationUrl),
        bin: programsOf(major, settings.pgBin),
        owner: serverOwner(),
        scratchDir: settings.scratchDir,
        keyId: keyIdOf(settings.secretsKey),
        checkpoint,
        ...(signal && { signal }),
      })
      const seconds = (performance.now() - startedMs) / 1000
      const bytes = base.files.reduce((sum, file) => sum + file.bytes, 0)
      this.#options.metrics.baseTaken(seconds, bytes)
      await this.mark()
      await this.#compareBooks(archive)
      const gone = await prune(place, { days: settings.keepDays, bases: settings.keepBases }, nowMs())
      log.info({ base: base.name, archive: archive.number, bytes, seconds, gone }, 'a base backup was taken')
      return base
    } finally {
      await lock.release()
    }
  }

  /** Keeps how far the house has come; one mark after the other, since each goes on from the one before. */
  mark(): Promise<HighWater> {
    const turn = this.#marking.then(() => this.#mark())
    this.#marking = turn.catch(() => undefined)
    return turn
  }

  async #mark(): Promise<HighWater> {
    const { books, settings, nowMs, log, metrics } = this.#options
    const { archive } = await this.#current()
    const known = (await latestMark(archive, this.#signer))?.rounds ?? null
    const { host, secretsKey } = settings
    const { water, differing } = await readHighWater(books, { host, secretsKey, known, nowMs })
    if (differing.length > 0) {
      metrics.failed('books')
      log.error({ rounds: differing.slice(0, 20) }, 'the books and the public log say different things of rounds')
    }
    await keepMark(archive, water, this.#signer)
    return water
  }

  /**
   * Streams WAL, marks every minute, and takes a base backup when the newest one is `everyMs` old, until the signal.
   * Errors: `AlreadyRunning` at the start; afterwards everything that fails is logged, counted and tried again.
   */
  async keepOn(everyMs: number, checkpoint: 'fast' | 'spread', signal: AbortSignal): Promise<void> {
    const { replication, log } = this.#options
    let lock = await takeLock(replication.pool, 'wal')
    if (lock === null) throw new AlreadyRunning('another process streams the WAL of this house already')
    while (!signal.aborted) {
      if (lock !== null) await this.#underLock(lock, everyMs, checkpoint, signal)
      else await sleep(LONGEST_RETRY_MS / 10, signal)
      if (signal.aborted) return
      lock = await takeLock(replication.pool, 'wal').catch((err: unknown) => {
        this.#failed('wal', err, 'the server cannot be reached')
        return null
      })
      if (lock === null) log.warn('waiting to stream the WAL again')
    }
  }

  async #underLock(lock: Lock, everyMs: number, checkpoint: 'fast' | 'spread', stop: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([lock.lost, stop])
    // A base may take long; the marks and the looks go on beside it.
    await Promise.all([
      this.#again('wal', signal, (failures) => this.#stream(signal, failures)),
      this.#again('mark', signal, async () => {
        await this.mark()
        await packSegments((await this.#current()).archive)
        await sleep(MARK_MS, signal)
      }),
      this.#again('wal', signal, () => this.#look(signal)),
      this.#again('base', signal, async () => {
        if (await this.#baseIsDue(everyMs)) await this.once(checkpoint, signal)
        await sleep(LOOK_MS * 5, signal)
      }),
    ])
    await lock.release()
  }

  async #stream(signal: AbortSignal, failures: number): Promise<void> {
    const { place, replication, settings, nowMs, log, metrics } = this.#options
    const { archive, major, server } = await this.#current()
    await ensureSlot(replication.pool, settings.slot)
    log.info({ archive: archive.number, slot: settings.slot, failures }, 'streaming WAL')
    const reach = reachOf(settings.replicationUrl)
    const bin = programsOf(major, settings.pgBin)
    if ((await receiveWal({ archive, reach, bin, slot: settings.slot, signal })) === 'stopped') return
    metrics.failed('wal')
    log.error({ archive: archive.number }, 'the archive cannot go on: a new one begins, with a base backup of its own')
    await renewSlot(replication.pool, settings.slot)
    await place.begin(server, nowMs())
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { replication, settings, nowMs } = this.#options
    const atMs = nowMs()
    const { live, safe } = await positions(replication.pool, settings.slot)
    this.walAge.looked(atMs, live, safe)
    await assertNoStandby(replication.pool)
    await sleep(LOOK_MS, signal)
  }

  async #baseIsDue(everyMs: number): Promise<boolean> {
    const { archive } = await this.#current()
    const newest = (await this.#options.place.bases()).findLast((base) => base.archive.number === archive.number)
    if (newest === undefined || this.#options.nowMs() - newest.endedAtMs >= everyMs) return true
    return leavesGap(newest)
  }

  /** One after the other, so that two that find no archive do not both begin one. */
  #current(): Promise<Current> {
    const turn = this.#turn.then(() => this.#lookUp())
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Errors: rejects for a database that was restored and not marked: its numbers would be kept as if they counted. */
  async #lookUp(): Promise<Current> {
    const { books, place, nowMs } = this.#options
    await assertMarked(books.kysely)
    const { systemId, major } = await about(books.pool)
    const server = { systemId, logSuffix: (await logName(books.kysely, '')).slice(1) }
    return { archive: await place.current(server, nowMs()), major, server }
  }

  /** The chain of rounds is kept up from mark to mark; once a base it is made again from the books as they are now. */
  async #compareBooks(archive: Archive): Promise<void> {
    const { books, metrics, log } = this.#options
    const kept = (await latestMark(archive, this.#signer))?.rounds ?? NO_ROUNDS
    const { mark } = await extendRounds(books.kysely, NO_ROUNDS, kept.logSize)
    if (mark.chainHex === kept.chainHex) return
    metrics.failed('books')
    log.error({ logSize: kept.logSize }, 'books of rounds that had ended were changed since they were marked')
  }

  /** Does the work again and again until the signal; after a failure with growing pauses. */
  async #again(step: Step, signal: AbortSignal, work: (failures: number) => Promise<void>): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      try {
        await work(failures)
        failures = 0
      } catch (err) {
        if (signal.aborted) return
        failures += 1
        this.#failed(step, err, 'a step of the backup failed')
        await sleep(Math.min(LONGEST_RETRY_MS, LOOK_MS * 2 ** Math.min(failures - 1, 6)), signal)
      }
    }
  }

  #failed(step: Step, err: unknown, what: string): void {
    this.#options.metrics.failed(step)
    this.#options.log.error({ err, step }, what)
  }
}

type Current = {
  readonly archive: Archive
  readonly major: number
  readonly server: { readonly systemId: string; readonly logSuffix: string }
}
type Step = Parameters<BackupMetrics['failed']>[0]
