import { assert } from '../../engine/assert.ts'
import type { BeaconRound, BeaconValue, Contribution, LogPlace, Transcript } from '../../engine/fairness/transcript.ts'
import { findCommitted, findEnded, findSalted } from './log-entries.ts'
import type { MerkleLog } from './merkle-log.ts'
import type { SeriesStore } from './series-store.ts'
import type { SeriesVault } from './series-vault.ts'

/** What the house publishes of a series; `salt` is null until it is made, and no seed of a player is shown before. */
export type PublicSeries = {
  readonly tableId: string
  readonly seriesId: string
  readonly rounds: number
  readonly rootHex: string
  readonly saltDeadlineMs: number
  readonly beacon: BeaconRound | null
  readonly operatorTrusted: boolean
  readonly committedIndex: number
  readonly salt: {
    readonly saltHex: string
    readonly beacon: BeaconValue | null
    readonly contributions: readonly Contribution[]
    readonly saltedIndex: number
  } | null
}

/**
 * Reads what is public out of the log and the books. It starts from log entries, and a round has one only when it has
 * ended, so nothing of a round in play can leave through here. Source: FAI-18.
 */
export class Transcripts {
  readonly #store: SeriesStore
  readonly #log: MerkleLog
  readonly #vault: Pick<SeriesVault, 'commitment'>

  constructor(store: SeriesStore, log: MerkleLog, vault: Pick<SeriesVault, 'commitment'>) {
    this.#store = store
    this.#log = log
    this.#vault = vault
  }

  /** What a player downloads; null until the log says how the round ended. */
  async transcriptOf(roundId: string): Promise<Transcript | null> {
    const ended = await findEnded(this.#log, roundId)
    if (ended === null) return null
    const { tableId, seriesId, roundNo } = ended.entry
    const series = await this.#store.seriesById(seriesId)
    const committed = await findCommitted(this.#log, seriesId)
    const salted = await findSalted(this.#log, seriesId)
    assert(series !== null && committed !== null && salted !== null, 'a round that ended is of a salted series')
    const { sealedSecret, rounds } = series
    const { path } = await this.#vault.commitment({ tableId, seriesId, roundNo, rounds, sealedSecret })
    const { size, note } = await this.#log.checkpoint()
    const place = async (index: number): Promise<LogPlace> => ({
      index,
      pathHex: await this.#log.inclusion(index, size),
    })
    return {
      format: 'crupier-transcript-1',
      committed: committed.entry,
      salted: salted.entry,
      ended: ended.entry,
      commitmentPathHex: path,
      contributions: await this.#store.contributions(seriesId),
      operatorTrusted: committed.entry.beacon === null,
      log: {
        key: this.#log.keyText,
        checkpoint: note,
        committed: await place(committed.index),
        salted: await place(salted.index),
        ended: await place(ended.index),
      },
    }
  }

  /** Null for a series that the log does not know. */
  async seriesOf(seriesId: string): Promise<PublicSeries | null> {
    const committed = await findCommitted(this.#log, seriesId)
    if (committed === null) return null
    const { tableId, rounds, rootHex, saltDeadlineMs, beacon } = committed.entry
    const salted = await findSalted(this.#log, seriesId)
    return {
      tableId,
      seriesId,
      rounds,
      rootHex,
      saltDeadlineMs,
      beacon,
      operatorTrusted: beacon === null,
      committedIndex: committed.index,
      salt: salted && {
        saltHex: salted.entry.saltHex,
        beacon: salted.entry.beacon,
        contributions: await this.#store.contributions(seriesId),
        saltedIndex: salted.index,
      },
    }
  }
}
