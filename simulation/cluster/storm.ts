import type { Dice } from '../dice.ts'
import type { Fleet, Machine } from './fleet.ts'
import type { House } from './house.ts'
import { between, type StoreName } from './net.ts'
import { CALM, type Weather } from './weather.ts'

/** Clocks that the world's keeper may set: of the books and of Redis, beside those of the machines. */
export type StoreClocks = { booksOffMs: number; redisOffMs: number; redisSpeed: number }

const MOST_MACHINES = 4
const LONGEST_MS = 6_000
/** A machine's clock is set by at most this much, so that a round lasts no longer than a storm. */
const MOST_CLOCK_MS = 1_500

/** Everything that goes wrong on purpose, and how it is mended. */
export class Mishaps {
  readonly #house: House
  readonly #fleet: Fleet
  readonly #clocks: StoreClocks
  readonly #mends = new Set<() => void>()

  constructor(house: House, fleet: Fleet, clocks: StoreClocks) {
    this.#house = house
    this.#fleet = fleet
    this.#clocks = clocks
  }

  /** Everything that is broken works again; who is down comes back. */
  mendAll(): void {
    const { net } = this.#house
    net.weather = CALM
    for (const mend of [...this.#mends]) mend()
    for (const { process } of this.#fleet.members) process.wake()
    for (const machine of this.#fleet.machines) {
      machine.clockOffMs = net.dice.between(-20, 20)
      this.#fleet.keep(machine, net.dice.upTo(800))
    }
    Object.assign(this.#clocks, { booksOffMs: 0, redisOffMs: 0 })
    this.#troubled('books clock', 0)
  }

  crash(machine: Machine, withHost: boolean): void {
    this.#fleet.crash(machine, withHost)
  }

  pause(machine: Machine, forMs: number): void {
    machine.member?.process.pause(forMs)
  }

  /** A drain, then the other release. */
  upgrade(machine: Machine): void {
    const { tally } = this.#house.net
    tally.drains++
    this.#fleet.drain(machine, () => {
      tally.upgrades++
      machine.newer = !machine.newer
    })
  }

  /** The node is started elsewhere while its former process stands still, is cut off, or is even well. */
  replace(machine: Machine): void {
    const { tally, dice } = this.#house.net
    tally.twins++
    if (dice.chance(0.4)) this.pause(machine, dice.upTo(LONGEST_MS))
    else if (dice.chance(0.5)) this.isolate(machine, dice.upTo(LONGEST_MS))
    this.#fleet.replace(machine)
  }

  join(newer: boolean): Machine {
    this.#house.net.tally.joins++
    const machine = this.#fleet.add(`n${this.#fleet.machines.length + 1}`, newer)
    this.#fleet.start(machine)
    return machine
  }

  cutNodes(a: Machine, b: Machine, forMs: number, oneWay: boolean): void {
    const { tally } = this.#house.net
    tally[oneWay ? 'oneWayCuts' : 'cutsOfNodes']++
    this.#cut(a.place, b.place, forMs)
    if (!oneWay) this.#cut(b.place, a.place, forMs)
  }

  cutFrom(store: StoreName, machine: Machine, forMs: number, ways: 'to' | 'from' | 'both'): void {
    this.#house.net.tally[store === 'books' ? 'cutsFromBooks' : 'cutsFromRedis']++
    if (ways !== 'from') this.#cut(machine.place, store, forMs)
    if (ways !== 'to') this.#cut(store, machine.place, forMs)
  }

  isolate(machine: Machine, forMs: number): void {
    this.cutFrom('books', machine, forMs, 'both')
    this.cutFrom('redis', machine, forMs, 'both')
    for (const other of this.#fleet.machines) if (other !== machine) this.cutNodes(machine, other, forMs, false)
  }

  takeDown(name: StoreName, forMs: number): void {
    const { tally, stores } = this.#house.net
    tally[name === 'books' ? 'booksOutages' : 'redisOutages']++
    const store = stores[name]
    store.down = true
    this.#mendAfter(forMs, () => {
      store.down = false
    })
  }

  stall(name: StoreName, forMs: number): void {
    const { tally, stores } = this.#house.net
    tally[name === 'books' ? 'booksStalls' : 'redisStalls']++
    stores[name].stall()
    this.#mendAfter(forMs, () => stores[name].goOn())
  }

  flushRedis(): void {
    this.#house.net.tally.redisFlushes++
    this.#house.redis.forgetAll()
  }

  rollRedisBack(): void {
    this.#house.net.tally.redisRollbacks++
    this.#house.redis.forgetSome(this.#house.net.dice)
  }

  setClock(machine: Machine): void {
    this.#house.net.tally.clockJumps++
    machine.clockOffMs = this.#house.net.dice.between(-MOST_CLOCK_MS, MOST_CLOCK_MS)
  }

  setRedisClock(): void {
    const { tally, dice } = this.#house.net
    tally.redisClockJumps++
    this.#clocks.redisOffMs += dice.pick([-3_600_000, -1_000, 1_000, 3_600_000])
  }

  setBooksClock(): void {
    const { tally, dice } = this.#house.net
    tally.booksClockJumps++
    this.#clocks.booksOffMs += dice.pick([-3_600_000, -1_000, 1_000, 3_600_000])
    this.#troubled('books clock', 0)
  }

  #cut(from: string, to: string, forMs: number): void {
    this.#troubled(between(from, to), forMs)
    this.#mendAfter(forMs, this.#house.net.cut(from, to))
  }

