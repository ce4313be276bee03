import type { Server as HttpServer } from 'node:http'
import { LocalDriver, LocalPresence, matchMaker, Server } from '@colyseus/core'
import { WebSocketTransport } from '@colyseus/ws-transport'
import { type FloorBoard, LobbyRoom } from '../rooms/lobby-room.ts'
import type { TablePorts } from '../rooms/ports.ts'
import { shareFrames } from '../rooms/shared-frames.ts'
import { tableRoomOf } from '../rooms/table-room.ts'

/** Longest message a client may send; 64 bets fit with room to spare. */
const MOST_MESSAGE_BYTES = 16 * 1024

export type SocketsOptions = {
  readonly server: HttpServer
  readonly ports: TablePorts
  readonly floor: FloorBoard
  readonly allowedOrigins: readonly string[]
  readonly slowClient: () => void
  readonly log: { info(text: string): void; warn(text: string): void; error(text: string): void }
}

/**
 * Colyseus without its HTTP server and signal handlers: rooms, seats and WebSockets on a server of ours. Its `Server` is
 * made but never told to listen, since that would put its own HTTP routes before all of ours.
 */
export async function openSockets(options: SocketsOptions): Promise<{ close(): Promise<void> }> {
  const { server, ports, floor, allowedOrigins } = options
  const transport = new WebSocketTransport({
    server,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
    beforeUpgrade: (request) => {
      const origin = request.headers.get('origin')
      // Programs send no Origin; a browser always does, and only our own pages may open a player's socket.
      return origin === null || allowedOrigins.includes(origin) ? undefined : new Response(null, { status: 403 })
    },
  })
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
    },
  }
}

/** Colyseus writes free text and errors; they become lines of the house's log. */
function loggerOf({ info, warn, error }: SocketsOptions['log']) {
  const line = (write: (text: string) => void) => (text: unknown) => write(`colyseus: ${String(text)}`)
  return { info: line(info), log: line(info), warn: line(warn), error: line(error), debug: () => {}, trace: () => {} }
}
