import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryBooks } from '../../simulation/memory-books.ts'
import { MemoryLedger } from '../../simulation/memory-ledger.ts'
import { databasesUnderTest, openTestDatabase, type TestDatabase } from '../database/testing.ts'
import type { Books, Fence, StakeRequest } from './books.ts'
import { cents, DIGEST, DRAW, OTHER_DRAW, openingOf } from './contract.ts'
import { LedgerBooks } from './ledger-books.ts'
import { BooksOutOfReach } from './out-of-reach.ts'
import { batchedBooks } from './stake-batcher.ts'

const TABLES = 2
const PLAYERS = 3

const stake = fc.record({
  table: fc.nat(TABLES - 1),
  /** One more than there are accounts: the last is a stranger. */
  player: fc.nat(PLAYERS),
  bet: fc.nat(9),
  cents: fc.constantFrom(10, 60, 300),
  selection: fc.constantFrom<StakeRequest['bet']['selection']>('red', { kind: 'straight', numbers: [17] }),
  /** How far behind the table's epoch the asker is. */
  behind: fc.constantFrom(0, 0, 0, 0, 1, -1),
})
const table = fc.nat(TABLES - 1)
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('reserve'), stakes: fc.array(stake, { maxLength: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('release'), stakes: fc.array(stake, { maxLength: 4 }) }) },
  fc.record({ type: fc.constant('close'), table, behind: fc.constantFrom(0, 0, 1) }),
  fc.record({ type: fc.constant('draw'), table, other: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('settle'), table, off: fc.constantFrom(0, 0, 0, 1) }) },
  fc.record({ type: fc.constant('void'), table, other: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('next'), table }) },
  fc.record({ type: fc.constant('raise'), table }),
  fc.record({ type: fc.constant('grant'), player: fc.nat(PLAYERS), id: fc.nat(4), cents: fc.constantFrom(50, 500) }),
)
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never
type Asked = { [K in Command['type']]: Extract<Command, { type: K }> }[Command['type']]

/** What both books are asked in one run. Epochs and rounds are followed here, so that both are asked the same. */
class World {
  readonly #run: string
  readonly #epochs: number[] = []
  readonly #rounds: number[] = []
  readonly #books: Books

  constructor(books: Books, run: string = randomUUID()) {
    this.#books = books
    this.#run = run
  }

  get run(): string {
    return this.#run
  }

  async prepare(): Promise<void> {
    for (let n = 0; n < PLAYERS; n++) {
      await this.#books.openAccount(this.player(n))
      await this.#books.grant(this.id('9', n), this.player(n), cents(400), 'start')
    }
    for (let n = 0; n < TABLES; n++) {
      this.#epochs[n] = await this.#books.raiseEpoch(this.table(n))
      this.#rounds[n] = 0
      await this.#books.openRound(this.fence(n), openingOf(this.table(n), 0))
    }
  }

