import type { Opening, Round } from '../../engine/round/types.ts'
import type { Lease } from '../../rooms/ports.ts'
import { decodeHotCopy, encodeHotCopy } from './hot-copy-codec.ts'
import { HotCopyWriter } from './hot-copy-writer.ts'
import type { HotCopies } from './ports.ts'

/** What a table may lose and still be right: its hot copy, and how often the tokens of its seats were renewed. */
export interface HotState {
  /** Writes the copy behind the table's back: what is urgent at once, anything else with some patience. */
  save(lease: Lease, round: Round, urgent: boolean): void
  /** What the former owner left for the round that the books prove. Never rejects: without it the books are enough. */
  read(tableId: string, opening: Opening): Promise<Round | null>
  /** The generations of the seats that the owners before knew. Never rejects. */
  seats(tableId: string): Promise<ReadonlyMap<string, number>>
  /** Remembers a seat's generation; null forgets the seat. */
  seat(tableId: string, sessionId: string, generation: number | null): void
  /** Resolves when the newest copy is written, or after `withinMs`. */
  flush(tableId: string, withinMs: number): Promise<void>
  /** The table is not this node's any more: nothing of it is written. */
  stop(tableId: string): void
  /** The house closed the table. */
  forget(tableId: string): void
}

export type HotStateOptions = {
  readonly copies: HotCopies
  readonly failed: (where: string, error: unknown) => void
  /** It seems that a later owner has written already: a hint, which the books confirm or not (FOV-95). */
  readonly outdated: (tableId: string) => void
  /** The program that writes, for whoever finds a copy that is newer than he can read. */
  readonly release: string
}

/** A house without Redis keeps none: whatever was not in the books yet is asked again by the players. */
export const noHotState: HotState = {
  save: () => undefined,
  read: async () => null,
  seats: async () => new Map(),
  seat: () => undefined,
  flush: async () => undefined,
  stop: () => undefined,
  forget: () => undefined,
}

export function hotStateOf({ copies, failed, outdated, release }: HotStateOptions): HotState {
  const writer = new HotCopyWriter({
    copies,
    failed: (tableId, error) => failed(`write the hot copy of ${tableId}`, error),
    outdated: (tableId) => outdated(tableId),
  })
  const silently = (where: string, call: Promise<unknown>): void => {
    call.catch((error: unknown) => failed(where, error))
  }
  return {
    save: ({ tableId, epoch }, round, urgent) =>
      writer.save(tableId, epoch, () => encodeHotCopy(round, { release }), urgent),
    read: async (tableId, opening) => {
      try {
        const copy = await copies.read(tableId)
        return copy === null ? null : decodeHotCopy(copy.text, opening)
      } catch (error) {
        // Gone, damaged, or written by a newer program: each is as good as none.
        failed(`read the hot copy of ${tableId}`, error)
        return null
      }
    },
    seats: async (tableId) => {
      try {
        return await copies.seats(tableId)
      } catch (error) {
        failed(`read the seats of ${tableId}`, error)
        return new Map()
      }
    },
    seat: (tableId, sessionId, generation) =>
      silently(`remember a seat of ${tableId}`, copies.seat(tableId, sessionId, generation)),
    flush: async (tableId, withinMs) => {
      await writer.flush(tableId, withinMs)
    },
    stop: (tableId) => writer.stop(tableId),
    forget: (tableId) => silently(`forget ${tableId}`, copies.forget(tableId)),
  }
}
