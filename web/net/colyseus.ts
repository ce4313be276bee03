import { Client, type Room } from '@colyseus/sdk'
import type { Json } from '../../engine/game.ts'
import type { LobbyTable, PrivateEvent, PublicEvent, RefusalCode, TableRequests } from '../../rooms/protocol.ts'
import type { FloorListener } from './floor-watch.ts'
import { LinkLost, Refused, type SharedSnapshot } from './link.ts'
import { type JoinedRoom, JoinFailed, type RoomListener } from './table-connection.ts'

const REQUEST_TIMEOUT_MS = 4_000
const JOIN_TIMEOUT_MS = 8_000

/** Joins a table with a single-use ticket, or as an observer without one. Errors: `JoinFailed`. */
export async function joinTable(tableId: string, ticket: string | null, listener: RoomListener): Promise<JoinedRoom> {
  const client = new Client(window.location.origin)
  if (ticket !== null) client.auth.token = ticket
  const room = await inTime(client.joinById(tableId)).catch((cause: unknown) => {
    throw new JoinFailed('unreachable', cause)
  })
  setReconnection(room)
  listen(room, listener)
  return {
    request: (type, ask) => request(room, type, ask),
    leave: () => leave(room),
  }
}

/** Watches the lobby. Answers how to leave it. Errors: rejects when the lobby cannot be joined. */
export async function watchLobby(listener: FloorListener): Promise<() => void> {
  const client = new Client(window.location.origin)
  const room = await inTime(client.joinById('lobby'))
  setReconnection(room)
  room.onStateChange((state) => listener.shown(readLobby(plain(state))))
  room.onMessage('*', () => undefined)
  room.onDrop(() => listener.dropped())
  room.onReconnect(() => listener.back())
  room.onLeave(() => listener.left())
  return () => leave(room)
}

/** A socket that neither opens nor fails would keep the page waiting for minutes; a room that comes late is left. */
function inTime(joining: Promise<Room>): Promise<Room> {
  return new Promise((resolve, reject) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      reject(new Error(`no answer within ${JOIN_TIMEOUT_MS} ms`))
    }, JOIN_TIMEOUT_MS)
    joining.then((room) => (late ? void room.leave() : resolve(room)), reject).finally(() => clearTimeout(timer))
  })
}

/**
 * The SDK tries its own seat for some seconds; after that the page asks for a fresh ticket. A table that moves is ready
 * elsewhere when it sends the page away (4010), so the first try is soon, and not at the same moment for all pages.
 */
function setReconnection(room: Room): void {
  room.reconnection.minUptime = 0
  room.reconnection.maxRetries = 7
  room.reconnection.minDelay = 0
  room.reconnection.maxDelay = 2_000
  room.reconnection.backoff = (attempt) => retryMs(attempt, Math.random())
}

/** Milliseconds before the SDK's try number `attempt` (from 1): doubling, spread by half. */
export function retryMs(attempt: number, random: number): number {
  return Math.round(100 * 2 ** (attempt - 1) * (0.5 + 0.5 * random))
}

/** Leaves for good, also a room whose socket is broken or carries nothing: the SDK may not take that seat again. */
function leave(room: Room): void {
  room.reconnection.enabled = false
  // An attempt may be under way that ends long after this.
  room.onReconnect(() => void room.leave())
  void room.leave(room.connection.isOpen)
}

function listen(room: Room, listener: RoomListener): void {
  const show = (): void => {
    const snapshot = readTable(plain(room.state))
    if (snapshot !== null) listener.shared(snapshot)
  }
  room.onStateChange(show)
  room.onMessage('public', (event: PublicEvent) => listener.public(event))
  room.onMessage('private', (event: PrivateEvent) => listener.private(event))
  room.onMessage('*', () => undefined)
  room.onDrop(() => listener.dropped())
  // The SDK tells of it before it acknowledges its seat, and nothing may be asked before that.
  room.onReconnect(() => queueMicrotask(() => listener.back()))
  room.onLeave(() => listener.left())
  if (room.state !== undefined) show()
}

async function request<K extends keyof TableRequests>(
  room: Room,
  type: K,
  ask: TableRequests[K]['ask'],
): Promise<TableRequests[K]['answer']> {
  try {
    return await room.request(type, ask, { timeout: REQUEST_TIMEOUT_MS })
  } catch (error) {
    const code = rejectionCode(error)
    throw code === null ? new LinkLost(error) : new Refused(code)
  }
}

function rejectionCode(error: unknown): RefusalCode | null {
  if (!(error instanceof Error) || error.name !== 'rejected') return null
  const { reason } = error as Error & { reason?: { code?: RefusalCode } }
  return reason?.code ?? null
}

/** A schema as plain values; the SDK's own types know nothing of the table's. */
function plain(state: unknown): { readonly [key: string]: Json } {
  const schema = state as { toJSON?: () => { [key: string]: Json } }
  return schema?.toJSON?.() ?? {}
}

/** The table's state, or null before the first full one has arrived. */
export function readTable(state: { readonly [key: string]: Json }): SharedSnapshot | null {
  if (typeof state.roundId !== 'string' || state.roundId === '') return null
  // The server writes exactly these fields (rooms/table-state.ts); a missing one would be an older server.
  const { spotCents = {}, spotPlayers = {} } = state as { readonly [map: string]: { readonly [spot: string]: number } }
  const spots = Object.entries(spotCents).map(
    ([spot, cents]) => [spot, { cents, players: spotPlayers[spot] ?? 0 }] as const,
  )
  return { ...(state as unknown as SharedSnapshot), spots: new Map(spots) }
}

export function readLobby(state: { readonly [key: string]: Json }): readonly LobbyTable[] {
  return Object.values((state.tables ?? {}) as unknown as { [tableId: string]: LobbyTable })
}
