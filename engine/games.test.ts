import { describe, expect, test } from 'vitest'
import { gameById, games, listings } from './games.ts'
import { roulette } from './roulette/roulette.ts'

describe('the games of the house', () => {
  test('[ROU-20] roulette is listed under its id with the rules that it reads', () => {
    expect(games.roulette).toBe(roulette)
    expect(gameById('roulette')).toBe(roulette)
    for (const { game, variants } of listings)
      for (const rules of Object.values(variants)) expect(game.readRules(rules)).toEqual(rules)
  })

  test('[ROU-20] no other id is a game, least of all the names that every object has', () => {
    for (const id of ['', 'baccarat', 'Roulette', 'constructor', '__proto__', 'toString'])
      expect(gameById(id), id).toBeNull()
  })

  test('[ROU-20] ids are told apart', () => {
    expect(Object.keys(games)).toHaveLength(listings.length)
  })
})
