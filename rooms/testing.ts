import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { matchMaker } from '@colyseus/core'
import { Client } from '@colyseus/sdk'
import express from 'express'
import { toCents } from '../engine/money.ts'
import { rebuild } from '../engine/round/rebuild.ts'
import { testOpening } from '../engine/round/testing.ts'
import type { Effect, Limits, NewBet, Opening, Round, RoundEvent } from '../engine/round/types.ts'
import { Gateway } from '../server/failover/gateway.ts'
import { HeldClients } from '../server/failover/held.ts'
import { SeatTokens } from '../server/failover/seat-tokens.ts'
import { soleNode } from '../server/failover/sole-node.ts'
import { matchmakingRoutes } from '../server/http/matchmaking.ts'
import { openSockets } from '../server/sockets.ts'
import { MemoryLedger } from '../simulation/memory-ledger.ts'
import { Sealer, sealKey } from '../workers/seal.ts'
import { FloorBoard } from './lobby-room.ts'
import type {
  EffectAnswer,
  Ended,
  Lease,
  Seat,
  SeatClaim,
  Stalled,
  TableMeter,
  TablePorts,
  TakenOver,
} from './ports.ts'
import type { LobbyTable, MessageRefusal } from './protocol.ts'
import { TableRoom } from './table-room.ts'

const START_MS = 1_700_000_000_000
const NO_BALANCES: EffectAnswer['balances'] = new Map()

type Wake = { readonly lease: Lease; readonly atMs: number; readonly answer: (answer: EffectAnswer) => void }

/** A table's ports over the memory ledger. Its clock moves when the test says so, and effects can be held back. */
export class TestPorts implements TablePorts {
  readonly ledger = new MemoryLedger(() => this.now)
  readonly board = new FloorBoard()
  readonly tickets = new Map<string, Seat>()
  /** What came to the meter. */
  readonly refusals: MessageRefusal[] = []
  readonly betCodes: (string | null)[] = []
  readonly failures: { readonly where: string; readonly error: unknown }[] = []
  /** Hot copies, oldest first. */
  readonly saved: Round[] = []
  /** Generations of seats, as Redis would remember them. */
  readonly seats = new Map<string, number>()
  readonly tokens = new SeatTokens(new Sealer([sealKey(new Uint8Array(32).fill(7))]))
  /** Tells the table that its books have stalled. */
  stalled: Stalled = () => undefined
  /** Open connections of tables. */
  sockets = 0
  /** Pockets of the next draws; 17 when there is none. */
  readonly pockets: (number | '00')[] = []
  /** Kinds of effects that wait until `release`. */
  readonly held = new Set<Effect['type']>()
  limits: Partial<Limits> = {}
  now = START_MS
  balanceFails = false
  listFails = false
  readonly #wakes = new Map<string, Wake>()
  #waiting: (() => void)[] = []
  #alarms: { readonly atMs: number; readonly ring: () => void }[] = []

  readonly meter: TableMeter = {
    refused: (code) => void this.refusals.push(code),
    betAnswered: (code) => void this.betCodes.push(code),
    phaseReached: () => undefined,
    betSettled: () => undefined,
    socketOpened: (room) => {
      if (room === 'table') this.sockets++
    },
    socketClosed: (room) => {
      if (room === 'table') this.sockets--
    },
    failed: (where, error) => void this.failures.push({ where, error }),
  }

  nowMs(): number {
    return this.now
  }

