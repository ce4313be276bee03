import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { betDigest } from '../engine/fairness/bet-digest.ts'
import { checkpointText, logKeyText, signedNote } from '../engine/fairness/checkpoint.ts'
import { canonicalJson, encode, type Field, textBytes } from '../engine/fairness/encoding.ts'
import { fromHex, toHex } from '../engine/fairness/hex.ts'
import { consistencyProof, inclusionProof, leafHash, root } from '../engine/fairness/merkle.ts'
import { drawSource } from '../engine/fairness/outcome.ts'
import { roundCommitment, roundSeed, seriesPath, seriesRoot } from '../engine/fairness/seeds.ts'
import { hmac, hmacKey, sha256 } from '../engine/fairness/sha256.ts'
import { SAMPLE, sampleSecret, sampleSigner, sampleTranscript } from '../engine/fairness/testing.ts'
import { contributorTag, type SeriesCommitted, seriesSalt } from '../engine/fairness/transcript.ts'
import type { Json } from '../engine/game.ts'
import { toCents } from '../engine/money.ts'

const VECTORS = new URL('../docs/fairness-vectors.json', import.meta.url)
const TABLE = 'ruleta-1'
const SERIES = 'ruleta-1.3'
const SECRET = sampleSecret(TABLE, 3)
const SALT = sha256(textBytes('a salt for vectors'))
/** A range whose last part is long enough that a word that must be dropped is soon found. */
const DROPPING = 2_000_000

/** Everything in docs/fairness-vectors.json: examples of each part of docs/fairness.md, and whole transcripts. */
export async function fairnessVectors() {
  return {
    about: 'Examples for docs/fairness.md. Bytes are hex; {"hex": …} is a field of bytes.',
    encoding: [
      encodingVector('crupier/1/seed', 'ruleta-1', 'ruleta-1.3', 0),
      encodingVector('label', '', 'ñandú \u{1f340}', 2 ** 53 - 1, fromHex('00ff')),
    ],
    canonicalJson: [
      jsonVector({ wheel: 'single-zero', laPartage: true }),
      jsonVector({
        b: [1, -2, null, true, {}],
        a: { z: 'é"\\\n\u2028\u007f\u0001/', A: [] },
        '\u{1f340}': 0,
        '\uffff': 1,
      }),
    ],
    series: seriesVector(20),
    oneRoundSeries: seriesVector(1),
    draws: [drawVector(0), drawVector(11), drawVector(firstDropped())],
    salts: saltVectors(),
    betDigests: betVectors(),
    merkle: merkleVectors(),
    checkpoint: await checkpointVector(),
    transcripts: {
      settled: await sampleTranscript(SAMPLE),
      void: await sampleTranscript({ ...SAMPLE, voidReason: 'equipment-fault', roundNo: 0 }),
      beacon: await sampleTranscript({
        ...SAMPLE,
        seeds: [],
        beacon: { source: 'beacon of the vectors', round: 77, randomnessHex: toHex(sha256(textBytes('round 77'))) },
      }),
      doubleZero: await sampleTranscript({ ...SAMPLE, rules: { wheel: 'double-zero', laPartage: false }, roundNo: 5 }),
      oneRound: await sampleTranscript({ ...SAMPLE, rounds: 1, roundNo: 0, strangers: 0 }),
    },
  }
}

function encodingVector(label: string, ...fields: readonly Field[]) {
  const shown = fields.map((field) => (field instanceof Uint8Array ? { hex: toHex(field) } : field))
  return { label, fields: shown, hex: toHex(encode(label, ...fields)) }
}

function jsonVector(value: Json) {
  return { value, text: canonicalJson(value) }
}

function seriesVector(rounds: number) {
  const each = Array.from({ length: rounds }, (_, roundNo) => {
    const seed = roundSeed(SECRET, TABLE, SERIES, roundNo)
    const commitment = roundCommitment(TABLE, SERIES, roundNo, seed)
    const path = seriesPath(SECRET, TABLE, SERIES, rounds, roundNo)
    return { seed: toHex(seed), commitment: toHex(commitment), path: path.map(toHex) }
  })
  const top = toHex(seriesRoot(SECRET, TABLE, SERIES, rounds))
  return { secret: toHex(SECRET), tableId: TABLE, seriesId: SERIES, root: top, rounds: each }
}

