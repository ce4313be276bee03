import { acceptedBets, due, payouts } from '../engine/round/due.ts'
import { restsUntilMs, stepAll, unresolved } from '../engine/round/step.ts'
import type { NewBet, PlacedBet, Refusal, Round, RoundEvent, VoidReason } from '../engine/round/types.ts'
import { ownBets } from '../engine/round/view.ts'
import { EventLog } from './event-log.ts'
import type { EffectAnswer, Lease, TablePorts, TakenOver } from './ports.ts'
import type { BetAnswer, OwnBet, PrivateEvent, PublicEvent, Resumed, ResumeRequest } from './protocol.ts'

const PUBLIC_EVENTS = 100
const PRIVATE_EVENTS = 200
/** A player who is away finds what he missed for this long, also after the round has changed. */
const KEEP_ABSENT_MS = 10 * 60_000
/** More events than one owner of a table ever tells in one stream; so versions only grow from owner to owner. */
export const VERSIONS_OF_AN_OWNER = 2 ** 28

/** A bet of which nobody was told yet, and the answer of the books, which know it: that may be saved a moment later. */
const ANSWERED_LATER: ReadonlySet<RoundEvent['type']> = new Set([
  'betPlaced',
  'stakeReserved',
  'stakeRefused',
  'stakeReleased',
])

/** Event without its stamp, for each member of the union. */
type Unstamped<E> = E extends unknown ? Omit<E, 'version' | 'atMs'> : never

/** Who listens to a table. */
export interface Audience {
  toAll(event: PublicEvent): void
  toPlayer(playerId: string, event: PrivateEvent): void
  isPresent(playerId: string): boolean
  /** The round changed: shared state should follow. */
  changed(round: Round): void
  /** The books have not answered for a while, or do so again. */
  stalled(stalled: boolean): void
  /** The table stops here: another owner runs it (`lost`), or an invariant broke (`suspended`). */
  ended(why: 'lost' | 'suspended'): void
}

type Letter = {
  readonly event: RoundEvent
  readonly balances?: EffectAnswer['balances']
  readonly taken?: (refusal: Refusal | null) => void
}

/**
 * One live table without its sockets: a mailbox, a lease and the round. It decides nothing itself. Letters that arrive
 * together are decided in one turn: step, save, show, act. A turn is synchronous, so turns never overlap.
 */
export class TableActor {
  readonly #ports: TablePorts
  readonly #audience: Audience
  readonly #inbox: Letter[] = []
  readonly #waiting = new Map<string, ((bet: PlacedBet | null) => void)[]>()
  readonly #privateLogs = new Map<string, EventLog<PrivateEvent>>()
  readonly #publicLog: EventLog<PublicEvent>
  readonly #lease: Lease
  /** Where a private log begins: not below any that was forgotten, of whomever. */
  #privateFrom: number
  #round: Round
  /** The round before this one, for who asks about its bets while it gives way. */
  #endedRound: Round | null = null
  #scheduled = false
  #stopped = false
  #quiesced: Promise<void> | null = null
  readonly #rest = Promise.withResolvers<void>()

  constructor(ports: TablePorts, audience: Audience, { lease, round }: Pick<TakenOver, 'lease' | 'round'>) {
    this.#ports = ports
    this.#audience = audience
    this.#lease = lease
    this.#round = round
    const first = lease.epoch * VERSIONS_OF_AN_OWNER
    this.#publicLog = new EventLog(PUBLIC_EVENTS, first, ports.nowMs())
    this.#privateFrom = first
  }

  get round(): Round {
    return this.#round
  }

  get lease(): Lease {
    return this.#lease
  }

  get running(): boolean {
    return !this.#stopped
  }

  /** True from the order to come to rest: nothing new is taken from players. */
  get quiescing(): boolean {
    return this.#quiesced !== null
  }

  /** Asks for everything the round still waits for. */
  start(): void {
    this.#act()
  }