  player = (n: number): string => `p${n}-${this.#run}`
  table = (n: number): string => `t${n}-${this.#run}`
  id = (kind: string, n: number): string => `${this.#run.slice(0, 34)}${kind}${n}`
  roundId = (n: number): string => openingOf(this.table(n), this.#rounds[n] ?? 0).roundId
  fence = (n: number, behind = 0): Fence => ({ tableId: this.table(n), epoch: (this.#epochs[n] ?? 0) - behind })

  async ask(asked: Asked): Promise<unknown> {
    const books = this.#books
    switch (asked.type) {
      case 'reserve':
        return books.reserve(asked.stakes.map((one) => this.#request(one)))
      case 'release':
        return books.release(asked.stakes.map((one) => this.#request(one)))
      case 'close':
        return books.closeRound(this.fence(asked.table, asked.behind), this.roundId(asked.table), DIGEST)
      case 'draw':
        return books.registerDraw(this.fence(asked.table), this.roundId(asked.table), asked.other ? OTHER_DRAW : DRAW)
      case 'settle':
        return this.#settle(asked.table, asked.off)
      case 'void':
        return books.voidRound(
          this.fence(asked.table),
          this.roundId(asked.table),
          asked.other ? 'operator-error' : 'draw-failed',
          OTHER_DRAW,
        )
      case 'next': {
        const roundNo = (this.#rounds[asked.table] ?? 0) + 1
        const opened = await books.openRound(this.fence(asked.table), openingOf(this.table(asked.table), roundNo))
        this.#rounds[asked.table] = roundNo
        return opened
      }
      case 'raise':
        this.#epochs[asked.table] = await books.raiseEpoch(this.table(asked.table))
        return this.#epochs[asked.table]
      case 'grant':
        return books.grant(this.id('8', asked.id), this.player(asked.player), cents(asked.cents), 'more')
    }
  }

  async state(): Promise<unknown> {
    const balances = []
    for (let n = 0; n <= PLAYERS; n++) balances.push(await this.#books.balanceOf(this.player(n)))
    const facts = []
    for (let n = 0; n < TABLES; n++) {
      const read = await this.#books.latestRound(this.table(n))
      const stakes = read?.stakes.toSorted((a, b) => (a.bet.betId < b.bet.betId ? -1 : 1))
      facts.push({ ...read, stakes })
    }
    return { balances, facts }
  }

  /** Pays every second held stake three times over; `off` makes the handle wrong. */
  async #settle(n: number, off: number): Promise<unknown> {
    const facts = await this.#books.latestRound(this.table(n))
    const held = (facts?.stakes ?? [])
      .filter(({ fate }) => fate === 'reserved')
      .map(({ bet }) => bet)
      .toSorted((a, b) => (a.betId < b.betId ? -1 : 1))
    const payouts = held
      .filter((_, i) => i % 2 === 0)
      .map(({ betId, playerId, stakeCents }) => ({ betId, playerId, cents: cents(stakeCents * 3) }))
    const handleCents = cents(held.reduce((sum, { stakeCents }) => sum + stakeCents, off))
    return this.#books.settle({ ...this.fence(n), roundId: this.roundId(n), handleCents, payouts })
  }

  #request(one: typeof stake extends fc.Arbitrary<infer T> ? T : never): StakeRequest {
    return {
      ...this.fence(one.table, one.behind),
      roundId: this.roundId(one.table),
      bet: {
        betId: this.id('1', one.bet),
        playerId: this.player(one.player),
        selection: one.selection,
        stakeCents: cents(one.cents),
      },
    }
  }
}

/** The answer, or that it was a broken invariant; the words of an error may differ. */
async function outcome(world: World, asked: Asked): Promise<unknown> {
  try {
    return await world.ask(asked)
  } catch (error) {
    if (error instanceof BooksOutOfReach) throw error
    return 'broken invariant'
  }
}

for (const kind of databasesUnderTest()) {
  describe(`model: ${kind}`, () => {
    let database: TestDatabase
    const nowMs = () => 5_000
    beforeAll(async () => {
      database = await openTestDatabase(kind)
    })
    afterAll(() => database?.close())

    for (const path of ['asked one by one', 'asked through the batcher'] as const) {
      test(`[LED-2 LED-4 LED-8 LED-16] the books answer whatever comes as the memory's do, ${path}`, async () => {
        const real = new LedgerBooks(database, nowMs)
        // One lane: two players who ask for one id at once may be answered in either order, and the model knows one.
        const books = path === 'asked one by one' ? real : batchedBooks(real, { lanes: 1 })
        const seen = new Set<string>()
        await fc.assert(
          fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 60 }), async (commands) => {
            const ledger = new MemoryLedger(nowMs)
            const mine = new World(books)
            const model = new World(memoryBooks(ledger), mine.run)
            await mine.prepare()
            await model.prepare()
            for (const asked of commands as Asked[]) {
              const expected = await outcome(model, asked)
              expect(await outcome(mine, asked)).toEqual(expected)
              seen.add(
                `${asked.type} ${JSON.stringify(expected).match(/reserved|refused|released|fenced|broken/)?.[0]}`,
              )
            }
            expect(await mine.state()).toEqual(await model.state())
            expect(ledger.audit()).toMatchObject({ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 })
          }),
          { numRuns: kind === 'embedded' ? 15 : 30 },
        )
        expect(await books.audit()).toMatchObject({ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 })
        // The sequences reached what they are there for.
        for (const reached of [
          'reserve reserved',
          'reserve refused',
          'release released',
          'settle broken',
          'close fenced',
        ])
          expect(seen).toContain(reached)
      })
    }
  })
}
