import type { House } from './house.ts'
import { Member } from './member.ts'
import { Process } from './process.ts'

/** One machine with one node's name on it; processes come and go there. */
export class Machine {
  readonly nodeId: string
  /** How far its wall clock is from the world's; set by whoever sets clocks. */
  clockOffMs = 0
  /** It runs the later release from its next start on. */
  newer: boolean
  /** Whoever looks after it starts it again when it ends. */
  kept = true
  place: string
  port = 1
  member: Member | null = null

  constructor(nodeId: string, newer: boolean) {
    this.nodeId = nodeId
    this.newer = newer
    this.place = nodeId
  }
}

export type FleetOptions = {
  readonly house: House
  readonly withRedis: boolean
  /** A node learned that the table has moved, or a process with clients on it is no more. */
  readonly moved: (member: Member, tableId: string) => void
  readonly died: (member: Member, withHost: boolean) => void
}

const RETURN_MS = 3_000
const DRAIN_MS = 4_000

/** All machines of a world and the processes on them: what starts, ends, stops and replaces them. */
export class Fleet {
  readonly machines: Machine[] = []
  readonly #options: FleetOptions
  /** Every process that is not dead, with the ones that another has replaced. */
  readonly #members = new Map<Process, Member>()
  readonly #machineOf = new Map<number, Machine>()
  readonly #darkDeaths = new Set<Process>()

  constructor(options: FleetOptions) {
    this.#options = options
  }

  get members(): readonly Member[] {
    return [...this.#members.values()]
  }

  get running(): readonly Member[] {
    return this.members.filter(({ process }) => process.state === 'running')
  }

  memberAt(address: string): Member | null {
    return this.members.find((member) => member.door.address === address) ?? null
  }

  /** How far the wall clock of a process is from the world's. */
  clockOffMs(processNumber: number): number {
    return this.#machineOf.get(processNumber)?.clockOffMs ?? 0
  }

  add(nodeId: string, newer: boolean): Machine {
    const machine = new Machine(nodeId, newer)
    this.machines.push(machine)
    return machine
  }

  start(machine: Machine): void {
    const { house, withRedis, moved } = this.#options
    const process = this.#process(machine)
    house.witness({ what: 'started', process: process.number, nodeId: machine.nodeId, place: machine.place })
    const member: Member = process.run(
      () =>
        new Member({
          house,
          process,
          address: `${machine.place}:${machine.port}`,
          nowMs: () => house.net.agenda.nowMs + machine.clockOffMs,
          newer: machine.newer,
          withRedis,
          moved: (tableId) => moved(member, tableId),
        }),
    )
    machine.member = member
    this.#members.set(process, member)
    this.#machineOf.set(process.number, machine)
    house.board.listen(member.door)
    // A node that cannot reach the books ends, and is started again.
    process.deliver(() => void member.node.start().catch(() => process.kill()))
  }

  /** With its host nobody refuses its connections: others merely hear nothing more. */
  crash(machine: Machine, withHost: boolean): void {
    const process = machine.member?.process
    if (process === undefined) return
    if (withHost) this.#darkDeaths.add(process)
    process.kill()
  }

  /** Its tables go elsewhere, then it ends in peace; `then` follows. */
  drain(machine: Machine, then: () => void): void {
    const { member } = machine
    if (member === null || member.process.state !== 'running') return
    const { process, node } = member
    this.#options.house.witness({ what: 'drains', process: process.number })
    const leave = async (): Promise<void> => {
      await node.drain(DRAIN_MS)
      await node.stop()
      process.act(() => {
        process.kill()
        then()
      })
    }
    process.deliver(() => void leave())
  }

  /** Another process takes the node's name on another machine, whatever has become of this one. */
  replace(machine: Machine): void {
    machine.place = `${machine.nodeId}${machine.place.length > machine.nodeId.length ? '' : "'"}`
    machine.port++
    machine.member = null
    this.start(machine)
  }

  /** No process is left on its own after this: the world has ended. */
  end(): void {
    for (const machine of this.machines) machine.kept = false
    for (const { process } of this.members) process.kill()
  }

  #process(machine: Machine): Process {
    const { house } = this.#options
    const { net } = house
    const number = house.nextNumber()
    return new Process({
      number,
      nodeId: machine.nodeId,
      place: machine.place,
      agenda: net.agenda,
      dice: net.dice,
      fate: (process) => this.#fate(process),
      died: (process) => this.#died(process, machine),
      paused: () => {
        net.tally.pauses++
        house.witness({ what: 'paused', process: number })
        net.changed()
      },
      woke: (process, pausedMs) => {
        house.witness({ what: 'woke', process: number })
        this.#members.get(process)?.overslept(pausedMs)
        net.changed()
      },
    })
  }

  /** Storms reach into the middle of what a process is about to do. */
  #fate(process: Process): void {
    const { net } = this.#options.house
    if (net.chance('dieAtAct')) process.kill()
    else if (net.chance('pauseAtAct')) process.pause(net.dice.upTo(net.dice.pick([400, 4_000])))
  }

  #died(process: Process, machine: Machine): void {
    const { house, died } = this.#options
    const { net, board, witness } = house
    const member = this.#members.get(process)
    if (member === undefined) return
    const withHost = this.#darkDeaths.has(process)
    net.tally[withHost ? 'hostCrashes' : 'crashes']++
    witness({ what: 'died', process: process.number })
    this.#members.delete(process)
    if (machine.member === member) machine.member = null
    board.hangUp(member.door, withHost)
    died(member, withHost)
    this.keep(machine, net.dice.between(100, RETURN_MS))
  }

  /** Starts the node again after a while, if it should run and does not. */
  keep(machine: Machine, afterMs: number): void {
    const { agenda, dice, tally } = this.#options.house.net
    agenda.in(afterMs, () => {
      if (!machine.kept || machine.member !== null) return
      tally.returns++
      if (dice.chance(0.3)) machine.port++
      this.start(machine)
    })
  }
}
