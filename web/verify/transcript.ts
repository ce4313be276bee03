/** A transcript as docs/fairness.md describes it, after its shape has been checked. */
export type BeaconRound = { readonly source: string; readonly round: number }
export type Place = { readonly index: number; readonly pathHex: readonly string[] }
export type Transcript = {
  readonly format: 'crupier-transcript-1'
  readonly committed: {
    readonly tableId: string
    readonly seriesId: string
    readonly rounds: number
    readonly rootHex: string
    readonly saltDeadlineMs: number
    readonly beacon: BeaconRound | null
  }
  readonly salted: {
    readonly tableId: string
    readonly seriesId: string
    readonly saltHex: string
    readonly contributors: number
    readonly beacon: (BeaconRound & { readonly randomnessHex: string }) | null
  }
  readonly ended: {
    readonly roundId: string
    readonly tableId: string
    readonly seriesId: string
    readonly roundNo: number
    readonly gameId: string
    readonly rules: unknown
    readonly openedAtMs: number
    readonly closesAtMs: number
    readonly endedAtMs: number
    readonly how: 'settled' | 'void'
    readonly voidReason: string | null
    readonly betDigestHex: string | null
    readonly commitmentHex: string
    readonly seedHex: string
    readonly outcome: unknown
  }
  readonly commitmentPathHex: readonly string[]
  readonly contributions: readonly { readonly contributor: string; readonly seed: string }[]
  readonly operatorTrusted: boolean
  readonly log: {
    readonly key: string
    readonly checkpoint: string
    readonly committed: Place
    readonly salted: Place
    readonly ended: Place
  }
}

type Test = (value: unknown) => boolean
/** A shape is a test, or an object whose members, all of them and no others, have shapes. */
type Shape = Test | { readonly [member: string]: Shape }

const isText: Test = (value) => typeof value === 'string' && value.length <= 4096 && !hasLoneSurrogate(value)
const isWhole: Test = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && /^\d+$/.test(numeral(value))
const isHash: Test = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const isPath: Test = (value) => Array.isArray(value) && value.length <= 64 && value.every(isHash)
const is =
  (...values: readonly unknown[]): Test =>
  (value) =>
    values.includes(value)
const maybe =
  (shape: Shape): Test =>
  (value) =>
    value === null || fits(value, shape)

const ENTRY = { tableId: isText, seriesId: isText }
const BEACON = { source: isText, round: isWhole }
const PLACE = { index: isWhole, pathHex: isPath }

const TRANSCRIPT: Shape = {
  format: is('crupier-transcript-1'),
  committed: {
    ...ENTRY,
    type: is('series-committed'),
    rounds: (value) => isWhole(value) && Number(value) >= 1 && Number(value) <= 1_000_000,
    rootHex: isHash,
    saltDeadlineMs: isWhole,
    beacon: maybe(BEACON),
  },
  salted: {
    ...ENTRY,
    type: is('series-salted'),
    saltHex: isHash,
    contributors: isWhole,
    beacon: maybe({ ...BEACON, randomnessHex: isHash }),
  },
  ended: {
    ...ENTRY,
    type: is('round-ended'),
    roundId: isText,
    roundNo: isWhole,
    gameId: isText,
    rulesVersion: isWhole,
    rules: (value) => isPlain(value, 16),
    openedAtMs: isWhole,
    closesAtMs: isWhole,
    endedAtMs: isWhole,
    how: is('settled', 'void'),
    voidReason: is(null, 'draw-failed', 'equipment-fault', 'operator-error', 'regulator-order'),
    betDigestHex: maybe(isHash),
    commitmentHex: isHash,
    seedHex: isHash,
    outcome: (value) => isPlain(value, 16),
  },
  commitmentPathHex: isPath,
  contributions: (value) =>
    Array.isArray(value) &&
    value.length <= 256 &&
    value.every((one) => fits(one, { contributor: isHash, seed: isText })),
  operatorTrusted: is(true, false),
  log: { key: isText, checkpoint: isText, committed: PLACE, salted: PLACE, ended: PLACE },
}

/** A transcript out of any JSON; null when anything is missing, surplus or of another kind. */
export function readTranscript(value: unknown): Transcript | null {
  return fits(value, TRANSCRIPT) ? (value as Transcript) : null
}

function fits(value: unknown, shape: Shape): boolean {
  if (typeof shape === 'function') return shape(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const members = new Map<string, unknown>(Object.entries(value))
  return (
    members.size === Object.keys(shape).length &&
    Object.entries(shape).every(([name, inner]) => {
      return members.has(name) && fits(members.get(name), inner)
    })
  )
}

/** JSON that has a canonical text: whole numbers and well-formed text, in at most so many lists and objects. */
function isPlain(value: unknown, levels: number): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (typeof value === 'string') return !hasLoneSurrogate(value)
  if (value === null || typeof value === 'boolean') return true
  if (typeof value !== 'object' || (levels === 0 && Object.keys(value).length > 0)) return false
  return Object.entries(value).every(([name, inner]) => !hasLoneSurrogate(name) && isPlain(inner, levels - 1))
}

/** The number as JSON writes it; minus zero, which JSON cannot tell from zero, is no whole number here. */
function numeral(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function hasLoneSurrogate(value: string): boolean {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)
}
