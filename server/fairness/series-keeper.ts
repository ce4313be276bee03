import { assert } from '../../engine/assert.ts'
import { fromHex, toHex } from '../../engine/fairness/hex.ts'
import { leafHash, verifyInclusion } from '../../engine/fairness/merkle.ts'
import { roundCommitment } from '../../engine/fairness/seeds.ts'
import { contributorTag, type RoundEnded } from '../../engine/fairness/transcript.ts'
import type { Draw, Facts, Opening } from '../../engine/round/types.ts'
import type { Books } from '../ledger/books.ts'
import { appendEntry, endedKey, findCommitted, findEnded } from './log-entries.ts'
import type { ContributionAnswer } from './series-store.ts'
import { SeriesSupply, type SupplyOptions } from './series-supply.ts'
import type { SeriesRef } from './series-vault.ts'

export type SeriesKeeperOptions = SupplyOptions & {
  readonly books: Pick<Books, 'latestRound'>
  /** Told when preparing a series ahead failed; the next round tries again. */
  readonly failed?: ((tableId: string, error: unknown) => void) | undefined
}

/** What a table opens next; `path` leads from the commitment to the series' root, hex. */
export type NextRound = SeriesRef & {
  readonly roundId: string
  readonly roundNo: number
  readonly commitment: string
  readonly path: readonly string[]
  /** The deadline for the seeds of its series: no round opens before that, by any clock. */
  readonly opensFromMs: number
}

const MOST_SEED_CHARACTERS = 64

/**
 * Gives a table its rounds: numbered without gap or repetition, each under a commitment of a series that is ready, and
 * each reported in the public log before the next one begins. Holds nothing that a crash could lose.
 * Source: FAI-14 to FAI-19, FAI-25.
 */
export class SeriesKeeper {
  readonly #options: SeriesKeeperOptions
  readonly #supply: SeriesSupply
  readonly #ahead = new Map<string, Promise<void>>()

  constructor(options: SeriesKeeperOptions) {
    this.#options = options
    this.#supply = new SeriesSupply(options)
  }

