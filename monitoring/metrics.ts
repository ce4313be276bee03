import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client'

/**
 * Every value that a label may have; anything else is counted as `other`, so that no client can grow the metrics
 * (OBS-1).
 */
export const PHASES = ['open', 'closing', 'closed', 'drawn', 'settled', 'void'] as const
export const ROOMS = ['table', 'lobby'] as const
export const BET_RESULTS = [
  'accepted',
  'bets-closed',
  'no-such-bet',
  'kind-not-offered',
  'stake-not-playable',
  'below-minimum',
  'above-maximum',
  'player-limit',
  'table-limit',
  'too-many-bets',
  'bet-id-taken',
  'insufficient-funds',
  'account-blocked',
  'withdrawn',
  'unknown-bet',
  'not-withdrawable',
  'round-drawn',
  'stale-event',
] as const
export const MESSAGE_REFUSALS = [
  'malformed',
  'unknown-message',
  'too-fast',
  'wrong-round',
  'not-a-player',
  'table-stopping',
  'already-contributed',
  'too-late',
  'full',
  'failed',
] as const
const CODES: readonly string[] = [...BET_RESULTS, ...MESSAGE_REFUSALS]
export const LEDGER_OPERATIONS = [
  'raiseEpoch',
  'openRound',
  'reserve',
  'release',
  'closeRound',
  'registerDraw',
  'settle',
  'voidRound',
  'latestRound',
  'openAccount',
  'balanceOf',
  'grant',
  'audit',
] as const
/** What a table may be, as its players see it; see `rooms/protocol.ts`. */
export const TABLE_STATUSES = ['running', 'paused', 'draining', 'waiting', 'moving', 'suspended', 'closed'] as const
/** Why a node took a table over; see `server/failover/peers.ts`. */
export const TAKE_OVER_CAUSES = ['start', 'gone', 'left', 'silent', 'handed', 'returned'] as const
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const
const MAX_ROUTES = 64

/** What the draw pool says of itself; read when the metrics are. */
export type DrawPoolReading = { readonly depth: number; readonly fallbacks: number; readonly healthy: boolean }
export type LedgerReading = {
  readonly linesSumCents: number
  readonly accountsOff: number
  readonly negativePlayers: number
}

const NETWORK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** A take-over takes tens of milliseconds; a hand-over ends within the time a socket needs to come back. */
const MOVE_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30]

/**
 * Every metric of the house, on a registry of its own. Names end in their unit; labels take the values listed above
 * or `other`. No player, bet, round or address is ever a label.
 */
export class Metrics {
  readonly registry = new Registry()
  readonly #phaseOfTable = new Map<string, string>()
  readonly #statusOfTable = new Map<string, string>()
  readonly #routes = new Set<string>()
  #drawPool: (() => DrawPoolReading) | null = null
  #leaseAgeMs: (() => number) | null = null
  #auditedAtMs: number | null = null
  #nowMs: () => number

