import { encode, textBytes } from '../../engine/fairness/encoding.ts'
import { fromHex, toHex } from '../../engine/fairness/hex.ts'
import { sameBytes } from '../../engine/fairness/merkle.ts'
import { drawSource } from '../../engine/fairness/outcome.ts'
import { roundCommitment, roundSeed } from '../../engine/fairness/seeds.ts'
import { hmac, hmacKey, sha256 } from '../../engine/fairness/sha256.ts'
import type { Contribution } from '../../engine/fairness/transcript.ts'

/** Everything that anybody may know of a series while round `roundNo` takes bets. */
export type PublicView = {
  readonly tableId: string
  readonly seriesId: string
  readonly rounds: number
  readonly roundNo: number
  readonly rootHex: string
  readonly commitment: Uint8Array
  readonly path: readonly Uint8Array[]
  readonly salt: Uint8Array
  readonly contributions: readonly Contribution[]
  readonly committedAtMs: number
  readonly openedAtMs: number
  /** Root of the log's latest checkpoint. */
  readonly logRoot: Uint8Array
  /** Revealed seeds and pockets of the rounds before, oldest first. */
  readonly earlier: readonly { readonly seed: Uint8Array; readonly commitment: Uint8Array; readonly pocket: number }[]
}

/** A way to predict: a seed that could be the round's, or a pocket outright. */
export type Strategy = { readonly name: string } & (
  | { readonly seed: (view: PublicView) => Uint8Array }
  | { readonly pocket: (view: PublicView) => number }
)

const last = (view: PublicView, back = 1) => view.earlier.at(-back)
const zero = new Uint8Array(32)

/** Bytes that are public, each a possible seed, secret or ingredient of one. */
const PUBLIC: Readonly<Record<string, (view: PublicView) => Uint8Array>> = {
  nothing: () => zero,
  'the ids': ({ tableId, seriesId, roundNo }) => encode('crupier/1/seed', tableId, seriesId, roundNo),
  'the table': ({ tableId }) => textBytes(tableId),
  'the series': ({ seriesId }) => textBytes(seriesId),
  'the root': ({ rootHex }) => fromHex(rootHex),
  'the salt': ({ salt }) => salt,
  'the commitment': ({ commitment }) => commitment,
  'the first of the path': ({ path }) => path[0] ?? zero,
  'the last of the path': ({ path }) => path.at(-1) ?? zero,
  'the log': ({ logRoot }) => logRoot,
  'a contributor': ({ contributions }) => fromHex(contributions[0]?.contributor ?? ''),
  'a contributed seed': ({ contributions }) => textBytes(contributions[0]?.seed ?? ''),
  'the opening time': ({ openedAtMs }) => textBytes(`${openedAtMs}`),
  'the last seed': (view) => last(view)?.seed ?? zero,
  'the seed before it': (view) => last(view, 2)?.seed ?? zero,
  'the first seed': (view) => view.earlier[0]?.seed ?? zero,
  'the last commitment': (view) => last(view)?.commitment ?? zero,
  'the difference of two seeds': (view) => xor(last(view)?.seed ?? zero, last(view, 2)?.seed ?? zero),
}

/** What a careless house might make a seed by. */
const DERIVED: Readonly<Record<string, (bytes: Uint8Array, view: PublicView) => Uint8Array>> = {
  itself: (bytes) => bytes,
  'its hash': (bytes) => sha256(bytes),
  'its hash with the round': (bytes, { roundNo }) => sha256(Uint8Array.of(...bytes, ...bytesOf(BigInt(roundNo), 4))),
  'as the secret': (bytes, { tableId, seriesId, roundNo }) => roundSeed(bytes, tableId, seriesId, roundNo),
  'its hash as the secret': (bytes, { tableId, seriesId, roundNo }) =>
    roundSeed(sha256(bytes), tableId, seriesId, roundNo),
  'as the key of the salt': (bytes, { salt }) => hmac(hmacKey(bytes), salt),
  'one more': (bytes) => bytesOf(number(bytes) + 1n, 32),
  'and the round': (bytes, { roundNo }) => bytesOf(number(bytes) + BigInt(roundNo), 32),
}

