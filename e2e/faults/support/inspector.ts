import { WebSocket } from 'ws'
import { until } from '../../support/until.ts'

const ANSWERS_WITHIN_MS = 5_000

type Message = {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly [name: string]: unknown }
}

/**
 * The debugger of a running node, started with `NODE_OPTIONS=--inspect=127.0.0.1:<port>`: the one way to reach a worker
 * thread from outside its process. Source: Chrome DevTools protocol, domain NodeWorker of Node 24.
 */
export class Inspector {
  readonly #socket: WebSocket
  /** Sessions of the worker threads that live now. */
  readonly #workers = new Set<string>()
  readonly #waiting = new Map<number, () => void>()
  #lastId = 0
  #ended = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#hear(JSON.parse(String(data)) as Message))
  }

  /** Errors: rejects when no debugger listens there. */
  static async attach(port: number): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`)
    const [target] = (await response.json()) as readonly { readonly webSocketDebuggerUrl: string }[]
    if (target === undefined) throw new Error(`nobody can be debugged at port ${port}`)
    const socket = new WebSocket(target.webSocketDebuggerUrl, { perMessageDeflate: false })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const inspector = new Inspector(socket)
    await inspector.#ask('NodeWorker.enable', { waitForDebuggerOnStart: false })
    return inspector
  }

  /** How many worker threads have ended since `attach`. */
  get workersEnded(): number {
    return this.#ended
  }

  /** Has every worker thread end itself, whatever it is doing. Resolves when they are gone; others come when needed. */
  async killWorkers(): Promise<void> {
    const condemned = [...this.#workers]
    const gone = (): boolean => {
      const left = condemned.filter((sessionId) => this.#workers.has(sessionId))
      // One that is only just starting does not hear it yet.
      for (const sessionId of left) this.#exit(sessionId)
      return left.length === 0
    }
    await until('the workers ended', gone)
  }

  close(): void {
    this.#socket.terminate()
  }

  #exit(sessionId: string): void {
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'process.exit(1)' } })
    // It may be gone by now, which is what is wanted.
    this.#ask('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(() => undefined)
  }

  #ask(method: string, params: object): Promise<void> {
    const id = ++this.#lastId
    this.#socket.send(JSON.stringify({ id, method, params }))
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the debugger did not answer ${method}`)), ANSWERS_WITHIN_MS)
      this.#waiting.set(id, () => {
        clearTimeout(late)
        resolve()
      })
    })
  }

  #hear({ id, method, params = {} }: Message): void {
    const sessionId = String(params.sessionId)
    if (id !== undefined) {
      this.#waiting.get(id)?.()
      this.#waiting.delete(id)
    } else if (method === 'NodeWorker.attachedToWorker') this.#workers.add(sessionId)
    else if (method === 'NodeWorker.detachedFromWorker') {
      this.#workers.delete(sessionId)
      this.#ended++
    }
  }
}
