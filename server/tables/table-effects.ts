import { assert, isBrokenInvariant, unreachable } from '../../engine/assert.ts'
import { gameById } from '../../engine/games.ts'
import type { Cents } from '../../engine/money.ts'
import type { Draw, Effect, Opening, RoundEvent, VoidReason } from '../../engine/round/types.ts'
import type { Lease } from '../../rooms/ports.ts'
import { crashPoint } from '../crash-points.ts'
import type { NextRound } from '../fairness/series-keeper.ts'
import type { Books, Ended, StakeAnswer } from '../ledger/books.ts'
import type { Outcome, Perform } from './effect-runner.ts'
import type { HouseTable } from './house-tables.ts'

const TABLE_LOOK_MS = 1_000

export type TableEffectsDeps = {
  readonly books: Books
  readonly series: {
    nextRound(tableId: string, signal?: AbortSignal): Promise<NextRound>
    draw(opening: Opening): Promise<Draw>
    roundEnded(tableId: string): Promise<void>
  }
  readonly tables: {
    get(tableId: string): Promise<HouseTable | null>
    closeDrained(tableId: string): Promise<void>
    /** Why the market no longer allows the table's limits or pace (G12, G34); null when it does. */
    refusalOf(table: HouseTable): string | null
  }
  /** False after a failed health test of the draw pool: no further round opens (G8). */
  readonly drawsHealthy: () => boolean
  readonly nowMs: () => number
  /** Puts a void on the record as a significant event, whoever ordered it (G20); may be told twice of the same. */
  readonly voided: (event: { tableId: string; roundId: string; reason: VoidReason }) => Promise<void>
  /** Told between rounds what the house has decided for the table. */
  readonly statusChanged: (tableId: string, status: string) => void
  /** Resolves when the operator has changed the table, or after the given time. */
  readonly changed: (tableId: string, ms: number, signal: AbortSignal) => Promise<void>
}

const NO_BALANCES: ReadonlyMap<string, Cents> = new Map()
const answered = (event: RoundEvent, balances = NO_BALANCES): Outcome => ({ event, balances })

/** How each effect of a round is performed against books and draw pool, once; retries are the runner's. */
export function tableEffects(lease: Lease, deps: TableEffectsDeps): Perform {
  const { books, series } = deps
  return async (effect, signal) => {
    switch (effect.type) {
      case 'reserve':
      case 'release': {
        const { roundId, bet } = effect
        crashPoint('stake.asked')
        const [answer] = await books[effect.type]([{ ...lease, roundId, bet }])
        crashPoint(effect.type === 'reserve' ? 'stake.committed' : 'release.committed')
        assert(answer !== undefined, 'LED-18: every stake that is asked for is answered')
        return stakeOutcome(answer, roundId, bet.playerId)
      }
      case 'close': {
        const standing = await books.closeRound(lease, effect.roundId, effect.betDigest)
        crashPoint('close.committed')
        if (standing === 'fenced') return 'fenced'
        assert(standing === effect.betDigest, 'RND-7: the digest of the books is that of the accepted bets')
        return answered({ type: 'closeRecorded', roundId: effect.roundId, betDigest: standing })
      }
      case 'draw': {
        const { roundId } = effect.opening
        const made = await series.draw(effect.opening)
        crashPoint('draw.made')
        const standing = await books.registerDraw(lease, roundId, made)
        crashPoint('draw.committed')
        if (standing === 'fenced') return 'fenced'
        // Void in the books: the void's own effect tells the round.
        return standing === 'void' ? 'gone' : answered({ type: 'drawRecorded', roundId, draw: standing })
      }
      case 'settle': {
        const { roundId, handleCents, payouts } = effect
        const ended = await books.settle({ ...lease, roundId, handleCents, payouts })
        if (ended === 'fenced') return 'fenced'
        crashPoint('settle.committed')
        await tellLog(lease, deps)
        crashPoint('settle.logged')
        return answered({ type: 'payoutsPosted', roundId, atMs: ended.atMs }, ended.balances)
      }
      case 'void':
        return voidOutcome(lease, effect, deps)
      case 'openNext':
        return openNext(lease, effect.after, deps, signal)
      default:
        return unreachable(effect)
    }
  }
}

function stakeOutcome({ betId, fate, refusal, balanceCents }: StakeAnswer, roundId: string, playerId: string): Outcome {
  const balances = balanceCents === null ? NO_BALANCES : new Map([[playerId, balanceCents]])
  switch (fate) {
    case 'fenced':
      return 'fenced'
    case 'reserved':
      return answered({ type: 'stakeReserved', roundId, betId }, balances)
    case 'released':
      return answered({ type: 'stakeReleased', roundId, betId }, balances)
    case 'refused':
      assert(refusal !== null, 'LED-8: a refused stake says why')
      return answered({ type: 'stakeRefused', roundId, betId, refusal }, balances)
    default:
      return unreachable(fate)
  }
}

