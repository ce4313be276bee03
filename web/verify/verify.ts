import { type Bytes, canonical, enc, equal, hash, hex, join, mac, text, u32, unhex } from './bytes.ts'
import { leafOf, readCheckpoint, rootOfPath } from './log.ts'
import { type Place, readTranscript, type Transcript } from './transcript.ts'

export type CheckId =
  | 'format'
  | 'same-round'
  | 'seed-commitment'
  | 'commitment-in-series'
  | 'salt'
  | 'outcome'
  | 'ending'
  | 'operator-trust'
  | 'log-signature'
  | 'committed-in-log'
  | 'salted-in-log'
  | 'ended-in-log'
  | 'log-order'

/** `unknown`: this browser or this page cannot check it. */
export type State = 'good' | 'bad' | 'unknown'
/** `found` is what the page computed or compared, for a reader who wants to see it. */
export type Check = { readonly id: CheckId; readonly state: State; readonly found: string }
export type Verdict = {
  /** `good` only when every check is. */
  readonly state: State
  readonly checks: readonly Check[]
  /** Null when it could not be read as a transcript. */
  readonly transcript: Transcript | null
}

/**
 * Checks a transcript with WebCrypto alone: no network, no code of the server. Takes whatever JSON.parse gave.
 * Source: docs/fairness.md, "The transcript".
 */
export async function verify(value: unknown): Promise<Verdict> {
  const transcript = readTranscript(value)
  if (transcript === null) {
    return { state: 'bad', checks: [{ id: 'format', state: 'bad', found: '' }], transcript: null }
  }
  const checks = [
    check('format', true, transcript.format),
    sameRound(transcript),
    await seedCommitment(transcript),
    await commitmentInSeries(transcript),
    await salt(transcript),
    await outcome(transcript),
    ending(transcript),
    operatorTrust(transcript),
    ...(await logChecks(transcript)),
  ]
  const states = new Set(checks.map(({ state }) => state))
  return { state: states.has('bad') ? 'bad' : states.has('unknown') ? 'unknown' : 'good', checks, transcript }
}

function sameRound({ committed, salted, ended }: Transcript): Check {
  const { tableId, seriesId, roundNo, roundId } = ended
  const same = [committed, salted].every((entry) => entry.tableId === tableId && entry.seriesId === seriesId)
  return check('same-round', same && roundId === `${seriesId}.${roundNo}` && roundNo < committed.rounds, roundId)
}

async function commitmentOf({ ended }: Transcript): Promise<Bytes> {
  const { tableId, seriesId, roundNo, seedHex } = ended
  return hash(enc('crupier/1/commit', tableId, seriesId, roundNo, unhex(seedHex)))
}

async function seedCommitment(transcript: Transcript): Promise<Check> {
  const made = hex(await commitmentOf(transcript))
  return check('seed-commitment', made === transcript.ended.commitmentHex, made)
}

async function commitmentInSeries({ committed, ended, commitmentPathHex }: Transcript): Promise<Check> {
  const leaf = await leafOf(unhex(ended.commitmentHex))
  const root = await rootOfPath(ended.roundNo, committed.rounds, leaf, commitmentPathHex.map(unhex))
  return check('commitment-in-series', root !== null && hex(root) === committed.rootHex, root === null ? '' : hex(root))
}

async function salt({ committed, salted, ended, contributions }: Transcript): Promise<Check> {
  const { source, round, randomnessHex } = salted.beacon ?? { source: '', round: 0, randomnessHex: '' }
  const seeds = contributions.flatMap(({ contributor, seed }) => [unhex(contributor), seed])
  const { tableId, seriesId, rootHex } = committed
  const fields = [tableId, seriesId, unhex(rootHex), source, round, unhex(randomnessHex), ...seeds]
  const made = hex(await hash(enc('crupier/1/salt', ...fields)))
  const tags = contributions.map(({ contributor }) => contributor)
  const ascending = tags.every((tag, i) => i === 0 || (tags[i - 1] ?? '') < tag)
  const named =
    committed.beacon === null
      ? salted.beacon === null
      : salted.beacon !== null && committed.beacon.source === source && committed.beacon.round === round
  const inTime = committed.saltDeadlineMs <= ended.openedAtMs
  const counted = salted.contributors === contributions.length
  return check('salt', made === salted.saltHex && ascending && named && inTime && counted, made)
}

