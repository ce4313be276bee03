type Entry = { readonly atMs: number; readonly order: number; readonly run: () => void }

/** The world's clock and everything that is still to happen in it: a binary heap by time, then by order of asking. */
export class Agenda {
  nowMs: number
  /** How many entries have run. */
  ran = 0
  readonly #heap: Entry[] = []
  #order = 0

  constructor(startMs: number) {
    this.nowMs = startMs
  }

  get size(): number {
    return this.#heap.length
  }

  /** Something happens at that time, or now when that time has passed. */
  at(atMs: number, run: () => void): void {
    const heap = this.#heap
    heap.push({ atMs: Math.max(this.nowMs, atMs), order: this.#order++, run })
    for (let i = heap.length - 1; i > 0; ) {
      const above = (i - 1) >> 1
      if (!this.#before(i, above)) break
      this.#swap(i, above)
      i = above
    }
  }

  in(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run)
  }

  /** Lets the next thing happen; false when nothing is left. */
  runNext(): boolean {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return false
    if (heap.length > 0) {
      heap[0] = last
      this.#sink()
    }
    this.nowMs = first.atMs
    this.ran++
    first.run()
    return true
  }

  #sink(): void {
    for (let i = 0; ; ) {
      const left = 2 * i + 1
      const right = left + 1
      let least = i
      if (left < this.#heap.length && this.#before(left, least)) least = left
      if (right < this.#heap.length && this.#before(right, least)) least = right
      if (least === i) return
      this.#swap(i, least)
      i = least
    }
  }

  #before(i: number, j: number): boolean {
    const a = this.#heap[i]!
    const b = this.#heap[j]!
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
  }

  #swap(i: number, j: number): void {
    const held = this.#heap[i]!
    this.#heap[i] = this.#heap[j]!
    this.#heap[j] = held
  }
}
