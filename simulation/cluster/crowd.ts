import type { BetAnswer } from '../../rooms/protocol.ts'
import type { Move } from '../players.ts'
import type { Fleet } from './fleet.ts'
import type { House } from './house.ts'
import type { Member } from './member.ts'
import type { Process } from './process.ts'
import type { Room } from './room.ts'

/** A player's way to one table: the room, and the process whose door he came through. */
type Visit = {
  readonly tableId: string
  room: Room | null
  via: Process | null
  leave: () => void
  connecting: Promise<void> | null
  /** Whoever waits for an answer on this connection. */
  readonly broken: Set<() => void>
}
export type TableMove = Exclude<Move, { type: 'deposit' }>

const HOP_MS = 6
/** Whoever has not been let in, or answered, for this long tries again elsewhere. */
const DOOR_LIMIT_MS = 2_500
const ANSWER_LIMIT_MS = 3_000
const HELD_MS = 2_000
const AGAIN_MS = 60
/** In a storm a player loses patience. */
const PATIENCE_MS = 15_000
const MOST_TRIES = 100

/**
 * The players' clients: each comes through any door of the house, is led to his table, says what he has to say, and
 * comes back by himself when the connection breaks. What was not answered is said again under the same ids.
 */
export class Crowd {
  readonly #house: House
  readonly #fleet: () => Fleet
  readonly #visits = new Map<string, Visit>()
  /** Whoever waits at a door, to be told when its process is no more. */
  readonly #waiting = new Map<() => void, Process>()

  constructor(house: House, fleet: () => Fleet) {
    this.#house = house
    this.#fleet = fleet
  }

