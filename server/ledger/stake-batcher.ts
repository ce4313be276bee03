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
  /** While no more than this wait, all lanes go together: below it a commit saved is worth more than an overlap. */
  readonly togetherUpTo: number
  /** Most requests waiting in one lane; beyond it a caller is told at once that nothing is known. */
  readonly maxWaiting: number
}
const DEFAULTS: BatcherOptions = { maxBatch: 512, lanes: 2, togetherUpTo: 64, maxWaiting: 16_384 }

type Waiting = {
  readonly request: StakeRequest
  readonly resolve: (answer: StakeAnswer) => void
  readonly reject: (error: unknown) => void
}
type Lane = { readonly queue: Waiting[]; busy: boolean }
type Side = { readonly kind: StakeKind; readonly lanes: readonly Lane[]; scheduled: boolean }

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
  readonly #sides: Record<StakeKind, Side>

  constructor(books: Pick<Books, StakeKind>, options: Partial<BatcherOptions> = {}) {
    this.#books = books
    this.#options = { ...DEFAULTS, ...options }
    const side = (kind: StakeKind): Side => ({
      kind,
      lanes: Array.from({ length: this.#options.lanes }, () => ({ queue: [], busy: false })),
      scheduled: false,
    })
    this.#sides = { reserve: side('reserve'), release: side('release') }
  }

  /**
   * Answers each request in its place. Errors: see `batchedBooks`; rejects a malformed request before it joins others.
   */
  async ask(kind: StakeKind, requests: readonly StakeRequest[]): Promise<readonly StakeAnswer[]> {
    for (const request of requests) assertStakeRequest(request)
    const side = this.#sides[kind]
    const lanes = requests.map(({ bet }) => laneOf(side, bet.playerId))
    const full = lanes.find(({ queue }) => queue.length + requests.length > this.#options.maxWaiting)
    if (full !== undefined) throw new BooksOutOfReach(`${full.queue.length} stakes wait for the books already`)
    const answers = requests.map(
      (request, i) => new Promise<StakeAnswer>((resolve, reject) => lanes[i]?.queue.push({ request, resolve, reject })),
    )
    this.#schedule(side)
    return Promise.all(answers)
  }

  /** What is asked in one turn of the event loop goes together. */
  #schedule(side: Side): void {
    if (side.scheduled) return
    side.scheduled = true
    setImmediate(() => {
      side.scheduled = false
      this.#start(side)
    })
  }

  #start(side: Side): void {
    const free = side.lanes.filter(({ busy }) => !busy)
    const waiting = free.reduce((sum, { queue }) => sum + queue.length, 0)
    if (waiting === 0) return
    if (free.length === side.lanes.length && waiting <= this.#options.togetherUpTo) void this.#go(side, free)
    else for (const lane of free) if (lane.queue.length > 0) void this.#go(side, [lane])
  }

  /** Asks for what waits in these lanes, which are busy until the answer has come. */
  async #go(side: Side, lanes: readonly Lane[]): Promise<void> {
    const batch = lanes.flatMap(({ queue }) => queue.splice(0, this.#options.maxBatch))
    for (const lane of lanes) lane.busy = true
    try {
      const answers = await this.#books[side.kind](batch.map(({ request }) => request))
      for (const [i, { resolve, reject }] of batch.entries()) {
        const answer = answers[i]
        if (answer === undefined) reject(new BooksOutOfReach('the books left a stake unanswered'))
        else resolve(answer)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
    for (const lane of lanes) lane.busy = false
    // Those who were just answered may ask again in this turn of the event loop, and then go with the next batch.
    this.#schedule(side)
  }
}

function laneOf({ lanes }: Side, playerId: string): Lane {
  let hash = 0
  for (let i = 0; i < playerId.length; i++) hash = (hash * 31 + playerId.charCodeAt(i)) | 0
  const lane = lanes[(hash >>> 0) % lanes.length]
  assert(lane !== undefined, 'LED-18: every player has a lane')
  return lane
}
