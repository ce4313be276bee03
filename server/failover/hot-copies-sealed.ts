import { type Sealer, sealContext } from '../../workers/seal.ts'
import { HotCopyDamaged } from './hot-copy-codec.ts'
import type { HotCopies, HotCopy } from './ports.ts'

export type PlainHotCopies = HotCopies & {
  /** Ends the copy of a table, if it is still of this epoch. */
  discard(tableId: string, epoch: number): Promise<void>
}

/**
 * Hot copies that nobody can read or change in Redis: sealed to their table and epoch, so that one cannot be passed off
 * as another. Errors: `read` rejects with `HotCopyDamaged` when the seal does not hold or none of the keys made it.
 */
export class SealedHotCopies implements HotCopies {
  readonly #inner: PlainHotCopies
  readonly #sealer: Sealer

  constructor(inner: PlainHotCopies, sealer: Sealer) {
    this.#inner = inner
    this.#sealer = sealer
  }

  /** A copy of a greater epoch that this house did not seal outranks nothing, and is replaced (FOV-96). */
  async save(tableId: string, epoch: number, text: string): Promise<boolean> {
    const sealed = this.#sealer.seal(Buffer.from(text), contextOf(tableId, epoch))
    if (await this.#inner.save(tableId, epoch, sealed)) return true
    const standing = await this.#inner.read(tableId)
    if (standing !== null) {
      if (this.#isOurs(tableId, standing)) return false
      await this.#inner.discard(tableId, standing.epoch)
    }
    return this.#inner.save(tableId, epoch, sealed)
  }

  async read(tableId: string): Promise<HotCopy | null> {
    const copy = await this.#inner.read(tableId)
    if (copy === null) return null
    try {
      return { ...copy, text: this.#opened(tableId, copy) }
    } catch (cause) {
      throw new HotCopyDamaged(`the hot copy of ${tableId} cannot be opened`, { cause })
    }
  }

  seat(tableId: string, sessionId: string, generation: number | null): Promise<void> {
    return this.#inner.seat(tableId, sessionId, generation)
  }

  seats(tableId: string): Promise<ReadonlyMap<string, number>> {
    return this.#inner.seats(tableId)
  }

  forget(tableId: string): Promise<void> {
    return this.#inner.forget(tableId)
  }

  #opened(tableId: string, { epoch, text }: HotCopy): string {
    return this.#sealer.open(text, contextOf(tableId, epoch)).toString()
  }

  #isOurs(tableId: string, copy: HotCopy): boolean {
    try {
      return this.#opened(tableId, copy) !== null
    } catch {
      return false
    }
  }
}

function contextOf(tableId: string, epoch: number): string {
  return sealContext('hot-copy', tableId, epoch)
}
