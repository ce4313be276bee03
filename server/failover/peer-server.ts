import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { greetPeer } from './peer-connection.ts'
import { BEAT_MS, LINK_PATH } from './peer-links.ts'
import { PROOF_HEADER, proofOf, proves } from './peer-proof.ts'
import type { HouseAsks, PeerNews } from './peers.ts'
import type { Life } from './ports.ts'
import { headOf } from './relay.ts'

export type PeerServerOptions = {
  readonly host: string
  readonly port: number
  /** Under which the nodes of the house prove themselves; see `peerKey`. */
  readonly key: Uint8Array
  /** Nobody is let in who means another life of this node. */
  readonly self: () => Life
  readonly asked: <K extends keyof HouseAsks>(kind: K, ask: HouseAsks[K]['ask']) => Promise<HouseAsks[K]['answer']>
  /** A client's socket that another node leads here; its request is as the client sent it. */
  readonly relayed: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** What a node hears when it links: everything that is known here. */
  readonly greet: () => readonly PeerNews[]
  readonly failed: (where: string, error: unknown) => void
}

/** All headers of a client are 16 KiB at most, and each of their bytes may be written as two. */
const MOST_ASK_BYTES = 64 * 1024
const KINDS: readonly (keyof HouseAsks)[] = ['take', 'void', 'seat']
/** A peer that does not read for so long is dropped; it dials again. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024
/** How long whoever dialled may take to prove itself, and how many may be about it. */
const PROOF_LIMIT_MS = 2_000
const MOST_STRANGERS = 1_000

/** Where the other nodes of the house reach this one. Nobody learns or causes anything who has not proven himself. */
export class PeerServer {
  readonly #options: PeerServerOptions
  readonly #door: Server
  /** Never listens: it is given connections on which this node has proven itself. */
  readonly #http = createHttpServer((request, response) => void this.#answer(request, response))
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 })
  /** Connections on which nothing has been proven to this node yet. */
  readonly #strangers = new Set<Socket>()
  /** The key of each connection on which one request may still be proven. */
  readonly #keys = new Map<Duplex, Buffer>()
  readonly #asking = new Set<Socket>()
  /** What was said on each link, counted, so that nothing can be said twice or left out. */
  readonly #links = new Map<WebSocket, { readonly key: Buffer; said: number }>()
  readonly #beats: ReturnType<typeof setInterval>

  private constructor(options: PeerServerOptions) {
    this.#options = options
    this.#door = createServer({ noDelay: true }, (socket) => void this.#greet(socket))
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    // An empty message is a beat: whoever hears it knows that this process runs, not only that its socket stands.
    this.#beats = setInterval(() => this.#send(''), BEAT_MS)
  }

  /** Errors: rejects when the port is taken. */
  static async open(options: PeerServerOptions): Promise<PeerServer> {
    const peers = new PeerServer(options)
    await new Promise<void>((resolve, reject) => {
      peers.#door.once('error', reject)
      peers.#door.listen(options.port, options.host, () => {
        peers.#door.off('error', reject)
        resolve()
      })
    })
    return peers
  }

  get port(): number {
    return (this.#door.address() as AddressInfo).port
  }

  tell(news: PeerNews): void {
    this.#send(JSON.stringify(news))
  }

  close(): void {
    clearInterval(this.#beats)
    for (const link of this.#links.keys()) link.terminate()
    this.#sockets.close()
    this.#door.close()
    for (const socket of [...this.#strangers, ...this.#asking]) socket.destroy()
  }

  async #greet(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy())
    // A node proves itself within milliseconds, so whoever has been about it for longest is the one to go.
    if (this.#strangers.size >= MOST_STRANGERS) this.#strangers.values().next().value?.destroy()
    this.#strangers.add(socket)
    const timer = setTimeout(() => {
      if (this.#strangers.has(socket)) socket.destroy()
    }, PROOF_LIMIT_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#forget(socket)
      this.#asking.delete(socket)
    })
    try {
      const { self, key } = this.#options
      const connectionKey = await greetPeer(socket, self, key, PROOF_LIMIT_MS)
      if (connectionKey === null) return void socket.end()
      this.#keys.set(socket, connectionKey)
      this.#http.emit('connection', socket)
    } catch {
      socket.destroy()
    }
  }

  /** The key under which the one request of this connection was proven; null when it was not. */
  #provenBy(request: IncomingMessage, kind: string, ...said: readonly string[]): Buffer | null {
    const key = this.#keys.get(request.socket)
    this.#forget(request.socket)
    return key !== undefined && proves(request.headers[PROOF_HEADER], key, kind, ...said) ? key : null
  }

  #forget(socket: Socket): void {
    this.#strangers.delete(socket)
    this.#keys.delete(socket)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', socket } = request
    this.#asking.add(socket)
    const body = await bodyOf(request).catch(() => null)
    const key = body === null ? null : this.#provenBy(request, 'ask', method, url, body)
    if (body === null || key === null) return void socket.destroy()
    const kind = method === 'POST' ? KINDS.find((known) => url === `/peer/ask/${known}`) : undefined
    const [status, answer] = kind === undefined ? [404, null] : await this.#ask(kind, body)
    const text = JSON.stringify(answer)
    const proof = proofOf(key, 'answer', status, text)
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close', [PROOF_HEADER]: proof })
    response.end(text)
  }

  async #ask<K extends keyof HouseAsks>(kind: K, body: string): Promise<[number, HouseAsks[K]['answer'] | null]> {
    try {
      return [200, await this.#options.asked(kind, JSON.parse(body) as HouseAsks[K]['ask'])]
    } catch (error) {
      this.#options.failed(`asked to ${kind}`, error)
      return [500, null]
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    if (request.url === LINK_PATH) {
      const key = this.#provenBy(request, 'link', 'GET', LINK_PATH)
      if (key === null) socket.destroy()
      else this.#sockets.handleUpgrade(request, socket, head, (link) => this.#linked(link, key))
    } else if (this.#provenBy(request, 'relay', headOf(request, PROOF_HEADER)) !== null) {
      delete request.headers[PROOF_HEADER]
      this.#options.relayed(request, socket, head)
    } else socket.destroy()
  }

  #linked(link: WebSocket, key: Buffer): void {
    link.on('error', () => link.terminate())
    link.once('close', () => this.#links.delete(link))
    this.#links.set(link, { key, said: 0 })
    for (const news of this.#options.greet()) this.#say(link, JSON.stringify(news))
  }

  #send(text: string): void {
    for (const link of this.#links.keys()) {
      if (link.readyState !== WebSocket.OPEN) continue
      if (link.bufferedAmount > MOST_WAITING_BYTES) link.terminate()
      else this.#say(link, text)
    }
  }

  #say(link: WebSocket, text: string): void {
    const of = this.#links.get(link)
    if (of !== undefined) link.send(`${proofOf(of.key, 'news', of.said++, text)}${text}`)
  }
}

/** Errors: rejects when it is too long, or ends before it is there. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MOST_ASK_BYTES) throw new Error('the question is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
