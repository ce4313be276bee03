import { type AuthContext, type Client, CloseCode, ErrorCode, ServerError } from '@colyseus/core'
import type { Round, VoidReason } from '../engine/round/types.ts'
import { MessageGuard, SEAT_SECONDS } from './message-guard.ts'
import { newBets, parsers } from './messages.ts'
import type { Lease, Seat, TablePorts } from './ports.ts'
import type { BetsAnswer, LobbyTable, MessageRefusal, PrivateEvent, PublicEvent, TableRequests } from './protocol.ts'
import { SeatKeeper } from './seat-keeper.ts'
import { SeatedRoom } from './seated-room.ts'
import { type Audience, TableActor } from './table-actor.ts'
import { ownedState, project, rememberOutcome, type TableState } from './table-state.ts'

/** How long a seat waits for its player after the connection broke. */
const RECONNECT_SECONDS = 60
const BUDGET = { perSecond: 15, burst: 60 }
/** How often shared state goes out at most; phases are told at once by `public` events. */
const PATCH_INTERVAL_MS = 500
/** A balance that moved while it was read is read again, so often at most. */
const BALANCE_READS = 3

/** Requests that a table does not take any more once it is to move. */
const CHANGES: ReadonlySet<RequestType> = new Set(['bet', 'withdraw', 'contribute'])

type RequestType = keyof TableRequests
/** Colyseus writes `true` for whoever `admit` let in without a seat. */
type TableClient = Client<{ auth: Seat | true | undefined }>
type Answer<T extends RequestType> = TableRequests[T]['answer'] | MessageRefusal
type MessageContext = {
  readonly id: number | undefined
  reject(reason: unknown): unknown
  resolve(value: unknown): unknown
}

export type TableOptions = {
  readonly tableId: string
  readonly ports: TablePorts
  /** Shared state goes out when something changed, at most this often. */
  readonly patchIntervalMs?: number
}

/** The one room of every game: sockets, seats and reconnection around a `TableActor`. */
export class TableRoom extends SeatedRoom<{ state: TableState; client: TableClient }> implements Audience {
  override autoDispose = false // a table outlives its last player
  override seatReservationTimeout = SEAT_SECONDS
  /** Set once there is a round to show: Colyseus starts its interval before `onCreate` has finished. */
  override patchRate: number | null = null
  readonly #here = new Set<TableClient>()
  readonly #clientsOf = new Map<string, Set<TableClient>>()
  #guard!: MessageGuard
  #ports!: TablePorts
  #actor!: TableActor
  #name = ''
  #shown: Round | null = null
  /** What the house decided between rounds; the table's own troubles come before it. */
  #decided = 'running'
  #stalled = false
  #end: 'moving' | 'suspended' | null = null

  /** Joining without a ticket is watching; with one it is spent here, before a socket is even opened. */
  protected static async admit(ports: TablePorts, token: string | null | undefined): Promise<Seat | true> {
    if (typeof token !== 'string' || token === '') return true
    const seat = token.length <= 128 ? await ports.spendTicket(token) : null
    if (seat === null) throw new ServerError(ErrorCode.AUTH_FAILED, 'ticket-invalid')
    return seat
  }

