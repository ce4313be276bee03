import { toCents } from '../../engine/money.ts'
import { defaultLimits } from '../../engine/roulette/limits.ts'
import { ROULETTE_VARIANTS, type RouletteVariant } from '../../engine/roulette/rules.ts'
import type { Limits, Pace } from '../../engine/round/types.ts'
import type { HouseTables } from './house-tables.ts'

const PACE: Pace = { bettingMs: 25_000, restMs: 10_000 }

/** The tables of a house that has none yet: every variant once for small stakes, and one for large ones. */
const FIRST: readonly { tableId: string; name: string; variant: RouletteVariant; stakes: number }[] = [
  { tableId: 'lima', name: 'Lima', variant: 'european', stakes: 1 },
  { tableId: 'cusco', name: 'Cusco', variant: 'la-partage', stakes: 1 },
  { tableId: 'arequipa', name: 'Arequipa', variant: 'american', stakes: 1 },
  { tableId: 'trujillo', name: 'Trujillo', variant: 'european', stakes: 20 },
]

/**
 * Opens the first tables when the house has none at all; a house whose tables were closed has some. `pace` is for tests
 * and demonstrations. Errors: throws when the market's settings refuse one, since the house would stand empty.
 */
export async function openFirstTables(tables: HouseTables, pace: Pace = PACE): Promise<number> {
  if ((await tables.list()).length > 0) return 0
  for (const { tableId, name, variant, stakes } of FIRST) {
    const rules = ROULETTE_VARIANTS[variant]
    const limits = times(defaultLimits(rules), stakes)
    const created = await tables.create({ tableId, name, gameId: 'roulette', rules, limits, pace }, 'open')
    // Another node that starts at the same moment may have been first.
    if (typeof created === 'string' && created !== 'table-exists') throw new Error(`table ${tableId}: ${created}`)
  }
  return FIRST.length
}

function times({ perBet, perPlayerCents, perTableCents }: Limits, stakes: number): Limits {
  const scaled = (cents: number) => toCents(cents * stakes)
  return {
    perBet: Object.fromEntries(
      Object.entries(perBet).map(([kind, range]) => [
        kind,
        { minCents: scaled(range.minCents), maxCents: scaled(range.maxCents) },
      ]),
    ),
    perPlayerCents: scaled(perPlayerCents),
    perTableCents: scaled(perTableCents),
  }
}
