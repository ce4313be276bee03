import type { Json } from '../engine/game.ts'

/** Bets that lie on every roulette felt, with the chips that their stake must divide into. */
export const SELECTIONS: readonly { readonly selection: Json; readonly chips: number }[] = [
  { selection: { kind: 'red' }, chips: 1 },
  { selection: { kind: 'black' }, chips: 1 },
  { selection: { kind: 'odd' }, chips: 1 },
  { selection: { kind: 'low' }, chips: 1 },
  { selection: { kind: 'dozen', index: 2 }, chips: 1 },
  { selection: { kind: 'column', index: 3 }, chips: 1 },
  { selection: { kind: 'straight', numbers: [17] }, chips: 1 },
  { selection: { kind: 'split', numbers: [17, 20] }, chips: 1 },
  { selection: { kind: 'street', numbers: [13, 14, 15] }, chips: 1 },
  { selection: { kind: 'corner', numbers: [25, 26, 28, 29] }, chips: 1 },
  { selection: { kind: 'line', numbers: [31, 32, 33, 34, 35, 36] }, chips: 1 },
]
export const CHIP_CENTS = 200
