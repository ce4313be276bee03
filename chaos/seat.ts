import { Client, type Room } from '@colyseus/sdk'
import type { PrivateEvent, PublicEvent, SharedTable, TableRequests } from '../rooms/protocol.ts'

const JOIN_MS = 15_000

/** A table refused a request; `code` is its own. */
export class Refused extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.name = 'Refused'
    this.code = code
  }
}

export type SeatListener = {
  public(event: PublicEvent): void
  private(event: PrivateEvent): void
  /** `full` for the whole state that a connection begins with, else it is a change. */
  state(state: SharedTable, full: boolean): void
  dropped(code: number): void
  back(): void
  /** The SDK has given the room up. */
  left(code: number): void
}

/**
 * One place at a table through the stock SDK, with every option at its default: it comes back by itself when its
 * connection broke after it stood for `minUptime`, 5 s from the first join.
 */
export class Seat {
  readonly #room: Room

  private constructor(room: Room) {
    this.#room = room
  }

  /** Errors: rejects when the matchmaker refuses or the socket does not open within 15 s. */
  static async take(url: string, tableId: string, ticket: string, listener: SeatListener): Promise<Seat> {
    const client = new Client(url)
    client.auth.token = ticket
    const room = await inTime(client.joinById(tableId))
    const seat = new Seat(room)
    seat.#listen(listener)
    return seat
  }

  get isOpen(): boolean {
    return this.#room.connection.isOpen
  }

  /** The shared state as the SDK has decoded it. */
  get state(): SharedTable {
    return this.#room.state as SharedTable
  }

  /** The same as plain JSON. */
  get plainState(): string {
    return JSON.stringify(this.#room.state)
  }

  /** Errors: `Refused`; anything else means that the fate of what was asked is not known. */
  async request<K extends keyof TableRequests>(type: K, ask: TableRequests[K]['ask']) {
    try {
      return (await this.#room.request(type, ask)) as TableRequests[K]['answer']
    } catch (error) {
      const { name, reason } = error as Error & { reason?: { code?: string } }
      throw name === 'rejected' && reason?.code !== undefined ? new Refused(reason.code) : error
    }
  }

  /** Leaves for good, also when its connection is broken. */
  leave(): void {
    this.#room.reconnection.enabled = false
    this.#room.onReconnect(() => void this.#room.leave())
    void this.#room.leave(this.#room.connection.isOpen)
  }

  #listen(listener: SeatListener): void {
    const room = this.#room
    let full = true
    room.onStateChange(() => {
      listener.state(room.state as SharedTable, full)
      full = false
    })
    room.onMessage('public', (event: PublicEvent) => listener.public(event))
    room.onMessage('private', (event: PrivateEvent) => listener.private(event))
    room.onMessage('*', () => undefined)
    room.onDrop((code) => listener.dropped(code))
    room.onReconnect(() => {
      full = true
      // The SDK acknowledges the join after this, and nothing else may be sent before.
      setImmediate(() => listener.back())
    })
    room.onLeave((code) => listener.left(code))
  }
}

function inTime(joining: Promise<Room>): Promise<Room> {
  return new Promise((resolve, reject) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      reject(new Error(`no seat within ${JOIN_MS} ms`))
    }, JOIN_MS)
    joining.then((room) => (late ? void room.leave() : resolve(room)), reject).finally(() => clearTimeout(timer))
  })
}