  readonly #phases = this.#counter('crupier_round_phases_total', 'Phases that rounds have reached.', ['phase'])
  readonly #bets = this.#counter('crupier_bets_total', 'Bets answered, accepted or by the code of the refusal.', [
    'result',
  ])
  readonly #refused = this.#counter('crupier_messages_refused_total', 'Messages of clients refused before the game.', [
    'code',
  ])
  readonly #betAck = this.#histogram('crupier_bet_ack_seconds', 'From a bet message until its answer was sent.', [])
  readonly #betSettle = this.#histogram(
    'crupier_bet_settle_seconds',
    'From the closing time of the round until the bet was paid or lost in the books.',
    [],
    [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30],
  )
  readonly #sockets = this.#gauge('crupier_sockets', 'Open WebSockets, by kind of room.', ['room'])
  readonly #ledgerCalls = this.#histogram('crupier_ledger_call_seconds', 'Calls of the ledger, by operation.', [
    'operation',
    'result',
  ])
  readonly #imbalance = this.#gauge('crupier_ledger_imbalance_cents', 'Sum of all lines of the journal; must be 0.', [])
  readonly #accountsOff = this.#gauge(
    'crupier_ledger_accounts_off',
    'Accounts whose balance differs from the sum of their lines; must be 0.',
    [],
  )
  readonly #negative = this.#gauge('crupier_ledger_negative_players', 'Players below zero; must be 0.', [])
  readonly #requests = this.#counter('crupier_http_requests_total', 'HTTP requests answered.', [
    'method',
    'route',
    'status',
  ])
  readonly #requestTime = this.#histogram('crupier_http_request_seconds', 'Time to answer an HTTP request.', ['route'])
  readonly #clockJumps = this.#counter('crupier_clock_jumps_total', 'Times the wall clock left the steady one.', [])
  readonly #clockOffset = this.#gauge(
    'crupier_clock_offset_seconds',
    "This node's clock against the database's; positive when it is ahead.",
    [],
  )
  readonly #takeOvers = this.#histogram(
    'crupier_takeover_seconds',
    'From the first sign that a table lost its owner until it was open here, by cause.',
    ['cause'],
    MOVE_SECONDS,
  )
  readonly #handOvers = this.#histogram(
    'crupier_handover_seconds',
    'From the stop of a table here until another node had it open.',
    [],
    MOVE_SECONDS,
  )
  readonly #handOversFailed = this.#counter('crupier_handovers_failed_total', 'Hand-overs that were not taken.', [])
  readonly #claimsLost = this.#counter('crupier_claims_lost_total', 'Claims of a table that another node won.', [])
  readonly #stepDowns = this.#counter(
    'crupier_stepdowns_total',
    'Tables this node stopped because it could prove nowhere that it lives.',
    [],
  )
  readonly #fenced = this.#counter(
    'crupier_epochs_refused_total',
    'Tables lost because the books refused their epoch.',
    [],
  )
  readonly #operatorCommands = this.#counter('crupier_operator_commands_total', 'Commands of operators, by result.', [
    'result',
  ])

  constructor(options: { readonly nowMs: () => number; readonly processMetrics?: boolean }) {
    this.#nowMs = options.nowMs
    this.#declareCollected()
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.registry })
    for (const phase of PHASES) this.#phases.inc({ phase }, 0)
    this.#bets.inc({ result: 'accepted' }, 0)
  }

  /** The table's phase, or null when this node no longer runs it. */
  tableInPhase(tableId: string, phase: string | null): void {
    if (phase === null) this.#phaseOfTable.delete(tableId)
    else this.#phaseOfTable.set(tableId, bounded(PHASES, phase))
  }

  /** The table's status, or null when this node no longer runs it. */
  tableIs(tableId: string, status: string | null): void {
    if (status === null) this.#statusOfTable.delete(tableId)
    else this.#statusOfTable.set(tableId, bounded(TABLE_STATUSES, status))
  }

  /** A round reached the phase; `settled` and `void` are its two ends. */
  phaseReached(phase: string): void {
    this.#phases.inc({ phase: bounded(PHASES, phase) })
  }

  /** `accepted`, or the code with which the bet was refused. */
  betAnswered(result: string): void {
    this.#bets.inc({ result: bounded(CODES, result) })
  }

  betAcknowledged(seconds: number): void {
    this.#betAck.observe(seconds)
  }

  betSettled(secondsSinceClosing: number): void {
    this.#betSettle.observe(secondsSinceClosing)
  }

  messageRefused(code: string): void {
    this.#refused.inc({ code: bounded(CODES, code) })
  }

  socketOpened(room: string): void {
    this.#sockets.inc({ room: bounded(ROOMS, room) })
  }

  socketClosed(room: string): void {
    this.#sockets.dec({ room: bounded(ROOMS, room) })
  }

  ledgerCalled(operation: string, result: 'ok' | 'failed', seconds: number): void {
    this.#ledgerCalls.observe({ operation: bounded(LEDGER_OPERATIONS, operation), result }, seconds)
  }

  /** What `Books.audit` found; until the first one the age of the audit is that of the process. */
  booksAudited(found: LedgerReading): void {
    this.#auditedAtMs = this.#nowMs()
    this.#imbalance.set(found.linesSumCents)
    this.#accountsOff.set(found.accountsOff)
    this.#negative.set(found.negativePlayers)
  }

  watchDrawPool(read: () => DrawPoolReading): void {
    this.#drawPool = read
  }

  /** `route` is the pattern of the router (`/api/tables/:tableId`), never the path itself. */
  httpAnswered(request: { method: string; route: string; status: number; seconds: number }): void {
    const route = this.#boundedRoute(request.route)
    const status = request.status >= 100 && request.status < 600 ? String(request.status) : 'other'
    this.#requests.inc({ method: bounded(METHODS, request.method), route, status })
    this.#requestTime.observe({ route }, request.seconds)
  }

  operatorCommanded(result: 'done' | 'refused' | 'failed'): void {
    this.#operatorCommands.inc({ result })
  }

  /** What the cluster tells of its moves; times in milliseconds, null for a hand-over that failed. */
  clusterMeter() {
    return {
      tookOver: (cause: string, ms: number) =>
        this.#takeOvers.observe({ cause: bounded(TAKE_OVER_CAUSES, cause) }, ms / 1000),
      handedOver: (ms: number | null) => {
        if (ms === null) this.#handOversFailed.inc()
        else this.#handOvers.observe(ms / 1000)
      },
      claimLost: () => this.#claimsLost.inc(),
      steppedDown: (tables: number) => this.#stepDowns.inc(tables),
    }
  }

  epochRefused(): void {
    this.#fenced.inc()
  }

  /** `read` answers the milliseconds since this node last proved that it lives. */
  watchLease(read: () => number): void {
    this.#leaseAgeMs = read
  }

  clockMeasured(offsetMs: number): void {
    this.#clockOffset.set(offsetMs / 1000)
  }

  clockJumped(): void {
    this.#clockJumps.inc()
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }

  /** Routes come from our own router; the limit stands in case one day they do not. */
  #boundedRoute(route: string): string {
    if (this.#routes.has(route)) return route
    if (this.#routes.size >= MAX_ROUTES) return 'other'
    this.#routes.add(route)
    return route
  }

  #declareCollected(): void {
    const startedAtMs = this.#nowMs()
    this.#gauge('crupier_tables', 'Tables this node runs, by phase of the round.', ['phase'], (gauge) => {
      for (const phase of [...PHASES, 'other']) gauge.set({ phase }, 0)
      for (const phase of this.#phaseOfTable.values()) gauge.inc({ phase })
    })
    this.#gauge(
      'crupier_tables_by_status',
      'Tables this node runs, by what their players see.',
      ['status'],
      (gauge) => {
        for (const status of [...TABLE_STATUSES, 'other']) gauge.set({ status }, 0)
        for (const status of this.#statusOfTable.values()) gauge.inc({ status })
      },
    )
    this.#gauge('crupier_ledger_audit_age_seconds', 'Since the books were last audited.', [], (gauge) =>
      gauge.set((this.#nowMs() - (this.#auditedAtMs ?? startedAtMs)) / 1000),
    )
    this.#gauge(
      'crupier_lease_age_seconds',
      'Since this node last proved in Redis or the books that it lives.',
      [],
      (gauge) => gauge.set((this.#leaseAgeMs?.() ?? 0) / 1000),
    )
    this.#gauge('crupier_draw_pool_depth_bytes', 'Random bytes ready to be taken.', [], (gauge) =>
      gauge.set(this.#drawPool?.().depth ?? 0),
    )
    this.#countedElsewhere(
      'crupier_draw_pool_fallbacks_total',
      'Takes that found the ring of random bytes empty.',
      () => this.#drawPool?.().fallbacks ?? 0,
    )
    this.#gauge('crupier_draw_pool_healthy', '1 while the health tests of the draw pool pass.', [], (gauge) =>
      gauge.set(this.#drawPool?.().healthy === true ? 1 : 0),
    )
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  /** A count that its owner keeps; it is copied when the metrics are read. */
  #countedElsewhere(name: string, help: string, read: () => number): void {
    const declared: Counter = new Counter({
      name,
      help,
      registers: [this.registry],
      collect: () => {
        declared.reset()
        declared.inc(read())
      },
    })
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[], read?: (gauge: Gauge<L>) => void) {
    const declared: Gauge<L> = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      ...(read && { collect: () => read(declared) }),
    })
    return declared
  }

  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets = NETWORK_SECONDS) {
    return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.registry] })
  }
}

function bounded(known: readonly string[], value: string): string {
  return known.includes(value) ? value : 'other'
}
