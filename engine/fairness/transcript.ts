import type { Json } from '../game.ts'
import type { VoidReason } from '../round/types.ts'
import { canonicalJson, encode, textBytes } from './encoding.ts'
import { fromHex, toHex } from './hex.ts'
import { sha256 } from './sha256.ts'

/** A round of a public beacon that was named before its value could be known; `source` says which beacon. */
export type BeaconRound = { readonly source: string; readonly round: number }
export type BeaconValue = BeaconRound & { readonly randomnessHex: string }

/** One player's seed; `contributor` stands for him without naming him (`contributorTag`). */
export type Contribution = { readonly contributor: string; readonly seed: string }

/** Log entry: a series' secret is fixed, before any of its bets and before its salt is known. */
export type SeriesCommitted = {
  readonly type: 'series-committed'
  readonly tableId: string
  readonly seriesId: string
  /** How many rounds the series has at most; their commitments are the leaves of the tree. */
  readonly rounds: number
  readonly rootHex: string
  /** Until when players may contribute seeds; only then is the salt made. */
  readonly saltDeadlineMs: number
  /** The beacon round that will enter the salt; null when the house has no beacon. */
  readonly beacon: BeaconRound | null
}

/** Log entry: a series' salt is fixed; its rounds may open. */
export type SeriesSalted = {
  readonly type: 'series-salted'
  readonly tableId: string
  readonly seriesId: string
  readonly saltHex: string
  readonly contributors: number
  readonly beacon: BeaconValue | null
}

/** Log entry: how a round ended, with everything that decided it. */
export type RoundEnded = {
  readonly type: 'round-ended'
  readonly roundId: string
  readonly tableId: string
  readonly seriesId: string
  readonly roundNo: number
  readonly gameId: string
  readonly rulesVersion: number
  readonly rules: Json
  readonly openedAtMs: number
  readonly closesAtMs: number
  readonly endedAtMs: number
  readonly how: 'settled' | 'void'
  readonly voidReason: VoidReason | null
  /** Null only for a round that was voided before its bets were closed. */
  readonly betDigestHex: string | null
  readonly commitmentHex: string
  readonly seedHex: string
  /** What the seed decides; of a void round, what it would have decided. */
  readonly outcome: Json
}

/** The newest checkpoint that is known of a log of this house; it may have gone on where another one does not. */
export type FormerLog = { readonly name: string; readonly size: number; readonly checkpoint: string }

/**
 * Log entry: the books went back to an earlier time. What was published under the names of `formers` may say something
 * else from position `restoredSize` on; so the log goes on under a name of its own, and this entry shows the break to
 * everybody who kept a checkpoint.
 */
export type LogRestored = {
  readonly type: 'log-restored'
  /** Under which all checkpoints from here on are signed. */
  readonly name: string
  readonly restoredSize: number
  readonly restoredRootHex: string
  readonly formers: readonly FormerLog[]
  /** Series below this number are over at every table. */
  readonly leastSeriesNo: number
  readonly atMs: number
}

export type LogEntry = SeriesCommitted | SeriesSalted | RoundEnded | LogRestored

/** Where an entry stands in the log, and the hashes that lead from it to the checkpoint's root. */
export type LogPlace = { readonly index: number; readonly pathHex: readonly string[] }

/** What a player downloads after a round, and a page can check without asking anybody. */
export type Transcript = {
  readonly format: 'crupier-transcript-1'
  readonly committed: SeriesCommitted
  readonly salted: SeriesSalted
  readonly ended: RoundEnded
  /** From the round's commitment to the series' root. */
  readonly commitmentPathHex: readonly string[]
  /** In ascending order of `contributor`. */
  readonly contributions: readonly Contribution[]
  /** True without a beacon: the operator, who knows the secret, could have sat a player of his own among them. */
  readonly operatorTrusted: boolean
  readonly log: {
    /** The log's public key as the C2SP signed-note format writes it; compare it with the one you know. */
    readonly key: string
    /** The signed checkpoint, a C2SP note. */
    readonly checkpoint: string
    readonly committed: LogPlace
    readonly salted: LogPlace
    readonly ended: LogPlace
  }
}

/** The bytes of a log entry, whose hash is its leaf. */
export function entryBytes(entry: LogEntry): Uint8Array {
  return textBytes(canonicalJson(entry))
}

/** Stands for a player within one series: who knows his own id finds himself; others cannot link him between series. */
export function contributorTag(seriesId: string, playerId: string): string {
  return toHex(sha256(encode('crupier/1/contributor', seriesId, playerId)))
}

/**
 * E, the salt of a series: hashes the committed root, the beacon's value and every contribution in order of its tag.
 * Source: FAI-9, docs/fairness.md "Salt".
 */
export function seriesSalt(
  { tableId, seriesId, rootHex }: SeriesCommitted,
  beacon: BeaconValue | null,
  contributions: readonly Contribution[],
): Uint8Array {
  const ordered = contributions.toSorted((a, b) => (a.contributor < b.contributor ? -1 : 1))
  return sha256(
    encode(
      'crupier/1/salt',
      tableId,
      seriesId,
      fromHex(rootHex),
      beacon?.source ?? '',
      beacon?.round ?? 0,
      fromHex(beacon?.randomnessHex ?? ''),
      ...ordered.flatMap(({ contributor, seed }) => [fromHex(contributor), seed]),
    ),
  )
}
