import { randomUUID } from 'node:crypto'
import { Client, type Room } from '@colyseus/sdk'

/** One event of the plain table. */
export type TableEvent = { readonly roomId: string; readonly owner: string; readonly round: number }
export type Told = { readonly betId: string; readonly roomId: string }

const BET_MS = 400
const RETRY_MS = 100

/**
 * A stock client of the plain table: bets all the time, and joins the table anew when the SDK has given its room up.
 */
export class TableClient {
  readonly tableId: string
  readonly #client: Client
  readonly #steadyMs: () => number
  #room: Room | null = null
  #timer: NodeJS.Timeout | null = null
  #ended = false
  /** The process that its events come from, and the first event that came from there. */
  from: (TableEvent & { readonly atMs: number }) | null = null
  /** Since when it is away; null while it is connected. */
  awaySinceMs: number | null = null
  /** When the SDK gave its room up for good, and with which code; null before. */
  gaveUp: { readonly atMs: number; readonly code: number } | null = null
  reloads = 0
  readonly accepted: Told[] = []

  constructor(url: string, tableId: string, steadyMs: () => number) {
    this.#client = new Client(url)
    this.tableId = tableId
    this.#steadyMs = steadyMs
  }

  /** Joins the table, or creates it, asking again until that succeeds. */
  async sit(): Promise<void> {
    while (!this.#ended) {
      try {
        this.#listen(await this.#client.joinOrCreate('table', { tableId: this.tableId }))
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  startBetting(): void {
    this.#timer = setInterval(() => void this.#bet(), BET_MS)
  }

  /** Bets that this client was told are accepted, and that the room it sits in now does not know. */
  get lost(): number {
    const bets = this.#room?.state?.bets as ReadonlyMap<string, number> | undefined
    return this.accepted.filter(({ betId }) => bets?.get(betId) === undefined).length
  }

  leave(): void {
    this.#ended = true
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#room === null) return
    this.#room.reconnection.enabled = false
    void this.#room.leave(this.#room.connection.isOpen)
  }

  #listen(room: Room): void {
    this.#room = room
    this.awaySinceMs = null
    room.onMessage('event', (event: TableEvent) => {
      if (this.#room !== room || this.from?.owner === event.owner) return
      this.from = { ...event, atMs: this.#steadyMs() }
    })
    room.onMessage('*', () => undefined)
    room.onStateChange(() => undefined)
    room.onDrop(() => {
      this.awaySinceMs ??= this.#steadyMs()
    })
    room.onReconnect(() => {
      this.awaySinceMs = null
    })
    room.onLeave((code) => {
      if (this.#ended || this.#room !== room) return
      this.#room = null
      this.awaySinceMs ??= this.#steadyMs()
      this.gaveUp = { atMs: this.#steadyMs(), code }
      this.reloads += 1
      void this.sit()
    })
  }

  async #bet(): Promise<void> {
    const room = this.#room
    if (room === null || !room.connection.isOpen || this.awaySinceMs !== null) return
    const betId = randomUUID()
    try {
      await room.request('bet', { betId, cents: 100 })
      this.accepted.push({ betId, roomId: room.roomId })
    } catch {
      // Nobody knows whether it was taken; only bets that were told accepted are counted.
    }
  }
}
