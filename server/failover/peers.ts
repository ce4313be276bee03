import type { LobbyTable } from '../../rooms/protocol.ts'
import type { PeerConnection } from './peer-connection.ts'
import type { Life, NodeRow } from './ports.ts'

/** A table that a node runs; `open` once players can reach it there. */
export type Running = { readonly tableId: string; readonly epoch: number; readonly open: boolean }

/** What a node says of itself to every other one, whenever it changes. */
export type Presence = Life & {
  /** Counts what this life has said, so that what comes late is known as such. */
  readonly serial: number
  /** Tables may be placed there: it can prove that it lives, and so could keep them. */
  readonly ready: boolean
  /** The books have answered it of late. */
  readonly books: boolean
  /** It stops soon: its tables are handed over, and it takes none. */
  readonly draining: boolean
  readonly running: readonly Running[]
}

/** What nodes tell each other, in order on each link. */
export type PeerNews =
  | { readonly type: 'presence'; readonly presence: Presence }
  /** The table's row of the lobby; null when the house has closed the table. */
  | { readonly type: 'row'; readonly tableId: string; readonly row: LobbyTable | null }
  /** An operator changed the table at some node. */
  | { readonly type: 'tableChanged'; readonly tableId: string }

/** What a node asks of another one, and what it is answered. */
export type PeerAsks = {
  /** Take this table from me: I have stopped it under this epoch. Null: not taken. */
  take: { readonly ask: { readonly tableId: string; readonly epoch: number }; readonly answer: number | null }
  /** Void the round that you run. */
  void: {
    readonly ask: { readonly tableId: string; readonly reason: string; readonly roundId: string | null }
    readonly answer: { readonly roundId: string } | { readonly code: string }
  }
}

/** What a client asks of the matchmaker, and what it is answered. */
export type SeatAsk = {
  /** The same however often it is asked, so that it is answered once (FOV-101). */
  readonly askId: string
  readonly method: string
  readonly room: string
  readonly authorization: string | null
  readonly options: { readonly reconnectionToken?: string }
}
export type SeatAnswer = { readonly status: number; readonly body: unknown }

/** All that one node asks of another, also on behalf of its clients. */
export type HouseAsks = PeerAsks & {
  /** Give this client a seat at a table that you run. */
  seat: { readonly ask: SeatAsk; readonly answer: SeatAnswer }
}

/** How clients are led to another node. Errors: both reject when it is not reached, or does not prove itself. */
export interface PeerWays {
  dial(nodeId: string, withinMs: number): Promise<PeerConnection>
  ask(nodeId: string, kind: 'seat', ask: SeatAsk, withinMs: number): Promise<SeatAnswer>
}

/**
 * `up`: something was heard of late. `silent`: nothing was, which may be the node, the network, or this node itself.
 * `gone`: its address refuses connections, or a later life has proven itself there, so its process is no more.
 */
export type LinkState = 'up' | 'silent' | 'gone'

export interface PeerListener {
  linkChanged(nodeId: string, state: LinkState): void
  news(nodeId: string, news: PeerNews): void
  asked<K extends keyof PeerAsks>(kind: K, ask: PeerAsks[K]['ask']): Promise<PeerAsks[K]['answer']>
}

/** The links of this node to all others. */
export interface PeerLinks {
  /** Keeps a link to each of these; others are let go. */
  follow(nodes: readonly NodeRow[]): void
  stateOf(nodeId: string): LinkState
  /** Tells every linked node. */
  tell(news: PeerNews): void
  /** Errors: rejects when there is no answer within the time. */
  ask<K extends keyof PeerAsks>(
    nodeId: string,
    kind: K,
    ask: PeerAsks[K]['ask'],
    withinMs: number,
  ): Promise<PeerAsks[K]['answer']>
}

/** The tables that run on this node, as the cluster needs them. */
export interface LocalTables {
  /**
   * Tables of the house that want to run somewhere; a paused one may wait for its first round. Errors: rejects when the
   * books are out of reach.
   */
  wanted(): Promise<readonly { readonly tableId: string; readonly paused: boolean }[]>
  /**
   * Opens the table here. It first asks for the epoch by `claim`, and does nothing more when that rejects. False when
   * the house does not want the table any more.
   */
  open(tableId: string): Promise<boolean>
  /** True between rounds, where a move is not noticed. */
  atRest(tableId: string): boolean
  /** Takes no more bets, lets what is under way end, and writes the hot copy. */
  quiesce(tableId: string, withinMs: number): Promise<void>
  /** Ends it here, also while it opens: sockets are told to come back, which leads them to the next owner. */
  drop(tableId: string): void
}

/** What the cluster counts and times. */
export interface ClusterMeter {
  /** From the sign that made this node act until the table was open here. */
  tookOver(cause: TakeOverCause, ms: number, table: { readonly tableId: string; readonly epoch: number }): void
  claimLost(): void
  steppedDown(tables: number): void
  /** `epoch`: under which this node stopped it. Null: it was not taken. */
  handedOver(ms: number | null, table: { readonly tableId: string; readonly epoch: number; readonly to: string }): void
  failed(where: string, error: unknown): void
}

export const TAKE_OVER_CAUSES = ['start', 'gone', 'left', 'silent', 'handed', 'returned'] as const
/**
 * `start`: nobody ran it. `gone`: its node's process ended. `left`: its node said goodbye. `silent`: its lease ended.
 * `handed`: its node gave it. `returned`: it was this node's, which had stopped it.
 */
export type TakeOverCause = (typeof TAKE_OVER_CAUSES)[number]
