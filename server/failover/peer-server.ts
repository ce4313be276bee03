import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import express, { type Express } from 'express'
import { WebSocket, WebSocketServer } from 'ws'
import { BEAT_MS } from './peer-links.ts'
import type { PeerAsks, PeerListener, PeerNews } from './peers.ts'

export type PeerServerOptions = {
  readonly host: string
  readonly port: number
  readonly token: string
  readonly asked: PeerListener['asked']
  /** Further routes for other nodes, such as matchmaking on behalf of their clients. */
  readonly extend: (app: Express) => void
  /** A client's socket that another node leads here; its request is as the client sent it. */
  readonly relayed: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** What a node hears when it links: everything that is known here. */
  readonly greet: () => readonly PeerNews[]
  readonly failed: (where: string, error: unknown) => void
}

/** The header by which a node leads a client's socket to another one; never read on the players' listener. */
export const RELAY_HEADER = 'x-crupier-relay'
const MOST_ASK = '16kb'
const KINDS: readonly (keyof PeerAsks)[] = ['take', 'void']
/** A peer that does not read for so long is dropped; it dials again. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024

/** Where the other nodes of the house reach this one. Nobody without the house's own token gets an answer. */
export class PeerServer {
  readonly #options: PeerServerOptions
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 })
  readonly #beats: ReturnType<typeof setInterval>

  private constructor(options: PeerServerOptions) {
    this.#options = options
    this.#server = createServer(this.#app())
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#sockets.on('connection', (socket) => {
      socket.on('error', () => socket.terminate())
      for (const news of options.greet()) socket.send(JSON.stringify(news))
    })
    // An empty message is a beat: whoever hears it knows that this process runs, not only that its socket stands.
    this.#beats = setInterval(() => this.#send(''), BEAT_MS)
  }

  /** Errors: rejects when the port is taken. */
  static async open(options: PeerServerOptions): Promise<PeerServer> {
    const peers = new PeerServer(options)
    await new Promise<void>((resolve, reject) => {
      peers.#server.once('error', reject)
      peers.#server.listen(options.port, options.host, () => {
        peers.#server.off('error', reject)
        resolve()
      })
    })
    return peers
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  tell(news: PeerNews): void {
    this.#send(JSON.stringify(news))
  }

  close(): void {
    clearInterval(this.#beats)
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#sockets.close()
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #send(text: string): void {
    for (const socket of this.#sockets.clients) {
      if (socket.readyState !== WebSocket.OPEN) continue
      if (socket.bufferedAmount > MOST_WAITING_BYTES) socket.terminate()
      else socket.send(text)
    }
  }

  #app(): Express {
    const app = express()
    app.disable('x-powered-by')
    app.use((request, response, next) => {
      if (holds(request.headers.authorization, this.#options.token) || holds(relayToken(request), this.#options.token))
        next()
      else response.status(401).end()
    })
    app.post('/peer/ask/:kind', express.json({ limit: MOST_ASK }), (request, response) => {
      const kind = KINDS.find((known) => known === request.params.kind)
      if (kind === undefined) return void response.status(404).end()
      this.#options.asked(kind, request.body as PeerAsks[typeof kind]['ask']).then(
        (answer) => response.json(answer),
        (error: unknown) => {
          this.#options.failed(`asked to ${kind}`, error)
          response.status(500).end()
        },
      )
    })
    this.#options.extend(app)
    return app
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const { token } = this.#options
    if (request.url === '/peer/link' && holds(request.headers.authorization, token)) {
      this.#sockets.handleUpgrade(request, socket, head, (link) => this.#sockets.emit('connection', link))
    } else if (holds(relayToken(request), token)) {
      delete request.headers[RELAY_HEADER]
      this.#options.relayed(request, socket, head)
    } else {
      const refusal = 'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
      socket.end(refusal, () => socket.destroy())
    }
  }
}

function relayToken({ headers }: IncomingMessage): string | undefined {
  const value = headers[RELAY_HEADER]
  return typeof value === 'string' ? `Bearer ${value}` : undefined
}

/** In constant time, so that the token cannot be guessed by its beginning. */
function holds(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? '')
  const expected = Buffer.from(`Bearer ${token}`)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
