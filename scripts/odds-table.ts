import type { BetReturn } from '../engine/game.ts'
import type { Listing } from '../engine/games.ts'
import { type Ratio, ratioText } from '../engine/money.ts'

/** One bet's exact odds; `returnPct` and `hitPct` (how often it pays anything) are per cent to four decimals. */
export type OddsRow = {
  readonly game: string
  readonly variant: string
  readonly bet: string
  readonly return: string
  readonly returnPct: number
  readonly hitPct: number
}

/**
 * The exact odds of every bet of these games under every variant, by enumeration of the engine's own payouts.
 * `ok` when there are any and each return is the published one (ROU-16); `text` is a table to read.
 */
export function oddsTable(listings: readonly Listing[]): { ok: boolean; text: string; bets: OddsRow[] } {
  const tables = listings.flatMap((listing) =>
    Object.entries(listing.variants).map(([variant, rules]) => tableOf(listing, variant, listing.game.returns(rules))),
  )
  const bets = tables.flatMap(({ rows }) => rows)
  return {
    ok: bets.length > 0 && tables.every(({ asPublished }) => asPublished),
    text: tables.map(({ text }) => text).join('\n\n'),
    bets,
  }
}

function tableOf({ game, publishedReturn }: Listing, variant: string, found: readonly BetReturn[]) {
  const rows = found.map((bet) => ({
    game: game.id,
    variant,
    bet: bet.bet,
    return: ratioText(bet.return),
    returnPct: percent(bet.return),
    hitPct: percent(bet.hitRate),
  }))
  const lines = rows.map((row) => lineOf(row, publishedReturn(variant, row.bet)))
  const head = `${'bet'.padEnd(16)}${'return'.padStart(10)}${'%'.padStart(11)}${'pays %'.padStart(11)}  published`
  return {
    rows,
    asPublished: rows.every((row) => row.return === publishedReturn(variant, row.bet)),
    text: [`${game.id}, ${variant}`, head, ...lines].join('\n'),
  }
}

function lineOf(row: OddsRow, published: string | null): string {
  const figures = [row.return.padStart(10), row.returnPct.toFixed(4).padStart(11), row.hitPct.toFixed(4).padStart(11)]
  return `${row.bet.padEnd(16)}${figures.join('')}  ${row.return === published ? 'same' : `DIFFERS: ${published}`}`
}

/** To four decimals, rounded half up from the exact ratio. */
function percent({ num, den }: Ratio): number {
  return Number((2n * num * 1_000_000n + den) / (2n * den)) / 10_000
}
