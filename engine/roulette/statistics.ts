import { FELT } from './layout.ts'
import type { RouletteOutcome } from './payouts.ts'
import { POCKETS, type Pocket, type Wheel } from './pockets.ts'

/** How often a pocket came, and how many rounds ago it last did (0 for the newest); null when it never did. */
export type PocketCount = { readonly pocket: Pocket; readonly hits: number; readonly roundsAgo: number | null }

export type RouletteStatistics = {
  readonly rounds: number
  /** The newest first. */
  readonly last: readonly Pocket[]
  /** Every pocket of the wheel, in the order of the felt's numbers. */
  readonly pockets: readonly PocketCount[]
  /** Pockets that came most often, then most recently; only such as came at all. */
  readonly hot: readonly PocketCount[]
  /** Pockets that came least often, then longest ago. */
  readonly cold: readonly PocketCount[]
  /** Part of the rounds, 0 to 1, in which each outside bet won ("red", "dozen:1") or a zero came ("zero"). */
  readonly shares: Readonly<Record<string, number>>
}

const HOT_AND_COLD = 5

/**
 * What a table's display shows of its last results, which a player may read as he likes: rounds are independent.
 * `outcomes` are oldest first. Source: RULES.md ROU-19.
 */
export function statistics(wheel: Wheel, outcomes: readonly RouletteOutcome[]): RouletteStatistics {
  const last = outcomes.map(({ pocket }) => pocket).reverse()
  const pockets = POCKETS[wheel].map((pocket) => countOf(pocket, last))
  return {
    rounds: last.length,
    last,
    pockets,
    hot: pockets
      .filter(({ hits }) => hits > 0)
      .toSorted(hotterFirst)
      .slice(0, HOT_AND_COLD),
    cold: last.length === 0 ? [] : pockets.toSorted((a, b) => hotterFirst(b, a)).slice(0, HOT_AND_COLD),
    shares: shares(wheel, last),
  }
}

function countOf(pocket: Pocket, last: readonly Pocket[]): PocketCount {
  const roundsAgo = last.indexOf(pocket)
  return {
    pocket,
    hits: last.filter((other) => other === pocket).length,
    roundsAgo: roundsAgo === -1 ? null : roundsAgo,
  }
}

function hotterFirst(a: PocketCount, b: PocketCount): number {
  return b.hits - a.hits || (a.roundsAgo ?? Number.MAX_SAFE_INTEGER) - (b.roundsAgo ?? Number.MAX_SAFE_INTEGER)
}

function shares(wheel: Wheel, last: readonly Pocket[]): Record<string, number> {
  const share = (won: (pocket: Pocket) => boolean) => (last.length === 0 ? 0 : last.filter(won).length / last.length)
  const outside = Array.from(FELT[wheel].values()).filter(
    ({ kind }) => kind === 'dozen' || kind === 'column' || kind === 'even-chance',
  )
  return {
    ...Object.fromEntries(outside.map(({ name, covers }) => [name, share((pocket) => covers.has(pocket))])),
    zero: share((pocket) => pocket === 0 || pocket === '00'),
  }
}