  /** Moves the clock and wakes whoever waited for it. */
  advance(ms: number): void {
    this.now += ms
    for (const { ring } of this.#alarms.filter(({ atMs }) => atMs <= this.now)) ring()
    this.#alarms = this.#alarms.filter(({ atMs }) => atMs > this.now)
    for (const [id, { atMs, answer }] of [...this.#wakes]) {
      if (atMs > this.now) continue
      this.#wakes.delete(id)
      answer({ event: { type: 'clockReached', atMs: this.now }, balances: NO_BALANCES })
    }
  }

  /** Lets go of everything that was held back. */
  release(): void {
    this.held.clear()
    for (const act of this.#waiting.splice(0)) act()
  }

  async takeOver(tableId: string): Promise<TakenOver> {
    const lease = { tableId, epoch: this.ledger.raiseEpoch(tableId) }
    if (this.ledger.latestRound(tableId) === null) this.ledger.openRound(lease, this.#opening(tableId, 0))
    const facts = this.ledger.latestRound(tableId)
    if (facts === null) throw new Error('the first round was opened')
    const seats = new Map(this.seats)
    return { lease, round: rebuild(null, facts), name: tableId.toUpperCase(), lastOutcomes: [], seats }
  }

  save(_lease: Lease, round: Round, _urgent: boolean): void {
    this.saved.push(round)
  }

  sealSeat(claim: SeatClaim): string {
    return this.tokens.seal(claim)
  }

  openSeat(token: string): SeatClaim | null {
    return this.tokens.open(token, this.now)
  }

  seatKept(_lease: Lease, sessionId: string, generation: number | null): void {
    if (generation === null) this.seats.delete(sessionId)
    else this.seats.set(sessionId, generation)
  }

  /** Waits for the test's clock. */
  after(ms: number): Promise<void> {
    return new Promise((resolve) => this.#alarms.push({ atMs: this.now + ms, ring: resolve }))
  }

  perform(
    lease: Lease,
    effects: readonly Effect[],
    answer: (answer: EffectAnswer) => void,
    ended: Ended,
    stalled: Stalled,
  ): void {
    this.stalled = stalled
    for (const effect of effects) {
      if (effect.type === 'wakeAt') this.#wakes.set(effect.id, { lease, atMs: effect.atMs, answer })
      else if (this.held.has(effect.type)) this.#waiting.push(() => this.#do(lease, effect, answer, ended))
      else this.#do(lease, effect, answer, ended)
    }
    if (effects.some(({ type }) => type === 'wakeAt')) this.advance(0)
  }

  stop(lease: Lease): void {
    for (const [id, wake] of this.#wakes) if (wake.lease === lease) this.#wakes.delete(id)
  }

  async spendTicket(ticket: string): Promise<Seat | null> {
    const seat = this.tickets.get(ticket) ?? null
    this.tickets.delete(ticket)
    return seat
  }

  async balanceOf(playerId: string) {
    if (this.balanceFails) throw new Error('the books are out of reach')
    return this.ledger.balanceOf(playerId)
  }

  async contribute(_tableId: string, playerId: string, seed: string) {
    if (seed === 'throw') throw new Error(`no database for ${playerId}`)
    return seed === 'late' ? ('too-late' as const) : ('taken' as const)
  }

  list(tableId: string, row: LobbyTable | null): void {
    if (this.listFails) throw new Error('the lobby is gone')
    this.board.list(tableId, row)
  }

  /** A player with an account and so much in it. */
  player(playerId: string, cents = 1_000_000): string {
    this.ledger.openAccount(playerId)
    this.ledger.grant(randomUUID(), playerId, toCents(cents), 'test')
    return playerId
  }

  ticket(playerId: string, tableId: string): string {
    const ticket = randomUUID()
    this.tickets.set(ticket, { playerId, name: playerId, tableId })
    return ticket
  }

  #opening(tableId: string, roundNo: number): Opening {
    const { terms, ...opening } = testOpening({ roundId: `${tableId}.1.${roundNo}`, limits: this.limits })
    const openedAtMs = this.now
    const closesAtMs = openedAtMs + terms.pace.bettingMs
    return { ...opening, tableId, seriesId: `${tableId}.1`, roundNo, openedAtMs, closesAtMs, terms }
  }

  #do(
    lease: Lease,
    effect: Exclude<Effect, { type: 'wakeAt' }>,
    answer: (answer: EffectAnswer) => void,
    ended: Ended,
  ): void {
    const done = this.#answerOf(lease, effect)
    if (done === 'fenced') ended('lost')
    else answer(done)
  }

  #answerOf(lease: Lease, effect: Exclude<Effect, { type: 'wakeAt' }>): EffectAnswer | 'fenced' {
    switch (effect.type) {
      case 'reserve':
      case 'release':
        return this.#stake(lease, effect)
      case 'close': {
        const betDigest = this.ledger.closeRound(lease, effect.roundId, effect.betDigest)
        return betDigest === 'fenced'
          ? betDigest
          : answered({ type: 'closeRecorded', roundId: effect.roundId, betDigest })
      }
      case 'draw': {
        const { roundId } = effect.opening
        const draw = { outcome: { pocket: this.pockets.shift() ?? 17 }, seedHex: seedOf(roundId) }
        const standing = this.ledger.registerDraw(lease, roundId, draw)
        if (standing === 'void') throw new Error('tests void no round that is being drawn')
        return standing === 'fenced' ? standing : answered({ type: 'drawRecorded', roundId, draw: standing })
      }
      case 'settle': {
        const { roundId, handleCents, payouts } = effect
        const ended = this.ledger.settle({ ...lease, roundId, handleCents, payouts })
        return ended === 'fenced'
          ? ended
          : answered({ type: 'payoutsPosted', roundId, atMs: ended.atMs }, ended.balances)
      }
      case 'void': {
        const { roundId } = effect.opening
        const draw = { outcome: { pocket: 17 }, seedHex: seedOf(roundId) }
        const ended = this.ledger.voidRound(lease, roundId, effect.reason, draw)
        if (ended === 'fenced') return ended
        if ('drawn' in ended) throw new Error('tests void no round that is drawn')
        return answered({ type: 'voidPosted', roundId, atMs: ended.atMs, draw }, ended.balances)
      }
      case 'openNext': {
        const opening = this.#opening(lease.tableId, effect.after.roundNo + 1)
        return this.ledger.openRound(lease, opening) === 'fenced'
          ? 'fenced'
          : answered({ type: 'nextOpened', afterRoundId: effect.after.roundId, opening })
      }
    }
  }

  #stake(lease: Lease, effect: Extract<Effect, { type: 'reserve' | 'release' }>): EffectAnswer | 'fenced' {
    const { roundId, bet } = effect
    const [stake] = this.ledger[effect.type]([{ ...lease, roundId, bet }])
    if (stake === undefined || stake.fate === 'fenced') return 'fenced'
    const { betId } = bet
    const balances = stake.balanceCents === null ? NO_BALANCES : new Map([[bet.playerId, stake.balanceCents]])
    if (stake.fate === 'reserved') return answered({ type: 'stakeReserved', roundId, betId }, balances)
    if (stake.fate === 'released') return answered({ type: 'stakeReleased', roundId, betId }, balances)
    return answered({ type: 'stakeRefused', roundId, betId, refusal: stake.refusal ?? 'account-blocked' }, balances)
  }
}

function answered(event: RoundEvent, balances = NO_BALANCES): EffectAnswer {
  return { event, balances }
}

/** The seed of a round, hex; no two rounds have the same, and no other text looks like it. */
export function seedOf(roundId: string): string {
  return Buffer.from(roundId.padEnd(32, '~').slice(0, 32)).toString('hex')
}

export function bet(playerId: string, over: Partial<NewBet> = {}): NewBet {
  const selection = { kind: 'straight', numbers: [17] }
  return { betId: randomUUID(), playerId, selection, stakeCents: toCents(500), ...over }
}

/** Resolves once it holds; gives way to whatever is under way meanwhile. Errors: rejects after five seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await new Promise(setImmediate)
  }
}

/**
 * Rooms on real sockets at a port of loopback, with test ports and the house's own matchmaking. One for each process.
 */
export async function openTestRooms(options: { pingMs?: number } = {}) {
  const ports = new TestPorts()
  const slow: number[] = []
  const logged: string[] = []
  const tables: TableRoom[] = []
  const app = express()
  const server = createServer(app)
  const keep = (text: string) => void logged.push(text)
  const sockets = await openSockets({
    ports,
    floor: ports.board,
    refBase: 0,
    slowClient: () => void slow.push(ports.now),
    log: { info: keep, warn: keep, error: keep },
    ...options,
  })
  const moving = new Map<string, Promise<void>>()
  const find = async (roomId: string) => {
    await moving.get(roomId)
    return 'here' as const
  }
  const whereabouts = { ...soleNode('test'), find }
  const places = new HeldClients({ most: 1_000, perAddress: 1_000 })
  const leading = { whereabouts, peers: null, held: places, steadyMs: () => performance.now() }
  const guarded = { addressOf: () => 'loopback', allowedOrigins: ['http://house.test'] }
  // Seats need no help of the gateway: Colyseus asks the room for the seat of everybody who comes.
  const gateway = new Gateway({ ...leading, ...guarded, enter: sockets.enter, restoreSeat: () => undefined })
  server.on('upgrade', (...asked) => gateway.upgrade(...asked))
  matchmakingRoutes(app, leading)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const table = async (tableId: string, patchIntervalMs = 20): Promise<TableRoom> => {
    await matchMaker.createRoom('table', { tableId, patchIntervalMs })
    const room = matchMaker.getLocalRoomById(tableId)
    if (!(room instanceof TableRoom)) throw new Error('the table was opened')
    tables.push(room)
    return room
  }
  /** Holds whoever comes for the room until the work is done. */
  const held = async <T>(roomId: string, work: () => Promise<T>): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    moving.set(roomId, promise)
    try {
      return await work()
    } finally {
      moving.delete(roomId)
      resolve()
    }
  }
  return {
    ports,
    port,
    url,
    slow,
    logged,
    table,
    held,
    /** Ends a table as `end` does and opens it anew; whoever comes meanwhile is held. */
    reopened: (old: TableRoom, end: (old: TableRoom) => Promise<unknown> = (room) => room.move()) =>
      held(old.roomId, async () => {
        await end(old)
        return table(old.roomId)
      }),
    /** Joins with the stock client; without a player as an observer. */
    join: async (tableId: string, playerId: string | null = null) => {
      const client = new Client(url)
      if (playerId !== null) client.auth.token = ports.ticket(playerId, tableId)
      const room = await client.joinById(tableId)
      room.reconnection.enabled = false
      room.onMessage('*', () => undefined)
      return room
    },
    /** Closes every table with all its connections, and sets the ports right again. */
    closeTables: async () => {
      ports.release()
      Object.assign(ports, { balanceFails: false, listFails: false })
      await Promise.all(tables.splice(0).map((table) => table.disconnect()))
      await until('everybody is gone', () => ports.sockets === 0)
    },
    close: async () => {
      await sockets.close()
      server.close()
      server.closeAllConnections()
    },
  }
}
export type TestRooms = Awaited<ReturnType<typeof openTestRooms>>
