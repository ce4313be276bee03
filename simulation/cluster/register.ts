import type { ClusterTestimony } from './testimony.ts'

export type OwnProcess = {
  readonly number: number
  readonly nodeId: string
  readonly place: string
  state: 'running' | 'paused' | 'dead'
  /** 0 until the books know it. */
  incarnation: number
  /** When it entered, went on after a pause, and was told to drain. */
  enteredAtMs: number
  wokeAtMs: number
  drainsSinceMs: number
  /** When it asked for what proved last that it lives. */
  provedAtMs: number
  /** Since when it knows that other nodes are there. */
  peersSinceMs: number
}
export type OwnRoom = {
  readonly room: number
  readonly process: OwnProcess
  readonly tableId: string
  readonly epoch: number
  readonly sinceMs: number
  open: boolean
  /** When that was asked for which proved last that the table is its own. */
  provedAtMs: number
  /** It has been told to end, by this time. */
  dueMs: number
  givenAtMs: number
}
export type OwnTable = {
  readonly tableId: string
  status: string
  epoch: number
  claimedAtMs: number
  owner: OwnProcess | null
}

export const LEASE_MS = 1_500
const STOPS_WITHIN_MS = 200
/** An entry is answered a little later than it is written. */
const ENTRY_MS = 600
export const NEVER_MS = Number.POSITIVE_INFINITY

/** What the auditors know of a cluster: written down as it was heard, judged elsewhere. */
export class Register {
  readonly processes = new Map<number, OwnProcess>()
  readonly rooms = new Map<number, OwnRoom>()
  readonly tables = new Map<string, OwnTable>()
  readonly #troubles = new Map<string, number>()

  hear(seen: ClusterTestimony, nowMs: number): void {
    if (seen.what === 'trouble') this.#troubles.set(seen.with, Math.max(seen.untilMs, this.#troubledUntilMs(seen.with)))
    else if (seen.what === 'house') this.#table(seen.tableId).status = seen.status
    else if (seen.what === 'started') this.#start(seen, nowMs)
    else if ('process' in seen) this.#hearOf(this.process(seen.process), seen, nowMs)
  }

  process(number: number): OwnProcess {
    const process = this.processes.get(number)
    if (process === undefined) throw new Error(`nobody has started process ${number}`)
    return process
  }

  get openRooms(): readonly OwnRoom[] {
    return [...this.rooms.values()].filter(({ open }) => open)
  }

  /** True when something was wrong with any of these within the last `withinMs`, or still is. */
  isTroubled(places: readonly string[], nowMs: number, withinMs: number): boolean {
    return places.some((place) => this.#troubledUntilMs(place) > nowMs - withinMs)
  }

  table(tableId: string): OwnTable {
    return this.#table(tableId)
  }

  #troubledUntilMs(place: string): number {
    return this.#troubles.get(place) ?? 0
  }

  #start({ process: number, nodeId, place }: Extract<ClusterTestimony, { what: 'started' }>, nowMs: number): void {
    this.processes.set(number, {
      ...{ number, nodeId, place, state: 'running', incarnation: 0 },
      ...{ enteredAtMs: NEVER_MS, wokeAtMs: nowMs, drainsSinceMs: NEVER_MS },
      ...{ provedAtMs: NEVER_MS, peersSinceMs: NEVER_MS },
    })
  }

  #hearOf(process: OwnProcess, seen: ClusterTestimony, nowMs: number): void {
    switch (seen.what) {
      case 'died':
        process.state = 'dead'
        for (const room of this.#roomsAt(process)) room.open = false
        break
      case 'paused':
        process.state = 'paused'
        break
      case 'woke':
        process.state = 'running'
        process.wokeAtMs = nowMs
        break
      case 'entered':
        process.incarnation = seen.incarnation
        process.enteredAtMs = nowMs
        process.provedAtMs = nowMs + ENTRY_MS
        break
      case 'drains':
        process.drainsSinceMs = nowMs
        break
      case 'follows':
        if (seen.nodeIds.length === 0) process.peersSinceMs = NEVER_MS
        else process.peersSinceMs = Math.min(process.peersSinceMs, nowMs)
        break
      case 'beaten':
        this.#beaten(process, seen, nowMs)
        break
      case 'leased':
        process.provedAtMs = Math.max(process.provedAtMs, seen.askedAtMs)
        // What Redis refuses it does not prove; whether it is over the books alone can tell.
        for (const room of this.#roomsAt(process))
          if (!seen.refused.some(([tableId, epoch]) => room.tableId === tableId && room.epoch === epoch))
            room.provedAtMs = Math.max(room.provedAtMs, seen.askedAtMs)
        break
      case 'claimed':
        if (seen.won)
          Object.assign(this.#table(seen.tableId), { epoch: seen.epoch, owner: process, claimedAtMs: nowMs })
        break
      default:
        this.#hearOfRoom(process, seen, nowMs)
    }
  }

  #hearOfRoom(process: OwnProcess, seen: ClusterTestimony, nowMs: number): void {
    if (seen.what === 'ran') {
      const { room, tableId, epoch } = seen
      const times = { sinceMs: nowMs, provedAtMs: nowMs, dueMs: NEVER_MS, givenAtMs: NEVER_MS }
      // What a process was about to open when it died is nowhere.
      this.rooms.set(room, { room, process, tableId, epoch, open: process.state !== 'dead', ...times })
    } else if (seen.what === 'ended') {
      const room = this.rooms.get(seen.room)
      if (room !== undefined) room.open = false
    } else if (seen.what === 'gives')
      for (const room of this.#roomsAt(process)) if (room.tableId === seen.tableId) room.givenAtMs = nowMs
  }

  /** Whatever a room has from before the question and the books do not confirm is over. */
  #beaten(process: OwnProcess, seen: Extract<ClusterTestimony, { what: 'beaten' }>, nowMs: number): void {
    const { owned, askedAtMs } = seen
    if (owned !== null) process.provedAtMs = Math.max(process.provedAtMs, askedAtMs)
    const own = new Map(owned ?? [])
    for (const room of this.#roomsAt(process))
      if (own.get(room.tableId) === room.epoch) room.provedAtMs = Math.max(room.provedAtMs, askedAtMs)
      else if (room.sinceMs < askedAtMs) tell(room, nowMs)
  }

  #roomsAt(process: OwnProcess): OwnRoom[] {
    return this.openRooms.filter((room) => room.process === process)
  }

  #table(tableId: string): OwnTable {
    const known = this.tables.get(tableId)
    if (known !== undefined) return known
    const table: OwnTable = { tableId, status: 'open', epoch: 0, claimedAtMs: 0, owner: null }
    this.tables.set(tableId, table)
    return table
  }
}

function tell(room: OwnRoom, nowMs: number): void {
  room.dueMs = Math.min(room.dueMs, nowMs + STOPS_WITHIN_MS)
}
