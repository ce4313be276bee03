import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Cents, toCents } from '../../engine/money.ts'
import type { Draw, NewBet, Opening } from '../../engine/round/types.ts'
import type { Books, Fence, StakeAnswer, StakeRequest } from './books.ts'
import { roundContract } from './contract-rounds.ts'
import { stakeContract } from './contract-stakes.ts'

export type BooksUnderTest = { readonly books: Books; close(): Promise<void> }

/** One table with an open round, and what a test needs to act there. Every test has its own. */
export type Scene = {
  readonly books: Books
  readonly tableId: string
  readonly fence: Fence
  readonly opening: Opening
  /** A new player with so many cents. */
  player(cents: number): Promise<string>
  bet(playerId: string, cents: number, betId?: string): NewBet
  request(bet: NewBet, fence?: Fence): StakeRequest
  reserve(...bets: NewBet[]): Promise<readonly StakeAnswer[]>
  release(...bets: NewBet[]): Promise<readonly StakeAnswer[]>
  /** Closes the round and registers the draw. */
  draw(): Promise<void>
  /** Settles, paying the bets named; the handle is given by the caller. */
  settle(handleCents: number, paid?: readonly [NewBet, number][]): ReturnType<Books['settle']>
}

/** Tests by name; each has a scene of its own. */
export type ContractTests = Readonly<Record<string, (scene: Scene) => Promise<void>>>

export const DRAW: Draw = { outcome: { pocket: 17 }, seedHex: 'ab'.repeat(32) }
export const OTHER_DRAW: Draw = { outcome: { pocket: 0 }, seedHex: 'cd'.repeat(32) }
export const DIGEST = 'd1'.repeat(32)
export const cents = (n: number): Cents => toCents(n)

/** Holds any `Books` to its promises. Source: RULES.md, LED-1 to LED-16. */
export function booksContract(name: string, open: () => Promise<BooksUnderTest>): void {
  describe(`books: ${name}`, () => {
    let underTest: BooksUnderTest
    let scene: Scene
    beforeAll(async () => {
      underTest = await open()
    })
    afterAll(() => underTest?.close())
    beforeEach(async () => {
      scene = await newScene(underTest.books)
    })
    // LED-2 is checked by every test.
    afterEach(async () => {
      expect(await underTest.books.audit()).toMatchObject({ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 })
    })
    for (const [promise, check] of Object.entries({ ...stakeContract, ...roundContract })) {
      test(promise, () => check(scene))
    }
  })
}

export async function newScene(books: Books): Promise<Scene> {
  const tableId = `t-${randomUUID()}`
  const fence = { tableId, epoch: await books.raiseEpoch(tableId) }
  const opening = openingOf(tableId, 0)
  await books.openRound(fence, opening)
  const { roundId } = opening
  const request = (bet: NewBet, as: Fence = fence): StakeRequest => ({ ...as, roundId, bet })
  return {
    books,
    tableId,
    fence,
    opening,
    request,
    async player(amount) {
      const playerId = `p-${randomUUID()}`
      await books.openAccount(playerId)
      if (amount > 0) await books.grant(randomUUID(), playerId, cents(amount), 'test')
      return playerId
    },
    bet: (playerId, amount, betId = randomUUID()) => ({
      betId,
      playerId,
      selection: { kind: 'straight', numbers: [17] },
      stakeCents: cents(amount),
    }),
    reserve: (...bets) => books.reserve(bets.map((bet) => request(bet))),
    release: (...bets) => books.release(bets.map((bet) => request(bet))),
    async draw() {
      await books.closeRound(fence, roundId, DIGEST)
      await books.registerDraw(fence, roundId, DRAW)
    },
    settle: (handleCents, paid = []) =>
      books.settle({
        ...fence,
        roundId,
        handleCents: cents(handleCents),
        payouts: paid.map(([{ betId, playerId }, amount]) => ({ betId, playerId, cents: cents(amount) })),
      }),
  }
}

export function openingOf(tableId: string, roundNo: number, gameId = 'roulette'): Opening {
  const cap = cents(1_000_000)
  return {
    roundId: `${tableId}.0.${roundNo}`,
    tableId,
    seriesId: `${tableId}.0`,
    roundNo,
    commitment: 'c0'.repeat(32),
    openedAtMs: 1_000,
    closesAtMs: 21_000,
    terms: {
      gameId,
      rulesVersion: 1,
      rules: { wheel: 'single-zero', laPartage: false },
      limits: { perBet: {}, perPlayerCents: cap, perTableCents: cap },
      pace: { bettingMs: 20_000, restMs: 5_000 },
      currency: 'PEN',
    },
  }
}

export const fates = (answers: readonly StakeAnswer[]): string[] =>
  answers.map(({ fate, refusal }) => (refusal === null ? fate : `${fate} ${refusal}`))
