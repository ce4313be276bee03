import type { Fleet, Machine } from './fleet.ts'
import type { House } from './house.ts'
import type { Mishaps } from './storm.ts'
import type { Drill } from './testimony.ts'

export type DrillPlan = Drill & {
  /** Causes it, and answers the nodes that it happens to. The rest of the world is calm. */
  readonly begin: (mishaps: Mishaps, machine: Machine, fleet: Fleet, house: House) => readonly Machine[]
  /** It is over, and mended, after this time. */
  readonly lastsMs: number
  /** Says nothing of a house without Redis. */
  readonly needsRedis?: boolean
  readonly leastNodes?: number
  /** A process ends, so that the tables of a house of one node move too. */
  readonly ends?: boolean
}

const all = ({ machines }: Fleet): readonly Machine[] => machines
/** For a mishap that no table should notice. */
const unnoticed = { moves: 0, runsWithinMs: 0, answersWithinMs: 1_000 }

/** One mishap each, in a world where nothing else goes wrong, so that it can be said what must come of it. */
export const DRILLS: readonly DrillPlan[] = [
  {
    ...{ name: 'a process dies', ends: true, moves: 2, runsWithinMs: 900, answersWithinMs: 1_600, lastsMs: 0 },
    begin: (mishaps, machine) => {
      mishaps.crash(machine, false)
      return [machine]
    },
  },
  {
    ...{ name: 'a machine dies', ends: true, moves: 2, runsWithinMs: 4_000, answersWithinMs: 8_000, lastsMs: 0 },
    begin: (mishaps, machine) => {
      mishaps.crash(machine, true)
      return [machine]
    },
  },
  {
    ...{ name: 'a process stands still', moves: 2, runsWithinMs: 4_000, answersWithinMs: 8_000, lastsMs: 5_000 },
    begin: (mishaps, machine) => {
      mishaps.pause(machine, 5_000)
      return [machine]
    },
  },
  {
    ...{ name: 'a process stands still for a moment', ...unnoticed, answersWithinMs: 1_500, lastsMs: 500 },
    begin: (mishaps, machine) => {
      mishaps.pause(machine, 500)
      return [machine]
    },
  },
  {
    // A planned change has no ripple: no table is away for longer than a move takes.
    ...{ name: 'an upgrade', ends: true, moves: 2, runsWithinMs: 0, answersWithinMs: 2_000, lastsMs: 0 },
    begin: (mishaps, machine) => {
      mishaps.upgrade(machine)
      return [machine]
    },
  },
  {
    ...{
      name: 'two upgrades at once',
      ends: true,
      leastNodes: 3,
      moves: 2,
      runsWithinMs: 6_000,
      answersWithinMs: 8_000,
      lastsMs: 0,
    },
    begin: (mishaps, _machine, fleet) => {
      const two = fleet.machines.slice(0, 2)
      for (const machine of two) mishaps.upgrade(machine)
      return two
    },
  },
  {
    ...{ name: 'the clocks of the stores are set', ...unnoticed, lastsMs: 3_000 },
    begin: (mishaps, _machine, fleet) => {
      mishaps.setBooksClock()
      mishaps.setRedisClock()
      return all(fleet)
    },
  },
  {
    ...{ name: 'a node joins', moves: 2, runsWithinMs: 60_000, answersWithinMs: 2_000, lastsMs: 0 },
    begin: (mishaps) => [mishaps.join(false)],
  },
  {
    ...{
      name: 'a node is cut off from both stores',
      moves: 2,
      runsWithinMs: 4_500,
      answersWithinMs: 6_000,
      lastsMs: 5_000,
    },
    begin: (mishaps, machine) => {
      mishaps.cutFrom('books', machine, 5_000, 'both')
      mishaps.cutFrom('redis', machine, 5_000, 'both')
      return [machine]
    },
  },
  {
    ...{
      name: 'a node is cut off from everything',
      moves: 2,
      runsWithinMs: 4_500,
      answersWithinMs: 9_000,
      lastsMs: 5_000,
    },
    begin: (mishaps, machine) => {
      mishaps.isolate(machine, 5_000)
      return [machine]
    },
  },
  {
    ...{ name: 'a node is cut off from Redis', ...unnoticed, lastsMs: 4_000 },
    begin: (mishaps, machine) => {
      mishaps.cutFrom('redis', machine, 4_000, 'both')
      return [machine]
    },
  },
  {
    ...{ name: 'Redis is away', ...unnoticed, lastsMs: 4_000 },
    begin: (mishaps, _machine, fleet) => {
      mishaps.takeDown('redis', 4_000)
      return all(fleet)
    },
  },
  {
    ...{ name: 'Redis stands still', ...unnoticed, lastsMs: 4_000 },
    begin: (mishaps, _machine, fleet) => {
      mishaps.stall('redis', 4_000)
      return all(fleet)
    },
  },
  {
    ...{ name: 'Redis forgets everything', ...unnoticed, lastsMs: 2_000 },
    begin: (mishaps, _machine, fleet) => {
      mishaps.flushRedis()
      return all(fleet)
    },
  },
  {
    ...{ name: 'somebody writes into Redis', ...unnoticed, needsRedis: true, lastsMs: 3_000 },
    begin: (_mishaps, _machine, fleet, house) => {
      forgeOwners(house, 3_000)
      return all(fleet)
    },
  },
  {
    // When the node is offered its table again, its own claim from the time without books may still be under way.
    ...{
      name: 'somebody writes into Redis, and a node is cut off from the books',
      needsRedis: true,
      moves: 3,
      runsWithinMs: 4_500,
      answersWithinMs: 9_000,
      lastsMs: 2_500,
    },
    begin: (mishaps, machine, _fleet, house) => {
      forgeOwners(house, 2_500)
      mishaps.cutFrom('books', machine, 2_500, 'both')
      return [machine]
    },
  },
  {
    ...{ name: 'the books are away', ...unnoticed, needsRedis: true, answersWithinMs: 6_000, lastsMs: 3_000 },
    begin: (mishaps, _machine, fleet) => {
      mishaps.takeDown('books', 3_000)
      return all(fleet)
    },
  },
  {
    ...{
      name: 'a node is cut off from the books for a moment',
      ...unnoticed,
      needsRedis: true,
      answersWithinMs: 9_000,
      lastsMs: 1_500,
    },
    begin: (mishaps, machine) => {
      mishaps.cutFrom('books', machine, 1_500, 'both')
      return [machine]
    },
  },
  {
    ...{
      name: 'a node is heard of in Redis alone, for a moment',
      ...unnoticed,
      needsRedis: true,
      answersWithinMs: 9_000,
      lastsMs: 2_200,
    },
    begin: (mishaps, machine, fleet) => {
      for (const other of fleet.machines) if (other !== machine) mishaps.cutNodes(machine, other, 2_200, false)
      mishaps.cutFrom('books', machine, 2_200, 'both')
      return [machine]
    },
  },
  {
    ...{
      name: 'a node is cut off from the books',
      moves: 2,
      runsWithinMs: 5_500,
      answersWithinMs: 6_000,
      lastsMs: 7_000,
    },
    begin: (mishaps, machine) => {
      mishaps.cutFrom('books', machine, 7_000, 'both')
      return [machine]
    },
  },
  {
    ...{
      name: 'a node joins that cannot reach the books',
      moves: 2,
      runsWithinMs: 0,
      answersWithinMs: 1_500,
      lastsMs: 6_000,
    },
    begin: (mishaps, _machine, _fleet, { net }) => {
      const machine = mishaps.join(false)
      net.agenda.in(400, () => mishaps.cutFrom('books', machine, 5_000, 'both'))
      return [machine]
    },
  },
  {
    ...{ name: 'the nodes hear nothing of each other', ...unnoticed, answersWithinMs: 9_000, lastsMs: 4_000 },
    begin: (mishaps, _machine, fleet) => {
      isolateAll(mishaps, fleet, 4_000)
      return all(fleet)
    },
  },
  {
    ...{ name: 'no node hears of others, and Redis is away', ...unnoticed, answersWithinMs: 9_000, lastsMs: 4_000 },
    begin: (mishaps, _machine, fleet) => {
      isolateAll(mishaps, fleet, 4_000)
      mishaps.takeDown('redis', 4_000)
      return all(fleet)
    },
  },
  {
    ...{ name: 'both stores are away', moves: 4, runsWithinMs: 8_000, answersWithinMs: 10_000, lastsMs: 3_000 },
    begin: (mishaps, _machine, fleet) => {
      mishaps.takeDown('redis', 3_000)
      mishaps.takeDown('books', 3_000)
      return all(fleet)
    },
  },
]

/** Every table has a later owner, by what Redis says. */
function forgeOwners({ net, tables, redis, ledger }: House, forMs: number): void {
  for (const tableId of tables.ids) {
    const epoch = ledger.epochOf(tableId) + 1_000
    for (let atMs = 0; atMs < forMs; atMs += 100) net.agenda.in(atMs, () => redis.forge(tableId, epoch, 1_500))
    net.agenda.in(forMs, () => redis.forget(tableId))
  }
}

function isolateAll(mishaps: Mishaps, { machines }: Fleet, forMs: number): void {
  for (const [i, a] of machines.entries()) for (const b of machines.slice(i + 1)) mishaps.cutNodes(a, b, forMs, false)
}
