import type { PublicEvent } from '../rooms/protocol.ts'

/** What the clients hear of the tables: when rounds open, and how long each client was left without any news. */
export class Progress {
  readonly #opened = new Map<string, { readonly roundId: string; readonly atMs: number }>()
  readonly #clients = new Map<string, { lastMs: number; longestMs: number }>()

  /** `event` is null for a change of the shared state. */
  heard(client: string, tableId: string, event: PublicEvent | null, atMs: number): void {
    const known = this.#clients.get(client) ?? { lastMs: atMs, longestMs: 0 }
    this.#clients.set(client, known)
    known.longestMs = Math.max(known.longestMs, atMs - known.lastMs)
    known.lastMs = atMs
    if (event?.type !== 'opened') return
    if (this.#opened.get(tableId)?.roundId !== event.roundId)
      this.#opened.set(tableId, { roundId: event.roundId, atMs })
  }

  /** Forgets how long anybody waited before now. */
  listenAnew(): void {
    for (const known of this.#clients.values()) known.longestMs = 0
  }

  /** For each client, the longest time without news since `listenAnew`, the present one included. */
  silences(nowMs: number): number[] {
    return [...this.#clients.values()].map(({ lastMs, longestMs }) => Math.max(longestMs, nowMs - lastMs))
  }

  /** Those of the tables at which no round was seen to open since then. */
  waiting(tableIds: readonly string[], sinceMs: number): string[] {
    return tableIds.filter((tableId) => (this.#opened.get(tableId)?.atMs ?? -1) < sinceMs)
  }
}
