import { hash, randomBytes } from 'node:crypto'

/** Gives that many fresh bytes; the operating system's generator, or a broken one in a test. */
export type EntropySource = (bytes: number) => Uint8Array

export type EntropyFault = 'repetition' | 'proportion' | 'repeated-read' | 'short-read' | 'source-failed'

/** The raw input failed a health test: nothing may be made from it any more (G8). */
export class EntropyFailure extends Error {
  readonly fault: EntropyFault
  constructor(fault: EntropyFault, options?: ErrorOptions) {
    super(`entropy failed its health test: ${fault}`, options)
    this.name = 'EntropyFailure'
    this.fault = fault
  }
}

/*
 * Cut-offs for a claim of 8 bits of min-entropy a byte and one false alarm in 2^40 tests (SP 800-90B 4.4.1 and
 * 4.4.2). The test recomputes both from the binomial distribution.
 */
export const FALSE_ALARM_LOG2 = 40
export const REPETITION_CUTOFF = 6
export const PROPORTION_WINDOW = 512
export const PROPORTION_CUTOFF = 19
/** SP 800-90B 4.3: the tests run over at least 1,024 samples before the first output. */
export const START_UP_BYTES = 1024

/**
 * The only door through which entropy comes in. Every byte passes the repetition count test and the adaptive
 * proportion test; a read that begins like the one before it is refused as well, since a source that is stuck on
 * one good-looking block passes both. A failure is final.
 * Errors: throws `EntropyFailure`, at construction when the start-up test fails, later from `read`.
 * Source: NIST SP 800-90B 4.4; rule DRW-3.
 */
export class EntropyIntake {
  readonly #source: EntropySource
  #failure: EntropyFailure | null = null
  #last = -1
  #repeats = 0
  #windowAt = 0
  #windowByte = 0
  #windowCount = 0
  #previousHead = ''

  constructor(source: EntropySource = randomBytes) {
    this.#source = source
    this.read(START_UP_BYTES).fill(0)
  }

  /** `bytes` tested bytes, at least 16 at a time so that two reads can be told apart. */
  read(bytes: number): Uint8Array {
    if (this.#failure !== null) throw this.#failure
    const chunk = this.#ask(bytes)
    const fault = this.#faultIn(chunk, bytes)
    if (fault !== null) throw this.#fail(new EntropyFailure(fault))
    return chunk
  }

  #ask(bytes: number): Uint8Array {
    try {
      return this.#source(bytes)
    } catch (cause) {
      throw this.#fail(new EntropyFailure('source-failed', { cause }))
    }
  }

  #fail(failure: EntropyFailure): EntropyFailure {
    this.#failure = failure
    return failure
  }

  #faultIn(chunk: Uint8Array, bytes: number): EntropyFault | null {
    if (chunk.length !== bytes || bytes < 16) return 'short-read'
    // Only a digest is kept, so that no seed lies about in memory.
    const head = hash('sha256', chunk.subarray(0, 16))
    if (head === this.#previousHead) return 'repeated-read'
    this.#previousHead = head
    for (const byte of chunk) {
      if (this.#repeatsTooOften(byte)) return 'repetition'
      if (this.#dominates(byte)) return 'proportion'
    }
    return null
  }

  #repeatsTooOften(byte: number): boolean {
    this.#repeats = byte === this.#last ? this.#repeats + 1 : 1
    this.#last = byte
    return this.#repeats >= REPETITION_CUTOFF
  }

  #dominates(byte: number): boolean {
    if (this.#windowAt === 0) {
      this.#windowByte = byte
      this.#windowCount = 0
    }
    if (byte === this.#windowByte) this.#windowCount++
    this.#windowAt = (this.#windowAt + 1) % PROPORTION_WINDOW
    return this.#windowCount >= PROPORTION_CUTOFF
  }
}
