import { assert } from '../../engine/assert.ts'
import { toHex } from '../../engine/fairness/hex.ts'
import {
  type BeaconValue,
  type SeriesCommitted,
  type SeriesSalted,
  seriesSalt,
} from '../../engine/fairness/transcript.ts'
import { crashPoint } from '../crash-points.ts'
import type { EntropySource } from './entropy-source.ts'
import { appendEntry, committedKey, type EntryLog, findCommitted, findSalted, saltedKey } from './log-entries.ts'
import type { SeriesRow, SeriesStore } from './series-store.ts'
import type { SeriesVault } from './series-vault.ts'

export type Clock = { nowMs(): number; wait(ms: number): Promise<void> }

export type SupplyOptions = {
  readonly store: SeriesStore
  readonly log: EntryLog
  readonly vault: SeriesVault
  readonly clock: Clock
  readonly beacon: EntropySource | null
  /** Rounds of a series; choose so that a series outlasts `gatherMs`, or the table waits between two. */
  readonly rounds: number
  /** How long seeds are gathered for a series that is prepared while another is played. */
  readonly gatherMs: number
  /** The same for a series that a table is waiting for, such as its first; 3 s unless told. */
  readonly hurriedGatherMs?: number | undefined
}

type Committed = { readonly series: SeriesRow; readonly committed: SeriesCommitted }

const HURRIED_GATHER_MS = 3_000
const LONGEST_WAIT_MS = 1_000
/** After this many seconds without the beacon's value the table is told; it asks again, and takes no other value. */
const BEACON_ATTEMPTS = 60

/**
 * Makes series ready in four steps: the sealed secret is kept; its root stands in the log with the deadline for seeds;
 * the salt is kept; the salt stands in the log. Each step is durable before the next begins, and is skipped when it is
 * found done, by whatever node did it. Source: FAI-14, FAI-15.
 */
export class SeriesSupply {
  readonly #options: SupplyOptions

  constructor(options: SupplyOptions) {
    this.#options = options
  }

  /**
   * The series with its salt in the log, and the deadline for its seeds, which is waited for. Errors: rejects when a
   * part is out of reach.
   */
  async ready(
    tableId: string,
    seriesNo: number,
    signal?: AbortSignal,
  ): Promise<{ readonly series: SeriesRow; readonly saltDeadlineMs: number }> {
    const { hurriedGatherMs = HURRIED_GATHER_MS, store, log } = this.#options
    const { series, committed } = await this.#committed(tableId, seriesNo, hurriedGatherMs)
    const ready = { series, saltDeadlineMs: committed.saltDeadlineMs }
    // Once the salt stands the deadline has passed, whatever this node's clock says.
    if ((await findSalted(log, series.seriesId)) !== null) return ready
    await this.#deadline(committed, signal)
    const standing = await store.salt(series.seriesId)
    const beacon =
      standing === null ? await this.#beaconValue(committed, signal) : beaconOf(committed, standing.beaconRandomnessHex)
    await this.#salt(series, committed, beacon)
    return ready
  }

  /** As far as it can be made ready without waiting. */
  async advance(tableId: string, seriesNo: number): Promise<void> {
    const { log, clock, store, gatherMs } = this.#options
    const { series, committed } = await this.#committed(tableId, seriesNo, gatherMs)
    if (leftOf(committed, clock) > 0 || (await findSalted(log, series.seriesId)) !== null) return
    const standing = await store.salt(series.seriesId)
    const randomness = standing === null ? await this.#askBeacon(committed) : standing.beaconRandomnessHex
    if (committed.beacon === null || randomness !== null) {
      await this.#salt(series, committed, beaconOf(committed, randomness))
    }
  }

