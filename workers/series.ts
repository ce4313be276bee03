import { fromHex, isHex, toHex } from '../engine/fairness/hex.ts'
import { nodeHash } from '../engine/fairness/merkle.ts'
import { drawSource } from '../engine/fairness/outcome.ts'
import { roundCommitment, roundSeed, seriesLeaves } from '../engine/fairness/seeds.ts'
import type { Json } from '../engine/game.ts'
import { gameById } from '../engine/games.ts'
import { PoolError } from './pool-error.ts'
import { type Sealer, sealContext } from './seal.ts'

/** A day of rounds five seconds apart is 17,280. */
export const MAX_ROUNDS = 20_000
const MAX_ID_LENGTH = 200
const MAX_SALT_BYTES = 1024
const CACHED_TREES = 64
const HASH_BYTES = 32

export type SeriesRef = { readonly tableId: string; readonly seriesId: string }
export type NewSeriesRequest = SeriesRef & { readonly rounds: number }
export type NewSeries = { readonly sealedSecret: string; readonly root: string }
export type RoundRef = SeriesRef & { readonly sealedSecret: string; readonly roundNo: number }
export type CommitmentRequest = RoundRef & { readonly rounds: number }
export type Commitment = { readonly commitment: string; readonly path: readonly string[] }
export type DrawRequest = RoundRef & { readonly saltHex: string; readonly gameId: string; readonly rules: Json }
export type DrawResult = { readonly outcome: Json; readonly seedHex: string }

/**
 * The work of a round that needs the series' secret, done where the secret is unsealed and nowhere else. All answers
 * depend on the request alone (and, for `newSeries`, on a fresh secret), so asking again anywhere gives the same.
 * Errors: throws `PoolError` `malformed`, `unknown-key`, `wrong-context`, `round-out-of-range`, `unknown-game`,
 * `bad-rules`. Source: rules DRW-12 to DRW-14 (G10); engine/fairness/RULES.md.
 */
export class SeriesWork {
  readonly #sealer: Sealer
  /** By everything a tree depends on; the one used last is at the end. */
  readonly #trees = new Map<string, readonly Uint8Array[]>()

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  /** `secret` is 32 fresh bytes from the generator of secrets; it is overwritten. */
  newSeries(request: NewSeriesRequest, secret: Buffer): NewSeries {
    checkRef(request)
    checkRange(request.rounds, 1, MAX_ROUNDS)
    const sealedSecret = this.#sealer.seal(secret, context(request))
    const levels = this.#tree({ ...request, sealedSecret }, secret)
    secret.fill(0)
    return { sealedSecret, root: toHex(levels[levels.length - 1] as Uint8Array) }
  }

  commitment(request: CommitmentRequest): Commitment {
    const { tableId, seriesId, roundNo, rounds } = request
    checkRef(request)
    checkRange(rounds, 1, MAX_ROUNDS)
    checkRange(roundNo, 0, rounds - 1)
    return this.#withSecret(request, (secret) => {
      const seed = roundSeed(secret, tableId, seriesId, roundNo)
      const commitment = toHex(roundCommitment(tableId, seriesId, roundNo, seed))
      return { commitment, path: pathIn(this.#tree(request, secret), roundNo).map(toHex) }
    })
  }

  draw(request: DrawRequest): DrawResult {
    const { tableId, seriesId, roundNo, saltHex } = request
    checkRef(request)
    checkRange(roundNo, 0, MAX_ROUNDS - 1)
    if (!isHex(saltHex) || saltHex.length > 2 * MAX_SALT_BYTES) throw new PoolError('malformed', 'the salt is not hex')
    const { game, rules } = gameAndRules(request.gameId, request.rules)
    return this.#withSecret(request, (secret) => {
      const seed = roundSeed(secret, tableId, seriesId, roundNo)
      const source = drawSource(seed, fromHex(saltHex), tableId, seriesId, roundNo)
      return { outcome: game.drawOutcome(rules, source), seedHex: toHex(seed) }
    })
  }

  #withSecret<T>(request: RoundRef, work: (secret: Buffer) => T): T {
    const secret = this.#sealer.open(request.sealedSecret, context(request))
    try {
      return work(secret)
    } finally {
      secret.fill(0)
    }
  }

  /** All levels of the series' tree, leaves first, each packed in one array; kept, since it costs 10 us a round. */
  #tree(request: SeriesRef & { sealedSecret: string; rounds: number }, secret: Uint8Array): readonly Uint8Array[] {
    const { sealedSecret, tableId, seriesId, rounds } = request
    const key = JSON.stringify([sealedSecret, tableId, seriesId, rounds])
    const levels = this.#trees.get(key) ?? treeLevels(seriesLeaves(secret, tableId, seriesId, rounds))
    this.#trees.delete(key)
    this.#trees.set(key, levels)
    const oldest = this.#trees.keys().next()
    if (this.#trees.size > CACHED_TREES && !oldest.done) this.#trees.delete(oldest.value)
    return levels
  }
}

/** Errors: throws `PoolError` `unknown-game` or `bad-rules`. */
export function gameAndRules(gameId: string, value: Json) {
  const game = gameById(gameId)
  if (game === null) throw new PoolError('unknown-game', JSON.stringify(gameId))
  const rules = game.readRules(value)
  if (rules === null) throw new PoolError('bad-rules', `not rules of ${gameId}`)
  return { game, rules }
}

function context({ tableId, seriesId }: SeriesRef): string {
  return sealContext('series-secret', tableId, seriesId)
}

export function checkRef({ tableId, seriesId }: SeriesRef): void {
  for (const id of [tableId, seriesId]) {
    const good = typeof id === 'string' && id.length > 0 && id.length <= MAX_ID_LENGTH && id.isWellFormed()
    if (!good) throw new PoolError('malformed', 'not the id of a table or a series')
  }
}

export function checkRange(value: number, least: number, most: number): void {
  const good = Number.isSafeInteger(value) && value >= least && value <= most
  if (!good) throw new PoolError('round-out-of-range', `${value} is not within ${least} to ${most}`)
}

function treeLevels(leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  const levels: Uint8Array[] = []
  for (let level = leaves; ; level = parents(level)) {
    const packed = new Uint8Array(level.length * HASH_BYTES)
    for (const [at, hash] of level.entries()) packed.set(hash, at * HASH_BYTES)
    levels.push(packed)
    if (level.length === 1) return levels
  }
}

/** Pairs neighbours and carries an odd last one up: the same tree as RFC 9162's split from above. */
function parents(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = []
  for (let at = 0; at < level.length; at += 2) {
    const [left, right] = level.slice(at, at + 2)
    if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right))
  }
  return above
}

function pathIn(levels: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let at = index
  for (const level of levels) {
    const sibling = at ^ 1
    if (sibling * HASH_BYTES < level.length) path.push(level.slice(sibling * HASH_BYTES, (sibling + 1) * HASH_BYTES))
    at >>>= 1
  }
  return path
}
