import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { toCents } from '../../engine/money.ts'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { PlayMoney } from './play-money.ts'
import { PlayerBooks } from './testing.ts'

const DAY_MS = 86_400_000
let database: TestDatabase
let books: PlayerBooks
let playerId: string
const clock = { nowMs: 1_000_000_000 }

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  books = new PlayerBooks()
  playerId = await seatPlayer()
})

async function seatPlayer(): Promise<string> {
  const id = randomUUID()
  await database.pool.query('insert into player (id, name, email) values ($1, $2, $3)', [id, 'Ana', `${id}@example.pe`])
  await books.openAccount(id)
  return id
}

function playMoney(on = true): PlayMoney {
  return new PlayMoney({ on, database, books, nowMs: () => clock.nowMs, dailyCents: 2_500_000 })
}

test('[PLY-9] outside development mode nothing is credited', async () => {
  expect(await playMoney(false).grant(randomUUID(), playerId, toCents(100))).toBe('play-money-off')
  expect(books.total()).toBe(0)
})

test('[PLY-10] S/ 10,000.00 at once and no céntimo more', async () => {
  expect(await playMoney().grant(randomUUID(), playerId, toCents(1_000_001))).toBe('grant-too-large')
  expect(await playMoney().grant(randomUUID(), playerId, toCents(1_000_000))).toEqual({ balanceCents: 1_000_000 })
})

test('[PLY-10] the limit of 24 hours holds against twenty simultaneous requests, and frees itself', async () => {
  const money = playMoney()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => money.grant(randomUUID(), playerId, toCents(600_000))),
  )
  expect(answers.filter((answer) => answer === 'daily-limit')).toHaveLength(16)
  expect(books.balances.get(playerId)).toBe(2_400_000)
  expect(await money.grant(randomUUID(), playerId, toCents(100_001))).toBe('daily-limit')
  expect(await money.grant(randomUUID(), playerId, toCents(100_000))).toEqual({ balanceCents: 2_500_000 })
  clock.nowMs += DAY_MS
  expect(await money.grant(randomUUID(), playerId, toCents(1))).toEqual({ balanceCents: 2_500_001 })
})

test('[PLY-11] the same request credits once, also when the first reply was lost', async () => {
  const id = randomUUID()
  const grant = books.grant.bind(books)
  books.grant = async () => Promise.reject(new Error('database out of reach'))
  await expect(playMoney().grant(id, playerId, toCents(500))).rejects.toThrow('out of reach')
  books.grant = grant
  const answers = await Promise.all(Array.from({ length: 5 }, () => playMoney().grant(id, playerId, toCents(500))))
  expect(answers).toEqual(Array(5).fill({ balanceCents: 500 }))
})

test('[PLY-11] an id is refused with another amount or for another player', async () => {
  const id = randomUUID()
  const other = await seatPlayer()
  await playMoney().grant(id, playerId, toCents(500))
  expect(await playMoney().grant(id, playerId, toCents(501))).toBe('grant-id-taken')
  expect(await playMoney().grant(id, other, toCents(500))).toBe('grant-id-taken')
  expect(await playMoney().grant(randomUUID(), 'nobody', toCents(500))).toBe('unknown-account')
  expect(books.total()).toBe(500)
})
