import { type Sealer, sealContext } from '../../workers/seal.ts'
import { HotCopyDamaged } from './hot-copy-codec.ts'
import type { HotCopies, HotCopy } from './ports.ts'

/**
 * Hot copies that nobody can read or change in Redis: sealed to their table and epoch, so that one cannot be passed off
 * as another. Errors: `read` rejects with `HotCopyDamaged` when the seal does not hold or none of the keys made it.
 */
export class SealedHotCopies implements HotCopies {
  readonly #inner: HotCopies
  readonly #sealer: Sealer

  constructor(inner: HotCopies, sealer: Sealer) {
    this.#inner = inner
    this.#sealer = sealer
  }

  save(tableId: string, epoch: number, text: string): Promise<boolean> {
    const sealed = this.#sealer.seal(Buffer.from(text), contextOf(tableId, epoch))
    return this.#inner.save(tableId, epoch, sealed)
  }

  async read(tableId: string): Promise<HotCopy | null> {
    const copy = await this.#inner.read(tableId)
    if (copy === null) return null
    try {
      return { ...copy, text: this.#sealer.open(copy.text, contextOf(tableId, copy.epoch)).toString() }
    } catch (cause) {
      throw new HotCopyDamaged(`the hot copy of ${tableId} cannot be opened`, { cause })
    }
  }

  seat(tableId: string, sessionId: string, generation: number | null): Promise<void> {
    return this.#inner.seat(tableId, sessionId, generation)
  }

  takeSeats(tableId: string): Promise<ReadonlyMap<string, number>> {
    return this.#inner.takeSeats(tableId)
  }

  forget(tableId: string): Promise<void> {
    return this.#inner.forget(tableId)
  }
}

function contextOf(tableId: string, epoch: number): string {
  return sealContext('hot-copy', tableId, epoch)
}
