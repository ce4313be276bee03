import { expect, test } from 'vitest'
import type { BookFacts } from './books.ts'
import { Money, type Purse } from './money.ts'

const GRANT = { ref: 'g', kind: 'grant', outcome: 'posted', cents: 1_000, playerId: 'ana', roundId: null } as const
const BOOKS: BookFacts = {
  rounds: new Map(),
  entries: [{ ...GRANT, content: null }],
  balances: new Map([['ana', 700]]),
  ...{ linesSumCents: 0, accountsOff: 0, negativePlayers: 0 },
}
const PURSE: Purse = { name: 'p1', playerId: 'ana', balanceCents: 700, statedCents: -300, believedCents: 700 }

function offOf(books: BookFacts, purse: Purse): number {
  const money = new Money(books)
  money.compare(purse)
  expect(money.problems.length > 0).toBe(money.offCents > 0)
  return money.offCents
}

test('[CHA-8] a balance that grants, statements, books and belief bear out is right', () => {
  expect(offOf(BOOKS, PURSE)).toBe(0)
})

test('[CHA-8] every single one that differs is counted with its cents', () => {
  expect(offOf(BOOKS, { ...PURSE, statedCents: -299 })).toBe(1)
  expect(offOf(BOOKS, { ...PURSE, believedCents: 690 })).toBe(10)
  expect(offOf(BOOKS, { ...PURSE, believedCents: null })).toBe(700)
  expect(offOf(BOOKS, { ...PURSE, balanceCents: 705 })).toBe(15)
  expect(offOf({ ...BOOKS, balances: new Map() }, PURSE)).toBe(700)
})

test('[CHA-8] books that do not balance are counted', () => {
  expect(offOf({ ...BOOKS, linesSumCents: -3 }, PURSE)).toBe(3)
  expect(offOf({ ...BOOKS, accountsOff: 2 }, PURSE)).toBe(2)
  expect(offOf({ ...BOOKS, negativePlayers: 1 }, PURSE)).toBe(1)
})
