import { toCents } from '../../engine/money.ts'
import { roulette } from '../../engine/roulette/roulette.ts'
import { ROULETTE_VARIANTS } from '../../engine/roulette/rules.ts'
import type {
  BetAnswer,
  BetRequest,
  OwnBet,
  PrivateEvent,
  PublicEvent,
  RefusalCode,
  TableRequests,
  WithdrawRequest,
} from '../../rooms/protocol.ts'
import { type LinkListener, LinkLost, type SharedSnapshot, type TableLink } from '../net/link.ts'

const RULES = ROULETTE_VARIANTS.european
const BETTING_MS = 20_000
const REST_MS = 14_000
const LATENCY_MS = 120
const MOST_CENTS = 50_000

type Unstamped<E> = E extends unknown ? Omit<E, 'version' | 'atMs'> : never

/** A table inside the page, to see and to tune the design; it knows one player and forgets him on a reload. */
export class FakeTable implements TableLink {
  balanceCents = 1_000_000
  readonly #listener: LinkListener
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  #bets: OwnBet[] = []
  #publicVersion = 0
  #privateVersion = 0
  #shared: SharedSnapshot
  #up = true
  /** The next numbers to come, then whatever comes. */
  readonly #script: number[]

  constructor(tableId: string, script: readonly number[], listener: LinkListener) {
    this.#listener = listener
    this.#script = [...script]
    this.#shared = openedRound(tableId, 41, OUTCOMES)
    this.#later(300, () => {
      this.#show(true)
      this.#listener.state('live')
      this.#run()
    })
  }

  async request<K extends keyof TableRequests>(
    type: K,
    ask: TableRequests[K]['ask'],
  ): Promise<TableRequests[K]['answer']> {
    if (!this.#up) throw new LinkLost('not connected')
    await new Promise((resolve) => this.#later(LATENCY_MS, () => resolve(undefined)))
    return this.#answer(type, ask) as TableRequests[K]['answer']
  }

  hurry(): void {
    this.drop(0)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  /** Breaks the connection for a while. */
  drop(forMs: number): void {
    this.#up = false
    this.#listener.state(forMs > 5_000 ? 'offline' : 'reconnecting')
    this.#later(forMs, () => {
      this.#up = true
      this.#show(true)
      this.#listener.state('live')
    })
  }

  #answer(type: keyof TableRequests, ask: unknown): unknown {
    switch (type) {
      case 'bet':
        return this.#take((ask as BetRequest).bets.map((bet) => ({ ...bet, status: 'accepted' as const })))
      case 'withdraw':
        return this.#giveBack((ask as WithdrawRequest).betIds)
      case 'resume':
        return { serverNowMs: Date.now(), missed: null, snapshot: this.#snapshot() }
      case 'contribute':
        return { taken: true }
      case 'clock':
        return { clientMs: 0, serverNowMs: Date.now() }
    }
  }

  #snapshot() {
    const versions = { publicVersion: this.#publicVersion, privateVersion: this.#privateVersion }
    return { ...versions, roundId: this.#shared.roundId, balanceCents: this.balanceCents, bets: this.#bets }
  }

  #take(bets: readonly OwnBet[]) {
    const answers = bets.map((bet): BetAnswer => {
      const code = this.#refusal(bet)
      if (code !== null) return { betId: bet.betId, status: 'dead', code }
      this.balanceCents -= bet.stakeCents
      this.#bets.push(bet)
      return { betId: bet.betId, status: 'accepted', code: null }
    })
    this.#show(false)
    return { answers, balanceCents: this.balanceCents }
  }

  #refusal(bet: OwnBet): RefusalCode | null {
    if (this.#shared.phase !== 'open') return 'bets-closed'
    if (bet.stakeCents > MOST_CENTS) return 'above-maximum'
    return bet.stakeCents > this.balanceCents ? 'insufficient-funds' : null
  }

  #giveBack(betIds: readonly string[]) {
    const gone = new Set(betIds)
    for (const bet of this.#bets) if (gone.has(bet.betId)) this.balanceCents += bet.stakeCents
    this.#bets = this.#bets.filter((bet) => !gone.has(bet.betId))
    this.#show(false)
    const answers = betIds.map((betId) => ({ betId, status: 'dead', code: 'withdrawn' }) as const)
    return { answers, balanceCents: this.balanceCents }
  }

  #run(): void {
    const { roundId } = this.#shared
    this.#later(BETTING_MS, () => {
      this.#change({ phase: 'closed', betDigest: 'd1'.repeat(32) })
      this.#public({ type: 'closed', roundId, betDigest: 'd1'.repeat(32) })
    })
    this.#later(BETTING_MS + 1_200, () => this.#draw())
    this.#later(BETTING_MS + REST_MS, () => {
      this.#bets = []
      const { tableId, roundNo, lastOutcomes } = this.#shared
      this.#shared = openedRound(tableId, roundNo + 1, lastOutcomes)
      const { commitment, closesAtMs } = this.#shared
      this.#public({ type: 'opened', roundId: this.#shared.roundId, closesAtMs, commitment })
      this.#show(false)
      this.#run()
    })
  }

  #draw(): void {
    const { roundId, lastOutcomes } = this.#shared
    const pocket = this.#script.shift() ?? Math.floor(Math.random() * 37)
    const seedHex = '5e'.repeat(32)
    this.#public({ type: 'drawn', roundId, outcome: { pocket }, seedHex })
    const nextOpensAtMs = Date.now() + REST_MS - 1_200
    const outcome = JSON.stringify({ pocket })
    this.#public({ type: 'settled', roundId, nextOpensAtMs })
    this.#change({ phase: 'settled', outcome, seedHex, nextOpensAtMs, lastOutcomes: [outcome, ...lastOutcomes] })
    if (this.#bets.length === 0) return
    const payouts = this.#bets.flatMap((bet) => {
      const selection = roulette.readSelection(RULES, bet.selection)
      if (selection === null) return []
      const cents = roulette.payoutCents(RULES, selection, toCents(bet.stakeCents), { pocket })
      return cents > 0 ? [{ betId: bet.betId, cents }] : []
    })
    const paidCents = payouts.reduce((sum, { cents }) => sum + cents, 0)
    this.balanceCents += paidCents
    const stakedCents = this.#bets.reduce((sum, bet) => sum + bet.stakeCents, 0)
    this.#private({ type: 'result', roundId, stakedCents, paidCents, payouts, balanceCents: this.balanceCents })
  }

  #change(change: Partial<SharedSnapshot>): void {
    this.#shared = { ...this.#shared, ...change }
    this.#show(false)
  }

  #show(fresh: boolean): void {
    const spots = new Map(this.#shared.spots)
    for (const bet of this.#bets) {
      const selection = roulette.readSelection(RULES, bet.selection)
      if (selection === null) continue
      for (const part of roulette.parts(RULES, selection, toCents(bet.stakeCents)) ?? []) {
        const known = spots.get(part.position) ?? { cents: 0, players: 0 }
        spots.set(part.position, { cents: known.cents + part.stakeCents, players: known.players + 1 })
      }
    }
    if (this.#up) this.#listener.shared({ ...this.#shared, spots }, fresh)
  }

  #public(event: Unstamped<PublicEvent>): void {
    this.#publicVersion += 1
    if (this.#up) this.#listener.public({ ...event, version: this.#publicVersion, atMs: Date.now() })
  }

  #private(event: Unstamped<PrivateEvent>): void {
    this.#privateVersion += 1
    if (this.#up) this.#listener.private({ ...event, version: this.#privateVersion, atMs: Date.now() })
  }

  #later(delayMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, delayMs)
    this.#timers.add(timer)
  }
}

