import { EventEmitter } from 'node:events'
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { LocalDriver, LocalPresence, matchMaker, Server } from '@colyseus/core'
import { WebSocketTransport } from '@colyseus/ws-transport'
import { type FloorBoard, LobbyRoom } from '../rooms/lobby-room.ts'
import type { TablePorts } from '../rooms/ports.ts'
import { shareFrames } from '../rooms/shared-frames.ts'
import { tableRoomOf } from '../rooms/table-room.ts'

/** Longest message a client may send; 64 bets fit with room to spare. */
const MOST_MESSAGE_BYTES = 16 * 1024
/** A client that left two pings unanswered is gone. */
const PING_MS = 3_000
const LOST_PINGS = 2
/** How long a client that is told to go may take to say goodbye. */
const CLOSING = { closeTimeout: 5_000 } // known to ws 8.23, not yet to its types

export type SocketsOptions = {
  /** See `LobbyOptions.refBase`: another one for each process that clients may have come from. */
  readonly refBase: number
  readonly ports: TablePorts
  readonly floor: FloorBoard
  readonly slowClient: () => void
  readonly pingMs?: number
  readonly log: { info(text: string): void; warn(text: string): void; error(text: string): void }
}

export type Sockets = {
  /** Completes the upgrade of a client whose room is on this node. */
  enter(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): Promise<void>
}

/**
 * Colyseus without its HTTP server and signal handlers: rooms, seats and WebSockets. Its `Server` is made but never
 * told to listen, since that would put its own HTTP routes before all of ours; and it hears of no upgrade but those
 * that the gateway lets in.
 */
export async function openSockets(options: SocketsOptions): Promise<Sockets> {
  const { ports, floor } = options
  const transport = transportOf(options.pingMs ?? PING_MS)
  const door = new EventEmitter()
  transport.attachToServer(door as HttpServer)
  const colyseus = new Server({
    transport,
    presence: new LocalPresence(),
    driver: new LocalDriver(),
    logger: loggerOf(options.log),
    gracefullyShutdown: false,
    greet: false,
  })
  colyseus.define('table', tableRoomOf(ports), { ports } as never)
  colyseus.define('lobby', LobbyRoom, {
    floor,
    sealer: ports,
    refBase: options.refBase,
    nowMs: () => ports.nowMs(),
    meter: ports.meter,
  } as never)
  shareFrames(options.slowClient)
  await matchMaker.accept()
  await matchMaker.createRoom('lobby', {})
  return {
    enter: (request, socket, head) => void door.emit('upgrade', request, socket, head),
    close: async () => {
      await matchMaker.gracefullyShutdown()
      transport.shutdown()
      door.emit('close')
    },
  }
}

function transportOf(pingMs: number): WebSocketTransport {
  return new WebSocketTransport({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
    pingInterval: pingMs,
    pingMaxRetries: LOST_PINGS,
    ...CLOSING,
  })
}

/** Colyseus writes free text and errors; they become lines of the house's log. */
function loggerOf(log: SocketsOptions['log']) {
  const info = (text: unknown) => log.info(`colyseus: ${String(text)}`)
  const warn = (text: unknown) => log.warn(`colyseus: ${String(text)}`)
  const error = (text: unknown) => log.error(`colyseus: ${String(text)}`)
  return { info, log: info, warn, error, debug: () => {}, trace: () => {} }
}
