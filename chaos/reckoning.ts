import { canonicalJson } from '../engine/fairness/encoding.ts'
import type { Transcript } from '../engine/fairness/transcript.ts'
import { verifyTranscript } from '../engine/fairness/verify.ts'
import type { Json } from '../engine/game.ts'
import { type BookFacts, readBooks } from './books.ts'
import { type Crowd, inTurns, LONGEST_ROUND_MS, steadyMs } from './crowd.ts'
import { type Findings, Judge } from './judge.ts'
import { Money, type Purse } from './money.ts'
import type { Player } from './player.ts'
import type { Notes } from './run-log.ts'
import type { Stage } from './stage.ts'
import { within } from './until.ts'
import { Answered } from './visitor.ts'

const LAST_ROUNDS_MS = 30_000
const STATES_EQUAL_MS = 6_000

export type Reckoning = Findings & {
  /** Cents by which any player's balance, statements, belief or the books differ, and whatever does not sum to zero. */
  readonly moneyOffCents: number
  /** Ended ones that were shown to somebody. */
  readonly rounds: number
  readonly transcriptsVerified: number
}

/** Lets the last rounds end, and holds everything that was told against the books (CHA-4 to CHA-8). */
export async function reckon(stage: Stage, crowd: Crowd, log: Notes): Promise<Reckoning> {
  const problems: string[] = []
  await lastRounds(crowd, problems)
  await inTurns(crowd.players, async (player) => {
    await player.lookUp().catch((error: unknown) => problems.push(`stuck: ${player.name} cannot look up: ${error}`))
    await player.resume().catch((error: unknown) => problems.push(`stuck: ${player.name} cannot resume: ${error}`))
  })
  log.say('every bet has its answer; reading the books')
  const books = await readBooks(await stage.databaseUrl())
  const { problems: found, ...figures } = new Judge(crowd.testimony, books).judge()
  const stuckHere = problems.length
  const apart = await statesApart(crowd)
  const verified = await verifyRounds(stage, crowd, books, problems)
  const money = new Money(books)
  await inTurns(crowd.players, async (player) => money.compare(await purseOf(player)))
  problems.push(...apart, ...found, ...money.problems)
  return {
    ...figures,
    stuck: figures.stuck + stuckHere,
    changed: figures.changed + apart.length + verified.wrong,
    problems,
    moneyOffCents: money.offCents,
    rounds: verified.right + verified.wrong,
    transcriptsVerified: verified.right,
  }
}

/** After two more rounds have opened everywhere, every round with bets in it has ended. */
async function lastRounds({ players, tableIds, progress }: Crowd, problems: string[]): Promise<void> {
  for (const player of players) player.stopBetting()
  for (let more = 0; more < 2; more++) {
    const sinceMs = steadyMs()
    if (await within(() => progress.waiting(tableIds, sinceMs).length === 0, LAST_ROUNDS_MS)) continue
    problems.push(`stuck: no round opened at ${progress.waiting(tableIds, sinceMs).join(', ')} at the end`)
  }
  await within(() => players.every(({ openBets }) => openBets.length === 0), LONGEST_ROUND_MS)
}

/** What the clients of one table have decoded must be one state: a decoder that went wrong differs for good. */
async function statesApart({ players, tableIds }: Crowd): Promise<string[]> {
  const statesOf = (tableId: string) =>
    new Set(players.filter((player) => player.tableId === tableId).map(({ sharedState }) => sharedState))
  const apart: string[] = []
  for (const tableId of tableIds)
    if (!(await within(() => statesOf(tableId).size <= 1, STATES_EQUAL_MS)))
      apart.push(`changed: clients of ${tableId} have decoded ${statesOf(tableId).size} different states`)
  return apart
}

/** The transcript of every ended round, which every player can download and check. */
async function verifyRounds(stage: Stage, crowd: Crowd, books: BookFacts, problems: string[]) {
  const ended = [...crowd.testimony.rounds.keys()].filter(
    (roundId) => (books.rounds.get(roundId)?.how ?? null) !== null,
  )
  const [anyone] = crowd.players
  let right = 0
  let wrong = 0
  await inTurns(ended, async (roundId) => {
    const why = anyone === undefined ? 'nobody asks' : await whyWrong(anyone, roundId, books)
    if (why === null) right += 1
    else {
      wrong += 1
      problems.push(`changed: the transcript of round ${roundId} at ${stage.url}: ${why}`)
    }
  })
  return { right, wrong }
}

/** Why the round is not what was committed, drawn and booked; null when it is. */
async function whyWrong(player: Player, roundId: string, books: BookFacts): Promise<string | null> {
  try {
    const transcript = await player.visitor.public<Transcript>(`/api/rounds/${roundId}/transcript`)
    const { ok, checks } = verifyTranscript(transcript)
    if (!ok) return checks.flatMap((check) => (check.ok ? [] : [`${check.id}: ${check.detail}`])).join('; ')
    const round = books.rounds.get(roundId)
    const same =
      round?.seedHex === transcript.ended.seedHex &&
      round.how === transcript.ended.how &&
      canonicalJson(JSON.parse(round.outcome ?? 'null') as Json) === canonicalJson(transcript.ended.outcome)
    return same ? null : 'it is another round than the one in the books'
  } catch (error) {
    return error instanceof Answered ? error.message : String(error)
  }
}

/** What the house answers to the player about his money, and what he believes. */
async function purseOf({ name, visitor, believedCents }: Player): Promise<Purse> {
  const { balanceCents } = await visitor.me()
  const rounds = await visitor.rounds()
  const statedCents = rounds.reduce((sum, { paidCents, stakedCents }) => sum + paidCents - stakedCents, 0)
  return { name, playerId: visitor.playerId, balanceCents, statedCents, believedCents }
}
