import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import { CTR_SEED_BYTES, CtrDrbg } from './ctr-drbg.ts'
import { EntropyFailure, EntropyIntake, type EntropySource } from './entropy.ts'
import { HmacDrbg } from './hmac-drbg.ts'
import { type OutputFault, outputFault } from './output-check.ts'

/** Why fresh entropy was mixed in: at the start, after so many bytes or requests, by age, or in another process. */
export type ReseedReason = 'start' | 'bytes' | 'requests' | 'age' | 'process'
export type Reseed = { readonly generator: string; readonly reason: ReseedReason; readonly count: number }

/** A generator that has failed, for ever: it gives nothing more. */
export class GeneratorFailure extends Error {
  readonly fault: string
  constructor(fault: string, options?: ErrorOptions) {
    super(`the generator has stopped: ${fault}`, options)
    this.name = 'GeneratorFailure'
    this.fault = fault
  }
}

/** Fresh entropy comes in when any of the three is reached. */
export type ReseedLimits = { readonly bytes: number; readonly requests: number; readonly ageMs: number }
export const RESEED_LIMITS: ReseedLimits = { bytes: 16 * 1024 * 1024, requests: 1024, ageMs: 60_000 }

export type GeneratorOptions = {
  /** Names the generator in the log and in its seed. */
  readonly label: string
  readonly source?: EntropySource
  readonly limits?: ReseedLimits
  /** Told of every time fresh entropy is mixed in, the start included. */
  readonly onReseed?: (reseed: Reseed) => void
  /** Told once, when a health test has failed. */
  readonly onFailure?: (fault: string) => void
  /** A monotonic clock in milliseconds. */
  readonly nowMs?: () => number
  readonly processId?: () => number
  /** What sets this start apart from every other, besides its entropy. */
  readonly identity?: () => string
}

type State = { readonly secrets: HmacDrbg; readonly stream: CtrDrbg }
let starts = 0

const DEFAULTS = {
  limits: RESEED_LIMITS,
  onReseed: () => {},
  onFailure: () => {},
  nowMs: () => performance.now(),
  processId: () => process.pid,
  identity: thisStart,
}

/**
 * The source of all randomness of a worker: two generators of SP 800-90A kind on one tested intake of entropy, one
 * for secrets, one for the ring's slabs. Who is asking (host, process, thread, start) goes into the seed, so no two
 * starts share a stream even if their entropy did; a process that finds itself under another id starts again.
 * Errors: throws `GeneratorFailure` once entropy or output has failed a health test, and on every call after that.
 * Source: rules DRW-1 to DRW-5 (G2, G3, G4, G8).
 */
export class Generator {
  readonly #options: Required<Omit<GeneratorOptions, 'source'>>
  readonly #source: EntropySource | undefined
  #intake: EntropyIntake
  #state: State
  #pid: number
  #bytes = 0
  #requests = 0
  #seededAtMs: number
  #reseedCount = 0
  #failure: GeneratorFailure | null = null

  constructor(options: GeneratorOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#source = options.source
    this.#pid = this.#options.processId()
    this.#seededAtMs = this.#options.nowMs()
    this.#intake = started(() => new EntropyIntake(this.#source))
    this.#state = started(() => this.#instantiate())
    this.#note('start')
  }

  /** A secret of up to 64 KiB, made by the generator whose output never enters the ring. */
  secret(bytes: number): Buffer {
    return this.#guarded(() => {
      this.#count(bytes)
      return this.#state.secrets.generate(bytes)
    })
  }

  /** Fills the words, at most 64 KiB of them; the key that made them is erased. */
  fill(words: Uint32Array): void {
    this.#guarded(() => {
      this.#count(words.byteLength)
      this.#state.stream.generate(new Uint8Array(words.buffer, words.byteOffset, words.byteLength))
      const fault = outputFault(words)
      if (fault === null) return
      words.fill(0)
      throw new GeneratorFailure(`output:${fault satisfies OutputFault}`)
    })
  }

  /** Mixes in fresh entropy if it is due; called before every request, and by a timer while nobody asks. */
  reseedIfDue(): void {
    this.#guarded(() => {
      const reason = this.#dueReason()
      if (reason !== null) this.#reseed(reason)
    })
  }

  #guarded<T>(work: () => T): T {
    if (this.#failure !== null) throw this.#failure
    try {
      return work()
    } catch (error) {
      if (!(error instanceof EntropyFailure) && !(error instanceof GeneratorFailure)) throw error
      this.#failure = failureOf(error)
      this.#options.onFailure(this.#failure.fault)
      throw this.#failure
    }
  }

  #count(bytes: number): void {
    const reason = this.#dueReason()
    if (reason !== null) this.#reseed(reason)
    this.#bytes += bytes
    this.#requests++
  }

  #dueReason(): ReseedReason | null {
    if (this.#options.processId() !== this.#pid) return 'process'
    if (this.#bytes >= this.#options.limits.bytes) return 'bytes'
    if (this.#requests >= this.#options.limits.requests) return 'requests'
    return this.#options.nowMs() - this.#seededAtMs >= this.#options.limits.ageMs ? 'age' : null
  }

  #reseed(reason: ReseedReason): void {
    if (reason === 'process') {
      // A copy of another process must share nothing with it, so it starts from nothing.
      this.#pid = this.#options.processId()
      this.#intake = new EntropyIntake(this.#source)
      this.#state = this.#instantiate()
    } else {
      const who = this.#whoAsks()
      this.#state.secrets.reseed(this.#intake.read(32), who)
      this.#state.stream.reseed(this.#intake.read(CTR_SEED_BYTES), digest(who))
    }
    this.#note(reason)
  }

  #instantiate(): State {
    const who = this.#whoAsks()
    return {
      secrets: new HmacDrbg(this.#intake.read(32), this.#intake.read(16), who),
      stream: new CtrDrbg(this.#intake.read(CTR_SEED_BYTES), digest(who)),
    }
  }

  #note(reason: ReseedReason): void {
    this.#bytes = 0
    this.#requests = 0
    this.#seededAtMs = this.#options.nowMs()
    this.#reseedCount++
    this.#options.onReseed({ generator: this.#options.label, reason, count: this.#reseedCount })
  }

  #whoAsks(): Buffer {
    return Buffer.from(JSON.stringify([this.#options.label, this.#pid, this.#options.identity()]))
  }
}

function thisStart(): string {
  starts++
  return `${hostname()} ${threadId} ${starts} ${process.hrtime.bigint()}`
}

function started<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof EntropyFailure ? failureOf(error) : error
  }
}

function failureOf(error: EntropyFailure | GeneratorFailure): GeneratorFailure {
  if (error instanceof GeneratorFailure) return error
  return new GeneratorFailure(`entropy:${error.fault}`, { cause: error })
}

/** Exactly the 48 bytes that the bulk generator takes as personalisation. */
function digest(input: Uint8Array): Buffer {
  return createHash('sha384').update(input).digest()
}
