/** Anything that was numbered when it was logged. */
export type Versioned = { readonly version: number; readonly atMs: number }

/**
 * The last events of one stream, numbered without gaps, so that a client that was away says the last version it has
 * and gets what it missed. Bounded: a client that missed more than the log holds gets a snapshot instead.
 */
export class EventLog<E extends Versioned> {
  readonly #limit: number
  readonly #events: E[] = []
  readonly #startedAtMs: number
  #version: number

  /** Numbering goes on from `version`, which is not below whatever a client kept of an earlier log of the stream. */
  constructor(limit: number, version: number, nowMs: number) {
    this.#limit = limit
    this.#startedAtMs = nowMs
    this.#version = version
  }

  /** When the last event was logged, or the log was started. */
  get lastAtMs(): number {
    return this.#events.at(-1)?.atMs ?? this.#startedAtMs
  }

  get version(): number {
    return this.#version
  }

  append(make: (version: number) => E): E {
    this.#version++
    const event = make(this.#version)
    this.#events.push(event)
    if (this.#events.length > this.#limit) this.#events.shift()
    return event
  }

  /** Events after `version`, oldest first, or null when some of them are no longer here. */
  since(version: number): readonly E[] | null {
    if (version === this.#version) return []
    const first = this.#events[0]
    if (first === undefined || version > this.#version || version < first.version - 1) return null
    return this.#events.slice(version - first.version + 1)
  }
}
