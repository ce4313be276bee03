import type { Json } from '../game.ts'
import { gameById } from '../games.ts'
import type { VoidReason } from '../round/types.ts'
import { checkpointText, type LogKey, logKeyText, signedNote } from './checkpoint.ts'
import { encode, textBytes } from './encoding.ts'
import { fromHex, toHex } from './hex.ts'
import { inclusionProof, leafHash, root } from './merkle.ts'
import { drawSource } from './outcome.ts'
import { roundCommitment, roundSeed, seriesPath, seriesRoot } from './seeds.ts'
import { sha256 } from './sha256.ts'
import {
  type BeaconValue,
  type Contribution,
  contributorTag,
  entryBytes,
  type LogEntry,
  type LogPlace,
  type RoundEnded,
  type SeriesCommitted,
  type SeriesSalted,
  seriesSalt,
  type Transcript,
} from './transcript.ts'

/** What a made-up round is made of; the rest follows from it by the rules of docs/fairness.md. */
export type SampleRound = {
  readonly tableId: string
  readonly seriesNo: number
  readonly rounds: number
  readonly roundNo: number
  readonly rules: Json
  /** Player ids and their seeds. */
  readonly seeds: readonly (readonly [playerId: string, seed: string])[]
  readonly beacon: BeaconValue | null
  readonly voidReason: VoidReason | null
  /** Entries of other tables that stand in the log before, between and after this round's. */
  readonly strangers: number
}

export const SAMPLE: SampleRound = {
  tableId: 'ruleta-1',
  seriesNo: 3,
  rounds: 20,
  roundNo: 11,
  rules: { wheel: 'single-zero', laPartage: true },
  seeds: [
    ['ana', 'la suerte de Ana'],
    ['blas', '\u{1f340} 7'],
  ],
  beacon: null,
  voidReason: null,
  strangers: 2,
}

const STARTED_AT_MS = 1_795_000_000_000

/** The secret of a sample series: published, so good for nothing but tests and vectors. */
export function sampleSecret(tableId: string, seriesNo: number): Uint8Array {
  return sha256(encode('crupier/1/sample-secret', tableId, seriesNo))
}

/** A whole, valid transcript of a round that was never played, under a log key that everybody knows. */
export async function sampleTranscript(sample: SampleRound): Promise<Transcript> {
  const { tableId, seriesNo, rounds, roundNo } = sample
  const seriesId = `${tableId}.${seriesNo}`
  const secret = sampleSecret(tableId, seriesNo)
  const contributions = sample.seeds
    .map(([playerId, seed]): Contribution => ({ contributor: contributorTag(seriesId, playerId), seed }))
    .toSorted((a, b) => (a.contributor < b.contributor ? -1 : 1))
  const committed: SeriesCommitted = {
    type: 'series-committed',
    tableId,
    seriesId,
    rounds,
    rootHex: toHex(seriesRoot(secret, tableId, seriesId, rounds)),
    saltDeadlineMs: STARTED_AT_MS,
    beacon: sample.beacon && { source: sample.beacon.source, round: sample.beacon.round },
  }
  const salt = seriesSalt(committed, sample.beacon, contributions)
  const salted: SeriesSalted = {
    type: 'series-salted',
    tableId,
    seriesId,
    saltHex: toHex(salt),
    contributors: contributions.length,
    beacon: sample.beacon,
  }
  return {
    format: 'crupier-transcript-1',
    committed,
    salted,
    ended: sampleEnding(sample, committed, secret, salt),
    commitmentPathHex: seriesPath(secret, tableId, seriesId, rounds, roundNo).map(toHex),
    contributions,
    operatorTrusted: sample.beacon === null,
    log: await sampleLog(committed, salted, sampleEnding(sample, committed, secret, salt), sample.strangers),
  }
}

function sampleEnding(
  sample: SampleRound,
  { tableId, seriesId }: SeriesCommitted,
  secret: Uint8Array,
  salt: Uint8Array,
): RoundEnded {
  const { roundNo, rules, voidReason } = sample
  const seed = roundSeed(secret, tableId, seriesId, roundNo)
  const game = gameById('roulette')
  if (game === null) throw new Error('the sample is a round of roulette')
  const openedAtMs = STARTED_AT_MS + 60_000 * (roundNo + 1)
  return {
    type: 'round-ended',
    roundId: `${seriesId}.${roundNo}`,
    tableId,
    seriesId,
    roundNo,
    gameId: game.id,
    rulesVersion: game.rulesVersion,
    rules,
    openedAtMs,
    closesAtMs: openedAtMs + 20_000,
    endedAtMs: openedAtMs + 25_000,
    how: voidReason === null ? 'settled' : 'void',
    voidReason,
    betDigestHex: voidReason === null ? toHex(sha256(encode('sample bets', roundNo))) : null,
    commitmentHex: toHex(roundCommitment(tableId, seriesId, roundNo, seed)),
    seedHex: toHex(seed),
    outcome: game.drawOutcome(rules, drawSource(seed, salt, tableId, seriesId, roundNo)),
  }
}