  /** Says it until it is answered, or the player has lost patience. */
  send(tableId: string, who: string, move: TableMove): void {
    const { nextNumber, witness, net } = this.#house
    const message = move.type === 'bet' ? nextNumber() : 0
    if (message > 0) witness({ what: 'bets-sent', message, tableId })
    const visit = this.#visit(tableId, who)
    const untilMs = net.agenda.nowMs + PATIENCE_MS
    void this.#carry(visit, move, untilMs).then((answered) => {
      if (message > 0) witness({ what: answered ? 'bets-answered' : 'bets-given-up', message })
    })
  }

  /** A node lets the sockets go that it relays to a former owner of the table. */
  moved(member: Member, tableId: string): void {
    const { process, node } = member
    const ownerId = node.directory.ownerOf(tableId)?.nodeId
    process.act(() => {
      for (const visit of this.#visits.values()) {
        const relayed = visit.room !== null && visit.via === process && visit.room.process !== process
        if (visit.tableId === tableId && relayed && visit.room?.process.nodeId !== ownerId) this.#break(visit)
      }
    })
  }

  /** Every connection that led to or through the process is reset; with its host, clients find out by waiting. */
  died({ process, floor }: Member, withHost: boolean): void {
    const { agenda, dice } = this.#house.net
    agenda.in(withHost ? ANSWER_LIMIT_MS : dice.between(1, HOP_MS), () => {
      for (const room of floor.rooms) room.reset()
      for (const visit of this.#visits.values()) if (visit.via === process) this.#break(visit)
      for (const [tell, door] of this.#waiting) if (door === process) tell()
    })
  }

  #visit(tableId: string, who: string): Visit {
    const key = `${who} ${tableId}`
    const known = this.#visits.get(key)
    if (known !== undefined) return known
    const visit = { tableId, room: null, via: null, leave: () => undefined, connecting: null, broken: new Set<never>() }
    this.#visits.set(key, visit)
    return visit
  }

  async #carry(visit: Visit, move: TableMove, untilMs: number): Promise<boolean> {
    for (let tries = 0; tries < MOST_TRIES && this.#house.net.agenda.nowMs < untilMs; tries++) {
      if (visit.room === null) await this.#connect(visit)
      const { room, via } = visit
      if (room !== null && via !== null) {
        const answers = await this.#say(visit, room, via, move)
        if (answers?.every(({ code }) => code !== 'table-stopping')) return true
        if (visit.room === room) this.#break(visit)
      }
      await this.#wait(AGAIN_MS)
    }
    return false
  }

  #connect(visit: Visit): Promise<void> {
    visit.connecting ??= this.#enter(visit).finally(() => {
      visit.connecting = null
    })
    return visit.connecting
  }

  /** Through any door: the load balancer knows nothing of tables. */
  async #enter(visit: Visit): Promise<void> {
    const { net, witness } = this.#house
    const doors = this.#fleet().members.filter(({ node }) => node.life.incarnation > 0)
    if (doors.length === 0) return
    const entry = net.dice.pick(doors)
    const room = await this.#led(entry, visit.tableId)
    if (room === 'wrong-door') {
      net.tally.doorsWrong++
      witness({ what: 'wrong-door', process: entry.process.number, tableId: visit.tableId })
    } else if (room?.open) {
      visit.room = room
      visit.via = entry.process
      visit.leave = room.enter(() => this.#break(visit))
    }
  }

  /** Null: nowhere in the time a client is held. */
  #led(entry: Member, tableId: string): Promise<Room | 'wrong-door' | null> {
    const { agenda, dice } = this.#house.net
    return new Promise((answer) => {
      const resolve = (room: Room | 'wrong-door' | null): void => {
        this.#waiting.delete(turnedAway)
        answer(room)
      }
      const turnedAway = (): void => resolve(null)
      this.#waiting.set(turnedAway, entry.process)
      agenda.in(DOOR_LIMIT_MS, turnedAway)
      agenda.in(dice.between(1, HOP_MS), () =>
        entry.process.deliver(() => {
          void entry.node.find(tableId, HELD_MS).then((place) =>
            entry.process.act(() => {
              if (place === null) resolve(null)
              else if (place === 'here') resolve(entry.floor.room(tableId) ?? 'wrong-door')
              else this.#relay(entry, place.address, tableId, resolve)
            }),
          )
        }),
      )
    })
  }

  /** To the owner of the table, who sends back whom he does not expect. */
  #relay(entry: Member, address: string, tableId: string, resolve: (room: Room | 'wrong-door') => void): void {
    const { net } = this.#house
    const owner = this.#fleet().memberAt(address)
    if (owner === null || !this.#isOpen(entry.process, owner.process)) return void resolve('wrong-door')
    net.agenda.in(net.dice.between(1, HOP_MS), () =>
      owner.process.deliver(() => {
        void owner.node.find(tableId, 0).then((place) => {
          const room = place === 'here' ? owner.floor.room(tableId) : null
          owner.process.act(() => resolve(room ?? 'wrong-door'))
        })
      }),
    )
  }

  /** Null when the connection broke, the room sent him away, or nothing came for too long. */
  #say(visit: Visit, room: Room, via: Process, move: TableMove): Promise<readonly BetAnswer[] | null> {
    const { agenda, dice } = this.#house.net
    return new Promise((resolve) => {
      const broken = (): void => resolve(null)
      visit.broken.add(broken)
      agenda.in(ANSWER_LIMIT_MS, broken)
      const answer = (answers: readonly BetAnswer[] | null): void =>
        room.process.act(() => {
          if (!this.#isOpen(room.process, via)) return
          visit.broken.delete(broken)
          agenda.in(dice.between(1, HOP_MS), () => resolve(answers))
        })
      if (!this.#isOpen(via, room.process)) return
      agenda.in(dice.between(1, HOP_MS), () => room.process.deliver(() => room.take(move, answer)))
    })
  }

  #break(visit: Visit): void {
    visit.leave()
    visit.room = null
    visit.via = null
    const waiting = [...visit.broken]
    visit.broken.clear()
    for (const tell of waiting) tell()
  }

  #isOpen(from: Process, to: Process): boolean {
    const { net } = this.#house
    return from === to || (net.open(from.place, to.place) && net.open(to.place, from.place))
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#house.net.agenda.in(ms, resolve))
  }
}