async function outcome({ salted, ended }: Transcript): Promise<Check> {
  const pockets = pocketsOf(ended.gameId, ended.rules)
  if (pockets === null) return { id: 'outcome', state: 'unknown', found: ended.gameId }
  const { tableId, seriesId, roundNo } = ended
  const context = await hash(enc('crupier/1/draw', tableId, seriesId, roundNo, unhex(salted.saltHex)))
  const p = await numberBelow(pockets, unhex(ended.seedHex), context)
  const made = canonical({ pocket: p === 37 ? '00' : p })
  return check('outcome', made === canonical(ended.outcome), made)
}

/** How many pockets the wheel has; null for a game or rules that this page does not know. */
function pocketsOf(gameId: string, rules: unknown): number | null {
  if (gameId !== 'roulette') return null
  const known: Readonly<Record<string, number>> = {
    '{"laPartage":false,"wheel":"single-zero"}': 37,
    '{"laPartage":true,"wheel":"single-zero"}': 37,
    '{"laPartage":false,"wheel":"double-zero"}': 38,
  }
  return known[canonical(rules)] ?? null
}

/** Words of the stream in turn, until one is below the largest multiple of n; then its remainder. */
async function numberBelow(n: number, seed: Bytes, context: Bytes): Promise<number> {
  const limit = 4_294_967_296 - (4_294_967_296 % n)
  for (let block = 0; ; block++) {
    const words = new DataView((await mac(seed, join(context, u32(block)))).buffer)
    for (let at = 0; at < 32; at += 4) {
      const word = words.getUint32(at)
      if (word < limit) return word % n
    }
  }
}

function ending({ ended }: Transcript): Check {
  const { how, voidReason, betDigestHex, openedAtMs, closesAtMs, endedAtMs } = ended
  const told = how === 'void' ? voidReason !== null : voidReason === null && betDigestHex !== null
  return check('ending', told && openedAtMs <= closesAtMs && openedAtMs <= endedAtMs, voidReason ?? how)
}

function operatorTrust({ committed, operatorTrusted }: Transcript): Check {
  return check('operator-trust', operatorTrusted === (committed.beacon === null), committed.beacon?.source ?? '')
}

async function logChecks({ log, committed, salted, ended }: Transcript): Promise<Check[]> {
  const checkpoint = await readCheckpoint(log.checkpoint, log.key)
  const inLog = async (id: CheckId, entry: object, { index, pathHex }: Place): Promise<Check> => {
    const leaf = await leafOf(text(canonical(entry)))
    const root = checkpoint && (await rootOfPath(index, checkpoint.size, leaf, pathHex.map(unhex)))
    return check(id, checkpoint !== null && root !== null && equal(root, checkpoint.root), `${index}`)
  }
  const signed = checkpoint === null ? false : checkpoint.signed
  const first = log.committed.index
  return [
    { id: 'log-signature', state: signed === null ? 'unknown' : signed ? 'good' : 'bad', found: log.key },
    await inLog('committed-in-log', committed, log.committed),
    await inLog('salted-in-log', salted, log.salted),
    await inLog('ended-in-log', ended, log.ended),
    check(
      'log-order',
      first < log.salted.index && log.salted.index < log.ended.index,
      `${first} < ${log.salted.index} < ${log.ended.index}`,
    ),
  ]
}

function check(id: CheckId, holds: boolean, found: string): Check {
  return { id, state: holds ? 'good' : 'bad', found }
}
