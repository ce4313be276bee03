/** What an outage came from: the death of the table's node, or of all nodes, a stall, a move, or a broken socket. */
export type Cause = 'kill' | 'all' | 'pause' | 'moved' | 'dropped'

export type Outage = {
  readonly client: string
  readonly tableId: string
  cause: Cause
  startedMs: number
  /** When its connection stood again, by itself or by joining anew; null before. */
  backMs: number | null
  /** The first shared state of the table after that. */
  stateMs: number | null
  /** The first event of the table after that: a public event, or a change of the shared state. */
  eventMs: number | null
  /** It did not come back by itself. */
  anew: boolean
  /** Nobody waits for it any more. */
  givenUp: boolean
}

const MAY_TRY_RECONNECT = 4010

/**
 * Times outages at the client (CHA-1 to CHA-3). All times are milliseconds of one steady clock. What a client hears
 * before it has come back was on its way already, and is not looked at.
 */
export class Stopwatch {
  readonly #open = new Map<string, Outage>()
  readonly #done: Outage[] = []
  /** Clients that were given up and have not come back: their vain attempts are no new outages. */
  readonly #lost = new Set<string>()
  readonly #ended: (outage: Outage) => void

  /** `ended` is told of every outage that is over. */
  constructor(ended: (outage: Outage) => void = () => undefined) {
    this.#ended = ended
  }

  /** A fault hits these clients' tables now. Whoever is still away from an earlier one stays so, since then. */
  begin(cause: Cause, startedMs: number, clients: Iterable<{ readonly name: string; readonly tableId: string }>): void {
    for (const { name, tableId } of clients) {
      const open = this.#open.get(name) ?? this.#start(name, tableId, cause, startedMs)
      if (open.cause !== 'all') open.cause = cause
      open.backMs = null
      open.stateMs = null
    }
  }

  /** A connection broke or was closed. Without a fault of its table that is an outage from now on. */
  dropped(client: string, tableId: string, code: number, atMs: number): void {
    const open = this.#open.get(client)
    if (this.#lost.has(client)) return
    if (open === undefined) this.#start(client, tableId, code === MAY_TRY_RECONNECT ? 'moved' : 'dropped', atMs)
    else {
      open.backMs = null
      open.stateMs = null
    }
  }

  back(client: string, atMs: number, anew: boolean): void {
    this.#lost.delete(client)
    const open = this.#open.get(client)
    if (open === undefined) return
    open.backMs = atMs
    open.anew ||= anew
  }

  state(client: string, atMs: number): void {
    const open = this.#open.get(client)
    if (open !== undefined && open.backMs !== null) open.stateMs ??= atMs
  }

  event(client: string, atMs: number): void {
    const open = this.#open.get(client)
    if (open === undefined || open.backMs === null) return
    open.stateMs ??= atMs
    open.eventMs = atMs
    this.#close(open)
  }

  /** Whoever is away now. */
  get away(): readonly Outage[] {
    return [...this.#open.values()]
  }

  /** Ends the outages that have lasted for `limitMs`, and answers them. */
  giveUp(nowMs: number, limitMs: number): readonly Outage[] {
    const late = this.away.filter(({ startedMs }) => nowMs - startedMs >= limitMs)
    for (const open of late) {
      open.stateMs ??= nowMs
      open.eventMs = nowMs
      open.givenUp = true
      this.#lost.add(open.client)
      this.#close(open)
    }
    return late
  }

  /** Every outage that is over, oldest first. */
  get outages(): readonly Outage[] {
    return this.#done
  }

  #start(client: string, tableId: string, cause: Cause, startedMs: number): Outage {
    const made = { client, tableId, cause, startedMs, backMs: null, stateMs: null, eventMs: null }
    const open: Outage = { ...made, anew: false, givenUp: false }
    this.#open.set(client, open)
    return open
  }

  #close(open: Outage): void {
    this.#open.delete(open.client)
    this.#done.push(open)
    this.#ended(open)
  }
}

export type Times = {
  readonly count: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

/** Nearest-rank percentiles, in whole milliseconds; null of nothing. */
export function timesOf(samples: readonly number[]): Times {
  const sorted = samples.toSorted((a, b) => a - b)
  const rank = (share: number): number | null => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
    return value === undefined ? null : Math.round(value)
  }
  return { count: sorted.length, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) }
}

/** From the fault to the first event, and to the first state, of the outages of these causes. */
export function outageTimes(outages: readonly Outage[], ...causes: readonly Cause[]): { event: Times; state: Times } {
  const chosen = outages.filter(({ cause }) => causes.includes(cause))
  const since = (end: 'eventMs' | 'stateMs') => chosen.map((outage) => (outage[end] ?? 0) - outage.startedMs)
  return { event: timesOf(since('eventMs')), state: timesOf(since('stateMs')) }
}
