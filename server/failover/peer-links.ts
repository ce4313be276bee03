import { WebSocket } from 'ws'
import type { LinkState, PeerAsks, PeerLinks, PeerListener, PeerNews } from './peers.ts'
import type { NodeRow } from './ports.ts'

export type PeerDialerOptions = {
  /** Header value that proves to another node that this one belongs to the house. */
  readonly token: string
  readonly listener: Pick<PeerListener, 'linkChanged' | 'news'>
  /** Tells every node that is linked to this one; the peer server keeps them. */
  readonly tell: (news: PeerNews) => void
  readonly steadyMs: () => number
}

/** How often each node says that it is there; see `PeerServer`. */
export const BEAT_MS = 200
/** Two beats may come late. */
const SILENT_MS = 700
const DIAL_LIMIT_MS = 500
/** A link that broke is dialled again at once, so that a dead process is known within milliseconds. */
const REDIAL_MS = [0, 5, 20, 50, 100] as const
const MOST_NEWS_BYTES = 1024 * 1024

/** The link from this node to one other: hears what it says, and whether it is there. */
class PeerLink {
  readonly nodeId: string
  readonly address: string
  readonly #options: PeerDialerOptions
  #socket: WebSocket | null = null
  #state: LinkState = 'silent'
  #heardAtMs: number
  #attempts = 0
  #closed = false
  #redial: ReturnType<typeof setTimeout> | null = null

  constructor(nodeId: string, address: string, options: PeerDialerOptions) {
    this.nodeId = nodeId
    this.address = address
    this.#options = options
    this.#heardAtMs = options.steadyMs()
    this.#dial()
  }

  get state(): LinkState {
    return this.#state
  }

  /** To be called now and then: a link on which nothing is heard is silent. */
  judge(): void {
    if (this.#state !== 'up' || this.#options.steadyMs() - this.#heardAtMs <= SILENT_MS) return
    this.#become('silent')
    // It may be a connection that the network has swallowed; a new one says more.
    this.#socket?.terminate()
  }

  close(): void {
    this.#closed = true
    if (this.#redial !== null) clearTimeout(this.#redial)
    this.#socket?.terminate()
  }

  #dial(): void {
    const socket = new WebSocket(`ws://${this.address}/peer/link`, {
      headers: { authorization: `Bearer ${this.#options.token}` },
      handshakeTimeout: DIAL_LIMIT_MS,
      perMessageDeflate: false,
      maxPayload: MOST_NEWS_BYTES,
    })
    this.#socket = socket
    socket.on('message', (data) => this.#hear(String(data)))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Refused: the machine answers, and no process listens there any more.
      if (error.code === 'ECONNREFUSED') this.#become('gone')
    })
    socket.once('close', () => this.#broke())
  }

  #hear(text: string): void {
    this.#heardAtMs = this.#options.steadyMs()
    this.#attempts = 0
    this.#become('up')
    try {
      const news = readNews(text)
      if (news !== null) this.#options.listener.news(this.nodeId, news)
    } catch {
      // Whoever answers at this address is no node that this one understands.
      this.#socket?.terminate()
    }
  }

  #broke(): void {
    if (this.#closed) return
    if (this.#state === 'up') this.#become('silent')
    const wait = REDIAL_MS[Math.min(this.#attempts++, REDIAL_MS.length - 1)] ?? 100
    this.#redial = setTimeout(() => this.#dial(), wait)
  }

  #become(state: LinkState): void {
    if (this.#closed || this.#state === state) return
    this.#state = state
    this.#options.listener.linkChanged(this.nodeId, state)
  }
}

/** The outgoing half of this node's links to all others; the incoming half is `PeerServer`. */
export class PeerDialer implements PeerLinks {
  readonly #options: PeerDialerOptions
  readonly #links = new Map<string, PeerLink>()
  readonly #timer: ReturnType<typeof setInterval>

  constructor(options: PeerDialerOptions) {
    this.#options = options
    this.#timer = setInterval(() => {
      for (const link of this.#links.values()) link.judge()
    }, BEAT_MS / 2)
  }

  follow(nodes: readonly NodeRow[]): void {
    const wanted = new Map(nodes.map(({ nodeId, address }) => [nodeId, address]))
    for (const [nodeId, link] of this.#links) {
      if (wanted.get(nodeId) === link.address) continue
      link.close()
      this.#links.delete(nodeId)
    }
    for (const [nodeId, address] of wanted)
      if (!this.#links.has(nodeId)) this.#links.set(nodeId, new PeerLink(nodeId, address, this.#options))
  }

  stateOf(nodeId: string): LinkState {
    return this.#links.get(nodeId)?.state ?? 'silent'
  }

  tell(news: PeerNews): void {
    this.#options.tell(news)
  }

  async ask<K extends keyof PeerAsks>(
    nodeId: string,
    kind: K,
    ask: PeerAsks[K]['ask'],
    withinMs: number,
  ): Promise<PeerAsks[K]['answer']> {
    const link = this.#links.get(nodeId)
    if (link === undefined) throw new Error(`no link to the node ${nodeId}`)
    const response = await fetch(`http://${link.address}/peer/ask/${kind}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#options.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(ask),
      signal: AbortSignal.timeout(withinMs),
    })
    if (!response.ok) throw new Error(`the node ${nodeId} answered ${response.status}`)
    return (await response.json()) as PeerAsks[K]['answer']
  }

  close(): void {
    clearInterval(this.#timer)
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }
}

/** Nodes of one house trust each other; this only tells news from beats, and survives a later version's kinds. */
function readNews(text: string): PeerNews | null {
  if (text === '') return null
  const news = JSON.parse(text) as PeerNews
  return ['presence', 'row', 'tableChanged'].includes(news.type) ? news : null
}
