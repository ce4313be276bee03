import type { TableRequests } from '../../rooms/protocol.ts'
import { type LinkListener, LinkLost, type LinkState, type SharedSnapshot, type TableLink } from './link.ts'

/** One joined room, as the connection needs it; `colyseus.ts` makes it from the SDK's. */
export interface JoinedRoom {
  /** Errors: as `TableLink.request`. */
  request<K extends keyof TableRequests>(type: K, ask: TableRequests[K]['ask']): Promise<TableRequests[K]['answer']>
  leave(): void
}

/** What a joined room tells. `dropped`: the SDK tries to come back by itself. `left`: it gave up, or was sent away. */
export type RoomListener = Omit<LinkListener, 'state' | 'shared'> & {
  shared(snapshot: SharedSnapshot): void
  dropped(): void
  back(): void
  left(): void
}

/** Why joining failed: `signed-out` and `no-table` will not get better by trying again. */
export class JoinFailed extends Error {
  readonly why: 'signed-out' | 'no-table' | 'unreachable'

  constructor(why: 'signed-out' | 'no-table' | 'unreachable', cause?: unknown) {
    super(`cannot join: ${why}`, { cause })
    this.name = 'JoinFailed'
    this.why = why
  }
}

export type ConnectionPorts = {
  /** Asks for a fresh ticket and joins. Errors: `JoinFailed`. */
  join(listener: RoomListener): Promise<JoinedRoom>
  after(delayMs: number, work: () => void): () => void
  /** A number in [0, 1), to spread the attempts of many pages. */
  random(): number
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 4_000
/** Failed attempts after which the page says that it is offline rather than reconnecting. */
const PATIENCE = 6

/** A connection on which nothing was heard for this long is asked whether it still stands. */
const QUIET_MS = 4_000
/**
 * How long one try of the SDK to get its seat back may take: the server holds it for some seconds while the table
 * moves, but a socket that neither opens nor fails would keep it for minutes.
 */
const SEAT_MS = 9_000

/** How long to wait before attempt number `attempt` (from 1): doubling, at most four seconds, spread by a third. */
export function waitMs(attempt: number, random: number): number {
  const base = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1))
  return Math.round(base * (0.67 + 0.33 * random))
}

/**
 * Keeps a page at its table for as long as the page is open. A dropped socket is first left to the SDK, which knows its
 * seat; when the SDK gives up, a fresh ticket is taken and the table joined anew, with growing pauses and for ever.
 * A socket may also stand and carry nothing (a phone that left its network): then the page asks, and without an answer
 * takes the connection for lost.
 */
export class TableConnection implements TableLink {
  readonly #ports: ConnectionPorts
  readonly #listener: LinkListener
  #room: JoinedRoom | null = null
  #up = false
  /** The SDK tries to come back by itself. */
  #seeking = false
  #fresh = true
  #attempts = 0
  #closed = false
  #ended = false
  /** Numbers the joins, so that a room of an earlier join is not heard any more. */
  #turn = 0
  #joining = false
  #cancelWait: (() => void) | null = null
  #cancelWatch: (() => void) | null = null

  constructor(ports: ConnectionPorts, listener: LinkListener) {
    this.#ports = ports
    this.#listener = listener
    void this.#join()
  }

  request<K extends keyof TableRequests>(type: K, ask: TableRequests[K]['ask']): Promise<TableRequests[K]['answer']> {
    if (this.#room === null || !this.#up) return Promise.reject(new LinkLost('not connected'))
    return this.#room.request(type, ask)
  }

  hurry(): void {
    if (this.#cancelWait !== null) {
      this.#cancelWait()
      this.#cancelWait = null
      void this.#join()
    } else if (this.#seeking) this.#giveUp() // what the SDK tries now may have begun without a network
  }

  close(): void {
    this.#closed = true
    this.#cancelWait?.()
    this.#cancelWatch?.()
    this.#room?.leave()
  }

  async #join(): Promise<void> {
    if (this.#closed || this.#ended || this.#joining) return
    this.#joining = true
    this.#turn += 1
    this.#fresh = true
    try {
      const room = await this.#ports.join(this.#hear(this.#turn))
      if (this.#closed) room.leave()
      else this.#joined(room)
    } catch (error) {
      this.#failed(error instanceof JoinFailed ? error.why : 'unreachable')
    } finally {
      this.#joining = false
    }
  }

  #joined(room: JoinedRoom): void {
    this.#room = room
    this.#attempts = 0
    this.#rise()
  }

  #failed(why: JoinFailed['why']): void {
    if (this.#closed) return
    if (why !== 'unreachable') {
      this.#ended = true
      this.#tell(why)
      return
    }
    this.#attempts += 1
    this.#tell(this.#attempts >= PATIENCE ? 'offline' : this.#room === null ? 'connecting' : 'reconnecting')
    this.#cancelWait = this.#ports.after(waitMs(this.#attempts, this.#ports.random()), () => {
      this.#cancelWait = null
      void this.#join()
    })
  }

  #hear(turn: number): RoomListener {
    const current = (): boolean => turn === this.#turn && !this.#closed
    return {
      shared: (snapshot) => {
        if (!current()) return
        this.#heard()
        this.#listener.shared(snapshot, this.#fresh)
        this.#fresh = false
      },
      public: (event) => {
        if (!current()) return
        this.#heard()
        this.#listener.public(event)
      },
      private: (event) => {
        if (!current()) return
        this.#heard()
        this.#listener.private(event)
      },
      dropped: () => {
        if (!current()) return
        this.#up = false
        this.#seeking = true
        this.#fresh = true
        this.#watch(SEAT_MS, () => this.#giveUp())
        this.#tell('reconnecting')
      },
      back: () => {
        if (current()) this.#rise()
      },
      left: () => {
        if (!current()) return
        this.#up = false
        this.#seeking = false
        this.#cancelWatch?.()
        this.#tell('reconnecting')
        void this.#join()
      },
    }
  }

  #rise(): void {
    this.#up = true
    this.#seeking = false
    this.#heard()
    this.#tell('live')
  }

  #heard(): void {
    if (this.#up) this.#watch(QUIET_MS, () => void this.#askWhetherUp())
  }

  #watch(delayMs: number, work: () => void): void {
    this.#cancelWatch?.()
    this.#cancelWatch = this.#ports.after(delayMs, work)
  }

  async #askWhetherUp(): Promise<void> {
    const turn = this.#turn
    const silent = await this.request('clock', { clientMs: 0 }).then(
      () => false,
      (error: unknown) => error instanceof LinkLost,
    )
    if (turn !== this.#turn || this.#closed || !this.#up) return
    if (silent) this.#giveUp()
    else this.#heard()
  }

  /** Leaves a room that cannot be heard and joins anew. */
  #giveUp(): void {
    this.#up = false
    this.#seeking = false
    this.#tell('reconnecting')
    this.#room?.leave()
    void this.#join()
  }

  #tell(state: LinkState): void {
    if (!this.#closed) this.#listener.state(state)
  }
}
