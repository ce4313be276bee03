import { AsyncLocalStorage } from 'node:async_hooks'
import type { Agenda } from '../agenda.ts'
import type { Dice } from '../dice.ts'

const running = new AsyncLocalStorage<Process>()
const LATEST_TIMER_MS = 10
type Timers = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout' | 'setImmediate'>

export type ProcessOptions = {
  /** In the order in which the processes of a world were started, from 1. */
  readonly number: number
  readonly nodeId: string
  /** The machine it runs on, as the network knows it. */
  readonly place: string
  readonly agenda: Agenda
  readonly dice: Dice
  /** Called before each act that others can notice; may kill or pause the process just there. */
  readonly fate: (process: Process) => void
  readonly died: (process: Process) => void
  readonly paused: (process: Process) => void
  /** Called first when it goes on. */
  readonly woke: (process: Process, pausedMs: number) => void
}

/**
 * One process of the world. It is reached through `deliver` and acts through `act`, so that it can die, or stand still
 * for a while, between any two of its acts. Everything that it left to a timer or a promise goes on as it, and only
 * while it runs.
 */
export class Process {
  readonly number: number
  readonly nodeId: string
  readonly place: string
  readonly bornAtMs: number
  readonly #options: ProcessOptions
  #state: 'running' | 'paused' | 'dead' = 'running'
  #pausedAtMs = 0
  #wokeAtMs: number
  #acts: (() => void)[] = []
  #rings: (() => void)[] = []
  #arrivals: (() => void)[] = []

  constructor(options: ProcessOptions) {
    this.#options = options
    this.number = options.number
    this.nodeId = options.nodeId
    this.place = options.place
    this.bornAtMs = options.agenda.nowMs
    this.#wokeAtMs = this.bornAtMs
  }

  get state(): 'running' | 'paused' | 'dead' {
    return this.#state
  }

  /** When it began to run, or went on after its last pause. */
  get wokeAtMs(): number {
    return this.#wokeAtMs
  }

  run<T>(work: () => T): T {
    return running.run(this, work)
  }

  /** Something reaches the process; a process that stands still finds it when it goes on. */
  deliver(work: () => void): void {
    if (this.#state === 'running') running.run(this, work)
    else if (this.#state === 'paused') this.#arrivals.push(work)
  }

  /** The process does what others can notice. What it had begun before a pause is done after it. */
  act(work: () => void): void {
    if (this.#state === 'running') this.#options.fate(this)
    if (this.#state === 'running') work()
    else if (this.#state === 'paused') this.#acts.push(work)
  }

  kill(): void {
    if (this.#state === 'dead') return
    this.#state = 'dead'
    this.#forgetAll()
    this.#options.died(this)
  }

  pause(forMs: number): void {
    if (this.#state !== 'running') return
    const { agenda, paused } = this.#options
    this.#state = 'paused'
    this.#pausedAtMs = agenda.nowMs
    agenda.in(forMs, () => this.wake())
    paused(this)
  }

  wake(): void {
    if (this.#state !== 'paused') return
    const { agenda, dice, woke } = this.#options
    this.#state = 'running'
    this.#wokeAtMs = agenda.nowMs
    const [acts, rings, arrivals] = [this.#acts, this.#rings, this.#arrivals]
    this.#forgetAll()
    woke(this, agenda.nowMs - this.#pausedAtMs)
    for (const act of acts) this.act(act)
    // A process that was stopped in its wait for messages reads these first; any other one rings its timers first.
    const inOrder = dice.chance(0.5) ? [...rings, ...arrivals] : [...arrivals, ...rings]
    for (const work of inOrder) agenda.in(0, () => this.deliver(work))
  }

  /** A timer of this process is due. */
  ring(work: () => void): void {
    if (this.#state === 'running') running.run(this, work)
    else if (this.#state === 'paused') this.#rings.push(work)
  }

  #forgetAll(): void {
    this.#acts = []
    this.#rings = []
    this.#arrivals = []
  }
}

class Handle {
  cancelled = false
  unref(): this {
    return this
  }
}

/**
 * Puts the world's clock behind the timers of the code under test. A timer belongs to the process that set it: it rings
 * only there, and not while that stands still. Answers how to put the real ones back.
 */
export function installProcessTimers(agenda: Agenda, dice: Dice): () => void {
  const { setTimeout, clearTimeout, setImmediate } = globalThis
  const real: Timers = { setTimeout, clearTimeout, setImmediate }
  const later = (work: () => void, ms = 0): Handle => {
    const process = running.getStore()
    if (process === undefined) throw new Error('a timer was set outside of every process')
    const handle = new Handle()
    const ring = (): void => {
      if (!handle.cancelled) work()
    }
    // A busy process notices its timers late.
    agenda.in(ms <= 0 ? 0 : Math.ceil(ms) + dice.upTo(LATEST_TIMER_MS), () => {
      if (!handle.cancelled) process.ring(ring)
    })
    return handle
  }
  const fake = {
    setTimeout: later,
    clearTimeout: (handle: Handle | undefined | null) => {
      if (handle !== undefined && handle !== null) handle.cancelled = true
    },
    setImmediate: (work: () => void) => later(work),
  }
  Object.assign(globalThis, fake)
  return () => void Object.assign(globalThis, real)
}
