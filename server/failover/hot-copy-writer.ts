import type { HotCopies } from './ports.ts'

export type HotCopyWriterOptions = {
  readonly copies: Pick<HotCopies, 'save'>
  /** A copy could not be written, and is tried again until it is or a newer one takes its place. */
  readonly failed: (tableId: string, error: unknown) => void
  /** A greater epoch has written already: this node does not own the table any more. */
  readonly outdated: (tableId: string, epoch: number) => void
  /** Between two attempts at the same copy, in milliseconds; 250 if not given. */
  readonly retryMs?: number
}

type Newest = { readonly epoch: number; readonly makeText: () => string }
type Line = {
  /** What is to be written next; null when Redis has, or is being given, the newest. */
  newest: Newest | null
  writing: boolean
  retry: ReturnType<typeof setTimeout> | null
  /** Told whether the newest copy is in Redis, as soon as that is known. */
  waiting: ((written: boolean) => void)[]
}

const RETRY_MS = 250

/**
 * Writes hot copies behind the back of the tables: nobody waits for it, at most one write of a table is under way, and
 * of the copies that pile up meanwhile only the newest is made and written (FOV-13). A failed write is tried again for
 * as long as it is the newest, so that the last state of a burst gets there once Redis is back.
 */
export class HotCopyWriter {
  readonly #options: HotCopyWriterOptions
  readonly #lines = new Map<string, Line>()

  constructor(options: HotCopyWriterOptions) {
    this.#options = options
  }

  /** `makeText` is called when the copy is written, if it ever is. */
  save(tableId: string, epoch: number, makeText: () => string): void {
    const line = this.#lines.get(tableId) ?? { newest: null, writing: false, retry: null, waiting: [] }
    if (line.newest !== null && line.newest.epoch > epoch) return
    this.#lines.set(tableId, line)
    line.newest = { epoch, makeText }
    this.#write(tableId, line)
  }

  /** Waits until the newest copy is written; false when it is not after `withinMs`, or was refused or stopped. */
  flush(tableId: string, withinMs: number): Promise<boolean> {
    const line = this.#lines.get(tableId)
    if (line === undefined) return Promise.resolve(true)
    return new Promise((resolve) => {
      const late = setTimeout(() => done(false), withinMs)
      const done = (written: boolean): void => {
        clearTimeout(late)
        line.waiting = line.waiting.filter((one) => one !== done)
        resolve(written)
      }
      line.waiting.push(done)
      this.#write(tableId, line)
    })
  }

  /** Nothing of the table is written any more, but for a write that is under way. */
  stop(tableId: string): void {
    const line = this.#lines.get(tableId)
    if (line !== undefined) this.#settle(tableId, line, false)
  }

  /** Writes the newest copy, unless a write is under way, which is followed by it. */
  #write(tableId: string, line: Line): void {
    if (line.writing || line.newest === null) return
    const { newest } = line
    line.newest = null
    line.writing = true
    if (line.retry !== null) clearTimeout(line.retry)
    line.retry = null
    this.#attempt(tableId, newest).then((written) => {
      line.writing = false
      if (this.#lines.get(tableId) !== line) return
      if (line.newest !== null) this.#write(tableId, line)
      else if (written === 'failed') {
        line.newest = newest
        line.retry = setTimeout(() => this.#write(tableId, line), this.#options.retryMs ?? RETRY_MS)
        line.retry.unref()
      } else this.#settle(tableId, line, written === 'written')
    })
  }

  async #attempt(tableId: string, { epoch, makeText }: Newest): Promise<'written' | 'outdated' | 'failed'> {
    try {
      if (await this.#options.copies.save(tableId, epoch, makeText())) return 'written'
    } catch (error) {
      this.#options.failed(tableId, error)
      return 'failed'
    }
    this.#options.outdated(tableId, epoch)
    return 'outdated'
  }

  #settle(tableId: string, line: Line, written: boolean): void {
    this.#lines.delete(tableId)
    line.newest = null
    if (line.retry !== null) clearTimeout(line.retry)
    for (const tell of line.waiting) tell(written)
  }
}