  /** A clock that was set back, or differs from that of the node which named the deadline, does not stop the table. */
  async #deadline(committed: SeriesCommitted, signal?: AbortSignal): Promise<void> {
    const { hurriedGatherMs = HURRIED_GATHER_MS, gatherMs, clock } = this.#options
    let patienceMs = Math.max(gatherMs, hurriedGatherMs)
    for (let leftMs = leftOf(committed, clock); leftMs > 0 && patienceMs > 0; leftMs = leftOf(committed, clock)) {
      signal?.throwIfAborted()
      const waitMs = Math.min(leftMs, LONGEST_WAIT_MS, patienceMs)
      patienceMs -= waitMs
      await clock.wait(waitMs)
    }
  }

  async #committed(tableId: string, seriesNo: number, gatherMs: number): Promise<Committed> {
    const { store, log, vault, clock, rounds } = this.#options
    const seriesId = `${tableId}.${seriesNo}`
    let series = await store.series(tableId, seriesNo)
    if (series === null) {
      const { sealedSecret, root } = await vault.newSeries({ tableId, seriesId, rounds })
      series = await store.keep({ tableId, seriesId, seriesNo, rounds, sealedSecret, rootHex: root })
      crashPoint('series.kept')
    }
    const standing = await findCommitted(log, seriesId)
    const committed = standing?.entry ?? (await this.#commit(series, clock.nowMs() + gatherMs))
    if (standing === null) crashPoint('series.committed')
    assert(committed.rootHex === series.rootHex, 'FAI-14: the log and the books hold the same root')
    return { series, committed }
  }

  async #commit({ tableId, seriesId, rounds, rootHex }: SeriesRow, saltDeadlineMs: number): Promise<SeriesCommitted> {
    const { log, beacon } = this.#options
    return appendEntry<SeriesCommitted>(log, committedKey(seriesId), {
      type: 'series-committed',
      tableId,
      seriesId,
      rounds,
      rootHex,
      saltDeadlineMs,
      beacon: beacon && { source: beacon.source, round: beacon.roundAfter(saltDeadlineMs) },
    })
  }

  async #salt({ tableId, seriesId }: SeriesRow, committed: SeriesCommitted, beacon: BeaconValue | null): Promise<void> {
    const { store, log } = this.#options
    const { saltHex } = await store.fixSalt(seriesId, beacon?.randomnessHex ?? null, (contributions) =>
      toHex(seriesSalt(committed, beacon, contributions)),
    )
    crashPoint('series.salted')
    const contributors = (await store.contributions(seriesId)).length
    const entry: SeriesSalted = { type: 'series-salted', tableId, seriesId, saltHex, contributors, beacon }
    await appendEntry(log, saltedKey(seriesId), entry)
    crashPoint('series.salt-logged')
  }

  async #beaconValue(committed: SeriesCommitted, signal?: AbortSignal): Promise<BeaconValue | null> {
    if (committed.beacon === null) return null
    for (let attempt = 0; attempt < BEACON_ATTEMPTS; attempt++) {
      signal?.throwIfAborted()
      const randomness = await this.#askBeacon(committed)
      if (randomness !== null) return beaconOf(committed, randomness)
      await this.#options.clock.wait(LONGEST_WAIT_MS)
    }
    throw new Error(`round ${committed.beacon.round} of the beacon ${committed.beacon.source} is not out`)
  }

  async #askBeacon({ beacon: named }: SeriesCommitted): Promise<string | null> {
    if (named === null) return null
    const { beacon } = this.#options
    if (beacon?.source !== named.source) throw new Error(`this house is not set up for the beacon ${named.source}`)
    return beacon.valueOf(named.round)
  }
}

function leftOf({ saltDeadlineMs }: SeriesCommitted, clock: Clock): number {
  return saltDeadlineMs - clock.nowMs()
}

function beaconOf({ beacon }: SeriesCommitted, randomnessHex: string | null): BeaconValue | null {
  if (beacon === null) return null
  assert(randomnessHex !== null, 'FAI-15: a series with a beacon has its value')
  return { ...beacon, randomnessHex }
}
