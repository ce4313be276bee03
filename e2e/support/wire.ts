import { connect, type Socket } from 'node:net'

/** What is held back for its delay; whoever sends more than this waits. */
const MOST_HELD_BYTES = 1024 * 1024

export type WireOptions = {
  readonly target: number
  /** Makes what changes the target's answers on their way, for one connection; it may hold bytes back for a while. */
  readonly rewriter?: (() => (answer: Buffer) => Buffer) | undefined
  readonly ended: () => void
}

/** One connection through the proxy: what comes in on one side goes out on the other, late if wanted. */
export class Wire {
  readonly near: Socket
  #far: Socket | null = null
  #silent = false
  #delayMs = 0
  readonly #options: WireOptions

  constructor(near: Socket, options: WireOptions) {
    this.near = near
    this.#options = options
    // A connection that breaks is what this is for.
    near.on('error', () => near.destroy())
    near.on('close', () => {
      this.#far?.destroy()
      options.ended()
    })
  }

  get silent(): boolean {
    return this.#silent
  }

  set delayMs(delayMs: number) {
    this.#delayMs = delayMs
  }

  /** Reaches for the target. */
  join(): void {
    const far = connect(this.#options.target, '127.0.0.1')
    this.#far = far
    far.on('error', () => this.near.destroy())
    far.on('close', () => this.near.destroy())
    this.#pump(this.near, far, (bytes) => bytes)
    this.#pump(far, this.near, this.#options.rewriter?.() ?? ((bytes) => bytes))
  }

  /** Both ends stay open, and nothing comes through any more, also of what was on its way. */
  fallSilent(): void {
    this.#silent = true
    this.near.pause()
    this.#far?.pause()
  }

  /** Not by `resetAndDestroy`: a socket that meets an error while Node makes ready for the reset is never closed. */
  break(): void {
    this.near.destroy()
    this.#far?.destroy()
  }

  #pump(from: Socket, to: Socket, change: (bytes: Buffer) => Buffer): void {
    const held: { readonly bytes: Buffer; readonly dueMs: number }[] = []
    let heldBytes = 0
    const flow = () => {
      if (this.#silent) return
      if (heldBytes > MOST_HELD_BYTES || to.writableNeedDrain) from.pause()
      else from.resume()
    }
    const pass = () => {
      const first = held.shift()
      if (first === undefined || this.#silent || to.destroyed) return
      heldBytes -= first.bytes.length
      to.write(first.bytes)
      flow()
    }
    from.on('data', (chunk: Buffer) => {
      const bytes = change(chunk)
      if (this.#delayMs === 0 && held.length === 0) {
        to.write(bytes)
        return flow()
      }
      const nowMs = performance.now()
      // Never before what came earlier, also when the delay has become shorter since.
      const dueMs = Math.max(nowMs + this.#delayMs, held.at(-1)?.dueMs ?? 0)
      held.push({ bytes, dueMs })
      heldBytes += bytes.length
      setTimeout(pass, dueMs - nowMs)
      flow()
    })
    to.on('drain', flow)
    // What is held is lost with the connection only if it breaks, not if it ends in order.
    from.on('end', () => setTimeout(() => !this.#silent && to.end(), held.length === 0 ? 0 : this.#delayMs + 1))
  }
}
