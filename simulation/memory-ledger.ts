import { assert } from '../engine/assert.ts'
import { canonicalJson } from '../engine/fairness/encoding.ts'
import { type Cents, sumCents, toCents } from '../engine/money.ts'
import type { Draw, Facts, NewBet, Opening, Refusal, StakeFact, VoidReason } from '../engine/round/types.ts'
import type { BooksAudit, Ended, Fence, Settlement, StakeAnswer, StakeRequest } from '../server/ledger/books.ts'

/** One movement of money, as the journal keeps it: `cents` leave the debit account and reach the credit account. */
export type MemoryEntry = {
  readonly ref: string
  readonly kind: 'stake' | 'release' | 'handle' | 'payout' | 'grant'
  readonly debit: string
  readonly credit: string
  readonly cents: Cents
}

type Outcome = 'posted' | 'withdrawn' | Refusal
type Stake = {
  readonly content: string
  readonly roundId: string
  readonly bet: NewBet
  readonly outcome: Outcome
  released: boolean
}
type MemoryRound = {
  readonly opening: Opening
  betDigest: string | null
  draw: Draw | null
  ended: Facts['ended']
  settlement: string | null
}

const player = (id: string): string => `player:${id}`
const escrow = (tableId: string): string => `escrow:${tableId}`
const win = (tableId: string): string => `win:${tableId}`
const GRANTS = 'grants'

/**
 * The books in memory, without a clock, a promise or a lock: every call is one indivisible step. The same contract
 * suite runs on it and on the real books, and `memory-books.ts` dresses it as `Books`.
 */
export class MemoryLedger {
  readonly entries: MemoryEntry[] = []
  readonly rounds = new Map<string, MemoryRound>()
  readonly #nowMs: () => number
  readonly #epochs = new Map<string, number>()
  readonly #latest = new Map<string, string>()
  readonly #stakes = new Map<string, Stake>()
  readonly #stakesOfRound = new Map<string, Stake[]>()
  readonly #grants = new Map<string, { readonly content: string; readonly refused: boolean }>()
  readonly #balances = new Map<string, Cents>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  raiseEpoch(tableId: string): number {
    const epoch = (this.#epochs.get(tableId) ?? 0) + 1
    this.#epochs.set(tableId, epoch)
    return epoch
  }

  /** 0 until somebody has taken the table over. */
  epochOf(tableId: string): number {
    return this.#epochs.get(tableId) ?? 0
  }

