import { type AuthContext, type Client, CloseCode, ErrorCode, Room, ServerError } from '@colyseus/core'
import type { Round, VoidReason } from '../engine/round/types.ts'
import { guardMessages } from './message-guard.ts'
import { newBets, parsers } from './messages.ts'
import type { Seat, TablePorts } from './ports.ts'
import type { BetsAnswer, LobbyTable, MessageRefusal, PrivateEvent, PublicEvent, TableRequests } from './protocol.ts'
import { type Audience, TableActor } from './table-actor.ts'
import { project, rememberOutcome, TableState } from './table-state.ts'

/** How long a seat waits for its player after the connection broke. */
const RECONNECT_SECONDS = 60
const BUDGET = { perSecond: 15, burst: 60 }
/** Shared state goes out when something changed, at most this often; phases are told at once by `public` events. */
const PATCH_INTERVAL_MS = 500

type RequestType = keyof TableRequests
type TableClient = Client<{ auth: Seat | undefined }>
type Answer<T extends RequestType> = TableRequests[T]['answer'] | MessageRefusal
type MessageContext = {
  readonly id: number | undefined
  reject(reason: unknown): unknown
  resolve(value: unknown): unknown
}

/** The one room of every game: sockets, seats and reconnection around a `TableActor`. */
export class TableRoom extends Room<{ state: TableState; client: TableClient }> implements Audience {
  override state = new TableState()
  override autoDispose = false // a table outlives its last player
  /** Set once there is a round to show: Colyseus starts its interval before `onCreate` has finished. */
  override patchRate: number | null = null
  readonly #clientsOf = new Map<string, Set<TableClient>>()
  #ports!: TablePorts
  #actor!: TableActor
  #name = ''

  /** Joining without a ticket is watching; with one it is spent here, before a socket is even opened. */
  protected static async admit(ports: TablePorts, token: string | null | undefined): Promise<Seat | true> {
    if (typeof token !== 'string' || token === '') return true
    const seat = token.length <= 128 ? await ports.spendTicket(token) : null
    if (seat === null) throw new ServerError(ErrorCode.AUTH_FAILED, 'ticket-invalid')
    return seat
  }

  override async onCreate(options: { tableId: string; ports: TablePorts }): Promise<void> {
    const { tableId, ports } = options
    this.roomId = tableId
    this.#ports = ports
    const { lease, round, name, lastOutcomes } = await ports.takeOver(tableId)
    this.#name = name
    this.state.tableId = tableId
    this.state.gameId = round.opening.terms.gameId
    for (const outcome of lastOutcomes.toReversed()) rememberOutcome(this.state, outcome)
    project(round, this.state)
    this.#actor = new TableActor(ports, this, { lease, round })
    guardMessages(
      this,
      new Set(Object.keys(parsers)),
      BUDGET,
      () => ports.nowMs(),
      (code) => ports.meter.refused(code),
    )
    this.#listen()
    this.#list()
    this.patchRate = PATCH_INTERVAL_MS
    this.#actor.start()
  }

  override onJoin(client: TableClient): void {
    const seat = client.auth
    if (seat !== undefined && seat.tableId !== this.roomId)
      throw new ServerError(ErrorCode.AUTH_FAILED, 'ticket-invalid')
    this.#arrived(client)
  }

  override onDrop(client: TableClient): void {
    this.#gone(client)
    // The promise rejects when the seat expires or the room ends; uncaught, it would end the process.
    this.allowReconnection(client, RECONNECT_SECONDS).then(undefined, () => undefined)
  }

  override onReconnect(client: TableClient): void {
    this.#arrived(client)
  }

  override onLeave(client: TableClient): void {
    this.#gone(client)
  }

