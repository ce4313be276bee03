import type { PrivateEvent, PublicEvent, RefusalCode, SharedTable, TableRequests } from '../../rooms/protocol.ts'

/**
 * How the page stands with its table. `connecting`: no state yet. `live`: bets are taken. `reconnecting`: the
 * connection broke a moment ago. `offline`: it has been away for longer; the page keeps trying. `signed-out` and
 * `no-table` end it.
 */
export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'signed-out' | 'no-table'

/** The shared state as plain values: what a moment of the table looked like. */
export type SharedSnapshot = Omit<SharedTable, 'spotCents' | 'spotPlayers'> & {
  /** By position on the felt: the chips of everyone, and how many players they are of. */
  readonly spots: ReadonlyMap<string, { readonly cents: number; readonly players: number }>
}

/** What a table tells the page. */
export type LinkListener = {
  /** `live` is told once the requests of this link can be asked; ask `resume` first. */
  state(state: LinkState): void
  /** `fresh` is true for the first state after a join or a reconnection: it stands, whatever the page believed. */
  shared(snapshot: SharedSnapshot, fresh: boolean): void
  public(event: PublicEvent): void
  private(event: PrivateEvent): void
}

/** One page's connection to one table; it reconnects by itself until it is closed. */
export interface TableLink {
  /**
   * Asks the table. Never queued: with the connection down it fails at once.
   * Errors: `Refused` when the table answered with a code, `LinkLost` when the answer is unknown.
   */
  request<K extends keyof TableRequests>(type: K, ask: TableRequests[K]['ask']): Promise<TableRequests[K]['answer']>
  /** Tries again at once instead of waiting for the next attempt. */
  hurry(): void
  close(): void
}

/** The table answered no to the whole message. */
export class Refused extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode) {
    super(`refused: ${code}`)
    this.name = 'Refused'
    this.code = code
  }
}

/** No answer came: the message may or may not have arrived, so only the same ids may be asked again. */
export class LinkLost extends Error {
  constructor(cause: unknown) {
    super('no answer', { cause })
    this.name = 'LinkLost'
  }
}
