import { type Client, type ClientPrivate, ClientState, CloseCode, matchMaker, type Room } from '@colyseus/core'
import type WebSocket from 'ws'
import { SEAT_SECONDS } from './message-guard.ts'
import type { SeatClaim, SeatSealer } from './ports.ts'

/**
 * Sessions that are over and still remembered, so that their tokens stay worthless here. Anybody may watch, and come
 * and go, so watchers are counted apart: they never crowd out who has played.
 */
export const MOST_PAST_PLAYERS = 20_000
export const MOST_PAST_WATCHERS = 10_000

/** What `@colyseus/core` 0.18 keeps of its seats, privately; seat-keeper.test.ts holds it to what is used here. */
type SeatsOfRoom = {
  readonly _reservedSeats: Record<string, unknown>
  readonly _reservedSeatTimeouts: Record<string, Parameters<typeof clearTimeout>[0]>
  readonly _reconnections: Record<string, unknown>
  readonly _events: { emit(event: 'join', client: Client): unknown }
  readonly _listing: Parameters<typeof matchMaker.driver.update>[0]
  readonly _serializer: { handshake(): Uint8Array }
  _reserveSeat(...seat: [string, unknown, unknown, number, boolean, string]): Promise<boolean>
}
type Person = { readonly playerId: string; readonly name: string }

export type SeatKeeperOptions = {
  readonly sealer: SeatSealer
  nowMs(): number
  /** Generations that the last owner knew. */
  readonly known: ReadonlyMap<string, number>
  /** A player's client has this token for sure (see `TablePorts.seatKept`); null: the session is over. */
  kept(sessionId: string, generation: number | null): void
}

type Standing = {
  readonly client: Client
  readonly watches: boolean
  /** Generation of the token that was given last. */
  readonly issued: number
  /** The least generation that is still good. */
  least: number
  /** Whether the client has said that it has the token given last. */
  sure: boolean
}

/**
 * The seats of one room as their tokens prove them. A client whose room is gone, with its process or to another node,
 * finds its seat at whoever runs the room now, with the same session and no store between them. A token is good until
 * the client has said that it has the next one: what was sent while a connection broke may never have arrived.
 */
export class SeatKeeper {
  readonly #room: Room
  readonly #inner: SeatsOfRoom
  readonly #options: SeatKeeperOptions
  readonly #layout: number
  readonly #standings = new Map<string, Standing>()
  /** The least good generation of sessions that are not here, oldest first. */
  readonly #pastPlayers: Map<string, number>
  readonly #pastWatchers = new Map<string, number>()
  /** Seats that wait for their client, by session. */
  readonly #restored = new Map<string, { readonly token: string; readonly claim: SeatClaim }>()
  #moved = false

  /** To be made once the room has its state. */
  constructor(room: Room, options: SeatKeeperOptions) {
    this.#room = room
    this.#inner = room as unknown as SeatsOfRoom
    this.#options = options
    this.#pastPlayers = new Map(options.known)
    this.#layout = fingerprint(this.#inner._serializer.handshake())
  }

