import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../database/testing.ts'
import { Favourites, favouriteList } from './favourites.ts'

let database: TestDatabase
let favourites: Favourites
beforeAll(async () => {
  database = await openTestDatabase()
  await database.pool.query("insert into player (id, name, email) values ('ana', 'Ana', 'ana@example.pe')")
  favourites = new Favourites({ database, nowMs: () => 1, hasGame: (gameId) => gameId === 'roulette' })
})
afterAll(() => database.close())

const bet = { selection: { bet: 'straight', pocket: 17 }, stakeCents: 500 }
const favourite = { name: 'Diecisiete', gameId: 'roulette', bets: [bet] }

test('[PLY-12] a list is kept whole, replaced whole, and is empty at first', async () => {
  expect(await favourites.of('ana')).toEqual([])
  expect(await favourites.keep('ana', [favourite, { ...favourite, name: 'Otra' }])).toBe('kept')
  expect(await favourites.keep('ana', [favourite])).toBe('kept')
  expect(await favourites.of('ana')).toEqual([favourite])
})

test('[PLY-12] a game the house does not have is refused, and nothing changes', async () => {
  await favourites.keep('ana', [favourite])
  expect(await favourites.keep('ana', [favourite, { ...favourite, gameId: 'sic-bo' }])).toBe('unknown-game')
  expect(await favourites.of('ana')).toEqual([favourite])
})

test('[PLY-12] twelve favourites of sixty-four bets, and not one more of either', () => {
  const full = { ...favourite, bets: Array(64).fill(bet) }
  expect(favouriteList.safeParse(Array(12).fill(full)).success).toBe(true)
  expect(favouriteList.safeParse(Array(13).fill(favourite)).success).toBe(false)
  expect(favouriteList.safeParse([{ ...full, bets: Array(65).fill(bet) }]).success).toBe(false)
  for (const bad of [
    { ...favourite, name: '' },
    { ...favourite, name: 'x'.repeat(41) },
    { ...favourite, bets: [] },
    { ...favourite, bets: [{ ...bet, stakeCents: 0.5 }] },
    { ...favourite, bets: [{ ...bet, stakeCents: -1 }] },
    { ...favourite, bets: [{ ...bet, selection: 'x'.repeat(500) }] },
    { ...favourite, more: 1 },
  ]) {
    expect(favouriteList.safeParse([bad]).success).toBe(false)
  }
})
