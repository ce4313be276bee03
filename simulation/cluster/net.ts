import type { Agenda } from '../agenda.ts'
import type { Dice } from '../dice.ts'
import { attempt } from '../faulty-books.ts'
import type { Process } from './process.ts'
import { CALM, type ClusterTally, type Weather } from './weather.ts'

export type StoreName = 'books' | 'redis'

/** A store did not answer in time, or refused: nothing is known about what was asked. */
export class OutOfReach extends Error {
  constructor(store: string) {
    super(`${store} did not answer`)
    this.name = 'OutOfReach'
  }
}

const USUAL_MS = 20
const SLOW_MS = [150, 700, 3_000]
const LATEST_REPEAT_MS = 3_000

/** Whether a call may arrive once more, after it was answered. */
export type Often = typeof ONCE | typeof AGAIN
export const ONCE = 'once'
export const AGAIN = 'again'

/** The way between two machines, whichever of them is named first. */
export function between(a: string, b: string): string {
  return [a, b].sort().join('-')
}

/** A store as the network sees it: it works, is down, or stands still for a while with whatever was asked of it. */
class Store {
  down = false
  #stalled = false
  #waiting: (() => void)[] = []

  whenAwake(run: () => void): void {
    if (this.#stalled) this.#waiting.push(run)
    else run()
  }

  stall(): void {
    this.#stalled = true
  }

  goOn(): void {
    this.#stalled = false
    for (const run of this.#waiting.splice(0)) run()
  }
}

/** The network between nodes and stores: which ways are cut, which stores answer, and how messages fare. */
export class Net {
  readonly agenda: Agenda
  readonly dice: Dice
  readonly tally: ClusterTally
  weather: Weather = CALM
  readonly stores: Readonly<Record<StoreName, Store>> = { books: new Store(), redis: new Store() }
  readonly #cuts = new Map<string, number>()
  readonly #changed = new Set<() => void>()
  #late = 0
  readonly #trouble: (of: string, untilMs: number) => void

  /** `trouble` is told what is wrong with a machine, a store, or the way between two, and until when. */
  constructor(agenda: Agenda, dice: Dice, tally: ClusterTally, trouble: (of: string, untilMs: number) => void) {
    this.agenda = agenda
    this.dice = dice
    this.tally = tally
    this.#trouble = trouble
  }

  troubled(of: string, forMs: number): void {
    this.#trouble(of, this.agenda.nowMs + forMs)
  }

  /** Whoever rests on the ways between nodes looks again when one of them, or a process, has changed. */
  onChange(look: () => void): void {
    this.#changed.add(look)
  }

  changed(): void {
    for (const look of this.#changed) look()
  }

  open(from: string, to: string): boolean {
    return !this.#cuts.has(`${from}>${to}`)
  }

  /** Nothing that is sent from one place to the other arrives any more. Answers how to mend it. */
  cut(from: string, to: string): () => void {
    const way = `${from}>${to}`
    this.#cuts.set(way, (this.#cuts.get(way) ?? 0) + 1)
    this.changed()
    let mended = false
    return () => {
      if (mended) return
      mended = true
      const left = (this.#cuts.get(way) ?? 1) - 1
      if (left === 0) this.#cuts.delete(way)
      else this.#cuts.set(way, left)
      this.changed()
    }
  }

  chance(of: keyof Weather): boolean {
    return this.weather[of] > 0 && this.dice.chance(this.weather[of])
  }

  /** Something of a storm arrives after it, perhaps; see `isClear`. */
  later(ms: number, run: () => void): void {
    this.#late++
    this.agenda.in(ms, () => {
      this.#late--
      run()
    })
  }

  /** Nothing of a storm is still on its way, or waited for in vain. */
  get isClear(): boolean {
    return this.#late === 0
  }

  delayMs(): number {
    if (!this.chance('slow')) return this.dice.between(1, USUAL_MS)
    this.tally.slowCalls++
    return this.dice.upTo(this.dice.pick(SLOW_MS))
  }

  /**
   * One call of a process to a store, which runs it at some instant, or never. Errors: rejects with `OutOfReach` after
   * `limitMs` at the latest, whatever the store has done or will still do.
   */
  ask<T>(process: Process, name: StoreName, limitMs: number, often: Often, run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      process.act(() => {
        this.#send(process, name, this.agenda.nowMs + limitMs, run, resolve, reject)
        if (often === ONCE || !this.chance('repeatedCall')) return
        this.tally.repeatedCalls++
        const againMs = this.delayMs() + this.dice.upTo(LATEST_REPEAT_MS)
        this.later(againMs, () => this.stores[name].whenAwake(() => void attempt(run, () => undefined)))
      })
    })
  }

  #send<T>(
    process: Process,
    name: StoreName,
    limitAtMs: number,
    run: () => T,
    resolve: (answer: T) => void,
    reject: (error: unknown) => void,
  ): void {
    const { agenda, dice, tally } = this
    const store = this.stores[name]
    const { place } = process
    const outOfReach = (): void => process.deliver(() => reject(new OutOfReach(name)))
    const refused = (afterMs: number): void => agenda.in(afterMs, outOfReach)
    // A storm is not over for whoever still waits for what it has swallowed.
    const tooLate = (): void => this.later(Math.max(0, limitAtMs - agenda.nowMs) + dice.upTo(10), outOfReach)
    if (!this.open(place, name)) return void tooLate()
    if (store.down) return void refused(dice.between(1, 20))
    if (this.chance('lostCall')) {
      tally.lostCalls++
      return void tooLate()
    }
    const delayMs = this.delayMs()
    if (agenda.nowMs + delayMs > limitAtMs) tooLate()
    this.later(delayMs, () => {
      if (store.down) return void refused(dice.between(1, 20))
      let ran = false
      store.whenAwake(() => {
        ran = true
        const answer = attempt(run, (error) => process.deliver(() => reject(error)))
        const backMs = this.delayMs()
        const lost = this.chance('lostReply')
        if (lost) tally.lostReplies++
        if (answer === null) return
        const answered = !lost && this.open(name, place) && agenda.nowMs + backMs <= limitAtMs
        if (answered) agenda.in(backMs, () => process.deliver(() => resolve(answer.value)))
        else tooLate()
      })
      if (!ran) tooLate()
    })
  }
}
