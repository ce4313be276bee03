import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { listings } from '../engine/games.ts'
import { oddsTable } from './odds-table.ts'

const odds = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/odds.ts', ...args], { cwd: `${import.meta.dirname}/..`, encoding: 'utf8' })

describe('npm run odds', () => {
  test('[ROU-16] prints every bet of every variant, and one JSON last', () => {
    const run = odds('roulette')
    expect(run.status).toBe(0)
    const last = JSON.parse(run.stdout.trimEnd().split('\n').at(-1) ?? '') as { ok: boolean; bets: object[] }
    expect(last.ok).toBe(true)
    expect(last.bets).toHaveLength(34 + 34 + 20)
    const game = 'roulette'
    for (const bet of [
      { game, variant: 'european', bet: 'voisins', return: '36/37', returnPct: 97.2973, hitPct: 45.9459 },
      { game, variant: 'la-partage', bet: 'red', return: '73/74', returnPct: 98.6486, hitPct: 51.3514 },
      { game, variant: 'american', bet: 'basket', return: '35/38', returnPct: 92.1053, hitPct: 13.1579 },
    ])
      expect(last.bets).toContainEqual(bet)
  })

  test('[ROU-16] refuses a game that the house does not have', () => {
    const run = odds('quoits')
    expect([run.status, run.stdout]).toEqual([2, ''])
    expect(run.stderr).toContain('roulette')
  })

  test('[ROU-16] one figure that is not the published one spoils the whole, and is pointed at', () => {
    const wrong = listings.map((listing) => ({
      ...listing,
      publishedReturn: (variant: string, bet: string) =>
        bet === 'basket' ? '18/19' : listing.publishedReturn(variant, bet),
    }))
    const { ok, text } = oddsTable(wrong)
    expect(ok).toBe(false)
    expect(text.split('\n').filter((line) => line.includes('DIFFERS'))).toEqual([
      expect.stringMatching(/^basket .* 35\/38 .*DIFFERS: 18\/19$/),
    ])
    expect(oddsTable([]).ok).toBe(false)
  })
})