  /**
   * Comes to rest before the table moves: takes nothing new from players and lets what is on its way into the books,
   * or out of them, end, for `withinMs` at most. Then it stops for good; `round` is the last it knew. A round that is
   * being closed, drawn and paid is finished first. Asked again it answers the same.
   */
  quiesce(withinMs: number): Promise<void> {
    this.#quiesced ??= Promise.race([this.#rest.promise, this.#ports.after(withinMs)]).then(() => this.stop())
    this.#restIfClear()
    return this.#quiesced
  }

  /** Whoever still waits for a bet is told that its fate will not be known here. */
  stop(): void {
    this.#stopped = true
    this.#rest.resolve()
    this.#ports.stop(this.#lease)
    const waiting = [...this.#waiting.values()].flat()
    this.#waiting.clear()
    for (const tell of waiting) tell(null)
  }

  /**
   * Every bet is answered once it is final: refused at once, or accepted when its stake is committed. While the books
   * do not answer, bets are taken and wait as `reserving`, within all limits: their stakes are asked for again until
   * there is an answer, also after the close, and the round is not drawn before.
   */
  async place(bets: readonly NewBet[], roundId = this.#round.opening.roundId): Promise<BetAnswer[]> {
    if (this.quiescing) return bets.map(({ betId }) => ({ betId, status: 'reserving', code: 'table-stopping' }))
    const atMs = this.#ports.nowMs()
    return Promise.all(bets.map((bet) => this.#place({ type: 'betPlaced', roundId, atMs, bet })))
  }

  /** A bet that is being returned is answered at once (`releasing`); its money follows as a private event. */
  async withdraw(playerId: string, betIds: readonly string[]): Promise<BetAnswer[]> {
    const atMs = this.#ports.nowMs()
    return Promise.all(
      betIds.map(async (betId) => {
        const code = this.quiescing
          ? 'table-stopping'
          : await this.#post({ type: 'betWithdrawn', atMs, betId, playerId })
        const bet = this.#round.bets.get(betId)
        const status = bet?.playerId === playerId ? bet.status : 'dead'
        return { betId, status, code }
      }),
    )
  }

  orderVoid(reason: VoidReason): Promise<Refusal | null> {
    if (this.quiescing) return Promise.resolve('stale-event')
    return this.#post({ type: 'voidOrdered', roundId: this.#round.opening.roundId, reason })
  }

  /** What a client that was away has missed, with the present as a snapshot. `balanceCents` is read by the caller. */
  resume(playerId: string | null, ask: ResumeRequest, balanceCents: number | null): Resumed {
    const log = playerId === null ? null : this.#privateLog(playerId)
    const publicMissed = this.#publicLog.since(ask.publicVersion)
    const privateMissed = log === null ? [] : log.since(ask.privateVersion)
    return {
      serverNowMs: this.#ports.nowMs(),
      missed: publicMissed === null || privateMissed === null ? null : { public: publicMissed, private: privateMissed },
      snapshot: {
        publicVersion: this.#publicLog.version,
        privateVersion: log?.version ?? 0,
        roundId: this.#round.opening.roundId,
        balanceCents,
        bets: playerId === null ? [] : ownBets(this.#round, playerId).map(asOwnBet),
      },
    }
  }

  /** The version of the player's last private event. */
  privateVersion(playerId: string): number {
    return this.#privateLog(playerId).version
  }

  async #place(event: Extract<RoundEvent, { type: 'betPlaced' }>): Promise<BetAnswer> {
    const { betId } = event.bet
    const code = await this.#post(event)
    const settled = code === null ? await this.#resolved(betId) : { status: 'dead' as const, refusal: code }
    // The next owner of the table finds the bet in the books, or not; asking it again under its id answers which.
    if (settled === null) return { betId, status: 'reserving', code: 'table-stopping' }
    this.#ports.meter.betAnswered(settled.refusal, this.#ports.nowMs() - event.atMs)
    return { betId, status: settled.status, code: settled.refusal }
  }

  #resolved(betId: string): Promise<PlacedBet | null> {
    // The turn that took the event may have gone on to the next round; the bet's fate is then that of the last one.
    const bet = this.#round.bets.get(betId) ?? this.#endedRound?.bets.get(betId)
    if (bet !== undefined && bet.status !== 'reserving') return Promise.resolve(bet)
    if (this.#stopped || bet === undefined) return Promise.resolve(null)
    return new Promise((tell) => {
      const waiting = this.#waiting.get(betId)
      if (waiting === undefined) this.#waiting.set(betId, [tell])
      else waiting.push(tell)
    })
  }

  #post(event: RoundEvent, balances?: EffectAnswer['balances']): Promise<Refusal | null> {
    if (this.#stopped) return Promise.resolve('stale-event')
    return new Promise((taken) => {
      this.#inbox.push(balances === undefined ? { event, taken } : { event, taken, balances })
      if (this.#scheduled) return
      this.#scheduled = true
      // After the I/O that is ready now, so that all messages of one tick are decided, and booked, together.
      setImmediate(() => this.#turn())
    })
  }

  #turn(): void {
    this.#scheduled = false
    const letters = this.#inbox.splice(0)
    if (this.#stopped) {
      for (const { taken } of letters) taken?.('stale-event')
      return
    }
    const before = this.#round
    try {
      const { round, refusals } = stepAll(
        before,
        letters.map(({ event }) => event),
      )
      this.#round = round
      if (round.opening.roundId !== before.opening.roundId) this.#endedRound = before
      // Saved before anybody is told what rests on it, so that the next owner knows no less than the players do.
      if (round !== before) {
        const urgent = letters.some(({ event }) => !ANSWERED_LATER.has(event.type))
        this.#ports.save(this.#lease, round, urgent)
      }
      for (const [i, { taken }] of letters.entries()) taken?.(refusals[i] ?? null)
      this.#tell(
        before,
        letters.filter((_, i) => refusals[i] === null),
        balancesOf(letters),
      )
      if (round !== before) this.#audience.changed(round)
      if (this.#restIfClear() || round === before) return
      this.#act()
    } catch (error) {
      // A broken invariant: not paying beats paying wrong. Nothing more is decided here until somebody has looked.
      this.stop()
      this.#ports.meter.failed('turn', error)
      this.#audience.ended('suspended')
    }
  }

  #act(): void {
    this.#ports.perform(
      this.#lease,
      due(this.#round),
      ({ event, balances }) => void this.#post(event, balances),
      (why) => {
        if (this.#stopped) return
        this.stop()
        this.#audience.ended(why)
      },
      (stalled) => {
        if (!this.#stopped) this.#audience.stalled(stalled)
      },
    )
  }

  /** True when it is to come to rest and has: no letter waits, and nothing is on its way into the books or back. */
  #restIfClear(): boolean {
    const { phase, endedAtMs } = this.#round
    const decided = phase === 'open' || endedAtMs !== null
    if (!this.quiescing || this.#inbox.length > 0 || !decided || unresolved(this.#round)) return false
    this.#rest.resolve()
    return true
  }

  #tell(before: Round, taken: readonly Letter[], balances: ReadonlyMap<string, number>): void {
    for (const { event } of taken) if ('betId' in event) this.#tellBet(event.betId)
    const { opening, phase, draw, betDigest } = this.#round
    if (opening.roundId !== before.opening.roundId) this.#forgetAbsent()
    const roundId = opening.roundId
    if (phase !== before.phase || opening.roundId !== before.opening.roundId) {
      this.#ports.meter.phaseReached(opening.tableId, phase)
      if (phase === 'open')
        this.#public({ type: 'opened', roundId, closesAtMs: opening.closesAtMs, commitment: opening.commitment })
      if (phase === 'closing') this.#public({ type: 'closing', roundId })
      if (phase === 'closed') this.#public({ type: 'closed', roundId, betDigest: betDigest ?? '' })
      if (phase === 'drawn' && draw !== null)
        this.#public({ type: 'drawn', roundId, outcome: draw.outcome, seedHex: draw.seedHex })
    }
    if (this.#round.endedAtMs !== null && before.endedAtMs === null) this.#tellEnd(before, balances)
    for (const [playerId, balanceCents] of balances) this.#private(playerId, { type: 'balance', balanceCents })
  }

  #tellBet(betId: string): void {
    const bet = this.#round.bets.get(betId)
    if (bet === undefined) return
    const { roundId } = this.#round.opening
    if (bet.status !== 'reserving') {
      for (const tell of this.#waiting.get(betId) ?? []) tell(bet)
      this.#waiting.delete(betId)
    }
    this.#private(bet.playerId, { type: 'bet', roundId, bet: asOwnBet(bet), code: bet.refusal })
  }

  #tellEnd(before: Round, balances: ReadonlyMap<string, number>): void {
    const round = this.#round
    const { roundId, closesAtMs } = round.opening
    const nextOpensAtMs = restsUntilMs(round) ?? 0
    const staked = new Map<string, number>()
    // A void has turned its bets dead, so who had chips down is read from the round before it.
    for (const { playerId, stakeCents } of acceptedBets(round.phase === 'void' ? before : round))
      staked.set(playerId, (staked.get(playerId) ?? 0) + stakeCents)
    if (round.phase === 'void') {
      this.#public({ type: 'void', roundId, reason: round.voidReason ?? 'operator-error', nextOpensAtMs })
      for (const [playerId, cents] of staked)
        this.#private(playerId, { type: 'refunded', roundId, cents, balanceCents: balances.get(playerId) ?? null })
      return
    }
    this.#public({ type: 'settled', roundId, nextOpensAtMs })
    this.#ports.meter.betSettled(this.#ports.nowMs() - closesAtMs)
    const won = Map.groupBy(payouts(round), ({ playerId }) => playerId)
    for (const [playerId, stakedCents] of staked) {
      const own = (won.get(playerId) ?? []).map(({ betId, cents }) => ({ betId, cents }))
      const paidCents = own.reduce((sum, { cents }) => sum + cents, 0)
      const balanceCents = balances.get(playerId) ?? null
      this.#private(playerId, { type: 'result', roundId, stakedCents, paidCents, payouts: own, balanceCents })
    }
  }

  #public(event: Unstamped<PublicEvent>): void {
    const atMs = this.#ports.nowMs()
    this.#audience.toAll(this.#publicLog.append((version) => ({ version, atMs, ...event })))
  }

  #private(playerId: string, event: Unstamped<PrivateEvent>): void {
    const atMs = this.#ports.nowMs()
    const log = this.#privateLog(playerId)
    this.#audience.toPlayer(
      playerId,
      log.append((version) => ({ version, atMs, ...event })),
    )
  }

  #privateLog(playerId: string): EventLog<PrivateEvent> {
    const known = this.#privateLogs.get(playerId)
    if (known !== undefined) return known
    const log = new EventLog<PrivateEvent>(PRIVATE_EVENTS, this.#privateFrom, this.#ports.nowMs())
    this.#privateLogs.set(playerId, log)
    return log
  }

  /** Players who left long ago keep no log, so that memory follows who is here. */
  #forgetAbsent(): void {
    const oldest = this.#ports.nowMs() - KEEP_ABSENT_MS
    for (const [playerId, { lastAtMs, version }] of this.#privateLogs) {
      if (lastAtMs >= oldest || this.#audience.isPresent(playerId)) continue
      this.#privateLogs.delete(playerId)
      this.#privateFrom = Math.max(this.#privateFrom, version)
    }
  }
}

function balancesOf(letters: readonly Letter[]): Map<string, number> {
  return new Map(letters.flatMap(({ balances }) => [...(balances ?? [])]))
}

function asOwnBet({ betId, selection, stakeCents, status }: PlacedBet): OwnBet {
  return { betId, selection, stakeCents, status }
}
