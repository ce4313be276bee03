import { encode } from './encoding.ts'
import { inclusionProof, leafHash, root } from './merkle.ts'
import { hmac, hmacKey, sha256 } from './sha256.ts'

/**
 * The seed of one round of a series, 32 bytes; only who holds the series' secret can make it.
 * Source: FAI-2, docs/fairness.md "Seeds and commitments".
 */
export function roundSeed(secret: Uint8Array, tableId: string, seriesId: string, roundNo: number): Uint8Array {
  return hmac(hmacKey(secret), encode('crupier/1/seed', tableId, seriesId, roundNo))
}

/** What is shown before betting: binds the house to the seed without telling anything of it; 32 bytes. */
export function roundCommitment(tableId: string, seriesId: string, roundNo: number, seed: Uint8Array): Uint8Array {
  return sha256(encode('crupier/1/commit', tableId, seriesId, roundNo, seed))
}

/** The leaves of a series' tree: the leaf hash of every round's commitment, in order of round number. */
export function seriesLeaves(secret: Uint8Array, tableId: string, seriesId: string, rounds: number): Uint8Array[] {
  const key = hmacKey(secret)
  return Array.from({ length: rounds }, (_, roundNo) => {
    const seed = hmac(key, encode('crupier/1/seed', tableId, seriesId, roundNo))
    return leafHash(roundCommitment(tableId, seriesId, roundNo, seed))
  })
}

/** The root that goes into the public log before any bet of the series, 32 bytes. */
export function seriesRoot(secret: Uint8Array, tableId: string, seriesId: string, rounds: number): Uint8Array {
  return root(seriesLeaves(secret, tableId, seriesId, rounds))
}

/** The hashes that lead from one round's commitment to the series' root. */
export function seriesPath(
  secret: Uint8Array,
  tableId: string,
  seriesId: string,
  rounds: number,
  roundNo: number,
): Uint8Array[] {
  return inclusionProof(seriesLeaves(secret, tableId, seriesId, rounds), roundNo)
}
