import { canonicalJson } from '../engine/fairness/encoding.ts'
import type { Transcript } from '../engine/fairness/transcript.ts'
import { verifyTranscript } from '../engine/fairness/verify.ts'
import type { Json } from '../engine/game.ts'
import { type BookFacts, readBooks } from './books.ts'
import { type Crowd, inTurns, LONGEST_ROUND_MS, steadyMs } from './crowd.ts'
import { type Findings, Judge } from './judge.ts'
import type { Player } from './player.ts'
import type { RunLog } from './run-log.ts'
import type { Stage } from './stage.ts'
import { within } from './until.ts'
import { Answered } from './visitor.ts'

const LAST_ROUNDS_MS = 30_000
const STATES_EQUAL_MS = 6_000

export type Reckoning = Findings & {
  /** Cents by which any player's balance, statements, belief or the books differ, and whatever does not sum to zero. */
  readonly moneyOffCents: number
  readonly rounds: number
  readonly transcriptsVerified: number
}

/** Lets the last rounds end, and holds everything that was told against the books (CHA-4 to CHA-8). */
export async function reckon(stage: Stage, crowd: Crowd, log: RunLog): Promise<Reckoning> {
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
  const moneyOffCents = await reckonMoney(crowd, books, problems)
  problems.push(...apart, ...found)
  return {
    ...figures,
    stuck: figures.stuck + stuckHere,
    changed: figures.changed + apart.length + verified.wrong,
    problems,
    moneyOffCents,
    rounds: crowd.progress.roundsOpened,
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

/** Every ended round's transcript, as any player can download and check it. */
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

/** Balances: the house's answer, what was granted and stated, the lines in the books, and what the player believes. */
async function reckonMoney({ players }: Crowd, books: BookFacts, problems: string[]): Promise<number> {
  const { linesSumCents, accountsOff, negativePlayers } = books
  let offCents = Math.abs(linesSumCents)
  const off = (why: string, cents: number) => {
    offCents += Math.max(1, Math.abs(cents))
    problems.push(`money: ${why}`)
  }
  if (linesSumCents !== 0) problems.push(`money: all lines sum to ${linesSumCents}`)
  if (accountsOff !== 0) off(`${accountsOff} accounts do not have the balance of their lines`, 0)
  if (negativePlayers !== 0) off(`${negativePlayers} players are below zero`, 0)
  await inTurns(players, async ({ name, visitor, believedCents }) => {
    const { balanceCents } = await visitor.me()
    const rounds = await visitor.rounds()
    const granted = books.entries.filter(({ kind, playerId }) => kind === 'grant' && playerId === visitor.playerId)
    const stated =
      granted.reduce((sum, { cents }) => sum + cents, 0) +
      rounds.reduce((sum, { paidCents, stakedCents }) => sum + paidCents - stakedCents, 0)
    const booked = books.balances.get(visitor.playerId) ?? Number.NaN
    if (booked !== balanceCents) off(`${name} is told ${balanceCents}, the books have ${booked}`, balanceCents - booked)
    if (stated !== balanceCents) off(`${name} has ${balanceCents}, his statements ${stated}`, balanceCents - stated)
    if (believedCents !== balanceCents)
      off(`${name} has ${balanceCents} and believes ${believedCents}`, balanceCents - (believedCents ?? 0))
  })
  return offCents
}
