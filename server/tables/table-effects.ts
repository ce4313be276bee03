import { assert, unreachable } from '../../engine/assert.ts'
import type { Cents } from '../../engine/money.ts'
import { gameOf } from '../../engine/round/game-of.ts'
import type { Draw, Effect, Opening, RoundEvent, VoidReason } from '../../engine/round/types.ts'
import type { Lease } from '../../rooms/ports.ts'
import type { NextRound } from '../fairness/series-keeper.ts'
import type { Books, Ended, StakeAnswer } from '../ledger/books.ts'
import type { Outcome, Perform } from './effect-runner.ts'
import type { HouseTable } from './house-tables.ts'

const DRAW_ATTEMPTS = 8
const TABLE_LOOK_MS = 1_000

export type TableEffectsDeps = {
  readonly books: Books
  readonly series: {
    nextRound(tableId: string, signal?: AbortSignal): Promise<NextRound>
    draw(opening: Opening): Promise<Draw>
    roundEnded(tableId: string): Promise<void>
  }
  readonly tables: { get(tableId: string): Promise<HouseTable | null>; closeDrained(tableId: string): Promise<void> }
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
        const [answer] = await books[effect.type]([{ ...lease, roundId, bet }])
        assert(answer !== undefined, 'LED-18: every stake that is asked for is answered')
        return stakeOutcome(answer, roundId, bet.playerId)
      }
      case 'close': {
        const standing = await books.closeRound(lease, effect.roundId, effect.betDigest)
        if (standing === 'fenced') return 'fenced'
        assert(standing === effect.betDigest, 'RND-7: the digest of the books is that of the accepted bets')
        return answered({ type: 'closeRecorded', roundId: effect.roundId, betDigest: standing })
      }
      case 'draw': {
        const { roundId } = effect.opening
        const standing = await books.registerDraw(lease, roundId, await series.draw(effect.opening))
        if (standing === 'fenced') return 'fenced'
        // Void in the books: the void's own effect tells the round.
        return standing === 'void' ? 'gone' : answered({ type: 'drawRecorded', roundId, draw: standing })
      }
      case 'settle': {
        const { roundId, handleCents, payouts } = effect
        const ended = await books.settle({ ...lease, roundId, handleCents, payouts })
        if (ended === 'fenced') return 'fenced'
        await tellLog(lease, deps)
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

/** A draw that cannot be had is not waited for for ever: stakes go back, and the pit is paged. */
export function giveUpDrawing(
  effect: Effect,
  attempts: number,
): { event: RoundEvent; balances: typeof NO_BALANCES } | null {
  if (effect.type !== 'draw' || attempts < DRAW_ATTEMPTS) return null
  const { roundId } = effect.opening
  return { event: { type: 'voidOrdered', roundId, reason: 'draw-failed' }, balances: NO_BALANCES }
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
  await tellLog(lease, deps)
  await deps.voided({ tableId: lease.tableId, roundId, reason: effect.reason })
  return answered({ type: 'voidPosted', roundId, atMs: (ended as Ended).atMs, draw }, (ended as Ended).balances)
}

/** A round can be verified once its end is told. What fails here is made good before the next round opens. */
async function tellLog({ tableId }: Lease, { series }: TableEffectsDeps): Promise<void> {
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
  await deps.series.roundEnded(tableId)
  const table = await wantedTable(tableId, deps, signal)
  if (table === null) return 'gone'
  const opening = openingOf(table, await deps.series.nextRound(tableId, signal), deps.nowMs())
  return (await deps.books.openRound(lease, opening)) === 'fenced'
    ? 'fenced'
    : answered({ type: 'nextOpened', afterRoundId, opening })
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
    const waits = table.status === 'paused' || !deps.drawsHealthy()
    deps.statusChanged(tableId, waits ? 'paused' : 'running')
    if (!waits) return table
    await deps.changed(tableId, TABLE_LOOK_MS, signal)
  }
  return null
}

export function openingOf(table: HouseTable, next: NextRound, nowMs: number): Opening {
  const { seriesId, roundId, roundNo, commitment } = next
  const { gameId, rules, limits, pace, currency } = table
  const { rulesVersion } = gameOf(table)
  return {
    roundId,
    tableId: table.tableId,
    seriesId,
    roundNo,
    commitment,
    openedAtMs: nowMs,
    closesAtMs: nowMs + pace.bettingMs,
    terms: { gameId, rulesVersion, rules, limits, pace, currency },
  }
}
