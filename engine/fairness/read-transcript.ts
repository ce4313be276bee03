import type { Json } from '../game.ts'
import { VOID_REASONS } from '../round/types.ts'
import { isHex } from './hex.ts'
import type { Transcript } from './transcript.ts'

/** Says whether a value has one shape; the parts of a transcript are described with these. */
type Shape = (value: unknown) => boolean

const MAX_TEXT = 4096
const MAX_ROUNDS = 1_000_000
const MAX_DEPTH = 16

const text: Shape = (value) => typeof value === 'string' && value.length <= MAX_TEXT && value.isWellFormed()
const whole: Shape = (value) => Number.isSafeInteger(value) && !Object.is(value, -0) && (value as number) >= 0
const hash: Shape = (value) => isHex(value, 32)
const flag: Shape = (value) => typeof value === 'boolean'
const exactly = (...values: readonly unknown[]) => ((value) => values.includes(value)) satisfies Shape
const orNull = (shape: Shape) => ((value) => value === null || shape(value)) satisfies Shape
const list = (shape: Shape, most: number) =>
  ((value) => Array.isArray(value) && value.length <= most && value.every(shape)) satisfies Shape

/** Exactly these members: one that nobody checks could tell a lie in the middle of what was verified. */
function object(members: Readonly<Record<string, Shape>>): Shape {
  const names = Object.keys(members)
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === names.length &&
    names.every((name) => Object.hasOwn(value, name) && members[name]?.((value as Record<string, unknown>)[name]))
}

const beaconRound = { source: text, round: whole }
const place = object({ index: whole, pathHex: list(hash, 64) })

const transcript = object({
  format: exactly('crupier-transcript-1'),
  committed: object({
    type: exactly('series-committed'),
    tableId: text,
    seriesId: text,
    rounds: (value) => whole(value) && (value as number) >= 1 && (value as number) <= MAX_ROUNDS,
    rootHex: hash,
    saltDeadlineMs: whole,
    beacon: orNull(object(beaconRound)),
  }),
  salted: object({
    type: exactly('series-salted'),
    tableId: text,
    seriesId: text,
    saltHex: hash,
    contributors: whole,
    beacon: orNull(object({ ...beaconRound, randomnessHex: hash })),
  }),
  ended: object({
    type: exactly('round-ended'),
    roundId: text,
    tableId: text,
    seriesId: text,
    roundNo: whole,
    gameId: text,
    rulesVersion: whole,
    rules: (value) => isHashedJson(value),
    openedAtMs: whole,
    closesAtMs: whole,
    endedAtMs: whole,
    how: exactly('settled', 'void'),
    voidReason: orNull(exactly(...VOID_REASONS)),
    betDigestHex: orNull(hash),
    commitmentHex: hash,
    seedHex: hash,
    outcome: (value) => isHashedJson(value),
  }),
  commitmentPathHex: list(hash, 64),
  contributions: list(object({ contributor: hash, seed: text }), 256),
  operatorTrusted: flag,
  log: object({ key: text, checkpoint: text, committed: place, salted: place, ended: place }),
})

/** A transcript from untrusted JSON, or null when a part is missing, misshapen or not of this format. */
export function readTranscript(value: unknown): Transcript | null {
  return transcript(value) ? (value as Transcript) : null
}

/** True for JSON that has a canonical text: whole numbers, well-formed strings, no great depth. */
export function isHashedJson(value: unknown, depth = 0): value is Json {
  if (depth > MAX_DEPTH) return false
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object') return false
  const parts = Array.isArray(value) ? value : [...Object.keys(value), ...Object.values(value)]
  return parts.every((part) => isHashedJson(part, depth + 1))
}
