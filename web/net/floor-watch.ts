import type { LobbyTable } from '../../rooms/protocol.ts'

/** `live`: told at once. `polled`: read now and then. `away`: nothing can be had, and what is shown is old. */
export type FloorNews = 'live' | 'polled' | 'away'

/** What the lobby's room tells. `dropped`: the SDK tries to come back by itself. `left`: it gave up. */
export type FloorListener = {
  shown(tables: readonly LobbyTable[]): void
  dropped(): void
  back(): void
  left(): void
}

export type FloorPorts = {
  /** Joins the lobby's room; answers how to leave it. Errors: rejects when it cannot be joined. */
  join(listener: FloorListener): Promise<() => void>
  /** Errors: rejects when the list cannot be had. */
  read(): Promise<readonly LobbyTable[]>
  after(delayMs: number, work: () => void): () => void
}

const POLL_MS = 5_000
/** Nothing could be had: it may be over in a moment. */
const SOON_MS = 1_000

/** The list of tables for as long as somebody looks at it: live, and read now and then while the live one is away. */
export class FloorWatch {
  readonly #ports: FloorPorts
  readonly #shown: (tables: readonly LobbyTable[]) => void
  readonly #told: (news: FloorNews) => void
  #live = false
  /** The SDK has the room, or tries to get it back. */
  #joined = false
  #stopped = false
  #leave: () => void = () => undefined
  #cancel: () => void = () => undefined

  constructor(ports: FloorPorts, shown: (tables: readonly LobbyTable[]) => void, told: (news: FloorNews) => void) {
    this.#ports = ports
    this.#shown = (tables) => shown(inOrder(tables))
    this.#told = told
    void this.#round()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
    this.#leave()
  }

  /** Reads the list and joins the room, and does so again until the room is live. */
  async #round(): Promise<void> {
    this.#cancel()
    const [read] = await Promise.all([this.#read(), this.#joined ? null : this.#join()])
    if (this.#stopped || this.#live) return
    this.#told(read ? 'polled' : 'away')
    this.#cancel = this.#ports.after(read ? POLL_MS : SOON_MS, () => void this.#round())
  }

  async #read(): Promise<boolean> {
    try {
      const tables = await this.#ports.read()
      if (!this.#stopped && !this.#live) this.#shown(tables)
      return true
    } catch {
      return false
    }
  }

  async #join(): Promise<void> {
    try {
      const leave = await this.#ports.join({
        shown: (tables) => {
          if (!this.#stopped) this.#shown(tables)
        },
        dropped: () => this.#lost(true),
        back: () => this.#rise(),
        left: () => this.#lost(false),
      })
      this.#leave = leave
      this.#joined = true
      if (this.#stopped) leave()
      else this.#rise()
    } catch {
      this.#joined = false
    }
  }

  #rise(): void {
    if (this.#stopped) return
    this.#live = true
    this.#cancel()
    this.#told('live')
  }

  #lost(seeking: boolean): void {
    const wasLive = this.#live
    this.#live = false
    this.#joined = seeking
    // While it was away already, the next round is due by itself.
    if (wasLive && !this.#stopped) void this.#round()
  }
}

/** Every node knows the tables in an order of its own; on the page each keeps its place. */
function inOrder(tables: readonly LobbyTable[]): readonly LobbyTable[] {
  return tables.toSorted((a, b) => a.name.localeCompare(b.name, 'es') || (a.tableId < b.tableId ? -1 : 1))
}
