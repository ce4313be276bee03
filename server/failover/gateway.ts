import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Place } from './directory.ts'
import { RELAY_HEADER } from './peer-server.ts'
import { type Relayed, relaySocket } from './relay.ts'

/** Where tables are, as those need it who lead clients there. */
export interface Whereabouts {
  readonly nodeId: string
  /** Waits up to `withinMs` while the table moves; null: nowhere in that time. */
  find(roomId: string, withinMs: number): Promise<Place | null>
  /** False when the house is known to have no such table open. */
  wants(roomId: string): boolean
  /** True when another node runs the table, as far as is known, and that node is not heard here. */
  isUnheard(roomId: string): boolean
}

export type GatewayOptions = {
  readonly whereabouts: Whereabouts
  /** Proves to another node that this one may lead sockets to it; null for a house of one node. */
  readonly token: string | null
  /** Completes the upgrade of a socket whose room is here. */
  readonly enter: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Makes the seat of a client that comes back from another owner of its table. */
  readonly restoreSeat: (roomId: string, sessionId: string, token: string) => void
  readonly steadyMs: () => number
}

/** How long a client is held while its table moves, before it is asked to try again. */
export const HOLD_MS = 6_000
const AGAIN_MS = 25
/** An owner that is heard of and cannot be reached for so long is reached by another way, if at all. */
const LOST_MS = 1_000
/** One that is not even heard has died, and others take its tables over before this time; or this node is cut off. */
const UNHEARD_MS = 3_000
const LISTEN_MS = 500
const MOST_HELD = 20_000
const ROOM_PATH = /^\/[\w-]+\/([\w-]+)$/

type Door = { readonly roomId: string; readonly sessionId: string; readonly token: string | null }

/**
 * Leads every socket to its room, whichever node it reached: enters it here, splices it to the owner of its table, or
 * holds it while the table moves. Nobody is sent away because a node died (FOV-60 to FOV-64).
 */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #relays = new Map<string, Set<Relayed>>()
  #held = 0

  constructor(options: GatewayOptions) {
    this.#options = options
  }

  /** Takes over the upgrade of a client's socket; answers it in every case. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const door = doorOf(request.url ?? '')
    if (door === null) refuse(socket, '404 Not Found')
    else if (this.#held >= MOST_HELD) refuse(socket, '503 Service Unavailable')
    else {
      this.#held++
      this.#lead(door, request, socket, head)
        .catch(() => refuse(socket, '503 Service Unavailable'))
        .finally(() => {
          this.#held--
        })
    }
  }

  /** Takes a socket that another node led here; its room is here or it is sent back at once. */
  async relayed(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const door = doorOf(request.url ?? '')
    const here = door !== null && (await this.#options.whereabouts.find(door.roomId, 0)) === 'here'
    if (here) this.#enter(door, request, socket, head)
    else refuse(socket, '503 Service Unavailable')
  }

  /** Lets sockets go that lead to a former owner: their clients come back and are led to the present one. */
  moved(roomId: string, nodeId: string | null): void {
    for (const relay of this.#relays.get(roomId) ?? []) if (relay.nodeId !== nodeId) relay.close()
  }

  /** Lets every socket go that leads through this node. */
  close(): void {
    for (const relays of this.#relays.values()) for (const relay of relays) relay.close()
  }

  async #lead(door: Door, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { whereabouts, steadyMs, token } = this.#options
    const giveUpAtMs = steadyMs() + HOLD_MS
    let lostSinceMs: number | null = null
    let unheardMs = 0
    for (let leftMs = HOLD_MS; leftMs > 0 && !socket.destroyed; leftMs = giveUpAtMs - steadyMs()) {
      const unheard = whereabouts.isUnheard(door.roomId)
      const place = await whereabouts.find(door.roomId, unheard ? Math.min(leftMs, LISTEN_MS) : leftMs)
      // A room that the house does not have is refused by the room server itself, as the protocol says.
      if (place === 'here' || !whereabouts.wants(door.roomId)) return this.#enter(door, request, socket, head)
      if (place === null && unheard) {
        unheardMs += leftMs - (giveUpAtMs - steadyMs())
        if (unheardMs >= UNHEARD_MS) return refuse(socket, '502 Bad Gateway')
        await again()
        continue
      }
      if (place === null || token === null) break
      const relay = await relaySocket(place, request, socket, head, [RELAY_HEADER, token])
      if (typeof relay === 'object') return this.#keep(door.roomId, relay)
      // It was there a moment ago: it is moving, or its node has just died. If that lasts, it is this node which is cut
      // off; a balancer asks another one then.
      lostSinceMs = relay === 'not-here' ? null : (lostSinceMs ?? steadyMs())
      if (lostSinceMs !== null && steadyMs() - lostSinceMs > LOST_MS) return refuse(socket, '502 Bad Gateway')
      await again()
    }
    refuse(socket, '503 Service Unavailable')
  }

  #enter(door: Door, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { restoreSeat, enter } = this.#options
    if (socket.destroyed) return
    if (door.token !== null) restoreSeat(door.roomId, door.sessionId, door.token)
    enter(request, socket, head)
  }

  #keep(roomId: string, relay: Relayed): void {
    const relays = this.#relays.get(roomId) ?? new Set()
    this.#relays.set(roomId, relays.add(relay))
    void relay.ended.then(() => {
      relays.delete(relay)
      if (relays.size === 0 && this.#relays.get(roomId) === relays) this.#relays.delete(roomId)
    })
  }
}

function again(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
}

/**
 * Only `/{node}/{room}?sessionId=…` is an address of a socket. Anything else is refused here: Colyseus 0.18 reads it
 * outside any try block, so that one request for an address that is none (`GET *% HTTP/1.1`) would end the process; and
 * it keeps an echo for everybody at the addresses without a room.
 */
function doorOf(url: string): Door | null {
  const address = `ws://server${url}`
  if (!URL.canParse(address)) return null
  const { pathname, searchParams } = new URL(address)
  const roomId = ROOM_PATH.exec(pathname)?.[1]
  const sessionId = searchParams.get('sessionId')
  if (roomId === undefined || sessionId === null) return null
  return { roomId, sessionId, token: searchParams.get('reconnectionToken') }
}

function refuse(socket: Duplex, status: string): void {
  if (socket.destroyed) return
  // A client that does not hang up would otherwise keep its half of the connection for ever.
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}
