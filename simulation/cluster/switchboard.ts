import type { PeerAsks, PeerListener, PeerNews } from '../../server/failover/peers.ts'
import { between, type Net } from './net.ts'
import type { NodeLink } from './node-links.ts'
import type { Process } from './process.ts'

/** Where other nodes reach a process. */
export type PeerDoor = {
  readonly process: Process
  readonly address: string
  /** What a node hears when it links. */
  readonly greet: () => readonly PeerNews[]
  readonly asked: PeerListener['asked']
}

const NEWS_MS = 8
const LATE_NEWS_MS = 1_500
const LATEST_REPEAT_MS = 4_000
/** A listener that hears nothing for this long calls the link silent; beats come every so often. */
const SILENT_MS = 700
const BEAT_MS = 200

/** One socket of a link. News arrive in order, or never; a copy of one may come later. */
export class Connection {
  readonly link: NodeLink
  readonly door: PeerDoor
  open = true
  readonly #net: Net
  #blockedSinceMs: number | null = null
  #lastArrivalMs = 0
  #queued: PeerNews[] = []

  constructor(net: Net, link: NodeLink, door: PeerDoor) {
    this.#net = net
    this.link = link
    this.door = door
  }

  send(news: PeerNews): void {
    const { agenda, dice, tally } = this.#net
    if (this.#blockedSinceMs !== null) {
      this.#queued.push(news)
      return
    }
    const late = this.#net.chance('lateNews')
    if (late) tally.lateNews++
    const delayMs = late ? dice.upTo(LATE_NEWS_MS) : dice.between(1, NEWS_MS)
    if (late) this.#net.troubled(between(this.door.process.place, this.link.process.place), delayMs)
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, agenda.nowMs + delayMs)
    this.#net.later(this.#lastArrivalMs - agenda.nowMs, () => this.#arrive(news))
    if (!this.#net.chance('repeatedNews')) return
    tally.repeatedNews++
    const againMs = this.#lastArrivalMs - agenda.nowMs + dice.upTo(dice.pick([50, LATEST_REPEAT_MS]))
    this.#net.later(againMs, () => this.link.process.deliver(() => this.link.tell(news)))
  }

  /** The ways and processes have changed: is anything heard here any more? */
  review(): void {
    const { process } = this.door
    const blocked = process.state !== 'running' || !this.#net.open(process.place, this.link.process.place)
    if (blocked === (this.#blockedSinceMs !== null) || !this.open) return
    const { agenda, dice } = this.#net
    if (blocked) {
      const sinceMs = agenda.nowMs
      this.#blockedSinceMs = sinceMs
      agenda.in(SILENT_MS + dice.upTo(BEAT_MS), () => {
        if (this.#blockedSinceMs === sinceMs) this.link.process.deliver(() => this.link.lost(this))
      })
      return
    }
    this.#blockedSinceMs = null
    for (const news of this.#queued.splice(0)) this.send(news)
  }

  #arrive(news: PeerNews): void {
    if (this.#blockedSinceMs !== null) this.#queued.push(news)
    else
      this.link.process.deliver(() => {
        if (this.open) this.link.hear(news)
      })
  }
}

/** All peer listeners of a world, the sockets between them, and what is asked over the network of their processes. */
export class Switchboard {
  readonly net: Net
  readonly #doors = new Map<string, PeerDoor>()
  /** Addresses whose machine is gone with its process: nothing there refuses anything. */
  readonly #darkHosts = new Set<string>()
  readonly #links = new Set<NodeLink>()
  readonly #connections = new Set<Connection>()

  constructor(net: Net) {
    this.net = net
    net.onChange(() => this.#review())
  }

  listen(door: PeerDoor): void {
    this.#doors.set(door.address, door)
    this.#darkHosts.delete(door.address)
    this.#review()
  }

  /** The process is no more; with its host, nobody is told. */
  hangUp(door: PeerDoor, withHost: boolean): void {
    const { agenda, dice } = this.net
    if (this.#doors.get(door.address) === door) this.#doors.delete(door.address)
    if (withHost) this.#darkHosts.add(door.address)
    for (const link of this.#links) if (link.process === door.process) link.close()
    for (const connection of this.#connections) {
      if (connection.door !== door || !connection.open) continue
      const { link } = connection
      if (withHost || !this.net.open(door.process.place, link.process.place)) continue
      agenda.in(dice.between(1, 4), () => link.process.deliver(() => link.lost(connection)))
    }
    this.#review()
  }

  doorAt(address: string): PeerDoor | null {
    const door = this.#doors.get(address)
    return door === undefined || door.process.state === 'dead' ? null : door
  }

  isDark(address: string): boolean {
    return this.#darkHosts.has(address)
  }

  add(link: NodeLink): void {
    this.#links.add(link)
  }

  remove(link: NodeLink): void {
    this.#links.delete(link)
  }

  connect(link: NodeLink, door: PeerDoor): Connection {
    const connection = new Connection(this.net, link, door)
    this.#connections.add(connection)
    connection.review()
    door.process.deliver(() => {
      const greeting = door.greet()
      door.process.act(() => {
        for (const news of greeting) connection.send(news)
      })
    })
    return connection
  }

  drop(connection: Connection): void {
    connection.open = false
    this.#connections.delete(connection)
  }

  /** Tells everybody who listens to this process. */
  tell(process: Process, news: PeerNews): void {
    process.act(() => {
      for (const connection of this.#connections)
        if (connection.open && connection.door.process === process) connection.send(news)
    })
  }

  /** Errors: rejects when nothing listens there, or nobody has answered in time. */
  ask<K extends keyof PeerAsks>(
    asker: Process,
    to: { readonly nodeId: string; readonly address: string },
    kind: K,
    ask: PeerAsks[K]['ask'],
    withinMs: number,
  ): Promise<PeerAsks[K]['answer']> {
    const { agenda, dice, tally } = this.net
    return new Promise((resolve, reject) => {
      const failed = (afterMs: number, why: string): void =>
        agenda.in(afterMs, () => asker.deliver(() => reject(new Error(`${to.nodeId} ${why}`))))
      const arrive = (): void => {
        const door = this.doorAt(to.address)
        if (door === null) {
          if (!this.isDark(to.address)) failed(dice.between(1, 4), 'refused')
          return
        }
        door.process.deliver(() => {
          const answer = (tell: () => void): void =>
            door.process.act(() => {
              if (this.net.open(door.process.place, asker.place))
                agenda.in(dice.between(1, NEWS_MS), () => asker.deliver(tell))
            })
          door.asked(kind, ask).then(
            (said) => answer(() => resolve(said)),
            (error: unknown) => answer(() => reject(new Error(`${to.nodeId} answered 500`, { cause: error }))),
          )
        })
      }
      asker.act(() => {
        failed(withinMs, 'did not answer')
        const late = this.net.chance('lateAsk')
        if (late) {
          tally.lateAsks++
          this.net.later(dice.between(1, 2 * LATEST_REPEAT_MS), arrive)
        } else if (this.net.open(asker.place, placeOf(to.address))) agenda.in(dice.between(1, NEWS_MS), arrive)
        if (!this.net.chance('repeatedAsk')) return
        tally.repeatedAsks++
        this.net.later(dice.between(1, LATEST_REPEAT_MS), arrive)
      })
    })
  }

  #review(): void {
    for (const connection of [...this.#connections]) connection.review()
    for (const link of [...this.#links]) link.review()
  }
}

export function placeOf(address: string): string {
  return address.slice(0, address.indexOf(':'))
}
