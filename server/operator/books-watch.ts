import type { Metrics } from '../../monitoring/metrics.ts'
import type { Books, BooksAudit } from '../ledger/books.ts'
import type { Log } from '../log.ts'

/** Audits the books again and again, one audit at a time, and shows what was found (OPS-17). */
export class BooksWatch {
  readonly #books: Pick<Books, 'audit'>
  readonly #metrics: Pick<Metrics, 'booksAudited'>
  readonly #log: Log
  readonly #everyMs: number
  #timer: NodeJS.Timeout | null = null
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
    this.#timer ??= setInterval(() => void this.look(), this.#everyMs).unref()
    void this.look()
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
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
