import { assert } from '../engine/assert.ts'
import { PoolError } from './pool-error.ts'
import { MAX_RANGE, REJECTED, scaled, WORD_SPAN } from './scale.ts'

export const SLAB_BYTES = 65_536
const SLAB_WORDS = SLAB_BYTES / 4
const MAX_SHUFFLE = 65_536
const MAX_BYTES = 1_048_576
const NO_WORDS = new Uint32Array(0)

export type RingOptions = {
  readonly slabs: number
  /** A refill is asked for when no more than this many full slabs are waiting. */
  readonly lowWatermark: number
  /** Fills the words in a worker. It must not reject; false means that the words are not to be used. */
  readonly refill: (words: Uint32Array) => Promise<boolean>
  /** Fills the words here and now, when no slab is ready. */
  readonly fillNow: (words: Uint32Array) => void
}

/**
 * Uniform words made ahead of time, in slabs of shared memory that workers fill and the main thread empties without
 * waiting. A word is overwritten as it is taken. Lifetime: `open`, then takes, then `close`.
 * Errors: takes throw `PoolError` with the code given to `close` (at first `stopped`) while the ring is closed.
 * Source: rules DRW-6 to DRW-8 (G5).
 */
export class SlabRing {
  readonly #options: RingOptions
  #words: Uint32Array = NO_WORDS
  #at = 0
  #ready: Uint32Array[] = []
  #spare: Uint32Array[] = []
  #filling = 0
  #closedBecause: 'stopped' | 'unhealthy' | null = 'stopped'
  #wordsBefore = 0
  #fallbacks = 0

  constructor(options: RingOptions) {
    assert(options.slabs >= 2 && options.lowWatermark < options.slabs, 'DRW-7: a ring has slabs to spare')
    this.#options = options
  }

  open(): void {
    this.#closedBecause = null
    this.#spare = Array.from({ length: this.#options.slabs }, newSlab)
    this.#refillSpare()
  }

  /** Zeroes and forgets whatever was ready. */
  close(because: 'stopped' | 'unhealthy'): void {
    this.#closedBecause = because
    this.#wordsBefore += this.#at
    for (const slab of [this.#words, ...this.#ready]) slab.fill(0)
    this.#words = NO_WORDS
    this.#at = 0
    this.#ready = []
    this.#spare = []
  }

  /** A whole number in [0, n), for 1 <= n <= 2^21, every one equally likely. */
  below(n: number): number {
    if (!(n >= 1 && n <= MAX_RANGE) || !Number.isInteger(n)) throw new RangeError(`a range is 1 to 2^21, not ${n}`)
    for (;;) {
      if (this.#at === this.#words.length) this.#next()
      const words = this.#words
      const word = words[this.#at] as number
      words[this.#at++] = 0
      const value = scaled(word, n, WORD_SPAN)
      if (value !== REJECTED) return value
    }
  }

  /** `count` uniform bytes, at most 1 MiB. */
  bytes(count: number): Uint8Array {
    if (!(count >= 0 && count <= MAX_BYTES) || !Number.isInteger(count)) throw new RangeError(`not ${count} bytes`)
    const words = new Uint32Array(Math.ceil(count / 4))
    for (let done = 0; done < words.length; ) {
      if (this.#at === this.#words.length) this.#next()
      const taken = this.#words.subarray(this.#at, this.#at + words.length - done)
      words.set(taken, done)
      taken.fill(0)
      this.#at += taken.length
      done += taken.length
    }
    return new Uint8Array(words.buffer, 0, count)
  }

  /** The numbers 0..n-1 in a uniformly random order (Fisher-Yates), for n up to 65,536. */
  permutation(n: number): number[] {
    if (!(n >= 0 && n <= MAX_SHUFFLE) || !Number.isInteger(n)) throw new RangeError(`not a shuffle of ${n}`)
    const order = Array.from({ length: n }, (_, at) => at)
    for (let at = n - 1; at > 0; at--) {
      const other = this.below(at + 1)
      const held = order[at] as number
      order[at] = order[other] as number
      order[other] = held
    }
    return order
  }

  counters(): { slabsReady: number; slabsFilling: number; wordsTaken: number; fallbacks: number } {
    return {
      slabsReady: this.#ready.length,
      slabsFilling: this.#filling,
      wordsTaken: this.#wordsBefore + this.#at,
      fallbacks: this.#fallbacks,
    }
  }

  /** Asks again for slabs whose refill failed. */
  refill(): void {
    this.#refillSpare()
  }

  #next(): void {
    if (this.#closedBecause !== null) throw new PoolError(this.#closedBecause, 'no draws are given')
    this.#wordsBefore += this.#at
    this.#at = 0
    if (this.#words.length > 0) this.#spare.push(this.#words)
    this.#words = NO_WORDS
    this.#words = this.#ready.shift() ?? this.#filledNow()
    if (this.#ready.length <= this.#options.lowWatermark) this.#refillSpare()
  }

  #filledNow(): Uint32Array {
    const words = this.#spare.pop() ?? newSlab()
    this.#fallbacks++
    this.#options.fillNow(words)
    return words
  }

  /** Never more slabs than the ring was made with: a slab made in need is dropped here, not kept. */
  #refillSpare(): void {
    if (this.#closedBecause !== null) return
    for (const words of this.#spare.splice(0)) {
      if (this.#ready.length + this.#filling + 1 >= this.#options.slabs) return
      this.#filling++
      void this.#options.refill(words).then((good) => this.#filled(words, good))
    }
  }

  #filled(words: Uint32Array, good: boolean): void {
    this.#filling--
    if (this.#closedBecause !== null) words.fill(0)
    else if (good && looksFilled(words)) this.#ready.push(words)
    // A worker that was given up may still write into its slab, so the ring goes on with a new one.
    else this.#spare.push(newSlab())
  }
}

/** A slab that nobody wrote is all zeros at one end at least; 64 zero bits by chance are refused once in 2^63. */
function looksFilled(words: Uint32Array): boolean {
  const last = words.length - 1
  return (
    ((words[0] as number) | (words[1] as number)) !== 0 && ((words[last - 1] as number) | (words[last] as number)) !== 0
  )
}

function newSlab(): Uint32Array<SharedArrayBuffer> {
  return new Uint32Array(new SharedArrayBuffer(SLAB_BYTES), 0, SLAB_WORDS)
}
