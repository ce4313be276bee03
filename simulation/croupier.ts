import { fromHex, toHex } from '../engine/fairness/hex.ts'
import { drawSource } from '../engine/fairness/outcome.ts'
import { roundCommitment, roundSeed } from '../engine/fairness/seeds.ts'
import type { DrawSource } from '../engine/game.ts'
import { gameOf } from '../engine/round/game-of.ts'
import type { Draw, Opening } from '../engine/round/types.ts'
import type { NextRound } from '../server/fairness/series-keeper.ts'
import type { Dice } from './dice.ts'
import type { SeriesSecret } from './own-fairness.ts'

const ROUNDS_PER_SERIES = 3

/** Stands for the workers and their secrets: opens rounds with a commitment, and draws them by the engine's own `F`. */
export class Croupier {
  readonly #dice: Dice
  readonly #secrets = new Map<string, SeriesSecret>()

  constructor(dice: Dice) {
    this.#dice = dice
  }

  secretOf(seriesId: string): SeriesSecret {
    const known = this.#secrets.get(seriesId)
    if (known !== undefined) return known
    const made = { secretHex: this.#dice.hex(64), saltHex: this.#dice.hex(64) }
    this.#secrets.set(seriesId, made)
    return made
  }

  /** The round after `after`, or the table's first; the series ends after a few rounds and the next one begins. */
  nextRound(tableId: string, after: Opening | null): NextRound {
    const [lastSeries, lastRound] = after === null ? [0, -1] : [Number(after.roundId.split('.')[1]), after.roundNo]
    const turns = lastRound + 1 === ROUNDS_PER_SERIES
    const seriesNo = turns ? lastSeries + 1 : lastSeries
    const roundNo = turns ? 0 : lastRound + 1
    const seriesId = `${tableId}.${seriesNo}`
    const seed = this.#seed(tableId, seriesId, roundNo)
    const commitment = toHex(roundCommitment(tableId, seriesId, roundNo, seed))
    return { tableId, seriesId, roundNo, roundId: `${seriesId}.${roundNo}`, commitment, path: [], opensFromMs: 0 }
  }

  draw({ tableId, seriesId, roundNo, terms }: Opening): Draw {
    const seed = this.#seed(tableId, seriesId, roundNo)
    const source = drawSource(seed, fromHex(this.secretOf(seriesId).saltHex), tableId, seriesId, roundNo)
    return { outcome: gameOf(terms).drawOutcome(terms.rules, source), seedHex: toHex(seed) }
  }

  /** What a worker with a wrong secret would offer: the books must not let it replace a draw that stands. */
  wrongDraw({ terms }: Opening): Draw {
    const source: DrawSource = { below: (n) => this.#dice.upTo(n), permutation: () => [] }
    return { outcome: gameOf(terms).drawOutcome(terms.rules, source), seedHex: this.#dice.hex(64) }
  }

  #seed(tableId: string, seriesId: string, roundNo: number): Uint8Array {
    return roundSeed(fromHex(this.secretOf(seriesId).secretHex), tableId, seriesId, roundNo)
  }
}
