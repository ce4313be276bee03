import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { memoryBooks } from '../../simulation/memory-books.ts'
import { MemoryLedger } from '../../simulation/memory-ledger.ts'
import { databasesUnderTest, openTestDatabase } from '../database/testing.ts'
import type { StakeAnswer, StakeRequest } from './books.ts'
import { booksContract, cents, fates, newScene } from './contract.ts'
import { LedgerBooks } from './ledger-books.ts'
import { BooksOutOfReach } from './out-of-reach.ts'
import { batchedBooks, StakeBatcher } from './stake-batcher.ts'

for (const kind of databasesUnderTest()) {
  booksContract(`batched, ${kind}`, async () => {
    const database = await openTestDatabase(kind)
    return { books: batchedBooks(new LedgerBooks(database)), close: () => database.close() }
  })
}

const request = (playerId: string, betId: string = randomUUID()): StakeRequest => ({
  tableId: 't',
  epoch: 1,
  roundId: 'r',
  bet: { betId, playerId, selection: 1, stakeCents: cents(100) },
})
const answer = ({ bet }: StakeRequest): StakeAnswer => ({
  betId: bet.betId,
  fate: 'reserved',
  refusal: null,
  balanceCents: null,
})

/** Books that note each batch, and answer it when they are told to. */
function slowBooks() {
  const batches: { ids: string[]; answer: () => void; fail: (error: Error) => void }[] = []
  const ask = (requests: readonly StakeRequest[]): Promise<readonly StakeAnswer[]> =>
    new Promise((resolve, reject) => {
      batches.push({
        ids: requests.map(({ bet }) => bet.betId),
        answer: () => resolve(requests.map(answer)),
        fail: reject,
      })
    })
  return { batches, books: { reserve: ask, release: ask } }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('[LED-18] the first batch goes at once, and what comes meanwhile goes together with the next', async () => {
  const { batches, books } = slowBooks()
  const batcher = new StakeBatcher(books, { lanes: 1 })
  const asked = [request('a'), request('b'), request('c'), request('d'), request('e')]
  const answers = asked.slice(0, 2).map((one) => batcher.ask('reserve', [one]))
  await turn()
  answers.push(...asked.slice(2).map((one) => batcher.ask('reserve', [one])))
  await turn()
  const ids = asked.map(({ bet }) => bet.betId)
  expect(batches.map((batch) => batch.ids)).toEqual([ids.slice(0, 2)])
  batches[0]?.answer()
  await Promise.all(answers.slice(0, 2))
  await turn()
  expect(batches.map((batch) => batch.ids)).toEqual([ids.slice(0, 2), ids.slice(2)])
  batches[1]?.answer()
  expect((await Promise.all(answers)).flat().map(({ betId }) => betId)).toEqual(ids)
})

test('[LED-18] a batch has its limit, and a lane one batch under way', async () => {
  const { batches, books } = slowBooks()
  const batcher = new StakeBatcher(books, { lanes: 1, maxBatch: 3 })
  const answers = Array.from({ length: 7 }, () => batcher.ask('reserve', [request('a')]))
  for (const size of [3, 3, 1]) {
    await turn()
    await turn()
    expect(batches.at(-1)?.ids).toHaveLength(size)
    batches.at(-1)?.answer()
    await turn()
  }
  await Promise.all(answers)
  expect(batches).toHaveLength(3)
})

test('[LED-18] few who wait go together; many go by lanes, and a player never by two at once', async () => {
  const { batches, books } = slowBooks()
  const batcher = new StakeBatcher(books, { lanes: 2, togetherUpTo: 8 })
  const players = Array.from({ length: 20 }, (_, i) => `player-${i}`)
  const few = batcher.ask(
    'reserve',
    players.slice(0, 8).map((playerId) => request(playerId)),
  )
  await turn()
  expect(batches.map(({ ids }) => ids.length)).toEqual([8])
  // While everybody's lane is busy nobody's next stake goes.
  const many = players.map((playerId) => request(playerId))
  const rest = batcher.ask('reserve', [...many, ...players.map((playerId) => request(playerId))])
  await turn()
  expect(batches).toHaveLength(1)
  batches[0]?.answer()
  await few
  await turn()
  expect(batches).toHaveLength(3)
  const inFirst = new Set(batches[1]?.ids)
  const lanes = many.map(({ bet }) => inFirst.has(bet.betId))
  expect(new Set(lanes).size).toBe(2)
  for (const batch of batches.slice(1)) batch.answer()
  expect(await rest).toHaveLength(40)
  expect(batches.slice(1).map(({ ids }) => ids.length)).toEqual([
    2 * lanes.filter((first) => first).length,
    2 * lanes.filter((first) => !first).length,
  ])
})

test('[LED-18] reservations and releases do not wait for each other', async () => {
  const { batches, books } = slowBooks()
  const batcher = new StakeBatcher(books, { lanes: 1 })
  const asked = [batcher.ask('reserve', [request('a')]), batcher.ask('release', [request('a')])]
  await turn()
  expect(batches).toHaveLength(2)
  for (const batch of batches) batch.answer()
  await Promise.all(asked)
})

test('[LED-18] a caller with many requests gets each answer in its place, whatever lanes they went by', async () => {
  const batcher = new StakeBatcher({
    reserve: async (requests) => requests.map(answer),
    release: async (requests) => requests.map(answer),
  })
  const asked = Array.from({ length: 30 }, (_, i) => request(`player-${i}`))
  const ids = asked.map(({ bet }) => bet.betId)
  expect((await batcher.ask('reserve', asked)).map(({ betId }) => betId)).toEqual(ids)
  expect(await batcher.ask('release', [])).toEqual([])
})

test('[LED-18] a failed batch is told to everyone in it and to nobody else, and the lane goes on', async () => {
  const { batches, books } = slowBooks()
  const batcher = new StakeBatcher(books, { lanes: 1, maxBatch: 2 })
  const answers = Array.from({ length: 4 }, () => batcher.ask('reserve', [request('a')]))
  const settled = Promise.allSettled(answers)
  await turn()
  batches[0]?.fail(new BooksOutOfReach('gone'))
  await Promise.allSettled(answers.slice(0, 2))
  await turn()
  batches[1]?.answer()
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled'])
})

test('[LED-18] a full lane is told at once, and what waits there is not harmed', async () => {
  const { batches, books } = slowBooks()
  const batcher = new StakeBatcher(books, { lanes: 1, maxWaiting: 3 })
  const waiting = batcher.ask('reserve', [request('a'), request('a'), request('a')])
  await expect(batcher.ask('reserve', [request('a')])).rejects.toThrow(BooksOutOfReach)
  await turn()
  batches[0]?.answer()
  expect(await waiting).toHaveLength(3)
})

test('[LED-18] a malformed request fails alone, before it joins the others', async () => {
  const books = memoryBooks(new MemoryLedger(() => 1))
  const { player, bet, request: of } = await newScene(books)
  const batcher = new StakeBatcher(books)
  const ana = await player(1_000)
  const good = batcher.ask('reserve', [of(bet(ana, 100))])
  const bad = [
    of({ ...bet(ana, 100), betId: 'DROP TABLE' }),
    of({ ...bet(ana, 100), betId: randomUUID().toUpperCase() }),
    of(bet('zero \0 character', 100)),
    of({ ...bet(ana, 100), selection: 'x'.repeat(5_000) }),
    of({ ...bet(ana, 100), stakeCents: 0.5 as never }),
    of({ ...bet(ana, 100), stakeCents: -1 as never }),
    { ...of(bet(ana, 100)), roundId: 'r'.repeat(5_000) },
  ]
  for (const one of bad) await expect(batcher.ask('reserve', [one])).rejects.toThrow('invariant broken')
  expect(fates(await good)).toEqual(['reserved'])
  expect(await books.balanceOf(ana)).toBe(900)
})
