import { POCKETS, type Pocket, WHEEL_ORDER, type Wheel } from './pockets.ts'
import type { Announced, RouletteSelection } from './selections.ts'

/** How many chips of equal worth a compound bet lays on one place of the felt. */
export type Chips = { readonly position: string; readonly chips: number }
export type CompoundBet = { readonly selection: RouletteSelection; readonly chips: readonly Chips[] }

/** Kinds of compound bet, in the order a player reads them; a table sets limits by these names. */
export const COMPOUND_KINDS = ['voisins', 'tiers', 'orphelins', 'jeu-zero', 'neighbours', 'finale'] as const
export type CompoundKind = (typeof COMPOUND_KINDS)[number]

export const MOST_REACH = 5

/** The fixed announced bets of the single-zero wheel, chip by chip. Source: RULES.md ROU-11. */
const FIXED: Readonly<Record<Announced, readonly Chips[]>> = {
  voisins: [
    { position: 'trio:0-2-3', chips: 2 },
    { position: 'split:4-7', chips: 1 },
    { position: 'split:12-15', chips: 1 },
    { position: 'split:18-21', chips: 1 },
    { position: 'split:19-22', chips: 1 },
    { position: 'corner:25-26-28-29', chips: 2 },
    { position: 'split:32-35', chips: 1 },
  ],
  tiers: oneEach(['split:5-8', 'split:10-11', 'split:13-16', 'split:23-24', 'split:27-30', 'split:33-36']),
  orphelins: oneEach(['straight:1', 'split:6-9', 'split:14-17', 'split:17-20', 'split:31-34']),
  'jeu-zero': oneEach(['split:0-3', 'split:12-15', 'straight:26', 'split:32-35']),
}

/** The sections of the single-zero wheel as a racetrack shows them, clockwise; they lie end to end around the wheel. */
export const RACETRACK: readonly { readonly kind: Announced; readonly pockets: readonly Pocket[] }[] = [
  { kind: 'voisins', pockets: arc(22, 17) },
  { kind: 'orphelins', pockets: arc(17, 3) },
  { kind: 'tiers', pockets: arc(27, 12) },
  { kind: 'orphelins', pockets: arc(1, 5) },
]
/** The part of the voisins that the jeu zéro covers. */
export const JEU_ZERO_ARC: readonly Pocket[] = arc(12, 7)

/** Every compound bet that a wheel offers: all of them on one zero, neighbours alone on two (ROU-11 to ROU-13). */
export function compoundBets(wheel: Wheel): CompoundBet[] {
  if (wheel === 'double-zero') return neighbours(wheel)
  const fixed = (['voisins', 'tiers', 'orphelins', 'jeu-zero'] as const).map((kind) => ({
    selection: { kind },
    chips: FIXED[kind],
  }))
  return [...fixed, ...neighbours(wheel), ...finales()]
}

function neighbours(wheel: Wheel): CompoundBet[] {
  return POCKETS[wheel].flatMap((of) =>
    Array.from({ length: MOST_REACH }, (_, less) => ({
      selection: { kind: 'neighbours' as const, of, reach: less + 1 },
      chips: oneEach(neighboursOf(wheel, of, less + 1).map((pocket) => `straight:${pocket}`)),
    })),
  )
}

/** A pocket between its neighbours on the wheel, `reach` of them on each side, clockwise. */
export function neighboursOf(wheel: Wheel, of: Pocket, reach: number): Pocket[] {
  const order = WHEEL_ORDER[wheel]
  const start = order.indexOf(of) - reach + order.length
  return Array.from({ length: 2 * reach + 1 }, (_, step) => order[(start + step) % order.length] as Pocket)
}

function finales(): CompoundBet[] {
  return Array.from({ length: 10 }, (_, digit) => ({
    selection: { kind: 'finale' as const, digit },
    chips: oneEach(
      POCKETS['single-zero'].filter((n) => Number(n) % 10 === digit).map((pocket) => `straight:${pocket}`),
    ),
  }))
}

function oneEach(positions: readonly string[]): Chips[] {
  return positions.map((position) => ({ position, chips: 1 }))
}

function arc(from: Pocket, length: number): Pocket[] {
  const order = WHEEL_ORDER['single-zero']
  return Array.from({ length }, (_, step) => order[(order.indexOf(from) + step) % order.length] as Pocket)
}