  /** Gives the client its next token; in `onJoin` and `onReconnect`, after which Colyseus sends what stands there. */
  issue(client: Client, person: Person | null): void {
    const { sessionId } = client
    const known = this.#standings.get(sessionId)
    const issued = known === undefined ? 0 : known.issued + 1
    const least = this.#leastOf(sessionId)
    this.#standings.set(sessionId, { client, watches: person === null, issued, least, sure: false })
    this.#pastPlayers.delete(sessionId)
    this.#pastWatchers.delete(sessionId)
    const { playerId, name } = person ?? { playerId: null, name: '' }
    const at = { roomId: this.#room.roomId, layout: this.#layout, issuedAtMs: this.#options.nowMs() }
    const claim = { sessionId, playerId, name, generation: issued, ...at }
    client.reconnectionToken = this.#options.sealer.sealSeat(claim)
  }

  /** The client has said that it has its token, so the ones before it are used up. */
  acknowledged(client: Client): void {
    const standing = this.#standings.get(client.sessionId)
    if (standing?.client !== client) return
    standing.least = standing.issued
    standing.sure = true
    if (!standing.watches) this.#options.kept(client.sessionId, standing.least)
  }

  /**
   * Keeps the seat that a token proves for its client, who is about to come. `sessionId`: whose seat is asked for, or
   * null for whichever the token names. A connection that still holds the seat under this token ends, since its client
   * has left it. Answers the session; null when the token is no good, or the seat is held for it already.
   */
  restore(token: string, sessionId: string | null): string | null {
    const claim = this.#moved ? null : this.#options.sealer.openSeat(token)
    if (claim === null) return null
    const { sessionId: session, roomId, layout, generation } = claim
    if (roomId !== this.#room.roomId || layout !== this.#layout || session !== (sessionId ?? session)) return null
    if (generation < this.#leastOf(session)) return null
    this.#replace(session, token)
    if (this.#inner._reservedSeats[session] !== undefined || this.#room.clients.get(session) !== undefined) return null
    this.#restored.set(session, { token, claim })
    void this.#inner._reserveSeat(session, true, undefined, SEAT_SECONDS, true, token)
    return session
  }

  /** In `onReconnect`: what the client's token proved, or null for one who comes back to a seat that was held here. */
  returned(client: Client): SeatClaim | null {
    const { sessionId } = client
    const restored = this.#restored.get(sessionId)
    if (restored === undefined) return null
    this.#forget(sessionId, restored.token)
    const { generation: issued, playerId } = restored.claim
    // Who shows a token has it, and has no use for the ones before it.
    this.#standings.set(sessionId, { client, watches: playerId === null, issued, least: issued, sure: true })
    // For Colyseus this client never joined this room; what it counts when he leaves, it must count now.
    this.#inner._events.emit('join', client)
    void matchMaker.driver.update(this.#inner._listing, { $inc: { clients: 1 } })
    return restored.claim
  }

  /** In `onLeave`: the session is over, unless its client may not have its last token yet. */
  over(client: Client): void {
    const standing = this.#takeAway(client)
    if (standing === null || this.#moved) return
    this.#remember(client.sessionId, standing, standing.sure ? standing.issued + 1 : standing.least)
    // The next owner must know too that no token of this session is good any more.
    if (standing.sure && !standing.watches) this.#options.kept(client.sessionId, standing.issued + 1)
  }

  /** In `onLeave` of a room that holds no seats: the client may come back with its token whenever it likes. */
  released(client: Client): void {
    const standing = this.#takeAway(client)
    if (standing !== null) this.#remember(client.sessionId, standing, standing.least)
  }

  /** From now on nobody is let in, and no session is over for having left: all go on at the next owner. */
  moved(): void {
    this.#moved = true
  }

  /** Gives up every seat that waits for its socket; a room that ends would otherwise wait for them. */
  clear(): void {
    const { _reservedSeats, _reservedSeatTimeouts } = this.#inner
    for (const [sessionId, { token }] of this.#restored) this.#forget(sessionId, token)
    for (const [sessionId, timeout] of Object.entries(_reservedSeatTimeouts)) {
      clearTimeout(timeout)
      delete _reservedSeatTimeouts[sessionId]
      delete _reservedSeats[sessionId]
    }
  }

  /** What is known of a client that leaves; null for one that was replaced by a newer connection of its session. */
  #takeAway(client: Client): Standing | null {
    const { sessionId } = client
    // Colyseus calls `onLeave` with a bare session id for a seat whose client never came.
    if ((client.ref as unknown) === undefined) this.#restored.delete(sessionId)
    const standing = this.#standings.get(sessionId)
    if (standing?.client !== client) return null
    this.#standings.delete(sessionId)
    return standing
  }

  #leastOf(sessionId: string): number {
    const past = this.#pastPlayers.get(sessionId) ?? this.#pastWatchers.get(sessionId)
    return this.#standings.get(sessionId)?.least ?? past ?? 0
  }

  /** Ends the connection that stands in the way of its own client, who comes with a good token. */
  #replace(sessionId: string, token: string): void {
    const standing = this.#room.clients.get(sessionId) as (Client & ClientPrivate) | undefined
    // One who has acknowledged a later token is not the client who comes with this one.
    if (standing === undefined) return
    if (standing.reconnectionToken !== token && standing.state !== ClientState.JOINING) return
    const socket = standing.ref as unknown as WebSocket
    this.#room.kickClient(sessionId, CloseCode.WITH_ERROR)
    // Its other end is gone, or will be; nobody waits for it to say goodbye.
    socket.terminate()
  }

  /** Takes away what Colyseus keeps of a seat that was reserved for a token, as it does itself for its own. */
  #forget(sessionId: string, token: string): void {
    clearTimeout(this.#inner._reservedSeatTimeouts[sessionId])
    delete this.#inner._reservedSeatTimeouts[sessionId]
    delete this.#inner._reservedSeats[sessionId]
    delete this.#inner._reconnections[token]
    this.#restored.delete(sessionId)
  }

  #remember(sessionId: string, { watches }: Standing, least: number): void {
    const past = watches ? this.#pastWatchers : this.#pastPlayers
    past.delete(sessionId)
    past.set(sessionId, least)
    for (const oldest of past.keys()) {
      if (past.size <= (watches ? MOST_PAST_WATCHERS : MOST_PAST_PLAYERS)) break
      past.delete(oldest)
    }
  }
}

/** A number below 2^32 that stands for the bytes (FNV-1a). */
function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}
