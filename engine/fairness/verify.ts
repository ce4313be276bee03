import type { Json } from '../game.ts'
import { gameById } from '../games.ts'
import { type Checkpoint, readCheckpoint, readLogKey } from './checkpoint.ts'
import { canonicalJson } from './encoding.ts'
import { fromHex, toHex } from './hex.ts'
import { leafHash, verifyInclusion } from './merkle.ts'
import { drawSource } from './outcome.ts'
import { readTranscript } from './read-transcript.ts'
import { roundCommitment } from './seeds.ts'
import { entryBytes, type LogEntry, type LogPlace, seriesSalt, type Transcript } from './transcript.ts'

/** Every check, in the order in which a reader follows them; docs/fairness.md explains each. */
export const CHECK_IDS = [
  'format',
  'same-round',
  'seed-commitment',
  'commitment-in-series',
  'salt',
  'outcome',
  'ending',
  'operator-trust',
  'log-signature',
  'committed-in-log',
  'salted-in-log',
  'ended-in-log',
  'log-order',
] as const
export type CheckId = (typeof CHECK_IDS)[number]

/** `detail` is for a log or a developer; pages word each check themselves. */
export type Check = { readonly id: CheckId; readonly ok: boolean; readonly detail: string }
export type Verdict = { readonly ok: boolean; readonly checks: readonly Check[] }

/**
 * Checks everything that a transcript claims, from untrusted JSON. Never throws on what it is given.
 * What it proves, and what it cannot, is in docs/fairness.md.
 * Source: FAI-7.
 */
export function verifyTranscript(value: unknown): Verdict {
  const transcript = readTranscript(value)
  if (transcript === null) return verdict([check('format', false, 'not a transcript of format crupier-transcript-1')])
  return verdict([
    check('format', true, transcript.format),
    sameRound(transcript),
    seedCommitment(transcript),
    commitmentInSeries(transcript),
    salt(transcript),
    outcome(transcript),
    ending(transcript),
    operatorTrust(transcript),
    ...logChecks(transcript),
  ])
}

function sameRound({ committed, salted, ended }: Transcript): Check {
  const ids = [committed, salted, ended].map(({ tableId, seriesId }) => canonicalJson([tableId, seriesId]))
  const named = ended.roundId === `${ended.seriesId}.${ended.roundNo}`
  const ok = new Set(ids).size === 1 && named && ended.roundNo < committed.rounds
  return check('same-round', ok, `round ${ended.roundId} of series ${committed.seriesId} (${committed.rounds} rounds)`)
}

function seedCommitment({ ended }: Transcript): Check {
  const made = toHex(roundCommitment(ended.tableId, ended.seriesId, ended.roundNo, fromHex(ended.seedHex)))
  return check('seed-commitment', made === ended.commitmentHex, `the seed's commitment is ${made}`)
}

function commitmentInSeries({ committed, ended, commitmentPathHex }: Transcript): Check {
  const leaf = leafHash(fromHex(ended.commitmentHex))
  const path = commitmentPathHex.map(fromHex)
  const ok = verifyInclusion(ended.roundNo, committed.rounds, leaf, path, fromHex(committed.rootHex))
  return check('commitment-in-series', ok, `leaf ${ended.roundNo} under the root ${committed.rootHex}`)
}

function salt({ committed, salted, ended, contributions }: Transcript): Check {
  const made = toHex(seriesSalt(committed, salted.beacon, contributions))
  const ordered = contributions.every(
    ({ contributor }, i) => i === 0 || contributions[i - 1]!.contributor < contributor,
  )
  const named = canonicalJson(committed.beacon) === canonicalJson(salted.beacon && beaconRoundOf(salted.beacon))
  const counted = salted.contributors === contributions.length
  const inTime = committed.saltDeadlineMs <= ended.openedAtMs
  const ok = made === salted.saltHex && ordered && named && counted && inTime
  return check('salt', ok, `${contributions.length} contributions make the salt ${made}`)
}

function beaconRoundOf({ source, round }: { source: string; round: number }): Json {
  return { source, round }
}

function outcome({ salted, ended }: Transcript): Check {
  const game = gameById(ended.gameId)
  if (game === null) return check('outcome', false, `this verifier does not know the game ${ended.gameId}`)
  const rules = game.readRules(ended.rules)
  if (rules === null) return check('outcome', false, `the rules are not rules of ${ended.gameId}`)
  const seed = fromHex(ended.seedHex)
  const source = drawSource(seed, fromHex(salted.saltHex), ended.tableId, ended.seriesId, ended.roundNo)
  const drawn = canonicalJson(game.drawOutcome(rules, source))
  return check('outcome', drawn === canonicalJson(ended.outcome), `the seed and the salt decide ${drawn}`)
}

function ending({ ended }: Transcript): Check {
  const inOrder = ended.openedAtMs <= ended.closesAtMs && ended.openedAtMs <= ended.endedAtMs
  const ok = ended.how === 'void' ? ended.voidReason !== null : ended.voidReason === null && ended.betDigestHex !== null
  return check('ending', ok && inOrder, ended.how === 'void' ? `void: ${ended.voidReason}` : 'settled')
}

function operatorTrust({ committed, operatorTrusted }: Transcript): Check {
  const detail =
    committed.beacon === null ? 'no beacon: the operator is trusted with the salt' : committed.beacon.source
  return check('operator-trust', operatorTrusted === (committed.beacon === null), detail)
}

function logChecks({ log, committed, salted, ended }: Transcript): Check[] {
  const key = readLogKey(log.key)
  const checkpoint = key === null ? null : readCheckpoint(log.checkpoint, key)
  const { committed: first, salted: second, ended: third } = log
  const size = checkpoint?.size ?? 0
  return [
    check('log-signature', checkpoint !== null, `log ${key?.name ?? 'unknown'}, ${size} entries`),
    inLog('committed-in-log', committed, first, checkpoint),
    inLog('salted-in-log', salted, second, checkpoint),
    inLog('ended-in-log', ended, third, checkpoint),
    check(
      'log-order',
      first.index < second.index && second.index < third.index,
      `entries ${first.index}, ${second.index}, ${third.index}`,
    ),
  ]
}

function inLog(id: CheckId, entry: LogEntry, { index, pathHex }: LogPlace, checkpoint: Checkpoint | null): Check {
  if (checkpoint === null) return check(id, false, 'there is no valid checkpoint')
  const leaf = leafHash(entryBytes(entry))
  const ok = verifyInclusion(index, checkpoint.size, leaf, pathHex.map(fromHex), checkpoint.root)
  return check(id, ok, `entry ${index} of ${checkpoint.size}`)
}

function check(id: CheckId, ok: boolean, detail: string): Check {
  return { id, ok, detail }
}

function verdict(checks: readonly Check[]): Verdict {
  return { ok: checks.every(({ ok }) => ok), checks }
}
