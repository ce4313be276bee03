import type { Json } from '../../engine/game.ts'
import type { Metrics } from '../../monitoring/metrics.ts'
import type { LobbyTable, TableInfo } from '../../rooms/protocol.ts'
import type { Books } from '../ledger/books.ts'
import type { Log } from '../log.ts'
import type { Favourites } from '../players/favourites.ts'
import type { PlayMoney } from '../players/play-money.ts'
import type { Players } from '../players/players.ts'
import type { Tickets } from '../players/tickets.ts'

/** A player's round as the history lists it; `before` and `next` are cursors that only the history can read. */
export type PlayerRound = {
  readonly roundId: string
  readonly tableId: string
  readonly gameId: string
  readonly endedAtMs: number
  readonly how: 'settled' | 'void'
  readonly outcome: Json
  readonly stakedCents: number
  readonly paidCents: number
}
export type PlayerRounds = { readonly rounds: readonly PlayerRound[]; readonly next: string | null }
export type TableResult = Pick<PlayerRound, 'roundId' | 'outcome' | 'endedAtMs' | 'how'>

/** What the books tell of rounds that have ended. */
export interface RoundHistory {
  /** Newest first. `before` is a cursor that an earlier answer gave; `bad-cursor` when it is not one. */
  roundsOfPlayer(playerId: string, before: string | null, limit: number): Promise<PlayerRounds | 'bad-cursor'>
  /** The player's own view of one round, as JSON; null when he had no bet in it. */
  roundOfPlayer(playerId: string, roundId: string): Promise<object | null>
  resultsOfTable(tableId: string, limit: number): Promise<readonly TableResult[]>
}

/** The public records of fairness. Texts are sent as they stand, since signatures are over their bytes. */
export interface FairnessRecords {
  /** Null until the round has ended, and for a round that never was. */
  transcript(roundId: string): Promise<object | string | null>
  series(seriesId: string): Promise<object | string | null>
  checkpoint(): Promise<object | string | null>
  /** Entries `from` (included) to `to` (excluded) of the public log. */
  entries(from: number, to: number): Promise<object | string | null>
  /** Null when the log never had that size, or no such entry at it. */
  inclusion(index: number, size: number): Promise<object | string | null>
  consistency(from: number, to: number): Promise<object | string | null>
}

export interface TableDirectory {
  list(): readonly LobbyTable[]
  /** Null when there is no such table, or it is closed. */
  info(tableId: string): Promise<TableInfo | null>
}

/** Whether this node can serve; each is asked with a time limit. */
export interface Health {
  database(): Promise<boolean>
  drawPool(): boolean
  /** True once every table of the house is open at some node. */
  tables(): boolean
  /** False while this node hears no other one, though the books hear some. */
  peers(): boolean
  /** True while this node gives its tables away, before it ends. */
  draining(): boolean
}

/** What the operator must show to players on every page (R6). */
export type House = { readonly name: string; readonly registrationCode: string; readonly ruc: string }

/** A pause of the whole house that players are told of (O13). */
export type Announcement = { readonly startsAtMs: number; readonly endsAtMs: number; readonly reason: string }

export type HouseApiDeps = {
  readonly players: Players
  readonly tickets: Tickets
  readonly favourites: Favourites
  readonly playMoney: PlayMoney
  readonly books: Pick<Books, 'balanceOf'>
  readonly tables: TableDirectory
  readonly history: RoundHistory
  readonly fairness: FairnessRecords
  readonly health: Health
  readonly metrics: Metrics
  readonly log: Log
  readonly nowMs: () => number
  readonly house: House
  /** The pause that is planned or under way; null when there is none. */
  readonly maintenance: () => Promise<Announcement | null>
  /** What is running: the same text as in the page, which reloads when it changes. */
  readonly build: string
  readonly currency: string
  readonly publicUrl: string
  readonly allowedOrigins: readonly string[]
  readonly trustedProxies: readonly string[]
  readonly operatorFrom: readonly string[]
  readonly operatorToken: string
  readonly requestsPerSecond: number
  /** Folder of the built page; null serves none. */
  readonly pageDir: string | null
}
