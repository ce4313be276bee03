import { expect, test } from 'vitest'
import { encode, textBytes } from '../../engine/fairness/encoding.ts'
import { toHex } from '../../engine/fairness/hex.ts'
import { inclusionProof, leafHash, root } from '../../engine/fairness/merkle.ts'
import { drawSource } from '../../engine/fairness/outcome.ts'
import { roundCommitment, roundSeed } from '../../engine/fairness/seeds.ts'
import { sha256 } from '../../engine/fairness/sha256.ts'
import { contributorTag, seriesSalt } from '../../engine/fairness/transcript.ts'
import { betOf, bytesOf, findsSeed, type PublicView, STRATEGIES, searchSecrets } from './testing-adversary.ts'

const HONEST_ROUNDS = 1000
const BROKEN_ROUNDS = 240
const COMMITTED_AT_MS = 1_795_000_000_000
const TABLE = 'ruleta-1'

/** How a house makes its seeds and outcomes. All but the honest one have a fault that was once somebody's. */
type House = {
  readonly seedOf: (seriesId: string, roundNo: number) => Uint8Array
  readonly pocketOf?: (seed: Uint8Array, salt: Uint8Array, seriesId: string, roundNo: number) => number
  /** Rounds by which seeds are shown too early. */
  readonly early?: number
}

const secretOf = (seriesId: string) => sha256(encode('a secret nobody knows', seriesId))
const honest: House = { seedOf: (seriesId, roundNo) => roundSeed(secretOf(seriesId), TABLE, seriesId, roundNo) }
const withSecret = (secret: Uint8Array): House => ({
  seedOf: (seriesId, roundNo) => roundSeed(secret, TABLE, seriesId, roundNo),
})

const BROKEN: Readonly<Record<string, House>> = {
  'seeds are hashes of public ids': { seedOf: (series, r) => sha256(encode('crupier/1/seed', TABLE, series, r)) },
  'a seed is revealed one round early': { ...honest, early: 1 },
  'each seed is the hash of the last': { seedOf: (series, r) => chained(secretOf(series), r) },
  'seeds count up': { seedOf: (series, r) => bytesOf(BigInt(`0x${toHex(secretOf(series))}`) + BigInt(r), 32) },
  'seeds go up by a secret step': {
    seedOf: (series, r) => bytesOf(BigInt(`0x${toHex(secretOf(series))}`) * BigInt(r + 2), 32),
  },
  'one seed for all rounds': { seedOf: (series) => secretOf(series) },
  'the table is the secret': withSecret(textBytes(TABLE)),
  'the secret is a small number': withSecret(bytesOf(3071n, 32)),
  'the secret is the time': withSecret(sha256(textBytes(`${COMMITTED_AT_MS - 1234}`))),
  'the salt is the key of F': {
    ...honest,
    pocketOf: (_seed, salt, series, r) => drawSource(salt, salt, TABLE, series, r).below(37),
  },
  'the commitment decides': {
    ...honest,
    pocketOf: (seed, _salt, series, r) => Number(BigInt(`0x${toHex(roundCommitment(TABLE, series, r, seed))}`) % 37n),
  },
  'the wheel favours a pocket': {
    ...honest,
    pocketOf: (seed, salt, series, r) => Math.min(drawSource(seed, salt, TABLE, series, r).below(48), 36),
  },
}

const links = new Map<string, Uint8Array[]>()
function chained(first: Uint8Array, roundNo: number): Uint8Array {
  const chain = links.get(toHex(first)) ?? [first]
  links.set(toHex(first), chain)
  while (chain.length <= roundNo) chain.push(sha256(chain.at(-1) ?? first))
  return chain[roundNo] ?? first
}

/** Plays a series and shows the adversary, before each round, what everybody sees. */
function* play(house: House, seriesId: string, rounds: number): Generator<{ view: PublicView; pocket: number }> {
  const all = Array.from({ length: rounds }, (_, roundNo) => {
    const seed = house.seedOf(seriesId, roundNo)
    return { seed, commitment: roundCommitment(TABLE, seriesId, roundNo, seed) }
  })
  const leaves = all.map(({ commitment }) => leafHash(commitment))
  const rootHex = toHex(root(leaves))
  const contributions = [{ contributor: contributorTag(seriesId, 'ana'), seed: 'la suerte' }]
  const salt = seriesSalt(
    { type: 'series-committed', tableId: TABLE, seriesId, rounds, rootHex, saltDeadlineMs: 0, beacon: null },
    null,
    contributions,
  )
  const pocketOf = house.pocketOf ?? ((seed, e, series, r) => drawSource(seed, e, TABLE, series, r).below(37))
  const played = all.map((round, r) => ({ ...round, pocket: pocketOf(round.seed, salt, seriesId, r) }))
  const path = inclusionProof(leaves, 0)
  for (const [roundNo, { commitment, pocket }] of played.entries()) {
    const view = {
      ...{ tableId: TABLE, seriesId, rounds, roundNo, rootHex, commitment, salt, contributions, path },
      ...{ committedAtMs: COMMITTED_AT_MS, openedAtMs: COMMITTED_AT_MS + 30_000 * roundNo },
      earlier: played.slice(0, roundNo + (house.early ?? 0)),
      logRoot: sha256(encode('log', roundNo)),
    }
    yield { view, pocket }
  }
}

/** More hits than this do not happen by luck: one in a million for each strategy, normal approximation. */
const mostHits = (rounds: number) => rounds / 37 + 4.75 * Math.sqrt(((rounds / 37) * 36) / 37)

/** What beat the house (strategies with too many hits, seeds and secrets found), and the strategies' mean hits. */
function attack(house: House, seriesId: string, rounds: number) {
  const hits = new Map(STRATEGIES.map(({ name }) => [name, 0]))
  const won = new Set<string>()
  for (const { view, pocket } of play(house, seriesId, rounds)) {
    const searched = view.roundNo === 3 ? searchSecrets(view) : null
    if (searched !== null) won.add(searched)
    for (const strategy of STRATEGIES) {
      if (betOf(strategy, view) === pocket) hits.set(strategy.name, (hits.get(strategy.name) ?? 0) + 1)
      if (view.roundNo > 2 && view.roundNo < 20 && findsSeed(strategy, view)) won.add(`the seed: ${strategy.name}`)
    }
  }
  for (const [name, count] of hits) if (count > mostHits(rounds)) won.add(`${name}: ${count} of ${rounds}`)
  return { won: [...won], meanHits: [...hits.values()].reduce((sum, count) => sum + count, 0) / hits.size }
}

test.each(['ruleta-1.1', 'ruleta-1.2'])('[FAI-23] nobody predicts the honest house: series %s', (seriesId) => {
  expect(STRATEGIES.length).toBeGreaterThan(140)
  const { won, meanHits } = attack(honest, seriesId, HONEST_ROUNDS)
  expect(won).toEqual([])
  // The strategies are as lucky as chance, and no less: they do bet, and on pockets that exist.
  expect(Math.abs(meanHits - HONEST_ROUNDS / 37)).toBeLessThan(3)
})

test.each(Object.entries(BROKEN))('[FAI-23] the same adversary beats a house where %s', (_name, house) => {
  expect(attack(house, 'ruleta-1.1', BROKEN_ROUNDS).won).not.toEqual([])
})