export const OUTCOMES: readonly string[] = [32, 0, 17, 5, 20, 20, 36, 11, 8, 2, 29, 14, 33, 1, 9, 26, 7, 31, 4, 18].map(
  (pocket) => JSON.stringify({ pocket }),
)

function openedRound(tableId: string, roundNo: number, lastOutcomes: readonly string[]): SharedSnapshot {
  const seriesId = `${tableId}.3`
  const others: readonly (readonly [string, number, number])[] = [
    ['red', 12_500, 3],
    ['straight:8', 1_000, 1],
    ['split:10-11', 2_500, 2],
    ['dozen:2', 50_000, 4],
  ]
  return {
    tableId,
    gameId: 'roulette',
    status: 'running',
    roundId: `${seriesId}.${roundNo}`,
    seriesId,
    roundNo,
    phase: 'open',
    openedAtMs: Date.now(),
    closesAtMs: Date.now() + BETTING_MS,
    nextOpensAtMs: 0,
    commitment: Array.from({ length: 32 }, (_, i) =>
      ((roundNo * 31 + i * 47) % 256).toString(16).padStart(2, '0'),
    ).join(''),
    betDigest: '',
    outcome: '',
    seedHex: '',
    voidReason: '',
    players: 23,
    atStakeCents: 66_000,
    spots: new Map(others.map(([position, cents, players]) => [position, { cents, players }])),
    lastOutcomes: lastOutcomes.slice(0, 20),
  }
}