  openRound(fence: Fence, opening: Opening): 'opened' | 'fenced' {
    assert(fence.tableId === opening.tableId, 'LED-9: a round opens at the table of its owner')
    if (this.#fenced(fence)) return 'fenced'
    const known = this.rounds.get(opening.roundId)
    if (known !== undefined) {
      const same = canonicalJson(known.opening) === canonicalJson(opening)
      assert(same, `LED-9: round ${opening.roundId} was opened with other content`)
      return 'opened'
    }
    const latest = this.#latest.get(opening.tableId)
    assert(
      latest === undefined || this.#round(latest, fence).ended !== null,
      `LED-9: table ${opening.tableId} has a round that has not ended`,
    )
    this.rounds.set(opening.roundId, { opening, betDigest: null, draw: null, ended: null, settlement: null })
    this.#latest.set(opening.tableId, opening.roundId)
    return 'opened'
  }

  reserve(requests: readonly StakeRequest[]): StakeAnswer[] {
    for (const { bet } of requests) assert(bet.stakeCents > 0, 'LED-1: a stake is a positive amount')
    const answers = requests.map((request) => {
      if (this.#fenced(request)) return answerTo(request, 'fenced', null)
      const refusal = this.#reserveOne(request)
      return answerTo(request, refusal === null ? 'reserved' : 'refused', refusal)
    })
    return this.#withBalances(requests, answers)
  }

  release(requests: readonly StakeRequest[]): StakeAnswer[] {
    const answers = requests.map((request) => {
      if (this.#fenced(request)) return answerTo(request, 'fenced', null)
      const { held, refusal } = this.#releaseOne(request)
      return answerTo(request, held ? 'reserved' : 'released', refusal)
    })
    return this.#withBalances(requests, answers)
  }

  closeRound(fence: Fence, roundId: string, betDigest: string): string | 'fenced' {
    if (this.#fenced(fence)) return 'fenced'
    const round = this.#round(roundId, fence)
    if (round.ended === null) round.betDigest ??= betDigest
    return round.betDigest ?? betDigest
  }

  registerDraw(fence: Fence, roundId: string, draw: Draw): Draw | 'fenced' | 'void' {
    if (this.#fenced(fence)) return 'fenced'
    const round = this.#round(roundId, fence)
    if (round.ended?.how === 'void') return 'void'
    assert(round.betDigest !== null, `LED-11: round ${roundId} is closed before its draw`)
    if (round.draw === null) round.draw = draw
    return round.draw
  }

  settle(settlement: Settlement): Ended | 'fenced' {
    if (this.#fenced(settlement)) return 'fenced'
    const round = this.#round(settlement.roundId, settlement)
    const { tableId } = round.opening
    const content = settlementText(settlement)
    const players = new Set(settlement.payouts.map(({ playerId }) => playerId))
    if (round.settlement !== null) {
      assert(round.settlement === content, `LED-12: round ${settlement.roundId} was settled with other content`)
      return this.#ended(round, players)
    }
    assert(round.draw !== null && round.ended?.how !== 'void', `LED-12: round ${settlement.roundId} has a draw`)
    const held = this.#held(settlement.roundId)
    const handle = sumCents(held.map(({ bet }) => bet.stakeCents))
    assert(handle === settlement.handleCents, `LED-12: the handle is ${handle}, not ${settlement.handleCents}`)
    const unpaid = new Map(held.map(({ bet }) => [bet.betId, bet.playerId]))
    for (const { betId, playerId, cents } of settlement.payouts) {
      assert(unpaid.get(betId) === playerId && cents > 0, `LED-12: payout of ${betId} is for a stake of this round`)
      unpaid.delete(betId)
    }
    if (handle > 0) this.#post(settlement.roundId, 'handle', escrow(tableId), win(tableId), handle)
    for (const { betId, playerId, cents } of settlement.payouts)
      this.#post(betId, 'payout', win(tableId), player(playerId), cents)
    round.settlement = content
    round.ended = { how: 'settled', atMs: this.#nowMs(), voidReason: null }
    return this.#ended(round, players)
  }

  voidRound(
    fence: Fence,
    roundId: string,
    reason: VoidReason,
    draw: Draw,
  ): Ended | 'fenced' | { readonly drawn: Draw } {
    if (this.#fenced(fence)) return 'fenced'
    const round = this.#round(roundId, fence)
    if (round.ended?.how !== 'void') {
      if (round.draw !== null) return { drawn: round.draw }
      for (const stake of this.#held(roundId)) this.#giveBack(stake, round)
      round.draw = draw
      round.ended = { how: 'void', atMs: this.#nowMs(), voidReason: reason }
    }
    const stakes = this.#stakesOfRound.get(roundId) ?? []
    return this.#ended(round, new Set(stakes.filter(({ released }) => released).map(({ bet }) => bet.playerId)))
  }

  latestRound(tableId: string): Facts | null {
    const roundId = this.#latest.get(tableId)
    const round = roundId === undefined ? undefined : this.rounds.get(roundId)
    if (round === undefined) return null
    const stakes = (this.#stakesOfRound.get(round.opening.roundId) ?? []).map(stakeFact)
    return { opening: round.opening, stakes, betDigest: round.betDigest, draw: round.draw, ended: round.ended }
  }

  openAccount(playerId: string): void {
    if (!this.#balances.has(player(playerId))) this.#balances.set(player(playerId), toCents(0))
  }

  balanceOf(playerId: string): Cents | null {
    return this.#balances.get(player(playerId)) ?? null
  }

  grant(
    id: string,
    playerId: string,
    cents: Cents,
    memo: string,
  ): { readonly balanceCents: Cents } | 'grant-id-taken' | 'unknown-account' {
    assert(cents > 0, 'LED-15: a grant is a positive amount')
    const content = canonicalJson([playerId, cents, memo])
    const known = this.#grants.get(id)
    const balance = this.balanceOf(playerId)
    if (known !== undefined && known.content !== content) return 'grant-id-taken'
    const refused = known?.refused ?? balance === null
    this.#grants.set(id, { content, refused })
    if (refused || balance === null) return 'unknown-account'
    if (known === undefined) this.#post(id, 'grant', GRANTS, player(playerId), cents)
    return { balanceCents: this.balanceOf(playerId) ?? balance }
  }

  audit(): BooksAudit {
    const sums = new Map<string, number>()
    for (const { debit, credit, cents } of this.entries) {
      sums.set(debit, (sums.get(debit) ?? 0) - cents)
      sums.set(credit, (sums.get(credit) ?? 0) + cents)
    }
    const total = (prefix: string): Cents =>
      toCents([...sums].reduce((sum, [account, cents]) => sum + (account.startsWith(prefix) ? cents : 0), 0))
    let accountsOff = 0
    for (const [account, cents] of this.#balances) if ((sums.get(account) ?? 0) !== cents) accountsOff++
    for (const [tableId] of this.#epochs)
      if ((sums.get(escrow(tableId)) ?? 0) !== this.#openStakes(tableId)) accountsOff++
    return {
      linesSumCents: total(''),
      accountsOff,
      negativePlayers: [...this.#balances.values()].filter((cents) => cents < 0).length,
      playersCents: total('player:'),
      escrowCents: total('escrow:'),
    }
  }

  #reserveOne({ roundId, tableId, bet }: StakeRequest): Refusal | null {
    const known = this.#stakes.get(bet.betId)
    if (known !== undefined) {
      if (known.content !== contentOf(roundId, bet)) return 'bet-id-taken'
      if (known.outcome === 'withdrawn' || known.released) return 'withdrawn'
      return known.outcome === 'posted' ? null : known.outcome
    }
    const refusal = this.#whyNot(roundId, tableId, bet)
    this.#keep(roundId, bet, refusal ?? 'posted')
    if (refusal === null) this.#post(bet.betId, 'stake', player(bet.playerId), escrow(tableId), bet.stakeCents)
    return refusal
  }

  #whyNot(roundId: string, tableId: string, bet: NewBet): Refusal | null {
    const round = this.rounds.get(roundId)
    if (round === undefined || round.opening.tableId !== tableId) return 'bets-closed'
    if (round.betDigest !== null || round.ended !== null) return 'bets-closed'
    const balance = this.balanceOf(bet.playerId)
    if (balance === null) return 'account-blocked'
    return balance < bet.stakeCents ? 'insufficient-funds' : null
  }

  /** Whether the stake is still held, and what stood in the way or what it had been refused for. */
  #releaseOne({ roundId, bet }: StakeRequest): { held: boolean; refusal: Refusal | null } {
    const known = this.#stakes.get(bet.betId)
    if (known === undefined) {
      this.#keep(roundId, bet, 'withdrawn')
      return { held: false, refusal: null }
    }
    if (known.content !== contentOf(roundId, bet)) return { held: false, refusal: 'bet-id-taken' }
    if (known.outcome === 'withdrawn' || known.released) return { held: false, refusal: null }
    if (known.outcome !== 'posted') return { held: false, refusal: known.outcome }
    const round = this.rounds.get(roundId)
    assert(round !== undefined, 'LED-5: a stake that is held belongs to a round')
    if (round.betDigest !== null || round.ended !== null) return { held: true, refusal: 'bets-closed' }
    this.#giveBack(known, round)
    return { held: false, refusal: null }
  }

  #giveBack(stake: Stake, round: MemoryRound): void {
    const { betId, playerId, stakeCents } = stake.bet
    this.#post(betId, 'release', escrow(round.opening.tableId), player(playerId), stakeCents)
    stake.released = true
  }

  #post(ref: string, kind: MemoryEntry['kind'], debit: string, credit: string, cents: Cents): void {
    this.entries.push({ ref, kind, debit, credit, cents })
    const move = (account: string, by: number): void => {
      const balance = this.#balances.get(account)
      if (balance !== undefined) this.#balances.set(account, toCents(balance + by))
    }
    move(debit, -cents)
    move(credit, cents)
  }

  #keep(roundId: string, bet: NewBet, outcome: Outcome): void {
    const stake: Stake = { content: contentOf(roundId, bet), roundId, bet, outcome, released: false }
    this.#stakes.set(bet.betId, stake)
    const ofRound = this.#stakesOfRound.get(roundId)
    if (ofRound === undefined) this.#stakesOfRound.set(roundId, [stake])
    else ofRound.push(stake)
  }

  #held(roundId: string): Stake[] {
    return (this.#stakesOfRound.get(roundId) ?? []).filter(({ outcome, released }) => outcome === 'posted' && !released)
  }

  #openStakes(tableId: string): number {
    let sum = 0
    for (const { opening, ended } of this.rounds.values())
      if (opening.tableId === tableId && ended === null)
        for (const { bet } of this.#held(opening.roundId)) sum += bet.stakeCents
    return sum
  }

  #fenced({ tableId, epoch }: Fence): boolean {
    return this.#epochs.get(tableId) !== epoch
  }

  #round(roundId: string, { tableId }: Fence): MemoryRound {
    const round = this.rounds.get(roundId)
    assert(round !== undefined, `LED-9: round ${roundId} has been opened`)
    assert(round.opening.tableId === tableId, `LED-9: round ${roundId} is played at ${tableId}`)
    return round
  }

  /** Balances are told as they are after all of the call. */
  #withBalances(requests: readonly StakeRequest[], answers: readonly StakeAnswer[]): StakeAnswer[] {
    return answers.map((answer, i) => {
      const playerId = requests[i]?.bet.playerId
      const fenced = answer.fate === 'fenced' || playerId === undefined
      return { ...answer, balanceCents: fenced ? null : this.balanceOf(playerId) }
    })
  }

  #ended(round: MemoryRound, players: ReadonlySet<string>): Ended {
    assert(round.ended !== null, 'LED-12: the round has ended')
    return {
      atMs: round.ended.atMs,
      balances: new Map([...players].map((id) => [id, this.balanceOf(id) ?? toCents(0)])),
    }
  }
}

function stakeFact({ bet, outcome, released }: Stake): StakeFact {
  if (outcome === 'withdrawn' || released) return { bet, fate: 'released', refusal: null }
  return outcome === 'posted' ? { bet, fate: 'reserved', refusal: null } : { bet, fate: 'refused', refusal: outcome }
}

function contentOf(roundId: string, { playerId, selection, stakeCents }: NewBet): string {
  return canonicalJson([roundId, playerId, stakeCents, selection])
}

function settlementText({ handleCents, payouts }: Settlement): string {
  const inOrder = payouts.map(({ betId, playerId, cents }) => [betId, playerId, cents] as const)
  return canonicalJson([handleCents, inOrder.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))])
}

function answerTo({ bet }: StakeRequest, fate: StakeAnswer['fate'], refusal: Refusal | null): StakeAnswer {
  return { betId: bet.betId, fate, refusal, balanceCents: null }
}
