/** A table for tests: the test plays the house. Nothing here runs in the product. */
import type { PrivateEvent, PublicEvent, Resumed, TableRequests } from '../../rooms/protocol.ts'
import type { LinkListener, SharedSnapshot, TableLink } from './link.ts'
import { TableSession } from './table-session.ts'
import type { Tally } from './table-state.ts'

export const ROUND = 'r1.1.5'
export const NEXT_ROUND = 'r1.1.6'
const OPENED_AT = 1_000_000

export function sharedTable(change: Partial<SharedSnapshot> = {}): SharedSnapshot {
  return {
    tableId: 'r1',
    gameId: 'roulette',
    status: 'running',
    roundId: ROUND,
    seriesId: 'r1.1',
    roundNo: 5,
    phase: 'open',
    openedAtMs: OPENED_AT,
    closesAtMs: OPENED_AT + 20_000,
    nextOpensAtMs: 0,
    commitment: 'c5',
    betDigest: '',
    outcome: '',
    seedHex: '',
    voidReason: '',
    players: 2,
    atStakeCents: 0,
    spots: new Map(),
    lastOutcomes: ['"7"'],
    ...change,
  }
}

export function snapshot(change: Partial<Resumed['snapshot']> = {}): Resumed['snapshot'] {
  return { publicVersion: 10, privateVersion: 20, roundId: ROUND, balanceCents: 50_000, bets: [], ...change }
}

type Asked = {
  readonly type: keyof TableRequests
  readonly ask: unknown
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

/** A session whose link, clock, ids and timers belong to the test. */
export class FakeTable implements TableLink {
  nowMs = OPENED_AT
  readonly asked: Asked[] = []
  readonly session: TableSession
  closed = false
  #listener: LinkListener | null = null
  #ids = 0
  #timers: { atMs: number; work: () => void }[] = []
  #publicVersion = 10
  #privateVersion = 20

  constructor(tally: Tally | null = null) {
    this.session = new TableSession(
      {
        nowMs: () => this.nowMs,
        newId: () => {
          this.#ids += 1
          return `bet-${this.#ids}`
        },
        after: (delayMs, work) => {
          const timer = { atMs: this.nowMs + delayMs, work }
          this.#timers.push(timer)
          return () => {
            this.#timers = this.#timers.filter((other) => other !== timer)
          }
        },
        openLink: (listener) => {
          this.#listener = listener
          return this
        },
      },
      tally,
    )
  }

  get listener(): LinkListener {
    if (this.#listener === null) throw new Error('the session has not opened its link')
    return this.#listener
  }

  request<K extends keyof TableRequests>(type: K, ask: TableRequests[K]['ask']): Promise<TableRequests[K]['answer']> {
    return new Promise((resolve, reject) => {
      this.asked.push({ type, ask, resolve, reject })
    })
  }

  hurry(): void {}

  close(): void {
    this.closed = true
  }

  /** Takes the oldest unanswered request of the kind. */
  async next<K extends keyof TableRequests>(
    type: K,
  ): Promise<{
    ask: TableRequests[K]['ask']
    answer: (value: TableRequests[K]['answer']) => Promise<void>
    fail: (error: Error) => Promise<void>
  }> {
    await settle()
    const at = this.asked.findIndex((one) => one.type === type)
    const found = this.asked[at]
    if (found === undefined) throw new Error(`nobody asked ${type}; open: ${this.asked.map((one) => one.type)}`)
    this.asked.splice(at, 1)
    return {
      ask: found.ask as TableRequests[K]['ask'],
      answer: (value) => {
        found.resolve(value as never)
        return settle()
      },
      fail: (error) => {
        found.reject(error)
        return settle()
      },
    }
  }

  /** How many requests of the kind wait for an answer. */
  waiting(type: keyof TableRequests): number {
    return this.asked.filter((one) => one.type === type).length
  }

  async pass(ms: number): Promise<void> {
    this.nowMs += ms
    const ripe = this.#timers.filter((timer) => timer.atMs <= this.nowMs)
    this.#timers = this.#timers.filter((timer) => timer.atMs > this.nowMs)
    for (const timer of ripe) timer.work()
    await settle()
  }

  /** Joined, with state and an answered `resume`. */
  async join(change: Partial<Resumed['snapshot']> = {}): Promise<void> {
    this.listener.shared(sharedTable(), true)
    this.listener.state('live')
    await (await this.next('resume')).answer({ serverNowMs: this.nowMs, missed: null, snapshot: snapshot(change) })
  }

  public(event: DistributiveOmit<PublicEvent, 'version' | 'atMs'>): void {
    this.#publicVersion += 1
    this.listener.public({ ...event, version: this.#publicVersion, atMs: this.nowMs } as PublicEvent)
  }

  private(event: DistributiveOmit<PrivateEvent, 'version' | 'atMs'>): void {
    this.#privateVersion += 1
    this.listener.private({ ...event, version: this.#privateVersion, atMs: this.nowMs } as PrivateEvent)
  }

  /** Places bets of S/ 1 on numbers and has the table accept them. */
  async placeAccepted(...numbers: readonly number[]): Promise<readonly string[]> {
    this.session.place(numbers.map((n) => ({ selection: `straight:${n}`, stakeCents: 100 })))
    await this.pass(100)
    const { ask, answer } = await this.next('bet')
    const ids = ask.bets.map((bet) => bet.betId)
    const answers = ids.map((betId) => ({ betId, status: 'accepted', code: null }) as const)
    await answer({ answers, balanceCents: 40_000 })
    return ids
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Lets everything run that waits for nothing but a promise. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}