async function voidOutcome(
  lease: Lease,
  effect: Extract<Effect, { type: 'void' }>,
  deps: TableEffectsDeps,
): Promise<Outcome> {
  const { roundId } = effect.opening
  const draw = await deps.series.draw(effect.opening)
  const ended = await deps.books.voidRound(lease, roundId, effect.reason, draw)
  if (ended === 'fenced') return 'fenced'
  if ('drawn' in ended) return answered({ type: 'drawRecorded', roundId, draw: ended.drawn })
  crashPoint('void.committed')
  await tellLog(lease, deps)
  return answered({ type: 'voidPosted', roundId, atMs: (ended as Ended).atMs, draw }, (ended as Ended).balances)
}

/** A round can be verified once its end is told. What fails here is made good before the next round opens. */
export async function tellLog({ tableId }: Lease, { series }: TableEffectsDeps): Promise<void> {
  await series.roundEnded(tableId).catch(() => undefined)
}

/** Opens the round after `after`, as soon as the house wants one; nothing when the table is closed. */
export async function openNext(
  lease: Lease,
  after: Opening | null,
  deps: TableEffectsDeps,
  signal: AbortSignal,
): Promise<Outcome> {
  const { tableId } = lease
  const afterRoundId = after?.roundId ?? null
  // A repeat after a lost answer: the books say whether the next round is open already.
  const latest = await deps.books.latestRound(tableId)
  if (latest !== null && latest.opening.roundId !== afterRoundId)
    return answered({ type: 'nextOpened', afterRoundId, opening: latest.opening })
  if (latest?.ended?.how === 'void') {
    const reason = latest.ended.voidReason ?? 'operator-error'
    await deps.voided({ tableId, roundId: latest.opening.roundId, reason })
  }
  await deps.series.roundEnded(tableId)
  const table = await wantedTable(tableId, deps, signal)
  if (table === null) return 'gone'
  const opening = openingOf(table, await deps.series.nextRound(tableId, signal), deps.nowMs())
  const standing = await openOrFind(lease, opening, deps)
  return standing === 'fenced' ? 'fenced' : answered({ type: 'nextOpened', afterRoundId, opening: standing })
}

/**
 * Opens the round, or finds that an earlier request, whose answer was lost on the way, has opened it meanwhile with
 * another time: then that opening stands.
 */
async function openOrFind(lease: Lease, opening: Opening, { books }: TableEffectsDeps): Promise<Opening | 'fenced'> {
  try {
    const opened = await books.openRound(lease, opening)
    crashPoint('round.opened')
    return opened === 'fenced' ? 'fenced' : opening
  } catch (error) {
    const latest = isBrokenInvariant(error) ? await books.latestRound(lease.tableId) : null
    if (latest === null || latest.opening.roundId !== opening.roundId) throw error
    return latest.opening
  }
}

/** The table once it may open a round; null when it closes instead. */
async function wantedTable(tableId: string, deps: TableEffectsDeps, signal: AbortSignal): Promise<HouseTable | null> {
  while (!signal.aborted) {
    const table = await deps.tables.get(tableId)
    if (table === null || table.status === 'closed' || table.status === 'draining') {
      if (table?.status === 'draining') await deps.tables.closeDrained(tableId)
      deps.statusChanged(tableId, 'closed')
      return null
    }
    const waits = table.status === 'paused' || !deps.drawsHealthy() || deps.tables.refusalOf(table) !== null
    deps.statusChanged(tableId, waits ? 'paused' : 'running')
    if (!waits) return table
    await deps.changed(tableId, TABLE_LOOK_MS, signal)
  }
  return null
}

export function openingOf(table: HouseTable, next: NextRound, nowMs: number): Opening {
  const { seriesId, roundId, roundNo, commitment, opensFromMs } = next
  const { gameId, rules, limits, pace, currency } = table
  const game = gameById(gameId)
  assert(game !== null, `the house has the game ${gameId}`)
  const { rulesVersion } = game
  // Whoever verifies the round holds both against each other; a clock that was set back must not make it look wrong.
  const openedAtMs = Math.max(nowMs, opensFromMs)
  return {
    roundId,
    tableId: table.tableId,
    seriesId,
    roundNo,
    commitment,
    openedAtMs,
    closesAtMs: openedAtMs + pace.bettingMs,
    terms: { gameId, rulesVersion, rules, limits, pace, currency },
  }
}