  override onBeforePatch(): void {
    try {
      project(this.#actor.round, this.state)
      this.#list()
    } catch (error) {
      // Colyseus calls this from a bare timer, where a throw would end the process and every table with it.
      this.#ports.meter.failed('patch', error)
    }
  }

  override onDispose(): void {
    this.#actor.stop()
    this.#ports.list(this.roomId, null)
    this.#ports.meter.phaseReached(this.roomId, null)
  }

  /** Hand-over and shutdown: sockets are told to come back, not that the table is gone. */
  override onBeforeShutdown(): void {
    this.#actor.stop()
    void this.disconnect(CloseCode.MAY_TRY_RECONNECT)
  }

  /** Without this hook a throw in any handler would end the process, and every table with it. */
  override onUncaughtException(error: Error, where: string): void {
    this.#ports.meter.failed(where, error)
  }

  get round(): Round {
    return this.#actor.round
  }

  /** The operator's order; answers null once the round is on its way to void, else why it is not. */
  orderVoid(reason: VoidReason): ReturnType<TableActor['orderVoid']> {
    return this.#actor.orderVoid(reason)
  }

  /** `running`, `paused` or `draining`, as the house decided between rounds. */
  setStatus(status: string): void {
    this.state.status = status
    this.#list()
  }

  toAll(event: PublicEvent): void {
    if (event.type === 'drawn') this.#drawn = event.outcome
    if (event.type === 'settled' && this.#drawn !== null) rememberOutcome(this.state, this.#drawn)
    this.broadcast('public', event)
  }
  #drawn: Parameters<typeof rememberOutcome>[1] | null = null

  toPlayer(playerId: string, event: PrivateEvent): void {
    for (const client of this.#clientsOf.get(playerId) ?? []) client.send('private', event)
  }

  isPresent(playerId: string): boolean {
    return this.#clientsOf.has(playerId)
  }

  changed(round: Round): void {
    // Shared state follows with the next patch; only what a late joiner must not miss is written at once.
    this.state.phase = round.phase
    this.state.roundId = round.opening.roundId
  }

  ended(why: 'lost' | 'suspended'): void {
    this.setStatus(why === 'lost' ? 'moving' : 'suspended')
    if (why === 'lost') void this.disconnect(CloseCode.MAY_TRY_RECONNECT)
  }

  #listen(): void {
    this.#on('clock', ({ clientMs }) => ({ clientMs, serverNowMs: this.#ports.nowMs() }))
    this.#on('resume', async (ask, playerId) => {
      const balance = playerId === null ? null : await this.#ports.balanceOf(playerId)
      return this.#actor.resume(playerId, ask, balance)
    })
    this.#on('bet', async (ask, playerId) => {
      if (playerId === null) return 'not-a-player'
      if (ask.roundId !== this.#actor.round.opening.roundId) return 'wrong-round'
      return this.#withBalance(playerId, await this.#actor.place(newBets(ask, playerId)))
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
      const parsed = parsers[type].safeParse(message)
      const result = !parsed.success
        ? 'malformed'
        : this.#actor.running
          ? await answer(parsed.data as TableRequests[T]['ask'], client.auth?.playerId ?? null)
          : 'table-stopping'
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

  #refuse(client: TableClient, type: string, code: MessageRefusal): void {
    this.#ports.meter.refused(code)
    client.send('answer', { type: type.slice(0, 40), code })
  }

  async #withBalance(playerId: string, answers: BetsAnswer['answers']): Promise<BetsAnswer> {
    return { answers, balanceCents: await this.#ports.balanceOf(playerId) }
  }

  #arrived(client: TableClient): void {
    this.#ports.meter.socketOpened('table')
    this.state.players = this.clients.length
    const playerId = client.auth?.playerId
    if (playerId === undefined) return
    const own = this.#clientsOf.get(playerId) ?? new Set()
    this.#clientsOf.set(playerId, own.add(client))
  }

  #gone(client: TableClient): void {
    this.#ports.meter.socketClosed('table')
    this.state.players = this.clients.length
    const playerId = client.auth?.playerId
    if (playerId === undefined) return
    const own = this.#clientsOf.get(playerId)
    own?.delete(client)
    if (own?.size === 0) this.#clientsOf.delete(playerId)
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

/** The room class of a house: Colyseus asks the class, not the room, who may join. */
export function tableRoomOf(ports: TablePorts): typeof TableRoom {
  return class HouseTable extends TableRoom {
    static override async onAuth(token: string, _options: unknown, _context: AuthContext): Promise<Seat | true> {
      return HouseTable.admit(ports, token)
    }
  }
}
