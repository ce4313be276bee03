import { toCents } from '../../engine/money.ts'
import { payoutCents } from '../../engine/roulette/payouts.ts'
import type { Pocket } from '../../engine/roulette/pockets.ts'
import type { RouletteRules } from '../../engine/roulette/rules.ts'
import type { RouletteSelection } from '../../engine/roulette/selections.ts'

/** A bet as the test knows it: what it is on, its place on the felt, the name that the page gives it, and its chips. */
export type KnownBet = { readonly selection: RouletteSelection; readonly name: string; readonly chips: number }
export type FeltBet = KnownBet & { readonly spot: string }

function felt(spot: string, selection: RouletteSelection, name: string): FeltBet {
  return { spot, selection, name, chips: 1 }
}

/** One bet of every kind that lies on both felts. */
const BOTH: readonly FeltBet[] = [
  felt('straight:17', { kind: 'straight', numbers: [17] }, 'Pleno 17'),
  felt('split:17-20', { kind: 'split', numbers: [17, 20] }, 'Caballo 17-20'),
  felt('street:13-14-15', { kind: 'street', numbers: [13, 14, 15] }, 'Calle 13-14-15'),
  felt('corner:25-26-28-29', { kind: 'corner', numbers: [25, 26, 28, 29] }, 'Cuadro 25-26-28-29'),
  felt('line:31-32-33-34-35-36', { kind: 'line', numbers: [31, 32, 33, 34, 35, 36] }, 'Línea 31-32-33-34-35-36'),
  felt('trio:0-1-2', { kind: 'trio', numbers: [0, 1, 2] }, 'Trío 0-1-2'),
  felt('dozen:2', { kind: 'dozen', index: 2 }, 'Docena 2, del 13 al 24'),
  felt('column:3', { kind: 'column', index: 3 }, 'Columna 3'),
  felt('red', { kind: 'red' }, 'Rojo'),
  felt('black', { kind: 'black' }, 'Negro'),
  felt('odd', { kind: 'odd' }, 'Impar'),
  felt('even', { kind: 'even' }, 'Par'),
  felt('low', { kind: 'low' }, 'Falta, del 1 al 18'),
  felt('high', { kind: 'high' }, 'Pasa, del 19 al 36'),
]

/** Every kind of the felt with one zero. */
export const EUROPEAN_FELT: readonly FeltBet[] = [
  ...BOTH,
  felt('first-four', { kind: 'first-four' }, 'Cuatro primeros 0-1-2-3'),
]

/** Every kind of the felt with two zeros. */
export const AMERICAN_FELT: readonly FeltBet[] = [
  ...BOTH,
  felt('straight:00', { kind: 'straight', numbers: ['00'] }, 'Pleno 00'),
  felt('split:0-00', { kind: 'split', numbers: [0, '00'] }, 'Caballo 0-00'),
  felt('basket', { kind: 'basket' }, 'Cinco primeros 0-00-1-2-3'),
]

/** The announced bets, in the order in which the arrows reach them on the racetrack. */
export const SECTIONS: readonly KnownBet[] = [
  { selection: { kind: 'tiers' }, name: 'Tercio del cilindro', chips: 6 },
  { selection: { kind: 'orphelins' }, name: 'Huérfanos', chips: 5 },
  { selection: { kind: 'voisins' }, name: 'Vecinos del cero', chips: 9 },
  { selection: { kind: 'jeu-zero' }, name: 'Juego del cero', chips: 4 },
]
export const NEIGHBOURS: KnownBet = {
  selection: { kind: 'neighbours', of: 17, reach: 2 },
  name: '17 y 2 vecinos por lado',
  chips: 5,
}
export const FINALE: KnownBet = { selection: { kind: 'finale', digit: 7 }, name: 'Final 7', chips: 3 }

export function stakedCents(bets: readonly KnownBet[], chipCents: number): number {
  return bets.reduce((sum, { chips }) => sum + chips * chipCents, 0)
}

/** What the engine says that these bets are credited when the ball rests on a pocket. */
export function paidCents(rules: RouletteRules, bets: readonly KnownBet[], chipCents: number, pocket: Pocket): number {
  return bets.reduce(
    (sum, { selection, chips }) => sum + payoutCents(rules, selection, toCents(chips * chipCents), { pocket }),
    0,
  )
}
