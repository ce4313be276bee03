import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Place } from './directory.ts'
import type { HeldClients } from './held.ts'
import { Patience } from './patience.ts'
import type { PeerWays } from './peers.ts'
import { type Relayed, relaySocket } from './relay.ts'

/** Where tables are, as those need it who lead clients there. */
export interface Whereabouts {
  readonly nodeId: string
  /** Waits up to `withinMs` while the table moves; null: nowhere in that time. */
  find(roomId: string, withinMs: number): Promise<Place | null>
  /** False when the house is known to have no such table open. */
  wants(roomId: string): boolean
  /** The other node that runs the table by the books, when it is not heard here; null otherwise. */
  unheard(roomId: string): string | null
}

export type GatewayOptions = {
  readonly whereabouts: Whereabouts
  /** The way to other nodes; null for a house of one node. */
  readonly peers: Pick<PeerWays, 'dial'> | null
  readonly held: HeldClients
  /** Where a client comes from, as budgets count it. */
  readonly addressOf: (request: IncomingMessage) => string
  /** Pages that may open sockets. */
  readonly allowedOrigins: readonly string[]
  /** Completes the upgrade of a socket whose room is here. */
  readonly enter: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Makes the seat of a client that comes back from another owner of its table. */
  readonly restoreSeat: (roomId: string, sessionId: string, token: string) => void
  readonly steadyMs: () => number
}

/** How long a client is held while its table moves, before it is asked to try again. */
export const HOLD_MS = 6_000
/** How many clients a node holds. */
export const MOST_HELD = 20_000
const AGAIN_MS = 25
/** A client that has gone is not waited for any longer than this. */
const LISTEN_MS = 500
const ROOM_PATH = /^\/[\w-]+\/([\w-]+)$/

/** What is answered to a socket that is not let in: the status, and the code that its body carries. */
const REFUSALS = {
  malformed: '400 Bad Request',
  'foreign-origin': '403 Forbidden',
  'no-such-address': '404 Not Found',
  'too-fast': '429 Too Many Requests',
  'owner-unreachable': '502 Bad Gateway',
  'table-stopping': '503 Service Unavailable',
} as const

type Door = { readonly roomId: string; readonly sessionId: string; readonly token: string | null }

/**
 * Leads every socket to its room, whichever node it reached: enters it here, splices it to the owner of its table, or
 * holds it while the table moves. Nobody is sent away because a node died (FOV-60 to FOV-64).
 */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #relays = new Map<string, Set<Relayed>>()

  constructor(options: GatewayOptions) {
    this.#options = options
  }

  /** Takes over the upgrade of a client's socket; answers it in every case. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const door = doorOf(request.url ?? '')
    if (door === null) refuse(socket, 'no-such-address')
    else if (!URL.canParse(`ws://${request.headers.host}`)) refuse(socket, 'malformed')
    else if (!this.#mayOpen(request)) refuse(socket, 'foreign-origin')
    else this.#hold(door, request, socket, head)
  }

  /** Takes a socket that another node led here; its room is here or it is sent back at once. */
  async relayed(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const door = doorOf(request.url ?? '')
    const here = door !== null && (await this.#options.whereabouts.find(door.roomId, 0)) === 'here'
    if (!here) refuse(socket, 'table-stopping')
    else if (this.#mayOpen(request)) this.#enter(door, request, socket, head)
    else refuse(socket, 'foreign-origin')
  }

  /** Lets sockets go that lead to a former owner: their clients come back and are led to the present one. */
  moved(roomId: string, nodeId: string | null): void {
    for (const relay of this.#relays.get(roomId) ?? []) if (relay.nodeId !== nodeId) relay.close()
  }

  /** Lets every socket go that leads through this node. */
  close(): void {
    for (const relays of this.#relays.values()) for (const relay of relays) relay.close()
  }

  #hold(door: Door, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const leave = this.#options.held.enter(this.#options.addressOf(request))
    if (typeof leave === 'string') {
      refuse(socket, leave === 'full' ? 'table-stopping' : leave)
      return
    }
    // Its place is free as soon as it hangs up, also when it closes its half alone, which no client does that waits.
    const gone = (): void => {
      leave()
      socket.destroy()
    }
    socket.once('end', gone).once('close', gone)
    this.#lead(door, request, socket, head)
      .catch(() => refuse(socket, 'table-stopping'))
      .finally(() => {
        socket.off('end', gone).off('close', gone)
        leave()
      })
  }

  async #lead(door: Door, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { whereabouts, steadyMs, peers } = this.#options
    const giveUpAtMs = steadyMs() + HOLD_MS
    const patience = new Patience(steadyMs)
    for (let leftMs = HOLD_MS; leftMs > 0 && !socket.destroyed; leftMs = giveUpAtMs - steadyMs()) {
      const unheard = whereabouts.unheard(door.roomId)
      const sliceMs = Math.min(leftMs, LISTEN_MS)
      const askedAtMs = steadyMs()
      const place = await whereabouts.find(door.roomId, unheard === null ? sliceMs : 0)
      // A room that the house does not have is refused by the room server itself, as the protocol says.
      if (place === 'here' || !whereabouts.wants(door.roomId)) return this.#enter(door, request, socket, head)
      const nodeId = place?.nodeId ?? unheard
      if (nodeId === null) {
        // Who answers sooner than it was asked to has ceased to look.
        if (steadyMs() - askedAtMs < sliceMs - AGAIN_MS) break
        continue
      }
      if (peers === null || socket.destroyed) break
      const relay = await relaySocket(nodeId, request, socket, head, peers)
      if (typeof relay === 'object') return this.#keep(door.roomId, relay)
      // It was there a moment ago: it is moving, or its node has just died. If that lasts, it is this node which is cut
      // off; a balancer asks another one then.
      if (patience.isOver(nodeId, place !== null, relay === 'not-here')) return refuse(socket, 'owner-unreachable')
      await (place === null ? whereabouts.find(door.roomId, Math.min(leftMs, LISTEN_MS)) : again())
    }
    refuse(socket, 'table-stopping')
  }

  #mayOpen({ headers: { origin } }: IncomingMessage): boolean {
    // Programs send no Origin; a browser always does, and only our own pages may open a player's socket.
    return origin === undefined || this.#options.allowedOrigins.includes(origin)
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

function refuse(socket: Duplex, code: keyof typeof REFUSALS): void {
  if (socket.destroyed) return
  const body = JSON.stringify({ code })
  const head = `HTTP/1.1 ${REFUSALS[code]}\r\nConnection: close\r\nContent-Type: application/json`
  // A client that does not hang up would otherwise keep its half of the connection for ever.
  socket.end(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`, () => socket.destroy())
}
