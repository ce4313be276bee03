import type { HotCopies } from './ports.ts'

export type HotCopyWriterOptions = {
  readonly copies: Pick<HotCopies, 'save'>
  /** A copy could not be written, and is tried again until it is or a newer one takes its place. */
  readonly failed: (tableId: string, error: unknown) => void
  /** A greater epoch has written already: this node does not own the table any more. */
  readonly outdated: (tableId: string, epoch: number) => void
  /** Between two attempts at the same copy, in milliseconds; 250 if not given. */
  readonly retryMs?: number
  /** Between two copies that can wait, in milliseconds; 50 if not given. */
  readonly restMs?: number
}

type Newest = { readonly epoch: number; readonly makeText: () => string; readonly urgent: boolean }
type Line = {
  /** What is to be written next; null when Redis has, or is being given, the newest. */
  newest: Newest | null
  writing: boolean
  /** After a write, or before another attempt at one that failed: what can wait is not written meanwhile. */
  pause: ReturnType<typeof setTimeout> | null
  /** Told whether the newest copy is in Redis, as soon as that is known. */
  waiting: ((written: boolean) => void)[]
}

const RETRY_MS = 250
/** The books have most stakes sooner than that, and a busy table changes a hundred times a second. */
const REST_MS = 50

/**
 * Writes hot copies behind the back of the tables: nobody waits for it, at most one write of a table is under way, and
 * of the copies that pile up meanwhile only the newest is made and written (FOV-13). What can wait follows the write
 * before it after a rest. A failed write is tried again for as long as it is the newest, so that the last state of a
 * burst gets there once Redis is back.
 */
export class HotCopyWriter {
  readonly #options: HotCopyWriterOptions
  readonly #lines = new Map<string, Line>()

  constructor(options: HotCopyWriterOptions) {
    this.#options = options
  }

  /** `makeText` is called when the copy is written, if it ever is. */
  save(tableId: string, epoch: number, makeText: () => string, urgent: boolean): void {
    const line = this.#lines.get(tableId) ?? { newest: null, writing: false, pause: null, waiting: [] }
    if (line.newest !== null && line.newest.epoch > epoch) return
    this.#lines.set(tableId, line)
    line.newest = { epoch, makeText, urgent: urgent || line.newest?.urgent === true }
    if (line.newest.urgent || line.pause === null) this.#write(tableId, line)
  }

  /** Waits until the newest copy is written; false when it is not after `withinMs`, or was refused or stopped. */
  flush(tableId: string, withinMs: number): Promise<boolean> {
    const line = this.#lines.get(tableId)
    if (line === undefined || (line.newest === null && !line.writing)) return Promise.resolve(true)
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
    if (line !== undefined) this.#end(tableId, line)
  }

  /** Writes the newest copy, unless a write is under way, which is followed by it. */
  #write(tableId: string, line: Line): void {
    if (line.writing || line.newest === null) return
    const { newest } = line
    line.newest = null
    line.writing = true
    if (line.pause !== null) clearTimeout(line.pause)
    line.pause = null
    this.#attempt(tableId, newest).then((written) => {
      line.writing = false
      if (this.#lines.get(tableId) !== line) return
      const next = line.newest
      const canWait = next !== null && !next.urgent && line.waiting.length === 0 && written !== 'outdated'
      if (next !== null && !canWait) this.#write(tableId, line)
      else if (written === 'outdated') this.#end(tableId, line)
      else this.#rest(tableId, line, written === 'failed' ? newest : null)
    })
  }

  /** What follows a write that nothing urgent follows; `failed` is the copy that could not be written. */
  #rest(tableId: string, line: Line, failed: Newest | null): void {
    line.newest ??= failed
    if (line.newest === null) for (const tell of line.waiting) tell(true)
    const { retryMs = RETRY_MS, restMs = REST_MS } = this.#options
    const over = (): void => {
      line.pause = null
      if (line.newest !== null) this.#write(tableId, line)
      else this.#end(tableId, line)
    }
    line.pause = setTimeout(over, failed === null ? restMs : retryMs)
    line.pause.unref()
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

  #end(tableId: string, line: Line): void {
    this.#lines.delete(tableId)
    line.newest = null
    if (line.pause !== null) clearTimeout(line.pause)
    for (const tell of line.waiting) tell(false)
  }
}
