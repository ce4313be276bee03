import { type SchemaType, schema, t } from '@colyseus/schema'
import type { Json } from '../engine/game.ts'
import { restsUntilMs } from '../engine/round/step.ts'
import type { Round } from '../engine/round/types.ts'
import { spots } from '../engine/round/view.ts'

export const LAST_OUTCOMES = 20

const SpotState = schema({ cents: t.float64().default(0), players: t.uint32().default(0) }, 'Spot')

/** What everyone at the table sees: `SharedTable` of protocol.ts as a Colyseus schema. Never anything private. */
export const TableState = schema(
  {
    tableId: t.string().default(''),
    gameId: t.string().default(''),
    status: t.string().default('running'),
    roundId: t.string().default(''),
    seriesId: t.string().default(''),
    roundNo: t.uint32().default(0),
    phase: t.string().default('open'),
    openedAtMs: t.float64().default(0),
    closesAtMs: t.float64().default(0),
    nextOpensAtMs: t.float64().default(0),
    commitment: t.string().default(''),
    betDigest: t.string().default(''),
    outcome: t.string().default(''),
    seedHex: t.string().default(''),
    voidReason: t.string().default(''),
    players: t.uint32().default(0),
    atStakeCents: t.float64().default(0),
    spots: t.map(SpotState),
    lastOutcomes: t.array('string'),
  },
  'Table',
)
export type TableState = SchemaType<typeof TableState>

/** Writes the round into the shared state; Colyseus sends only what changed. */
export function project(round: Round, state: TableState): void {
  const { opening, draw } = round
  state.roundId = opening.roundId
  state.seriesId = opening.seriesId
  state.roundNo = opening.roundNo
  state.phase = round.phase
  state.openedAtMs = opening.openedAtMs
  state.closesAtMs = opening.closesAtMs
  state.nextOpensAtMs = restsUntilMs(round) ?? 0
  state.commitment = opening.commitment
  state.betDigest = round.betDigest ?? ''
  state.outcome = draw === null ? '' : JSON.stringify(draw.outcome)
  state.seedHex = draw?.seedHex ?? ''
  state.voidReason = round.voidReason ?? ''
  state.atStakeCents = round.atStakeCents
  projectSpots(round, state)
}

function projectSpots(round: Round, state: TableState): void {
  const now = spots(round)
  for (const position of [...state.spots.keys()]) if (!now.has(position)) state.spots.delete(position)
  for (const [position, { cents, players }] of now) {
    const spot = state.spots.get(position) ?? new SpotState()
    spot.cents = cents
    spot.players = players
    if (!state.spots.has(position)) state.spots.set(position, spot)
  }
}

/** Puts the newest outcome first and forgets the oldest. */
export function rememberOutcome(state: TableState, outcome: Json): void {
  const outcomes = [JSON.stringify(outcome), ...state.lastOutcomes].slice(0, LAST_OUTCOMES)
  state.lastOutcomes.splice(0, state.lastOutcomes.length)
  state.lastOutcomes.push(...outcomes)
}