/** What gamblers do. */
const POCKETS: Readonly<Record<string, (view: PublicView) => number>> = {
  'the last pocket': (view) => last(view)?.pocket ?? 0,
  'the next pocket': (view) => ((last(view)?.pocket ?? 0) + 1) % 37,
  'the hottest pocket': (view) => byCount(view).at(-1) ?? 0,
  'the coldest pocket': (view) => byCount(view)[0] ?? 0,
  'the sum of the last two': (view) => ((last(view)?.pocket ?? 0) + (last(view, 2)?.pocket ?? 0)) % 37,
  'what last followed this pocket': (view) => {
    const pockets = view.earlier.map(({ pocket }) => pocket)
    const before = pockets.lastIndexOf(pockets.at(-1) ?? -1, -2)
    return pockets[before + 1] ?? 0
  },
  'the commitment by remainder': ({ commitment }) => Number(number(commitment) % 37n),
  'the salt by remainder': ({ salt, roundNo }) => Number((number(salt) + BigInt(roundNo)) % 37n),
}

export const STRATEGIES: readonly Strategy[] = [
  ...Object.entries(PUBLIC).flatMap(([what, bytes]) =>
    Object.entries(DERIVED).map(([how, derive]) => ({
      name: `${what}, ${how}`,
      seed: (view: PublicView) => derive(bytes(view), view),
    })),
  ),
  {
    name: 'the step between the last two seeds, again',
    seed: (view) => bytesOf(2n * number(last(view)?.seed ?? zero) - number(last(view, 2)?.seed ?? zero), 32),
  },
  ...Object.entries(POCKETS).map(([name, pocket]) => ({ name, pocket })),
]

/** The pocket that a strategy bets on. */
export function betOf(strategy: Strategy, view: PublicView): number {
  if ('pocket' in strategy) return strategy.pocket(view)
  return drawSource(strategy.seed(view), view.salt, view.tableId, view.seriesId, view.roundNo).below(37)
}

/** True when the strategy's seed is the round's own: the commitment tells an adversary so before he bets. */
export function findsSeed(strategy: Strategy, view: PublicView): boolean {
  return 'seed' in strategy && isSeed(strategy.seed(view), view)
}

/**
 * Searches small spaces that a careless house might have drawn a secret or a seed from: the time of the commitment or
 * of the opening to the millisecond, small numbers. Answers what it found, or null.
 */
export function searchSecrets(view: PublicView): string | null {
  const { tableId, seriesId, roundNo } = view
  for (const [name, value] of smallSpaces(view)) {
    const written = [textBytes(`${value}`), bytesOf(BigInt(value), 8), bytesOf(BigInt(value), 32)]
    for (const bytes of written.flatMap((one) => [one, sha256(one)])) {
      if (isSeed(bytes, view)) return `a seed: ${name}`
      if (isSeed(roundSeed(bytes, tableId, seriesId, roundNo), view)) return `the secret: ${name}`
    }
  }
  return null
}

function* smallSpaces(view: PublicView): Generator<readonly [string, number]> {
  for (let n = 0; n < 4096; n++) yield ['a small number', n]
  for (let ms = -1500; ms <= 1500; ms++) {
    yield ['the time of the commitment', view.committedAtMs + ms]
    yield ['the time of the opening', view.openedAtMs + ms]
  }
}

function isSeed(seed: Uint8Array, { tableId, seriesId, roundNo, commitment }: PublicView): boolean {
  return sameBytes(roundCommitment(tableId, seriesId, roundNo, seed), commitment)
}

function byCount({ earlier }: PublicView): number[] {
  const counts = new Int32Array(37)
  for (const { pocket } of earlier) counts[pocket]! += 1
  return Array.from(counts.keys()).sort((a, b) => counts[a]! - counts[b]! || a - b)
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0))
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes) || '0'}`)
}

export function bytesOf(value: bigint, length: number): Uint8Array {
  return fromHex(
    BigInt.asUintN(8 * length, value)
      .toString(16)
      .padStart(2 * length, '0'),
  )
}
