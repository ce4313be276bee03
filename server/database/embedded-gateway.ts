import { Worker } from 'node:worker_threads'

/** Bytes are PostgreSQL's wire protocol, whole messages. */
export type ToWorker =
  | { readonly type: 'ask'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'close' }
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'answer'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  | { readonly type: 'closed' }

type Waiting = { readonly resolve: (bytes: Uint8Array) => void; readonly reject: (error: Error) => void }

/** The one way to an embedded Postgres. Asks are answered in the order in which they were made. */
export class EmbeddedGateway {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #ready: Promise<void>
  readonly #ended: Promise<void>
  #nextId = 1
  #end: Error | null = null

  /** `folder` holds the files; null keeps everything in memory. */
  constructor(folder: string | null) {
    this.#worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData: { folder } })
    const ready = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    this.#ready = ready.promise
    this.#ended = ended.promise
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') ready.resolve()
      if (message.type === 'answer') this.#take(message.id)?.resolve(message.bytes)
      if (message.type === 'failed') this.#take(message.id)?.reject(new Error(message.reason))
    })
    const stop = (cause: unknown): void => {
      this.#end ??= new Error('the embedded database has stopped', { cause })
      for (const waiting of this.#waiting.values()) waiting.reject(this.#end)
      this.#waiting.clear()
      ready.reject(this.#end)
      ended.resolve()
    }
    this.#ready.catch(() => {})
    this.#worker.on('error', stop)
    this.#worker.on('exit', (code) => stop(`its thread ended with ${code}`))
  }

  /** Errors: rejects when the database cannot be opened. */
  ready(): Promise<void> {
    return this.#ready
  }

  /** Errors: rejects when the database has stopped. */
  ask(bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#end !== null) return Promise.reject(this.#end)
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#waiting.set(id, { resolve, reject })
    // A copy of its own: what is posted would otherwise carry the whole pooled buffer that it is a view of.
    const own = new Uint8Array(bytes)
    this.#worker.postMessage({ type: 'ask', id, bytes: own } satisfies ToWorker, [own.buffer])
    return promise
  }

  /** Finishes what was asked, closes the files and ends the thread. */
  async close(): Promise<void> {
    if (this.#end === null) this.#worker.postMessage({ type: 'close' } satisfies ToWorker)
    await this.#ended
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}
