import { assert } from '../../engine/assert.ts'
import type { Books, StakeAnswer, StakeRequest } from './books.ts'
import { BooksOutOfReach } from './out-of-reach.ts'
import { assertStakeRequest, type StakeKind } from './stakes.ts'

export type BatcherOptions = {
  /** Most requests asked at once. */
  readonly maxBatch: number
  /**
   * Batches of one kind under way at once, each in a lane of its own. A player always has the same lane, so that two
   * batches never wait for each other's rows, and one commits while the other is worked on.
   */
  readonly lanes: number
  /** Most requests waiting in one lane; beyond it a caller is told at once that nothing is known. */
  readonly maxWaiting: number
}
const DEFAULTS: BatcherOptions = { maxBatch: 512, lanes: 2, maxWaiting: 16_384 }

type Waiting = {
  readonly request: StakeRequest
  readonly resolve: (answer: StakeAnswer) => void
  readonly reject: (error: unknown) => void
}
type Lane = { readonly kind: StakeKind; readonly queue: Waiting[]; busy: boolean }

/**
 * The same books, asked for many callers' stakes at once, across tables. Group commit: what is asked in one turn of the
 * event loop goes together at once, and what comes while batches are under way goes with the next one, so an idle house
 * waits for nobody and a busy one shares its commits. Errors: a batch that fails rejects all of its callers, each of
 * whom may ask again with the same ids.
 */
export function batchedBooks(books: Books, options: Partial<BatcherOptions> = {}): Books {
  const batcher = new StakeBatcher(books, options)
  return {
    raiseEpoch: (...asked) => books.raiseEpoch(...asked),
    openRound: (...asked) => books.openRound(...asked),
    reserve: (requests) => batcher.ask('reserve', requests),
    release: (requests) => batcher.ask('release', requests),
    closeRound: (...asked) => books.closeRound(...asked),
    registerDraw: (...asked) => books.registerDraw(...asked),
    settle: (...asked) => books.settle(...asked),
    voidRound: (...asked) => books.voidRound(...asked),
    latestRound: (...asked) => books.latestRound(...asked),
    openAccount: (...asked) => books.openAccount(...asked),
    balanceOf: (...asked) => books.balanceOf(...asked),
    grant: (...asked) => books.grant(...asked),
    audit: () => books.audit(),
  }
}

export class StakeBatcher {
  readonly #books: Pick<Books, StakeKind>
  readonly #options: BatcherOptions
  readonly #lanes: Record<StakeKind, readonly Lane[]>

  constructor(books: Pick<Books, StakeKind>, options: Partial<BatcherOptions> = {}) {
    this.#books = books
    this.#options = { ...DEFAULTS, ...options }
    const lanes = (kind: StakeKind): Lane[] =>
      Array.from({ length: this.#options.lanes }, () => ({ kind, queue: [], busy: false }))
    this.#lanes = { reserve: lanes('reserve'), release: lanes('release') }
  }

  /**
   * Answers each request in its place. Errors: see `batchedBooks`; rejects a malformed request before it joins others.
   */
  async ask(kind: StakeKind, requests: readonly StakeRequest[]): Promise<readonly StakeAnswer[]> {
    for (const request of requests) assertStakeRequest(request)
    const lanes = requests.map(({ bet }) => this.#laneOf(kind, bet.playerId))
    const full = lanes.find((lane) => lane.queue.length + requests.length > this.#options.maxWaiting)
    if (full !== undefined) throw new BooksOutOfReach(`${full.queue.length} stakes wait for the books already`)
    return Promise.all(requests.map((request) => this.#join(this.#laneOf(kind, request.bet.playerId), request)))
  }

  #join(lane: Lane, request: StakeRequest): Promise<StakeAnswer> {
    return new Promise((resolve, reject) => {
      lane.queue.push({ request, resolve, reject })
      if (lane.busy) return
      lane.busy = true
      setImmediate(() => void this.#empty(lane))
    })
  }

  /** Asks for what waits in a lane, batch by batch, until nothing does. */
  async #empty(lane: Lane): Promise<void> {
    while (lane.queue.length > 0) {
      const batch = lane.queue.splice(0, this.#options.maxBatch)
      try {
        const answers = await this.#books[lane.kind](batch.map(({ request }) => request))
        for (const [i, { resolve, reject }] of batch.entries()) {
          const answer = answers[i]
          if (answer === undefined) reject(new BooksOutOfReach('the books left a stake unanswered'))
          else resolve(answer)
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
      // Those who were just answered may ask again in this turn of the event loop, and then go with the next batch.
      await new Promise(setImmediate)
    }
    lane.busy = false
  }

  #laneOf(kind: StakeKind, playerId: string): Lane {
    let hash = 0
    for (let i = 0; i < playerId.length; i++) hash = (hash * 31 + playerId.charCodeAt(i)) | 0
    const lane = this.#lanes[kind][(hash >>> 0) % this.#options.lanes]
    assert(lane !== undefined, 'LED-18: every player has a lane')
    return lane
  }
}