  #mendAfter(forMs: number, mend: () => void): void {
    const once = (): void => {
      if (this.#mends.delete(once)) mend()
    }
    this.#mends.add(once)
    this.#house.net.agenda.in(forMs, once)
  }

  #troubled(what: string, forMs: number): void {
    this.#house.net.troubled(what, forMs)
  }
}

type Kind = (mishaps: Mishaps, machine: Machine, fleet: Fleet, dice: Dice) => void
const lasting = (dice: Dice): number => dice.between(50, dice.pick([700, 2_500, LONGEST_MS]))

/** What a storm picks from; each hits one machine, or a store. */
const KINDS: Readonly<Record<string, Kind>> = {
  crash: (mishaps, machine, _fleet, dice) => mishaps.crash(machine, dice.chance(0.3)),
  pause: (mishaps, machine, _fleet, dice) => mishaps.pause(machine, lasting(dice)),
  upgrade: (mishaps, machine) => mishaps.upgrade(machine),
  replace: (mishaps, machine) => mishaps.replace(machine),
  join: (mishaps, _machine, fleet, dice) => {
    if (fleet.machines.length < MOST_MACHINES) mishaps.join(dice.chance(0.5))
  },
  cutNodes: (mishaps, machine, fleet, dice) => {
    const other = dice.pick(fleet.machines)
    if (other !== machine) mishaps.cutNodes(machine, other, lasting(dice), dice.chance(0.3))
  },
  cutFromBooks: (mishaps, machine, _fleet, dice) =>
    mishaps.cutFrom('books', machine, lasting(dice), dice.pick(['to', 'from', 'both', 'both'])),
  cutFromRedis: (mishaps, machine, _fleet, dice) =>
    mishaps.cutFrom('redis', machine, lasting(dice), dice.pick(['to', 'from', 'both', 'both'])),
  cutFromBoth: (mishaps, machine, _fleet, dice) => {
    const forMs = lasting(dice)
    mishaps.cutFrom('books', machine, forMs, 'both')
    mishaps.cutFrom('redis', machine, forMs, 'both')
  },
  isolate: (mishaps, machine, _fleet, dice) => mishaps.isolate(machine, lasting(dice)),
  booksDown: (mishaps, _machine, _fleet, dice) => mishaps.takeDown('books', lasting(dice)),
  booksStall: (mishaps, _machine, _fleet, dice) => mishaps.stall('books', lasting(dice)),
  redisDown: (mishaps, _machine, _fleet, dice) => mishaps.takeDown('redis', lasting(dice)),
  redisStall: (mishaps, _machine, _fleet, dice) => mishaps.stall('redis', lasting(dice)),
  flush: (mishaps) => mishaps.flushRedis(),
  rollBack: (mishaps) => mishaps.rollRedisBack(),
  clock: (mishaps, machine) => mishaps.setClock(machine),
  redisClock: (mishaps) => mishaps.setRedisClock(),
  booksClock: (mishaps) => mishaps.setBooksClock(),
}

/** Plans a storm: some kinds of mishap, some of them often, in a weather of its own. */
export function brew(house: House, mishaps: Mishaps, fleet: Fleet, weather: Weather, forMs: number): void {
  const { net } = house
  const { agenda, dice } = net
  net.weather = weather
  const kinds = Object.values(KINDS)
  const picked = Array.from({ length: dice.between(1, 5) }, () => dice.pick(kinds))
  for (let left = dice.between(1, 9); left > 0; left--) {
    const kind = dice.pick(picked)
    agenda.in(dice.upTo(forMs), () => kind(mishaps, dice.pick(fleet.machines), fleet, dice))
  }
}
