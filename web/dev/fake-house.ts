import { ratioText } from '../../engine/money.ts'
import { defaultLimits } from '../../engine/roulette/limits.ts'
import { roulette } from '../../engine/roulette/roulette.ts'
import { ROULETTE_VARIANTS, type RouletteVariant } from '../../engine/roulette/rules.ts'
import type { LobbyTable, TableInfo } from '../../rooms/protocol.ts'
import type { HouseClient } from '../app/house.ts'
import { type Api, ApiError, type Favourite, type Me, type RoundDetail } from '../net/api.ts'
import { FakeTable, OUTCOMES } from './fake-table.ts'

const TABLES: readonly (readonly [string, string, RouletteVariant])[] = [
  ['ruleta-lima', 'Ruleta Lima', 'european'],
  ['ruleta-cusco', 'Ruleta Cusco · La partage', 'la-partage'],
  ['ruleta-trujillo', 'Ruleta Trujillo · Doble cero', 'american'],
]

/** What the harness lets a tester do to the table that is open. */
export type FakeControls = { table: FakeTable | null }

/** A house inside the page, for design work without a server. `signedIn` says whether a player is there. */
export function fakeHouse(
  options: { signedIn: boolean; script: readonly number[] },
  controls: FakeControls,
): HouseClient {
  let player: Me | null = options.signedIn
    ? { playerId: 'p1', name: 'Rosa', balanceCents: 1_000_000, currency: 'PEN', playMoney: true }
    : null
  let favourites: readonly Favourite[] = [
    {
      name: 'Mi jugada',
      gameId: 'roulette',
      bets: [
        { selection: { kind: 'voisins' }, stakeCents: 9_000 },
        { selection: { kind: 'straight', numbers: [17] }, stakeCents: 500 },
      ],
    },
  ]
  const signIn = async (): Promise<void> => {
    player = { playerId: 'p1', name: 'Rosa', balanceCents: 1_000_000, currency: 'PEN', playMoney: true }
  }
  const api: Api = {
    signUp: signIn,
    signIn,
    signOut: async () => {
      player = null
    },
    me: async () => player,
    playMoney: async (_id, cents) => (player?.balanceCents ?? 0) + cents,
    favourites: async () => favourites,
    saveFavourites: async (next) => {
      favourites = next
      return favourites
    },
    rounds: async () => ({ rounds: HISTORY, next: null }),
    round: async (roundId) => {
      const found = HISTORY.find((round) => round.roundId === roundId)
      if (found === undefined) throw new ApiError(404, 'no-such-round', 'no such round')
      return found
    },
    tables: async () => lobby(),
    table: async (tableId) => info(tableId),
    results: async (tableId) =>
      Array.from({ length: 200 }, (_, i) => ({
        roundId: `${tableId}.2.${i}`,
        outcome: { pocket: (i * 17 + ((i * i) % 7)) % 37 },
        endedAtMs: Date.now() - i * 40_000,
        how: 'settled' as const,
      })),
    ticket: async () => 'ticket',
    transcript: async () => {
      throw new ApiError(404, 'no-such-round', 'the harness keeps no transcripts')
    },
    house: async () => null,
    build: async () => null,
  }
  return {
    api,
    prepareTable: () => undefined,
    openTable: (tableId, _signedIn, listener) => {
      controls.table = new FakeTable(tableId, options.script, listener)
      return controls.table
    },
    watchLobby: (shown, told) => {
      shown(lobby())
      told('live')
      return () => undefined
    },
  }
}

function lobby(): readonly LobbyTable[] {
  return TABLES.map(([tableId, name], i) => ({
    tableId,
    name,
    gameId: 'roulette',
    status: i === 2 ? 'paused' : 'running',
    phase: i === 0 ? 'open' : 'settled',
    closesAtMs: Date.now() + 10_000,
    players: [23, 8, 1][i] ?? 0,
    minCents: 100,
    maxCents: 180_000,
    lastOutcomes: OUTCOMES.slice(i * 3),
  }))
}

function info(tableId: string): TableInfo {
  const found = TABLES.find(([id]) => id === tableId)
  if (found === undefined) throw new ApiError(404, 'no-such-table', 'no such table')
  const rules = ROULETTE_VARIANTS[found[2]]
  return {
    tableId,
    name: found[1],
    gameId: 'roulette',
    rules,
    rulesVersion: 1,
    limits: defaultLimits(rules),
    pace: { bettingMs: 20_000, restMs: 14_000 },
    currency: 'PEN',
    returns: roulette.returns(rules).map((row) => ({
      bet: row.bet,
      return: ratioText(row.return),
      returnPct: (Number(row.return.num) / Number(row.return.den)) * 100,
      hitPct: (Number(row.hitRate.num) / Number(row.hitRate.den)) * 100,
    })),
  }
}

const HISTORY: readonly RoundDetail[] = Array.from({ length: 12 }, (_, i) => ({
  roundId: `ruleta-lima.2.${40 - i}`,
  tableId: 'ruleta-lima',
  gameId: 'roulette',
  endedAtMs: Date.UTC(2026, 10, 22, 3, 40 - i),
  how: i === 4 ? ('void' as const) : ('settled' as const),
  outcome: { pocket: [17, 0, 32, 5, 8, 20, 36, 11, 2, 29, 14, 33][i] ?? 0 },
  stakedCents: 1_500 + i * 100,
  paidCents: i % 3 === 0 ? 18_000 : 0,
  bets: [
    {
      betId: `b${i}`,
      selection: { kind: 'straight', numbers: [17] },
      kind: 'straight',
      stakeCents: 500,
      paidCents: i % 3 === 0 ? 18_000 : 0,
      fate: 'accepted',
      placedAtMs: Date.UTC(2026, 10, 22, 3, 39 - i),
    },
    {
      betId: `c${i}`,
      selection: { kind: 'neighbours', of: 17, reach: 2 },
      kind: 'neighbours',
      stakeCents: 1_000,
      paidCents: 0,
      fate: 'accepted',
      placedAtMs: Date.UTC(2026, 10, 22, 3, 39 - i),
    },
  ],
  opening: { commitment: 'c0'.repeat(32), seriesId: 'ruleta-lima.2', openedAtMs: 0 },
  seedHex: '5e'.repeat(32),
  balanceAfterCents: 1_000_000,
}))
