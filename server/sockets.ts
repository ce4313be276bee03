import type { Server as HttpServer, IncomingMessage } from 'node:http'
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
const ROOM_PATH = /^\/[\w-]+\/[\w-]+$/

export type SocketsOptions = {
  readonly server: HttpServer
  readonly ports: TablePorts
  readonly floor: FloorBoard
  readonly allowedOrigins: readonly string[]
  readonly slowClient: () => void
  readonly pingMs?: number
  readonly log: { info(text: string): void; warn(text: string): void; error(text: string): void }
}

/**
 * Colyseus without its HTTP server and signal handlers: rooms, seats and WebSockets on a server of ours. Its `Server`
 * is made but never told to listen, since that would put its own HTTP routes before all of ours.
 */
export async function openSockets(options: SocketsOptions): Promise<{ close(): Promise<void> }> {
  const { server, ports, floor, allowedOrigins } = options
  const transport = transportOf(allowedOrigins, options.pingMs ?? PING_MS)
  transport.attachToServer(server, { filter: isForARoom })
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
    nowMs: () => ports.nowMs(),
    meter: ports.meter,
  } as never)
  shareFrames(options.slowClient)
  await matchMaker.accept()
  await matchMaker.createRoom('lobby', {})
  return {
    close: async () => {
      await matchMaker.gracefullyShutdown()
      transport.shutdown()
      server.close()
    },
  }
}

function transportOf(allowedOrigins: readonly string[], pingMs: number): WebSocketTransport {
  return new WebSocketTransport({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
    pingInterval: pingMs,
    pingMaxRetries: LOST_PINGS,
    ...CLOSING,
    beforeUpgrade: (request) => {
      const origin = request.headers.get('origin')
      // Programs send no Origin; a browser always does, and only our own pages may open a player's socket.
      return origin === null || allowedOrigins.includes(origin) ? undefined : new Response(null, { status: 403 })
    },
  })
}

/**
 * Only `/{process}/{room}?sessionId=…` is an address of a socket. Anything else is refused here: Colyseus 0.18 reads
 * it outside any try block, so that one request for an address that is none (`GET *% HTTP/1.1`) would end the process;
 * and it keeps an echo for everybody at the addresses without a room.
 */
function isForARoom({ url, socket }: IncomingMessage): boolean {
  const address = `ws://server${url}`
  if (URL.canParse(address)) {
    const { pathname, searchParams } = new URL(address)
    if (ROOM_PATH.test(pathname) && searchParams.has('sessionId')) return true
  }
  socket.on('error', () => socket.destroy())
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  return false
}

/** Colyseus writes free text and errors; they become lines of the house's log. */
function loggerOf(log: SocketsOptions['log']) {
  const info = (text: unknown) => log.info(`colyseus: ${String(text)}`)
  const warn = (text: unknown) => log.warn(`colyseus: ${String(text)}`)
  const error = (text: unknown) => log.error(`colyseus: ${String(text)}`)
  return { info, log: info, warn, error, debug: () => {}, trace: () => {} }
}
