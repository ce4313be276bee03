import { WebSocket } from 'ws'
import { askPeer } from './peer-ask.ts'
import { dialPeer, LaterLife, type PeerConnection, type PeerTarget } from './peer-connection.ts'
import { PROOF_HEADER, PROOF_LENGTH, proofOf, proves } from './peer-proof.ts'
import type { HouseAsks, LinkState, PeerLinks, PeerListener, PeerNews, PeerWays } from './peers.ts'
import type { Life, NodeRow } from './ports.ts'

export type PeerDialerOptions = {
  /** Under which the nodes of the house prove themselves; see `peerKey`. */
  readonly key: Uint8Array
  readonly self: () => Life
  readonly listener: Pick<PeerListener, 'linkChanged' | 'news'>
  /** Tells every node that is linked to this one; the peer server keeps them. */
  readonly tell: (news: PeerNews) => void
  readonly steadyMs: () => number
}

export const LINK_PATH = '/peer/link'
/** How often each node says that it is there; see `PeerServer`. */
export const BEAT_MS = 200
/** Two beats may come late. */
const SILENT_MS = 700
const DIAL_LIMIT_MS = 500
/** A link that broke is dialled again at once, so that a dead process is known within milliseconds. */
const REDIAL_MS = [0, 5, 20, 50, 100] as const
const MOST_NEWS_BYTES = 1024 * 1024
/** A node that the books have heard so long after this one heard it last lives, and is not heard here. */
const DEAF_MS = 2_000

/** The link from this node to one other: hears what it says, and whether it is there. */
class PeerLink {
  readonly nodeId: string
  readonly address: string
  readonly #options: PeerDialerOptions
  #incarnation: number
  #socket: WebSocket | null = null
  #state: LinkState = 'silent'
  #heardAtMs: number
  #beatAtMs = Number.NEGATIVE_INFINITY
  #attempts = 0
  #closed = false
  #redial: ReturnType<typeof setTimeout> | null = null

  constructor({ nodeId, address, incarnation }: NodeRow, options: PeerDialerOptions) {
    this.nodeId = nodeId
    this.address = address
    this.#incarnation = incarnation
    this.#options = options
    this.#heardAtMs = options.steadyMs()
    void this.#dial()
  }

  get state(): LinkState {
    return this.#state
  }

