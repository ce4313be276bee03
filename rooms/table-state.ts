import { $changes, ArraySchema, MapSchema, type Schema, type SchemaType, schema, t } from '@colyseus/schema'
import type { Json } from '../engine/game.ts'
import { restsUntilMs } from '../engine/round/step.ts'
import type { Round } from '../engine/round/types.ts'
import { spots } from '../engine/round/view.ts'

export const LAST_OUTCOMES = 20

/** Far more references than an owner of a table gives out, which are one for each collection of its state. */
const REFERENCES_OF_AN_OWNER = 16
/** Reference ids stay below this, in which every client can count. */
const REFERENCE_IDS = 2 ** 31

/**
 * What everyone at the table sees: `SharedTable` of protocol.ts as a Colyseus schema. Never anything private. Its
 * collections hold plain values only, so that an owner gives out a handful of references and no more.
 */
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
    spotCents: t.map('float64'),
    spotPlayers: t.map('uint32'),
    lastOutcomes: t.array('string'),
  },
  'Table',
)
export type TableState = SchemaType<typeof TableState>

/**
 * The state of a table's owner since `epoch`. A client keeps its decoder from owner to owner, and knows every part of
 * the state by a number: were it to hear one again for another thing, it would be left with a wrong state, or none. So
 * each owner begins above the last. `put` must make the state the root of an encoder.
 */
export function ownedState(epoch: number, put: (state: TableState) => void): void {
  const state = new TableState()
  put(state)
  numberFrom(state, (epoch * REFERENCES_OF_AN_OWNER) % REFERENCE_IDS)
  state.spotCents = new MapSchema<number>()
  state.spotPlayers = new MapSchema<number>()
  state.lastOutcomes = new ArraySchema<string>()
}

/** Parts of the state that are made from now on get ids from `firstId` on. The state is the root of an encoder. */
export function numberFrom(state: Schema, firstId: number): void {
  const { root } = state[$changes] as unknown as { readonly root: { nextUniqueId: number } }
  root.nextUniqueId = Math.max(root.nextUniqueId, firstId)
}

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
  for (const position of [...state.spotCents.keys()]) {
    if (now.has(position)) continue
    state.spotCents.delete(position)
    state.spotPlayers.delete(position)
  }
  for (const [position, { cents, players }] of now) {
    if (state.spotCents.get(position) !== cents) state.spotCents.set(position, cents)
    if (state.spotPlayers.get(position) !== players) state.spotPlayers.set(position, players)
  }
}

/** Puts the newest outcome first and forgets the oldest. */
export function rememberOutcome(state: TableState, outcome: Json): void {
  const outcomes = [JSON.stringify(outcome), ...state.lastOutcomes].slice(0, LAST_OUTCOMES)
  state.lastOutcomes.splice(0, state.lastOutcomes.length)
  state.lastOutcomes.push(...outcomes)
}
