/**
 * `npm run odds -- roulette`: the exact return of every bet of a game (of all games without a name) under every
 * variant. The last line is one JSON. Exit code 1 when a figure is not the published one, 2 for an unknown game.
 */
import { listings } from '../engine/games.ts'
import { oddsTable } from './odds-table.ts'

const asked = process.argv.slice(2)
const ids = listings.map(({ game }) => game.id)

if (asked.some((id) => !ids.includes(id))) {
  console.error(`usage: npm run odds -- [${ids.join(' | ')}]`)
  process.exitCode = 2
} else {
  const { ok, text, bets } = oddsTable(listings.filter(({ game }) => asked.length === 0 || asked.includes(game.id)))
  console.log(`${text}\n\n${JSON.stringify({ ok, bets })}`)
  process.exitCode = ok ? 0 : 1
}