function drawVector(roundNo: number) {
  const seed = roundSeed(SECRET, TABLE, SERIES, roundNo)
  const source = () => drawSource(seed, SALT, TABLE, SERIES, roundNo)
  const below = [1, 2, 37, 38, 52, 416, DROPPING, 2 ** 21].map((n) => {
    const numbers = source()
    return { n, numbers: Array.from({ length: 10 }, () => numbers.below(n)) }
  })
  const permutations = [0, 1, 2, 10, 52, 416].map((n) => source().permutation(n))
  return { seed: toHex(seed), salt: toHex(SALT), tableId: TABLE, seriesId: SERIES, roundNo, below, permutations }
}

/** The first round whose first word must be dropped for a number below DROPPING. */
function firstDropped(): number {
  for (let roundNo = 0; ; roundNo++) {
    const context = sha256(encode('crupier/1/draw', TABLE, SERIES, roundNo, SALT))
    const message = Uint8Array.of(...context, 0, 0, 0, 0)
    const block = hmac(hmacKey(roundSeed(SECRET, TABLE, SERIES, roundNo)), message)
    if (new DataView(block.buffer).getUint32(0) >= 2 ** 32 - (2 ** 32 % DROPPING)) return roundNo
  }
}

function saltVectors() {
  const committed: SeriesCommitted = {
    type: 'series-committed',
    tableId: TABLE,
    seriesId: SERIES,
    rounds: 20,
    rootHex: toHex(seriesRoot(SECRET, TABLE, SERIES, 20)),
    saltDeadlineMs: 0,
    beacon: null,
  }
  const beacon = { source: 'beacon of the vectors', round: 77, randomnessHex: toHex(sha256(textBytes('round 77'))) }
  const players = [
    { playerId: 'ana', seed: 'la suerte de Ana' },
    { playerId: 'blas', seed: '\u{1f340} 7' },
  ]
  return [
    { players: [], beacon: null },
    { players, beacon: null },
    { players, beacon },
  ].map((given) => {
    const contributions = given.players.map(({ playerId, seed }) => ({
      contributor: contributorTag(SERIES, playerId),
      seed,
    }))
    const salt = toHex(seriesSalt(committed, given.beacon, contributions))
    return { tableId: TABLE, seriesId: SERIES, root: committed.rootHex, ...given, salt }
  })
}

function betVectors() {
  const bets = [
    { betId: '7d1f', playerId: 'ana', selection: { kind: 'straight', numbers: [17] }, stakeCents: 500 },
    { betId: '0a2b', playerId: 'blas', selection: { kind: 'neighbours', of: '00', reach: 2 }, stakeCents: 1000 },
    { betId: 'c3e9', playerId: 'ana', selection: { kind: 'red' }, stakeCents: 1 },
  ]
  return [0, 1, 3].map((count) => {
    const some = bets.slice(0, count)
    return { bets: some, digest: betDigest(some.map((bet) => ({ ...bet, stakeCents: toCents(bet.stakeCents) }))) }
  })
}

function merkleVectors() {
  const data = Array.from({ length: 13 }, (_, i) => textBytes(`entry ${i}`))
  const leaves = data.map(leafHash)
  return {
    data: data.map(toHex),
    roots: Array.from({ length: 14 }, (_, size) => toHex(root(leaves.slice(0, size)))),
    inclusion: [0, 5, 8, 12].map((index) => ({ index, size: 13, path: inclusionProof(leaves, index).map(toHex) })),
    consistency: [1, 4, 7, 12].map((from) => ({ from, to: 13, path: consistencyProof(leaves, from).map(toHex) })),
  }
}

async function checkpointVector() {
  const { key, sign } = await sampleSigner()
  const top = sha256(textBytes('a root for vectors'))
  const text = checkpointText({ origin: key.name, size: 12_345, root: top })
  return { key: logKeyText(key), size: 12_345, root: toHex(top), note: signedNote(text, key, await sign(text)) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(VECTORS, JSON.stringify(await fairnessVectors()))
  execFileSync('node_modules/.bin/biome', ['format', '--write', fileURLToPath(VECTORS)], { stdio: 'inherit' })
}