  get target(): PeerTarget {
    return { address: this.address, life: { nodeId: this.nodeId, incarnation: this.#incarnation } }
  }

  /** True when the books heard it long after this node did. */
  get isMissed(): boolean {
    return this.#state !== 'up' && this.#beatAtMs - this.#heardAtMs > DEAF_MS
  }

  /** What the books say of the node: a later life, or when it last beat. */
  learn({ incarnation, silentMs }: NodeRow): void {
    this.#meet(incarnation)
    // By the clock of the books, which somebody may have set back.
    if (incarnation === this.#incarnation && silentMs >= 0) this.#beatAtMs = this.#options.steadyMs() - silentMs
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

  /** A later life is the one that is meant from now on, and is given time to be heard. */
  #meet(incarnation: number): void {
    if (incarnation <= this.#incarnation) return
    this.#incarnation = incarnation
    this.#heardAtMs = this.#options.steadyMs()
    this.#socket?.terminate()
  }

  async #dial(): Promise<void> {
    const { self, key } = this.#options
    try {
      const { target } = this
      const connection = await dialPeer(target, self(), key, DIAL_LIMIT_MS)
      if (this.#closed || target.life.incarnation !== this.#incarnation) connection.socket.destroy()
      else return this.#join(connection, target.life)
    } catch (error) {
      // Refused: the machine answers, and no process listens there any more; or a later life of the node does.
      if (error instanceof LaterLife || (error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.#become('gone')
      if (error instanceof LaterLife) this.#meet(error.life.incarnation)
    }
    this.#broke()
  }

  #join({ socket, key }: PeerConnection, life: Life): void {
    const link = new WebSocket(`ws://${this.address}${LINK_PATH}`, {
      createConnection: () => socket,
      headers: { [PROOF_HEADER]: proofOf(key, 'link', 'GET', LINK_PATH) },
      handshakeTimeout: DIAL_LIMIT_MS,
      perMessageDeflate: false,
      maxPayload: MOST_NEWS_BYTES,
    })
    this.#socket = link
    let heard = 0
    link.on('message', (data) => {
      const said = String(data)
      const text = said.slice(PROOF_LENGTH)
      if (proves(said.slice(0, PROOF_LENGTH), key, 'news', heard++, text) && this.#hear(text, life)) return
      // Somebody stands between the two nodes, or it is no node that this one understands.
      link.terminate()
    })
    link.on('error', () => undefined)
    link.once('close', () => this.#broke())
  }

  /** False for what the node cannot have said. */
  #hear(text: string, { nodeId, incarnation }: Life): boolean {
    if (this.#closed || incarnation !== this.#incarnation) return false
    try {
      const news = readNews(text)
      if (news?.type === 'presence') {
        const { presence } = news
        if (presence.nodeId !== nodeId || presence.incarnation !== incarnation) return false
      }
      this.#heardAtMs = this.#options.steadyMs()
      this.#attempts = 0
      this.#become('up')
      if (news !== null) this.#options.listener.news(nodeId, news)
      return true
    } catch {
      return false
    }
  }

  #broke(): void {
    if (this.#closed) return
    if (this.#state === 'up') this.#become('silent')
    const wait = REDIAL_MS[Math.min(this.#attempts++, REDIAL_MS.length - 1)] ?? 100
    this.#redial = setTimeout(() => void this.#dial(), wait)
  }

  #become(state: LinkState): void {
    if (this.#closed || this.#state === state) return
    this.#state = state
    this.#options.listener.linkChanged(this.nodeId, state)
  }
}

/** The outgoing half of this node's links to all others; the incoming half is `PeerServer`. */
export class PeerDialer implements PeerLinks, PeerWays {
  readonly #options: PeerDialerOptions
  readonly #links = new Map<string, PeerLink>()
  readonly #timer: ReturnType<typeof setInterval>

  constructor(options: PeerDialerOptions) {
    this.#options = options
    this.#timer = setInterval(() => {
      for (const link of this.#links.values()) link.judge()
    }, BEAT_MS / 2)
  }

  /** True when nobody is heard here of those whom the books have heard since (FOV-117). */
  get isDeaf(): boolean {
    const links = [...this.#links.values()]
    return links.every(({ state }) => state !== 'up') && links.some(({ isMissed }) => isMissed)
  }

  follow(nodes: readonly NodeRow[]): void {
    const wanted = new Map(nodes.map((node) => [node.nodeId, node]))
    for (const [nodeId, link] of this.#links) {
      if (wanted.get(nodeId)?.address === link.address) continue
      link.close()
      this.#links.delete(nodeId)
    }
    for (const [nodeId, node] of wanted) {
      const link = this.#links.get(nodeId) ?? new PeerLink(node, this.#options)
      this.#links.set(nodeId, link)
      link.learn(node)
    }
  }

  stateOf(nodeId: string): LinkState {
    return this.#links.get(nodeId)?.state ?? 'silent'
  }

  tell(news: PeerNews): void {
    this.#options.tell(news)
  }

  async dial(nodeId: string, withinMs: number): Promise<PeerConnection> {
    const link = this.#links.get(nodeId)
    if (link === undefined) throw new Error(`no link to the node ${nodeId}`)
    return dialPeer(link.target, this.#options.self(), this.#options.key, withinMs)
  }

  async ask<K extends keyof HouseAsks>(
    nodeId: string,
    kind: K,
    ask: HouseAsks[K]['ask'],
    withinMs: number,
  ): Promise<HouseAsks[K]['answer']> {
    const endsAtMs = this.#options.steadyMs() + withinMs
    const connection = await this.dial(nodeId, withinMs)
    return askPeer(connection, kind, ask, Math.max(1, endsAtMs - this.#options.steadyMs()))
  }

  close(): void {
    clearInterval(this.#timer)
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }
}

/** Only proven news get here; this tells them from beats, and survives a later version's kinds. */
function readNews(text: string): PeerNews | null {
  if (text === '') return null
  const news = JSON.parse(text) as PeerNews
  return ['presence', 'row', 'tableChanged'].includes(news.type) ? news : null
}