  override async onCreate(options: TableOptions): Promise<void> {
    const { tableId, ports, patchIntervalMs = PATCH_INTERVAL_MS } = options
    this.roomId = tableId
    this.#ports = ports
    const { lease, round, name, lastOutcomes, seats } = await ports.takeOver(tableId)
    this.#name = name
    ownedState(lease.epoch, (state) => {
      this.state = state
    })
    this.seats = new SeatKeeper(this, {
      sealer: ports,
      nowMs: () => ports.nowMs(),
      known: seats,
      kept: (sessionId, generation) => ports.seatKept(lease, sessionId, generation),
    })
    this.state.tableId = tableId
    this.state.gameId = round.opening.terms.gameId
    for (const outcome of lastOutcomes.toReversed()) rememberOutcome(this.state, outcome)
    this.#actor = new TableActor(ports, this, { lease, round })
    this.#show(round)
    this.#guard = new MessageGuard(this, {
      known: new Set(Object.keys(parsers)),
      budget: BUDGET,
      nowMs: () => ports.nowMs(),
      refused: (code) => ports.meter.refused(code),
      joined: (client) => this.seats?.acknowledged(client),
    })
    this.#listen()
    this.#list()
    this.patchRate = patchIntervalMs
    this.#actor.start()
  }

  override onJoin(client: TableClient): void {
    const seat = seatOf(client)
    if (seat !== null && seat.tableId !== this.roomId) throw new ServerError(ErrorCode.AUTH_FAILED, 'ticket-invalid')
    this.#arrived(client)
    this.seats?.issue(client, seat)
  }

  override onDrop(client: TableClient): void {
    this.#gone(client)
    // The promise rejects when the seat expires or the room ends; uncaught, it would end the process.
    this.allowReconnection(client, RECONNECT_SECONDS).then(undefined, () => undefined)
  }

  override onReconnect(client: TableClient): void {
    const claim = this.seats?.returned(client) ?? null
    if (claim !== null) {
      const { playerId, name } = claim
      client.auth = playerId === null ? true : { playerId, name, tableId: this.roomId }
    }
    this.#arrived(client)
    this.seats?.issue(client, seatOf(client))
  }

  override onLeave(client: TableClient): void {
    this.#gone(client)
    this.seats?.over(client)
  }

  override onBeforePatch(): void {
    try {
      this.#show(this.#actor.round)
      this.#list()
      this.#guard.sweep()
    } catch (error) {
      // Colyseus calls this from a bare timer, where a throw would end the process and every table with it.
      this.#ports.meter.failed('patch', error)
    }
  }

  override onDispose(): void {
    // Colyseus also disposes of a room that could not be created.
    const actor: TableActor | undefined = this.#actor
    actor?.stop()
    this.#ports.list(this.roomId, null)
    this.#ports.meter.phaseReached(this.roomId, null)
  }

  /** Sockets are told to come back, not that the table is gone. */
  override onBeforeShutdown(): void {
    void this.move()
  }

  /**
   * Makes the table ready to move: its players are told, no bets are taken, and what is on its way into the books ends,
   * for `withinMs` at most. When it resolves nothing happens here any more, and `round` is the last. Sockets stay open,
   * so that nobody waits longer than the new owner needs; `move` sends them there.
   */
  quiesce(withinMs: number): Promise<void> {
    this.#endAs('moving')
    return this.#actor.quiesce(withinMs)
  }

  /**
   * Stops the table here for good and sends its sockets to the next owner (4010). Resolves once the room is gone; never
   * rejects, since hardly anybody waits for it, and an uncaught rejection would end every other table too.
   */
  async move(): Promise<void> {
    try {
      this.#actor.stop()
      this.#endAs('moving')
      this.seats?.moved()
      await this.disconnect(CloseCode.MAY_TRY_RECONNECT)
    } catch (error) {
      this.#ports.meter.failed('move', error)
    }
  }

  /** Without this hook a throw in any handler would end the process, and every table with it. */
  override onUncaughtException(error: Error, where: string): void {
    if (error.cause instanceof ServerError) return // a refusal, which its client is told
    this.#ports.meter.failed(where, error)
  }

  get round(): Round {
    return this.#actor.round
  }

  get lease(): Lease {
    return this.#actor.lease
  }

  /** False once the table stops here: whoever comes is to wait for its next owner. */
  get running(): boolean {
    return this.#actor.running && !this.#actor.quiescing
  }

  /** True between rounds, where a move is not noticed. */
  get atRest(): boolean {
    return this.#actor.round.endedAtMs !== null
  }

  /** The operator's order; answers null once the round is on its way to void, else why it is not. */
  orderVoid(reason: VoidReason): ReturnType<TableActor['orderVoid']> {
    return this.#actor.orderVoid(reason)
  }

  /** `running`, `paused` or `draining`, as the house has just found it in its books, which answer therefore. */
  setStatus(status: string): void {
    this.#decided = status
    this.#stalled = false
    this.#showStatus()
  }

  toAll(event: PublicEvent): void {
    const { draw } = this.#actor.round
    if (event.type === 'settled' && draw !== null) rememberOutcome(this.state, draw.outcome)
    this.broadcast('public', event)
  }

  toPlayer(playerId: string, event: PrivateEvent): void {
    for (const client of this.#clientsOf.get(playerId) ?? []) client.send('private', event)
  }

  isPresent(playerId: string): boolean {
    return this.#clientsOf.has(playerId)
  }

  changed(round: Round): void {
    // Chips follow with the next patch. A new phase is written at once, all of it, so that whoever joins meanwhile does
    // not see the end of one round under the name of the next.
    const { phase, roundId } = this.state
    if (phase !== round.phase || roundId !== round.opening.roundId) this.#show(round)
  }

  stalled(stalled: boolean): void {
    this.#stalled = stalled
    this.#showStatus()
  }

  ended(why: 'lost' | 'suspended'): void {
    if (why === 'lost') void this.move()
    else this.#endAs('suspended')
  }

  #endAs(end: 'moving' | 'suspended'): void {
    if (this.#end === end) return
    this.#end = end
    this.#showStatus()
    // Before anything else is sent, the closing of the sockets above all.
    this.broadcastPatch()
  }

  #showStatus(): void {
    this.state.status = this.#end ?? (this.#stalled ? 'waiting' : this.#decided)
    this.#list()
  }

  #listen(): void {
    this.#on('clock', ({ clientMs }) => ({ clientMs, serverNowMs: this.#ports.nowMs() }))
    this.#on('resume', async (ask, playerId) => {
      const balance = playerId === null ? null : await this.#balanceOf(playerId)
      return this.#actor.resume(playerId, ask, balance)
    })
    this.#on('bet', async (ask, playerId) => {
      if (playerId === null) return 'not-a-player'
      if (ask.roundId !== this.#actor.round.opening.roundId) return 'wrong-round'
      return this.#withBalance(playerId, await this.#actor.place(newBets(ask, playerId), ask.roundId))
    })
    this.#on('withdraw', async (ask, playerId) => {
      if (playerId === null) return 'not-a-player'
      if (ask.roundId !== this.#actor.round.opening.roundId) return 'wrong-round'
      return this.#withBalance(playerId, await this.#actor.withdraw(playerId, ask.betIds))
    })
    this.#on('contribute', async ({ seed }, playerId) => {
      if (playerId === null) return 'not-a-player'
      const taken = await this.#ports.contribute(this.roomId, playerId, seed)
      return taken === 'taken' ? { taken: true } : taken
    })
    // A message of an unknown type is answered, not punished: Colyseus would disconnect its sender.
    this.onMessage('*', (client, type) => this.#refuse(client, String(type), 'unknown-message'))
  }

  /** Registers one request: parsed, answered with its result or a code, whether it came as request or as message. */
  #on<T extends RequestType>(
    type: T,
    answer: (ask: TableRequests[T]['ask'], playerId: string | null) => Answer<T> | Promise<Answer<T>>,
  ): void {
    this.onMessage(type, async (client: TableClient, message: unknown, context: MessageContext) => {
      const result = await this.#answerTo(type, message, client, answer)
      if (typeof result !== 'string') {
        if (context.id === undefined) client.send('answer', { type, result })
        else context.resolve(result)
      } else if (context.id === undefined) this.#refuse(client, type, result)
      else {
        this.#ports.meter.refused(result)
        context.reject({ code: result })
      }
    })
  }

  async #answerTo<T extends RequestType>(
    type: T,
    message: unknown,
    client: TableClient,
    answer: (ask: TableRequests[T]['ask'], playerId: string | null) => Answer<T> | Promise<Answer<T>>,
  ): Promise<Answer<T>> {
    try {
      const parsed = parsers[type].safeParse(message)
      if (!parsed.success) return 'malformed'
      if (!this.#actor.running || (this.#actor.quiescing && CHANGES.has(type))) return 'table-stopping'
      return await answer(parsed.data as TableRequests[T]['ask'], seatOf(client)?.playerId ?? null)
    } catch (error) {
      this.#ports.meter.failed(`message ${type}`, error)
      return 'failed'
    }
  }

  #refuse(client: TableClient, type: string, code: MessageRefusal): void {
    this.#ports.meter.refused(code)
    client.send('answer', { type: type.slice(0, 40), code })
  }

  async #withBalance(playerId: string, answers: BetsAnswer['answers']): Promise<BetsAnswer> {
    return { answers, balanceCents: await this.#balanceOf(playerId) }
  }

  /** The balance in the books; null when they do not say, since an answer about bets must not be lost for that. */
  async #balanceOf(playerId: string): Promise<number | null> {
    for (let reads = 1; ; reads++) {
      const version = this.#actor.privateVersion(playerId)
      const balance = await this.#ports.balanceOf(playerId).catch(() => null)
      // An event that was sent meanwhile may tell a newer balance, which this one must not overwrite.
      if (version === this.#actor.privateVersion(playerId) || reads === BALANCE_READS) return balance
    }
  }

  #arrived(client: TableClient): void {
    this.#here.add(client)
    this.#ports.meter.socketOpened('table')
    const playerId = seatOf(client)?.playerId
    if (playerId === undefined) return
    const own = this.#clientsOf.get(playerId) ?? new Set()
    this.#clientsOf.set(playerId, own.add(client))
    this.state.players = this.#clientsOf.size
  }

  #gone(client: TableClient): void {
    // Colyseus tells of the same client when its connection breaks and when its seat expires, and also of one that it
    // did not let in.
    if (!this.#here.delete(client)) return
    this.#ports.meter.socketClosed('table')
    const playerId = seatOf(client)?.playerId
    if (playerId === undefined) return
    const own = this.#clientsOf.get(playerId)
    own?.delete(client)
    if (own?.size === 0) this.#clientsOf.delete(playerId)
    this.state.players = this.#clientsOf.size
  }

  #show(round: Round): void {
    if (round === this.#shown) return
    this.#shown = round
    project(round, this.state)
  }

  #list(): void {
    this.#ports.list(this.roomId, this.#lobbyRow())
  }

  #lobbyRow(): LobbyTable {
    const { opening, phase } = this.#actor.round
    const ranges = Object.values(opening.terms.limits.perBet)
    return {
      tableId: this.roomId,
      name: this.#name,
      gameId: opening.terms.gameId,
      status: this.state.status,
      phase,
      closesAtMs: opening.closesAtMs,
      players: this.state.players,
      minCents: Math.min(...ranges.map(({ minCents }) => minCents)),
      maxCents: Math.max(...ranges.map(({ maxCents }) => maxCents)),
      lastOutcomes: [...this.state.lastOutcomes],
    }
  }
}

function seatOf({ auth }: TableClient): Seat | null {
  return typeof auth === 'object' ? auth : null
}

/** The room class of a house: Colyseus asks the class, not the room, who may join. */
export function tableRoomOf(ports: TablePorts): typeof TableRoom {
  return class HouseTable extends TableRoom {
    static override async onAuth(token: string, _options: unknown, _context: AuthContext): Promise<Seat | true> {
      return HouseTable.admit(ports, token)
    }
  }
}
