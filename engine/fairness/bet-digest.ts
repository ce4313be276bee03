import { assert } from '../assert.ts'
import type { NewBet } from '../round/types.ts'
import { canonicalJson, encode } from './encoding.ts'
import { toHex } from './hex.ts'
import { leafHash, root } from './merkle.ts'

/**
 * Merkle root, in hex, over the accepted bets of a round in order of their ids; of no bets, the hash of nothing.
 * It does not depend on the order of arrival. A bet's random id keeps others from guessing what a leaf holds.
 * Errors: throws when two bets share an id.
 * Source: FAI-6, docs/fairness.md "Bet digest".
 */
export function betDigest(bets: Iterable<NewBet>): string {
  const ordered = [...bets].sort((a, b) => (a.betId < b.betId ? -1 : 1))
  for (const [i, bet] of ordered.entries()) {
    assert(bet.betId !== ordered[i - 1]?.betId, `one bet per id, not two of ${bet.betId}`)
  }
  return toHex(root(ordered.map(betLeaf)))
}

function betLeaf({ betId, playerId, selection, stakeCents }: NewBet): Uint8Array {
  return leafHash(encode('crupier/1/bet', betId, playerId, canonicalJson(selection), stakeCents))
}