async function sampleLog(committed: LogEntry, salted: LogEntry, ended: LogEntry, strangers: number) {
  const between = (label: string) =>
    Array.from({ length: strangers }, (_, i) => leafHash(textBytes(`{"stranger":"${label}${i}"}`)))
  const leaves = [
    ...between('a'),
    leafHash(entryBytes(committed)),
    ...between('b'),
    leafHash(entryBytes(salted)),
    ...between('c'),
    leafHash(entryBytes(ended)),
    ...between('d'),
  ]
  const place = (index: number): LogPlace => ({ index, pathHex: inclusionProof(leaves, index).map(toHex) })
  const { key, sign } = await sampleSigner()
  const text = checkpointText({ origin: key.name, size: leaves.length, root: root(leaves) })
  return {
    key: logKeyText(key),
    checkpoint: signedNote(text, key, await sign(text)),
    committed: place(strangers),
    salted: place(2 * strangers + 1),
    ended: place(3 * strangers + 2),
  }
}

/** The log of RFC 8032's first test key, whose secret half is printed there. */
export async function sampleSigner(): Promise<{ key: LogKey; sign: (text: string) => Promise<Uint8Array> }> {
  const publicKey = fromHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
  const secretKey = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
  const pkcs8 = fromHex(`302e020100300506032b657004220420${secretKey}`).slice()
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
  return {
    key: { name: 'log.example.test', publicKey },
    sign: async (text) => new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, textBytes(text).slice())),
  }
}

/**
 * Copies of a JSON value that each differ in one place: every text, number, flag and null changed in several ways,
 * every member and element removed, every list doubled at its end, every object given one member more.
 */
export function* mutations(value: Json, path = '$'): Generator<readonly [what: string, changed: Json]> {
  for (const changed of scalarChanges(value)) yield [`${path} = ${JSON.stringify(changed)}`, changed]
  if (Array.isArray(value)) yield* listMutations(value, path)
  else if (typeof value === 'object' && value !== null) {
    yield* objectMutations(value as { readonly [key: string]: Json }, path)
  }
}

function* listMutations(list: readonly Json[], path: string): Generator<readonly [string, Json]> {
  yield [`${path} with one more`, [...list, list.at(-1) ?? '00'.repeat(32)]]
  if (list.length > 1) yield [`${path} reversed`, list.toReversed()]
  for (const [i, element] of list.entries()) {
    yield [`${path}[${i}] removed`, list.toSpliced(i, 1)]
    for (const [what, changed] of mutations(element, `${path}[${i}]`)) yield [what, list.with(i, changed)]
  }
}

function* objectMutations(members: { readonly [key: string]: Json }, path: string): Generator<readonly [string, Json]> {
  yield [`${path} with one more`, { ...members, surplus: 0 }]
  for (const [name, member] of Object.entries(members)) {
    yield [`${path}.${name} removed`, Object.fromEntries(Object.entries(members).filter(([n]) => n !== name))]
    for (const [what, changed] of mutations(member, `${path}.${name}`)) yield [what, { ...members, [name]: changed }]
  }
}

function scalarChanges(value: Json): Json[] {
  if (typeof value === 'number') return [value + 1, value - 1, String(value), null, 0.5]
  if (typeof value === 'boolean') return [!value, null]
  if (value === null) return [0, '', false, 'operator-error', '00'.repeat(32)]
  if (typeof value !== 'string') return [null, 'text']
  const middle = Math.floor(value.length / 2)
  const swapped = (at: number) => value.slice(0, at) + (value[at] === '1' ? '2' : '1') + value.slice(at + 1)
  return [
    swapped(0),
    swapped(middle),
    swapped(value.length - 1),
    value.slice(1),
    `${value}0`,
    value.toUpperCase(),
    null,
  ].filter((changed) => changed !== value)
}
