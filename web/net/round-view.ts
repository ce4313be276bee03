import type { Phase } from '../../engine/round/types.ts'
import type { PublicEvent } from '../../rooms/protocol.ts'
import type { SharedSnapshot } from './link.ts'

/** What the page knows of the round at the table, from shared state and from events, whichever came first. */
export type RoundView = {
  readonly roundId: string
  readonly seriesId: string
  readonly phase: Phase
  readonly closesAtMs: number
  /** 0 until the round has ended. */
  readonly nextOpensAtMs: number
  readonly commitment: string
  readonly betDigest: string
  /** JSON; empty until the draw is durable. */
  readonly outcome: string
  readonly seedHex: string
  readonly voidReason: string
  /** When the draw became public, by the server's clock; null when this page did not see it happen. */
  readonly drawnAtMs: number | null
}

const RANK: { readonly [phase in Phase]: number } = { open: 0, closing: 1, closed: 2, drawn: 3, settled: 4, void: 4 }

/** True when the round's draw is public. */
export function isDrawn(phase: Phase): boolean {
  return phase === 'drawn' || phase === 'settled'
}

export function roundOfShared(shared: SharedSnapshot): RoundView {
  const { roundId, seriesId, phase, closesAtMs, nextOpensAtMs, commitment, betDigest, outcome, seedHex, voidReason } =
    shared
  const told = { roundId, seriesId, phase, closesAtMs, nextOpensAtMs, commitment, betDigest }
  return { ...told, outcome, seedHex, voidReason, drawnAtMs: null }
}

/**
 * Shared state goes out twice a second, events at once: neither is always the newer. A round only moves forward, so
 * the later phase wins and what one of them leaves empty comes from the other.
 */
export function mergeRound(known: RoundView | null, told: RoundView): RoundView {
  if (known === null || isLater(told.roundId, known.roundId)) return told
  if (isLater(known.roundId, told.roundId)) return known
  const [older, newer] = RANK[told.phase] >= RANK[known.phase] ? [known, told] : [told, known]
  return {
    roundId: newer.roundId,
    seriesId: newer.seriesId || older.seriesId,
    phase: newer.phase,
    closesAtMs: newer.closesAtMs || older.closesAtMs,
    nextOpensAtMs: newer.nextOpensAtMs || older.nextOpensAtMs,
    commitment: newer.commitment || older.commitment,
    betDigest: newer.betDigest || older.betDigest,
    outcome: newer.outcome || older.outcome,
    seedHex: newer.seedHex || older.seedHex,
    voidReason: newer.voidReason || older.voidReason,
    drawnAtMs: newer.drawnAtMs ?? older.drawnAtMs,
  }
}

/**
 * The first state of a new connection stands, whatever the page believed; only when it saw the draw, and the ball begin
 * to run, the page knows by itself.
 */
export function roundAnew(known: RoundView | null, told: RoundView): RoundView {
  const sawDraw = known?.roundId === told.roundId && known.outcome === told.outcome
  return sawDraw ? { ...told, drawnAtMs: known.drawnAtMs } : told
}

/** The round after an event of the public feed. */
export function roundAfter(known: RoundView | null, event: PublicEvent): RoundView {
  const blank: RoundView = {
    roundId: event.roundId,
    seriesId: '',
    phase: 'open',
    closesAtMs: 0,
    nextOpensAtMs: 0,
    commitment: '',
    betDigest: '',
    outcome: '',
    seedHex: '',
    voidReason: '',
    drawnAtMs: null,
  }
  switch (event.type) {
    case 'opened':
      return mergeRound(known, { ...blank, closesAtMs: event.closesAtMs, commitment: event.commitment })
    case 'closing':
      return mergeRound(known, { ...blank, phase: 'closing' })
    case 'closed':
      return mergeRound(known, { ...blank, phase: 'closed', betDigest: event.betDigest })
    case 'drawn':
      return mergeRound(known, {
        ...blank,
        phase: 'drawn',
        outcome: JSON.stringify(event.outcome),
        seedHex: event.seedHex,
        drawnAtMs: event.atMs,
      })
    case 'settled':
      return mergeRound(known, { ...blank, phase: 'settled', nextOpensAtMs: event.nextOpensAtMs })
    case 'void':
      return mergeRound(known, {
        ...blank,
        phase: 'void',
        nextOpensAtMs: event.nextOpensAtMs,
        voidReason: event.reason,
      })
  }
}

/** Whether the first round came after the second. Ids end in the number of the series and of the round in it. */
export function isLater(roundId: string, than: string): boolean {
  const [series, round] = numbersOf(roundId)
  const [thanSeries, thanRound] = numbersOf(than)
  return series === thanSeries ? round > thanRound : series > thanSeries
}

function numbersOf(roundId: string): readonly [number, number] {
  const [round, series] = roundId.split('.').toReversed().map(Number)
  return [series ?? 0, round ?? 0]
}
