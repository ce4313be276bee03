import type { Metrics } from '../../monitoring/metrics.ts'
import type { Books, BooksAudit } from '../ledger/books.ts'
import type { Log } from '../log.ts'

/** Between two audits at least this many times as long passes as the last one took. */
const LOOK_SHARE = 100

/** Audits the books again and again, one audit at a time, and shows what was found (OPS-17). */
export class BooksWatch {
  readonly #books: Pick<Books, 'audit'>
  readonly #metrics: Pick<Metrics, 'booksAudited'>
  readonly #log: Log
  readonly #everyMs: number
  #timer: NodeJS.Timeout | null = null
  #stopped = false
  #running: Promise<BooksAudit | null> | null = null

  constructor(options: {
    readonly books: Pick<Books, 'audit'>
    readonly metrics: Pick<Metrics, 'booksAudited'>
    readonly log: Log
    readonly everyMs?: number
  }) {
    this.#books = options.books
    this.#metrics = options.metrics
    this.#log = options.log
    this.#everyMs = options.everyMs ?? 60_000
  }

  start(): void {
    const lookedMs = performance.now()
    void this.look().then(() => {
      if (this.#stopped) return
      // A journal that takes long to add up is added up more rarely: it shares the database with every bet.
      const waitMs = Math.max(this.#everyMs, (performance.now() - lookedMs) * LOOK_SHARE)
      this.#timer = setTimeout(() => this.start(), waitMs).unref()
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    await this.#running
  }

  /** Looks now; callers who come meanwhile share the answer. Null when the books could not be read. */
  look(): Promise<BooksAudit | null> {
    this.#running ??= this.#audit().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #audit(): Promise<BooksAudit | null> {
    try {
      const found = await this.#books.audit()
      this.#metrics.booksAudited(found)
      if (found.linesSumCents !== 0 || found.accountsOff !== 0 || found.negativePlayers !== 0) {
        this.#log.fatal({ found }, 'the books do not balance')
      }
      return found
    } catch (err) {
      this.#log.warn({ err }, 'the books could not be audited')
      return null
    }
  }
}