  /**
   * The round that the table may open next; waits for the salt of a series that has none yet. Until it is opened,
   * asking again answers the same round.
   * Errors: rejects while the latest round has not ended, when `signal` is given, and when a part is out of reach.
   */
  async nextRound(tableId: string, signal?: AbortSignal): Promise<NextRound> {
    const latest = await this.#options.books.latestRound(tableId)
    if (latest !== null) await this.#logEnded(latest)
    const { seriesNo, roundNo } = await this.#numberAfter(latest)
    const { series, saltDeadlineMs } = await this.#supply.ready(tableId, seriesNo, signal)
    const { seriesId, rounds, sealedSecret, rootHex } = series
    const roundId = `${seriesId}.${roundNo}`
    assert((await findEnded(this.#options.log, roundId)) === null, 'FAI-16: a round number is used once')
    const request = { tableId, seriesId, roundNo, rounds, sealedSecret }
    const { commitment, path } = await this.#options.vault.commitment(request)
    const leaf = leafHash(fromHex(commitment))
    const committed = verifyInclusion(roundNo, rounds, leaf, path.map(fromHex), fromHex(rootHex))
    assert(committed, 'FAI-17: the commitment is under the root in the log')
    this.#prepareAhead(tableId, seriesNo + 1)
    return { tableId, seriesId, roundId, roundNo, commitment, path, opensFromMs: saltDeadlineMs }
  }

  /**
   * What the committed seed decides for the round; the same for ever. For the server alone until betting has closed.
   * Errors: rejects when a part is out of reach.
   */
  async draw(opening: Opening): Promise<Draw> {
    const { tableId, seriesId, roundNo, commitment, terms } = opening
    const series = await this.#options.store.seriesById(seriesId)
    const salt = await this.#options.store.salt(seriesId)
    assert(series !== null && salt !== null, 'FAI-15: a round is of a series that has its salt')
    const { gameId, rules } = terms
    const ref = { tableId, seriesId, roundNo, sealedSecret: series.sealedSecret }
    const draw = await this.#options.vault.draw({ ...ref, saltHex: salt.saltHex, gameId, rules })
    const made = toHex(roundCommitment(tableId, seriesId, roundNo, fromHex(draw.seedHex)))
    assert(made === commitment, 'FAI-17: the seed is the one that was committed')
    return draw
  }

  /** Tells the log how the table's latest round ended; does nothing while it goes on. Repeating it changes nothing. */
  async roundEnded(tableId: string): Promise<void> {
    const latest = await this.#options.books.latestRound(tableId)
    if (latest?.ended) await this.#logEnded(latest)
  }

  /** Takes a player's seed, of 1 to 64 characters, for the series whose seeds are being gathered. */
  async contribute(tableId: string, playerId: string, seed: string): Promise<ContributionAnswer> {
    const fits = seed.length >= 1 && seed.length <= MOST_SEED_CHARACTERS && seed.isWellFormed()
    assert(fits, 'a seed has 1 to 64 characters')
    const { store, log, clock } = this.#options
    const series = await store.newest(tableId)
    if (series === null || series.seriesNo < (await store.leastSeriesNo())) return 'too-late'
    const committed = await findCommitted(log, series.seriesId)
    if (committed === null || clock.nowMs() >= committed.entry.saltDeadlineMs) return 'too-late'
    return store.contribute(series.seriesId, { contributor: contributorTag(series.seriesId, playerId), seed })
  }

  /** Resolves when nothing is being prepared in the background; for an orderly stop. */
  async idle(): Promise<void> {
    await Promise.all(this.#ahead.values())
  }

  async #numberAfter(latest: Facts | null): Promise<{ seriesNo: number; roundNo: number }> {
    const { store } = this.#options
    const least = await store.leastSeriesNo()
    if (latest === null) return { seriesNo: least, roundNo: 0 }
    const { seriesId, tableId, roundNo } = latest.opening
    const series = await store.seriesById(seriesId)
    assert(series !== null && series.tableId === tableId, 'a round is of a series of its table')
    // Seeds of its rounds may have been told before the books went back to an earlier time.
    if (series.seriesNo < least) return { seriesNo: least, roundNo: 0 }
    if (roundNo + 1 < series.rounds) return { seriesNo: series.seriesNo, roundNo: roundNo + 1 }
    return { seriesNo: series.seriesNo + 1, roundNo: 0 }
  }

  #prepareAhead(tableId: string, seriesNo: number): void {
    if (this.#ahead.has(tableId)) return
    const work = this.#supply
      .advance(tableId, seriesNo)
      .catch((error: unknown) => this.#options.failed?.(tableId, error))
      .finally(() => this.#ahead.delete(tableId))
    this.#ahead.set(tableId, work)
  }

  async #logEnded(facts: Facts): Promise<void> {
    const { opening, ended } = facts
    assert(ended !== null, `round ${opening.roundId} has not ended`)
    const key = endedKey(opening.roundId)
    if ((await this.#options.log.find(key)) !== null) return
    const entry = endedEntry(facts, facts.draw ?? (await this.draw(opening)))
    await appendEntry(this.#options.log, key, entry)
  }
}

function endedEntry({ opening, betDigest, ended }: Facts, draw: Draw): RoundEnded {
  assert(ended !== null && (ended.how === 'void' || betDigest !== null), 'a settled round has the digest of its bets')
  const { terms } = opening
  return {
    type: 'round-ended',
    roundId: opening.roundId,
    tableId: opening.tableId,
    seriesId: opening.seriesId,
    roundNo: opening.roundNo,
    gameId: terms.gameId,
    rulesVersion: terms.rulesVersion,
    rules: terms.rules,
    openedAtMs: opening.openedAtMs,
    closesAtMs: opening.closesAtMs,
    endedAtMs: ended.atMs,
    how: ended.how,
    voidReason: ended.voidReason,
    betDigestHex: betDigest,
    commitmentHex: opening.commitment,
    seedHex: draw.seedHex,
    outcome: draw.outcome,
  }
}
