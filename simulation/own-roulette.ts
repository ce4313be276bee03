import type { Json } from '../engine/game.ts'

/**
 * Roulette as the auditor knows it, written from the rules of the casino and not from `engine/roulette`, so that the
 * same mistake would have to be made twice to go unseen.
 */
export type OwnRules = { readonly wheel: string; readonly laPartage: boolean }

/** One place on the felt with chips on it. `place` is the same for the same place, whatever bet put chips there. */
export type OwnChip = { readonly place: string; readonly kind: string; readonly covers: string[] }

const REDS = '1 3 5 7 9 12 14 16 18 19 21 23 25 27 30 32 34 36'.split(' ')
const ONE_ZERO = '0 32 15 19 4 21 2 25 17 34 6 27 13 36 11 30 8 23 10 5 24 16 33 1 20 14 31 9 22 18 29 7 28 12 35 3 26'
const TWO_ZEROS =
  '0 28 9 26 30 11 7 20 32 17 5 22 34 15 3 24 36 13 1 00 27 10 25 29 12 8 19 31 18 6 21 33 16 4 23 35 14 2'

const ANNOUNCED: Readonly<Record<string, string>> = {
  voisins: '0 2 3;0 2 3;4 7;12 15;18 21;19 22;25 26 28 29;25 26 28 29;32 35',
  tiers: '5 8;10 11;13 16;23 24;27 30;33 36',
  orphelins: '1;6 9;14 17;17 20;31 34',
  'jeu-zero': '0 3;12 15;26;32 35',
}

const BY_SIZE: Readonly<Record<number, string>> = { 1: 'straight', 2: 'split', 4: 'corner', 5: 'basket', 6: 'line' }

/** The chips of a bet, each an equal share of its stake; two chips may lie on one place. */
export function ownChips(rules: OwnRules, selection: Json): OwnChip[] {
  const asked = selection as { kind: string; numbers?: (number | string)[]; index?: number; of?: number | string }
  const { reach = 0, digit = 0 } = selection as { reach?: number; digit?: number }
  const announced = ANNOUNCED[asked.kind]
  if (announced !== undefined) return announced.split(';').map((numbers) => onNumbers(numbers.split(' ')))
  if (asked.kind === 'neighbours') return around(rules, `${asked.of}`, reach).map((pocket) => onNumbers([pocket]))
  if (asked.kind === 'finale')
    return [digit, digit + 10, digit + 20, digit + 30].filter((n) => n <= 36).map((n) => onNumbers([`${n}`]))
  if (asked.numbers !== undefined) return [onNumbers(asked.numbers.map(String))]
  if (asked.kind === 'first-four') return [{ ...onNumbers(['0', '1', '2', '3']), kind: 'first-four' }]
  if (asked.kind === 'basket') return [onNumbers(['0', '00', '1', '2', '3'])]
  const covers = Array.from({ length: 36 }, (_, i) => i + 1).filter((n) => outside(asked.kind, asked.index ?? 0, n))
  const kind = covers.length === 18 ? 'even-chance' : asked.kind
  return [{ place: `${asked.kind} ${asked.index ?? ''}`, kind, covers: covers.map(String) }]
}

function onNumbers(covers: string[]): OwnChip {
  const touchesZero = covers.includes('0') || covers.includes('00')
  const kind = covers.length === 3 ? (touchesZero ? 'trio' : 'street') : (BY_SIZE[covers.length] ?? 'unknown')
  return { place: [...covers].sort().join(' '), kind, covers }
}

function around({ wheel }: OwnRules, of: string, reach: number): string[] {
  const order = (wheel === 'single-zero' ? ONE_ZERO : TWO_ZEROS).split(' ')
  const centre = order.indexOf(of)
  return order.filter((_, i) => {
    const apart = Math.abs(i - centre)
    return Math.min(apart, order.length - apart) <= reach
  })
}

function outside(kind: string, index: number, n: number): boolean {
  if (kind === 'dozen') return n > 12 * (index - 1) && n <= 12 * index
  if (kind === 'column') return n % 3 === index % 3
  if (kind === 'red') return REDS.includes(`${n}`)
  if (kind === 'black') return !REDS.includes(`${n}`)
  if (kind === 'odd') return n % 2 === 1
  if (kind === 'even') return n % 2 === 0
  return kind === 'low' ? n < 19 : kind === 'high' && n > 18
}

/** The name under which the table sets limits for the bet as a whole. */
export function ownKind(rules: OwnRules, selection: Json): string {
  const { kind } = selection as { kind: string }
  return kind in ANNOUNCED || kind === 'neighbours' || kind === 'finale'
    ? kind
    : (ownChips(rules, selection)[0]?.kind ?? '')
}

/** Cents credited for a bet once the ball rests, its stake included. */
export function ownPayout(rules: OwnRules, selection: Json, stakeCents: number, outcome: Json): number {
  const pocket = `${(outcome as { pocket: number | string }).pocket}`
  const chips = ownChips(rules, selection)
  const chipCents = stakeCents / chips.length
  let cents = 0
  for (const { kind, covers } of chips) {
    // Five numbers pay 6 to 1, the one bet on the felt that does not pay 36 for all it covers.
    if (covers.includes(pocket)) cents += chipCents * (kind === 'basket' ? 7 : 36 / covers.length)
    else if (rules.laPartage && kind === 'even-chance' && pocket === '0') cents += Math.ceil(chipCents / 2)
  }
  return cents
}

/** Two ways of saying the same bet: the order of numbers means nothing on a felt. */
export function sameBet(a: OwnBet, b: OwnBet): boolean {
  if (a.playerId !== b.playerId || a.stakeCents !== b.stakeCents) return false
  return said(a.selection) === said(b.selection)
}
type OwnBet = { readonly playerId: string; readonly stakeCents: number; readonly selection: Json }

function said(selection: Json): string {
  if (typeof selection !== 'object' || selection === null) return JSON.stringify(selection)
  const members = Object.entries(selection) as [string, Json][]
  return JSON.stringify(members.map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value]).sort())
}
